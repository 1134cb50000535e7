// SPDX-License-Identifier: Apache-2.0
#include "server/relay/clusterclient.h"

#include "common/core/strictjson.h"
#include "common/protocol/socketiopacket.h"

namespace gatehouse::relay {

namespace {

constexpr qsizetype maxName = 1'024;
constexpr size_t maxRooms = 10'000;

std::optional<QByteArray> textMember(QByteArrayView object, QByteArrayView name)
{
    const auto raw = rawMember(object, name);
    auto text = raw ? jsonText(*raw) : std::nullopt;
    return text && text->size() <= maxName ? text : std::nullopt;
}

/// Its first octets, whole characters of UTF-8.
QByteArray shortened(const QByteArray& text)
{
    if (text.size() <= maxName)
        return text;
    qsizetype end = maxName;
    while (end > 0 && (uchar(text[end]) & 0xc0) == 0x80)
        --end;
    return text.first(end);
}

} // namespace

QByteArray ClusterClient::toJson(qsizetype maxBytes) const
{
    using protocol::jsonString;
    QByteArray json = R"({"id":)" + jsonString(id.value) + R"(,"namespace":)"
        + jsonString(nsp.value) + R"(,"principal":)" + jsonString(shortened(principal))
        + R"(,"name":)" + jsonString(shortened(name)) + R"(,"address":[)" + jsonString(host) + ','
        + QByteArray::number(port) + R"(],"rooms":[)";
    size_t told = 0;
    for (const RoomName& room : rooms) {
        if (room.value.size() > maxName)
            continue;
        const QByteArray text = jsonString(room.value);
        if (told >= maxRooms || json.size() + text.size() + 3 > maxBytes)
            break;
        if (told++ > 0)
            json += ',';
        json += text;
    }
    return json + "]}";
}

std::optional<ClusterClient> ClusterClient::fromJson(QByteArrayView checked)
{
    const auto id = textMember(checked, "id");
    const auto nsp = textMember(checked, "namespace");
    const auto principal = textMember(checked, "principal");
    const auto name = textMember(checked, "name");
    const auto rawAddress = rawMember(checked, "address");
    const auto address = rawAddress ? clientAddressOf(*rawAddress) : std::nullopt;
    const auto rooms = rawMember(checked, "rooms");
    if (!id || id->isEmpty() || !nsp || !principal || !name || !address || !rooms
        || jsonKind(*rooms) != JsonKind::Array)
        return std::nullopt;
    ClusterClient client{.id = {*id},
        .nsp = {*nsp},
        .principal = *principal,
        .name = *name,
        .host = address->first,
        .port = address->second};
    for (JsonArrayWalker items(*rooms); items.next();) {
        auto room = jsonText(items.value());
        if (!room || room->size() > maxName || client.rooms.size() >= maxRooms)
            return std::nullopt;
        client.rooms.push_back({*std::move(room)});
    }
    return client;
}

std::optional<ClientAddress> clientAddressOf(QByteArrayView checked)
{
    const auto host = rawElement(checked, 0);
    const auto port = rawElement(checked, 1);
    auto text = host ? jsonText(*host) : std::nullopt;
    const qint64 number = port ? jsonInteger(*port).value_or(-1) : -1;
    if (!text || text->size() > maxName || number < 0 || number > 65'535 || rawElement(checked, 2))
        return std::nullopt;
    return ClientAddress{*std::move(text), quint16(number)};
}

} // namespace gatehouse::relay
