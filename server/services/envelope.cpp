// SPDX-License-Identifier: Apache-2.0
#include "server/services/envelope.h"

#include "common/core/strictjson.h"
#include "common/protocol/jsonframe.h"
#include "common/protocol/socketiopacket.h"
#include "server/services/typenames.h"

#include <QUuid>

#include <array>

namespace gatehouse::services {

namespace {

constexpr std::array<QByteArrayView, 6> memberNames{
    "type", "uuid", "response_uuid", "sender", "pref_dest", "content"};

void appendMember(QByteArray& out, const char* name, QByteArrayView rawValue)
{
    out += name;
    out += rawValue.isEmpty() ? QByteArrayView("null") : rawValue;
}

} // namespace

Result<Envelope> readEnvelope(QByteArrayView text, int maxDepth)
{
    const auto checked = checkJson(text, {.maxDepth = maxDepth});
    if (!checked)
        return tl::unexpected(checked.error().toError());
    if (jsonKind(text) != JsonKind::Object)
        return failure(ErrorCode::Malformed, QStringLiteral("a message is one JSON object"));
    std::array<QByteArrayView, memberNames.size()> values;
    if (!protocol::findJsonMembers(text, memberNames, values))
        return failure(ErrorCode::Malformed, QStringLiteral("a member is there twice"));
    Envelope envelope{textOf(values[0]), values[1], values[2], values[3], values[4], values[5]};
    if (!isTypeName(envelope.type))
        return failure(ErrorCode::Malformed, QStringLiteral("\"type\" has to name a message type"));
    return envelope;
}

QByteArray writeEnvelope(const Envelope& envelope)
{
    QByteArray out;
    out.reserve(envelope.content.size() + envelope.sender.size() + envelope.prefDest.size()
        + envelope.type.size() + 192);
    out += "{\"type\":" + protocol::jsonString(envelope.type);
    appendMember(out, ",\"uuid\":", envelope.uuid);
    appendMember(out, ",\"response_uuid\":", envelope.responseUuid);
    appendMember(out, ",\"sender\":", envelope.sender);
    appendMember(out, ",\"pref_dest\":", envelope.prefDest);
    appendMember(out, ",\"content\":", envelope.content);
    out += '}';
    return out;
}

bool isFromService(const Envelope& envelope)
{
    const QByteArray sender = textOf(envelope.sender);
    return isTypeName(sender) && sender.startsWith(servicePrefix);
}

QByteArray newUuid()
{
    return '"' + QUuid::createUuid().toByteArray(QUuid::WithoutBraces) + '"';
}

QByteArray textOf(QByteArrayView rawJson)
{
    return jsonText(rawJson).value_or(QByteArray());
}

} // namespace gatehouse::services
