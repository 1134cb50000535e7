// SPDX-License-Identifier: Apache-2.0
#include "server/bus/emitterfields.h"

#include "common/core/strictjson.h"

#include <algorithm>
#include <array>

namespace gatehouse::bus {

namespace {

// What a client library does not let an application send either.
constexpr std::array reserved{
    "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"};

bool isName(const QByteArray& text, const EmitterLimits& limits)
{
    return !text.isEmpty() && text.size() <= limits.maxNameBytes;
}

} // namespace

tl::unexpected<Error> unusable(const char* why)
{
    return failure(ErrorCode::BadRequest, QString::fromLatin1(why));
}

Result<std::vector<RoomName>> roomNames(
    std::optional<QByteArrayView> value, const EmitterLimits& limits)
{
    std::vector<RoomName> names;
    if (!value || jsonKind(*value) == JsonKind::Null)
        return names;
    const auto add = [&](QByteArrayView one) {
        // Whoever numbers rooms gets the room of that number's text, as in JavaScript.
        auto text = jsonText(one);
        if (const auto number = jsonInteger(one))
            text = QByteArray::number(*number);
        if (!text || !isName(*text, limits))
            return false;
        names.push_back({*text});
        return true;
    };
    if (jsonKind(*value) != JsonKind::Array) {
        if (!add(*value))
            return unusable("a room that is no usable name");
        return names;
    }
    JsonArrayWalker walker(*value);
    while (walker.next()) {
        if (qsizetype(names.size()) >= limits.maxNames)
            return failure(ErrorCode::TooLarge, QStringLiteral("too many rooms"));
        if (!add(walker.value()))
            return unusable("a room that is no usable name");
    }
    return names;
}

Result<void> checkSizes(const EmitterCommand& command, const EmitterLimits& limits)
{
    const auto isLarge
        = [&limits](const QByteArray& part) { return part.size() > limits.maxArgsBytes; };
    if (isLarge(command.args)
        || std::any_of(command.attachments.begin(), command.attachments.end(), isLarge))
        return failure(ErrorCode::TooLarge, QStringLiteral("more data than an event may hold"));
    return {};
}

Result<QByteArray> requiredText(
    std::optional<QByteArrayView> value, const char* member, const EmitterLimits& limits)
{
    const auto text = value ? jsonText(*value) : std::nullopt;
    if (!text || !isName(*text, limits))
        return failure(ErrorCode::BadRequest,
            QStringLiteral("no usable \"%1\"").arg(QLatin1StringView(member)));
    return *text;
}

Result<QByteArray> eventName(std::optional<QByteArrayView> value, const EmitterLimits& limits)
{
    auto name = requiredText(value, "event", limits);
    if (name
        && (name->size() > limits.maxEventBytes
            || std::find(reserved.begin(), reserved.end(), *name) != reserved.end()))
        return unusable("an event with a reserved or too long name");
    return name;
}

Result<NamespaceName> namespaceName(
    std::optional<QByteArrayView> value, const EmitterLimits& limits)
{
    if (!value || jsonKind(*value) == JsonKind::Null)
        return NamespaceName{"/"};
    auto name = requiredText(value, "namespace", limits);
    if (!name)
        return tl::unexpected(name.error());
    return NamespaceName{name->startsWith('/') ? *name : '/' + *name};
}

} // namespace gatehouse::bus
