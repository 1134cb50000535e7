// SPDX-License-Identifier: Apache-2.0
#include "server/relay/emittersource.h"

#include "server/bus/topicpattern.h"

#include <algorithm>
#include <array>

namespace gatehouse::relay {

namespace {

using Method = bus::EmitterCommand::Method;

constexpr std::array<std::pair<QLatin1StringView, Method>, 6> methodNames{{
    {QLatin1StringView("emit"), Method::Emit},
    {QLatin1StringView("join"), Method::Join},
    {QLatin1StringView("leave"), Method::Leave},
    {QLatin1StringView("disconnect"), Method::Disconnect},
    {QLatin1StringView("close"), Method::CloseRoom},
    {QLatin1StringView("callback"), Method::Callback},
}};

tl::unexpected<Error> refused(const QString& line, const QString& why)
{
    return failure(ErrorCode::BadRequest, QStringLiteral("\"%1\": %2").arg(line, why));
}

tl::unexpected<Error> forbidden(const QString& what)
{
    return failure(ErrorCode::Forbidden, QString(what + u" is not allowed to this source"));
}

std::vector<QByteArray> listOf(QStringView text)
{
    std::vector<QByteArray> list;
    for (const QStringView one : text.split(u'|', Qt::SkipEmptyParts))
        list.push_back(one.toUtf8());
    return list;
}

std::optional<Method> methodFrom(const QByteArray& name)
{
    for (const auto& [text, method] : methodNames) {
        if (QLatin1StringView(name) == text)
            return method;
    }
    return {};
}

QString nameOf(Method method)
{
    for (const auto& [text, one] : methodNames) {
        if (one == method)
            return text;
    }
    return {};
}

} // namespace

Result<EmitterSource> EmitterSource::fromText(const QString& line)
{
    const QStringList words = line.split(u' ', Qt::SkipEmptyParts);
    if (words.size() < 3)
        return refused(line, QStringLiteral("expected python|node rabbitmq|redis CHANNEL …"));
    EmitterSource source;
    if (words[0] == QLatin1StringView("node"))
        source.dialect = Dialect::Node;
    else if (words[0] != QLatin1StringView("python"))
        return refused(line, QStringLiteral("the dialect is neither python nor node"));
    if (words[1] == QLatin1StringView("redis"))
        source.carrier = Carrier::Redis;
    else if (words[1] != QLatin1StringView("rabbitmq"))
        return refused(line, QStringLiteral("the carrier is neither rabbitmq nor redis"));
    if (source.dialect == Dialect::Node && source.carrier == Carrier::RabbitMq)
        return refused(line, QStringLiteral("Node's emitter speaks over redis only"));
    source.channel = words[2].toUtf8();
    if (!bus::isQueueName(source.channel))
        return refused(line, QStringLiteral("the channel is no usable name"));
    for (const QString& word : words.sliced(3)) {
        const QStringView text(word);
        const qsizetype at = text.indexOf(u'=');
        const QStringView key = at < 0 ? text : text.first(at);
        const std::vector<QByteArray> list
            = at < 0 ? std::vector<QByteArray>() : listOf(text.sliced(at + 1));
        const bool isPython = source.dialect == Dialect::Python;
        if (at < 0 && isPython && key == QLatin1StringView("pickle")) {
            source.python.allowsPickle = true;
        } else if (at < 0 && isPython && key == QLatin1StringView("single-lists")) {
            source.python.hasSingleLists = true;
        } else if (key == QLatin1StringView("namespaces") && !list.empty()) {
            source.namespaces = list;
        } else if (key == QLatin1StringView("rooms") && !list.empty()) {
            source.rooms = list;
        } else if (key == QLatin1StringView("methods") && !list.empty()) {
            source.methods.clear();
            for (const QByteArray& name : list) {
                const auto method = methodFrom(name);
                if (!method)
                    return refused(line, QString(QString::fromUtf8(name) + u" is not a method"));
                source.methods.append(*method);
            }
        } else {
            return refused(line, QString(u"what is \"" + word + u"\"?"));
        }
    }
    for (const QByteArray& name : source.namespaces) {
        if (!name.startsWith('/'))
            return refused(line, QStringLiteral("a namespace begins with a slash"));
    }
    return source;
}

bool EmitterSource::allowsEverything() const
{
    return std::find(rooms.begin(), rooms.end(), "*") != rooms.end();
}

bool EmitterSource::allowsRoom(const RoomName& room, const IsSocket& isSocket) const
{
    return std::any_of(rooms.begin(), rooms.end(), [&](const QByteArray& allowed) {
        if (allowed == "@sockets")
            return isSocket(room);
        if (allowed.endsWith('*'))
            return room.value.startsWith(allowed.chopped(1));
        return room.value == allowed;
    });
}

Result<void> EmitterSource::check(
    const bus::EmitterCommand& command, const IsSocket& isSocket) const
{
    if (!methods.contains(command.method))
        return forbidden(nameOf(command.method));
    if (command.answer && command.method == Method::Emit && !methods.contains(Method::Callback))
        return forbidden(QStringLiteral("callback"));
    if (std::find(namespaces.begin(), namespaces.end(), command.nsp.value) == namespaces.end())
        return forbidden(QString(u"the namespace " + QString::fromUtf8(command.nsp.value)));
    std::vector<RoomName> named = command.rooms;
    named.insert(named.end(), command.targets.begin(), command.targets.end());
    if (!command.socket.isEmpty())
        named.push_back({command.socket.value});
    const bool isAboutAll = command.rooms.empty() && command.socket.isEmpty()
        && command.method != Method::CloseRoom && command.method != Method::Callback;
    if (isAboutAll && !allowsEverything())
        return forbidden(QStringLiteral("the whole namespace"));
    for (const RoomName& room : named) {
        if (!allowsRoom(room, isSocket))
            return forbidden(QString(u"the room " + QString::fromUtf8(room.value)));
    }
    return {};
}

} // namespace gatehouse::relay
