// SPDX-License-Identifier: Apache-2.0
#include "server/bus/nodeemitter.h"

#include "common/core/strictjson.h"
#include "common/protocol/msgpack.h"
#include "server/bus/emitterfields.h"

namespace gatehouse::bus {

namespace {

using Method = EmitterCommand::Method;

// Request types of the Redis adapter.
constexpr qint64 remoteJoin = 2;
constexpr qint64 remoteLeave = 3;
constexpr qint64 remoteDisconnect = 4;
// Packet type of the Socket.IO protocol; binary ones carry it too before they are encoded.
constexpr qint64 eventPacket = 2;

bool isTrue(std::optional<QByteArrayView> value)
{
    return value && jsonBoolean(*value).value_or(false);
}

Result<void> readOptions(
    EmitterCommand& command, std::optional<QByteArrayView> options, const EmitterLimits& limits)
{
    if (!options || jsonKind(*options) != JsonKind::Object)
        return unusable("no options");
    const auto rooms = roomNames(rawMember(*options, "rooms"), limits);
    const auto except = roomNames(rawMember(*options, "except"), limits);
    if (!rooms)
        return tl::unexpected(rooms.error());
    if (!except)
        return tl::unexpected(except.error());
    command.rooms = *rooms;
    command.except = *except;
    if (const auto flags = rawMember(*options, "flags"))
        command.isVolatile = isTrue(rawMember(*flags, "volatile"));
    return {};
}

Result<EmitterCommand> decodeBroadcast(
    const NodeAddress& address, const QByteArray& body, const EmitterLimits& limits)
{
    EmitterCommand command;
    command.method = Method::Emit;
    QByteArray json;
    protocol::MsgpackReader reader(body, limits.maxDepth);
    const auto read = reader.value(json, command.attachments, limits.maxAttachments);
    if (!read)
        return tl::unexpected(read.error());
    if (!reader.isAtEnd())
        return failure(ErrorCode::Malformed, QStringLiteral("goes on behind its end"));
    // Texts of a peer are its own; what became JSON of them is checked as if it had come as JSON.
    if (const auto checked = checkJson(json, {.maxDepth = limits.maxDepth}); !checked)
        return tl::unexpected(checked.error().toError());
    const auto packet = rawElement(json, 1);
    const auto type = packet ? rawMember(*packet, "type") : std::nullopt;
    if (!type || jsonInteger(*type) != eventPacket)
        return unusable("not an event");
    const auto nsp = namespaceName(rawMember(*packet, "nsp"), limits);
    if (!nsp)
        return tl::unexpected(nsp.error());
    if (*nsp != address.nsp)
        return unusable("a namespace that is not its channel's");
    command.nsp = *nsp;
    if (const auto done = readOptions(command, rawElement(json, 2), limits); !done)
        return tl::unexpected(done.error());
    const auto data = rawMember(*packet, "data");
    if (!data || jsonKind(*data) != JsonKind::Array)
        return unusable("no data");
    JsonArrayWalker walker(*data);
    const bool hasName = walker.next();
    const auto event = eventName(hasName ? std::optional(walker.value()) : std::nullopt, limits);
    if (!event)
        return tl::unexpected(event.error());
    command.event = *event;
    if (walker.restOffset() >= 0)
        command.args = data->sliced(walker.restOffset()).chopped(1).trimmed().toByteArray();
    if (const auto small = checkSizes(command, limits); !small)
        return tl::unexpected(small.error());
    return command;
}

Result<EmitterCommand> decodeRequest(
    const NodeAddress& address, const QByteArray& body, const EmitterLimits& limits)
{
    if (const auto checked = checkJson(body, {.maxDepth = limits.maxDepth}); !checked)
        return tl::unexpected(checked.error().toError());
    EmitterCommand command;
    command.nsp = address.nsp;
    const auto type = rawMember(body, "type");
    switch (type ? jsonInteger(*type).value_or(-1) : -1) {
    case remoteJoin:
        command.method = Method::Join;
        break;
    case remoteLeave:
        command.method = Method::Leave;
        break;
    case remoteDisconnect:
        command.method = Method::Disconnect;
        command.endsSession = isTrue(rawMember(body, "close"));
        break;
    default:
        return unusable("a request between servers");
    }
    if (const auto done = readOptions(command, rawMember(body, "opts"), limits); !done)
        return tl::unexpected(done.error());
    const auto targets = roomNames(rawMember(body, "rooms"), limits);
    if (!targets)
        return tl::unexpected(targets.error());
    if (command.method != Method::Disconnect && targets->empty())
        return unusable("no rooms");
    command.targets = *targets;
    return command;
}

} // namespace

NodeAddress nodeAddress(const QByteArray& channel, const QByteArray& prefix)
{
    NodeAddress address;
    QByteArrayView rest(channel);
    if (!rest.startsWith(prefix))
        return address;
    rest = rest.sliced(prefix.size());
    bool isRequest = false;
    if (rest.startsWith("-request#")) {
        isRequest = true;
        rest = rest.sliced(8);
    }
    if (!rest.startsWith('#') || !rest.endsWith('#'))
        return address;
    rest = rest.sliced(1);
    const qsizetype end = rest.indexOf('#');
    if (end <= 0 || (isRequest && end != rest.size() - 1))
        return address;
    address.channel = isRequest ? NodeChannel::Request : NodeChannel::Broadcast;
    address.nsp = {rest.first(end).toByteArray()};
    return address;
}

Result<EmitterCommand> decodeNodeEmitter(
    const NodeAddress& address, const QByteArray& body, const EmitterLimits& limits)
{
    switch (address.channel) {
    case NodeChannel::Broadcast:
        return decodeBroadcast(address, body, limits);
    case NodeChannel::Request:
        return decodeRequest(address, body, limits);
    case NodeChannel::Other:
        break;
    }
    return unusable("not a channel of this dialect");
}

} // namespace gatehouse::bus
