// SPDX-License-Identifier: Apache-2.0
#include "server/bus/pythonemitter.h"

#include "common/core/strictjson.h"
#include "server/bus/emitterfields.h"
#include "server/bus/pickle.h"

#include <functional>

namespace gatehouse::bus {

namespace {

using Method = EmitterCommand::Method;

/// The members of a message as JSON, however it was written.
using Member = std::function<std::optional<QByteArray>(QByteArrayView name)>;

/// An event's arguments and what is binary in them.
struct Data
{
    protocol::JsonArgs args;
    QList<QByteArray> attachments;
};

std::optional<QByteArrayView> view(const std::optional<QByteArray>& value)
{
    return value ? std::optional<QByteArrayView>(*value) : std::nullopt;
}

QByteArray withoutBrackets(QByteArrayView array)
{
    return array.sliced(1, array.size() - 2).trimmed().toByteArray();
}

/// [structure, "base64", …] with placeholders in the structure.
Result<Data> binaryData(QByteArrayView list, const EmitterLimits& limits)
{
    Data data;
    JsonArrayWalker walker(list);
    if (!walker.next())
        return unusable("binary data without its structure");
    const QByteArrayView structure = walker.value();
    data.args = jsonKind(structure) == JsonKind::Array ? withoutBrackets(structure)
                                                       : structure.toByteArray();
    while (walker.next()) {
        const auto text = jsonText(walker.value());
        const auto octets = text
            ? QByteArray::fromBase64Encoding(*text, QByteArray::AbortOnBase64DecodingErrors)
            : QByteArray::FromBase64Result{{}, QByteArray::Base64DecodingStatus::IllegalCharacter};
        if (!octets)
            return unusable("binary data that is not base64");
        if (data.attachments.size() >= limits.maxAttachments)
            return failure(ErrorCode::TooLarge, QStringLiteral("too many attachments"));
        data.attachments.append(*octets);
    }
    return data;
}

/// Every release up to 5.13 writes a tuple for several arguments and None for none; JSON has
/// neither.
Result<Data> jsonData(
    QByteArrayView message, const PythonDialect& dialect, const EmitterLimits& limits)
{
    const auto value = rawMember(message, "data");
    const auto binary = rawMember(message, "binary");
    if (!value || (!binary && jsonKind(*value) == JsonKind::Null))
        return Data();
    if (jsonKind(*value) != JsonKind::Array)
        return Data{value->toByteArray(), {}};
    if (binary && jsonBoolean(*binary).value_or(false))
        return binaryData(*value, limits);
    if (!binary && dialect.hasSingleLists)
        return Data{value->toByteArray(), {}};
    protocol::JsonArgs args = withoutBrackets(*value);
    if (binary && args == "null") // Python's "no data" since 5.14.2
        args.clear();
    return Data{std::move(args), {}};
}

Result<Data> pickledData(const Pickle& pickle, const EmitterLimits& limits)
{
    Data data;
    const PickleValue* value = pickle.member(pickle.root(), "data");
    if (!value || value->kind == PickleValue::Kind::None)
        return data;
    const auto done = pickle.toJson(*value, data.args, data.attachments, limits.maxAttachments);
    if (!done)
        return tl::unexpected(done.error());
    if (value->kind == PickleValue::Kind::Tuple)
        data.args = withoutBrackets(data.args);
    return data;
}

Result<std::optional<EmitterCommand::Answer>> answerOf(
    const std::optional<QByteArray>& value, const EmitterLimits& limits)
{
    using Answer = std::optional<EmitterCommand::Answer>;
    if (!value || jsonKind(*value) == JsonKind::Null)
        return Answer();
    const auto id = rawElement(*value, 2);
    const auto number = id ? jsonInteger(*id) : std::nullopt;
    const auto room = requiredText(rawElement(*value, 0), "callback", limits);
    const auto nsp = namespaceName(rawElement(*value, 1), limits);
    if (!number || !room || !nsp)
        return unusable("a callback that is not [room, namespace, number]");
    return Answer({*room, *nsp, *number});
}

Result<void> readEmit(
    EmitterCommand& command, const Member& member, Result<Data> data, const EmitterLimits& limits)
{
    const auto event = eventName(view(member("event")), limits);
    const auto rooms = roomNames(view(member("room")), limits);
    const auto except = roomNames(view(member("skip_sid")), limits);
    const auto answer = answerOf(member("callback"), limits);
    if (!event)
        return tl::unexpected(event.error());
    if (!rooms)
        return tl::unexpected(rooms.error());
    if (!except)
        return tl::unexpected(except.error());
    if (!answer)
        return tl::unexpected(answer.error());
    if (!data)
        return tl::unexpected(data.error());
    command.event = *event;
    command.rooms = *rooms;
    command.except = *except;
    command.answer = *answer;
    command.args = data->args;
    command.attachments = data->attachments;
    return checkSizes(command, limits);
}

Result<void> readOneSocket(
    EmitterCommand& command, const Member& member, bool hasRoom, const EmitterLimits& limits)
{
    const auto sid = requiredText(view(member("sid")), "sid", limits);
    if (!sid)
        return tl::unexpected(sid.error());
    command.socket = {*sid};
    if (!hasRoom)
        return {};
    const auto rooms = roomNames(view(member("room")), limits);
    if (!rooms)
        return tl::unexpected(rooms.error());
    if (rooms->size() != 1)
        return unusable("not one room");
    command.targets = *rooms;
    return {};
}

Result<void> readCallback(
    EmitterCommand& command, const Member& member, const EmitterLimits& limits)
{
    const auto sid = requiredText(view(member("sid")), "sid", limits);
    const auto id = member("id");
    const auto number = id ? jsonInteger(*id) : std::nullopt;
    if (!sid || !number)
        return unusable("a callback without sid and id");
    command.answer = EmitterCommand::Answer{*sid, command.nsp, *number};
    return {};
}

Result<EmitterCommand> decode(
    const Member& member, const std::function<Result<Data>()>& data, const EmitterLimits& limits)
{
    const auto methodJson = member("method");
    const auto method = methodJson ? jsonText(*methodJson) : std::nullopt;
    if (!method)
        return unusable("no \"method\"");
    const auto nsp = namespaceName(view(member("namespace")), limits);
    if (!nsp)
        return tl::unexpected(nsp.error());
    EmitterCommand command;
    command.nsp = *nsp;
    if (const auto host = member("host_id"))
        command.hostId = jsonText(*host).value_or(QByteArray());
    Result<void> read;
    if (*method == "emit") {
        command.method = Method::Emit;
        read = readEmit(command, member, data(), limits);
    } else if (*method == "disconnect") {
        command.method = Method::Disconnect;
        read = readOneSocket(command, member, false, limits);
    } else if (*method == "enter_room") {
        command.method = Method::Join;
        read = readOneSocket(command, member, true, limits);
    } else if (*method == "leave_room") {
        command.method = Method::Leave;
        read = readOneSocket(command, member, true, limits);
    } else if (*method == "close_room") {
        command.method = Method::CloseRoom;
        const auto rooms = roomNames(view(member("room")), limits);
        if (!rooms || rooms->empty())
            return unusable("no room to close");
        command.targets = *rooms;
    } else if (*method == "callback") {
        command.method = Method::Callback;
        read = readCallback(command, member, limits);
    } else {
        return unusable("an unknown method");
    }
    if (!read)
        return tl::unexpected(read.error());
    return command;
}

Result<EmitterCommand> decodePickle(const QByteArray& body, const EmitterLimits& limits)
{
    PickleLimits bounds;
    bounds.maxDepth = limits.maxDepth;
    bounds.maxJsonBytes = limits.maxArgsBytes;
    const auto pickle = Pickle::read(body, bounds);
    if (!pickle)
        return tl::unexpected(pickle.error());
    if (pickle->root().kind != PickleValue::Kind::Dict)
        return unusable("not a map");
    const Member member = [&](QByteArrayView name) -> std::optional<QByteArray> {
        const PickleValue* value = pickle->member(pickle->root(), name);
        QByteArray json;
        QList<QByteArray> attachments;
        if (!value || !pickle->toJson(*value, json, attachments, 0))
            return {};
        return json;
    };
    return decode(
        member, [&] { return pickledData(*pickle, limits); }, limits);
}

} // namespace

Result<EmitterCommand> decodePythonEmitter(
    const QByteArray& body, const PythonDialect& dialect, const EmitterLimits& limits)
{
    // Every pickle of protocol 2 and later begins with this octet, no JSON does.
    if (body.startsWith('\x80')) {
        if (!dialect.allowsPickle)
            return failure(ErrorCode::Forbidden, QStringLiteral("a pickle, which is not allowed"));
        return decodePickle(body, limits);
    }
    if (const auto checked = checkJson(body, {.maxDepth = limits.maxDepth}); !checked)
        return tl::unexpected(checked.error().toError());
    if (jsonKind(body) != JsonKind::Object)
        return unusable("not a map");
    const Member member = [&body](QByteArrayView name) -> std::optional<QByteArray> {
        const auto value = rawMember(body, name);
        return value ? std::optional<QByteArray>(value->toByteArray()) : std::nullopt;
    };
    return decode(
        member, [&] { return jsonData(body, dialect, limits); }, limits);
}

QByteArray encodePythonCallback(
    const EmitterCommand::Answer& answer, const QByteArray& hostId, const protocol::JsonArgs& args)
{
    return R"({"method":"callback","host_id":)" + protocol::jsonString(hostId) + R"(,"sid":)"
        + protocol::jsonString(answer.room) + R"(,"namespace":)"
        + protocol::jsonString(answer.nsp.value) + R"(,"id":)" + QByteArray::number(answer.id)
        + R"(,"args":[)" + args + "]}";
}

} // namespace gatehouse::bus
