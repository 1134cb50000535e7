// SPDX-License-Identifier: Apache-2.0
#include "common/model/clientinfo.h"

#include "common/model/jsonfields.h"

namespace gatehouse::model {

using L = QLatin1StringView;

QJsonObject ClientSocketInfo::toJson() const
{
    QJsonArray names;
    for (const QString& room : rooms)
        names.append(room);
    return {{L("socketId"), socketId}, {L("nsp"), nsp}, {L("rooms"), names}};
}

std::optional<ClientSocketInfo> ClientSocketInfo::fromJson(const QJsonObject& object)
{
    JsonFields fields(object);
    ClientSocketInfo info;
    info.socketId = fields.text(L("socketId"));
    info.nsp = fields.text(L("nsp"));
    info.rooms = fields.texts(L("rooms"));
    if (!fields.ok())
        return std::nullopt;
    return info;
}

QJsonObject ClientInfo::toJson() const
{
    QJsonArray list;
    for (const ClientSocketInfo& socket : sockets)
        list.append(socket.toJson());
    return {{L("key"), key()}, {L("sessionId"), sessionId}, {L("transport"), transport},
        {L("address"), address}, {L("userAgent"), userAgent}, {L("connectedAt"), connectedAt},
        {L("kind"), kind}, {L("id"), id}, {L("name"), name},
        {L("tokenExpiresAt"), orNull(tokenExpiresAt)}, {L("queuedBytes"), queuedBytes},
        {L("packetsIn"), packetsIn}, {L("packetsOut"), packetsOut}, {L("bytesIn"), bytesIn},
        {L("bytesOut"), bytesOut}, {L("sockets"), list}};
}

std::optional<ClientInfo> ClientInfo::fromJson(const QJsonObject& object)
{
    JsonFields fields(object);
    ClientInfo info;
    info.sessionId = fields.text(L("sessionId"));
    info.transport = fields.text(L("transport"));
    info.address = fields.text(L("address"));
    info.userAgent = fields.text(L("userAgent"));
    info.connectedAt = fields.integer(L("connectedAt"));
    info.kind = fields.text(L("kind"));
    info.id = fields.count(L("id"));
    info.name = fields.text(L("name"));
    info.tokenExpiresAt = fields.integerOrNull(L("tokenExpiresAt"));
    info.queuedBytes = fields.count(L("queuedBytes"));
    info.packetsIn = fields.count(L("packetsIn"));
    info.packetsOut = fields.count(L("packetsOut"));
    info.bytesIn = fields.count(L("bytesIn"));
    info.bytesOut = fields.count(L("bytesOut"));
    info.sockets = fields.items<ClientSocketInfo>(L("sockets"));
    const bool knownTransport = info.transport == L("polling") || info.transport == L("websocket")
        || info.transport == L("flat-json") || info.transport == L("typed-json");
    if (!fields.ok() || !knownTransport || !isIdentityKind(info.kind) || info.sessionId.isEmpty())
        return std::nullopt;
    return info;
}

} // namespace gatehouse::model
