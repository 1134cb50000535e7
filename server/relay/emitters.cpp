// SPDX-License-Identifier: Apache-2.0
#include "server/relay/emitters.h"

#include "server/bus/buslog.h"
#include "server/bus/nodeemitter.h"

namespace gatehouse::relay {

namespace {

using Method = bus::EmitterCommand::Method;
using Carrier = EmitterSource::Carrier;
using Dialect = EmitterSource::Dialect;

/// How long a client may take to answer what a back end asked it; python-socketio's own default.
constexpr Millis answerTime{60'000};

} // namespace

Emitters::Emitters(std::vector<EmitterSource> sources, hub::Hub& hub,
    session::SocketIoServer& sessions, bus::Bus& bus, bus::RedisLink* redis)
    : m_sources(std::move(sources)), m_hub(hub), m_sessions(sessions), m_bus(bus), m_redis(redis)
{
    for (const EmitterSource& source : m_sources)
        listen(source);
}

Emitters::~Emitters() = default;

void Emitters::listen(const EmitterSource& source)
{
    const auto takePython = [this, &source](const QByteArray& body) {
        return take(source, bus::decodePythonEmitter(body, source.python));
    };
    if (source.carrier == Carrier::RabbitMq) {
        m_tickets.push_back(
            m_bus.subscribe(source.channel, "#", [takePython](const bus::Message& message) {
                return takePython(message.body) ? bus::Verdict::Accepted : bus::Verdict::Rejected;
            }));
        return;
    }
    Q_ASSERT(m_redis);
    if (source.dialect == Dialect::Python) {
        m_redis->subscribe(source.channel,
            [takePython](const QByteArray&, const QByteArray& body) { takePython(body); });
        return;
    }
    const auto takeNode = [this, &source](const QByteArray& channel, const QByteArray& body) {
        take(source, bus::decodeNodeEmitter(bus::nodeAddress(channel, source.channel), body));
    };
    for (const QByteArray& nsp : source.namespaces) {
        m_redis->subscribePattern(source.channel + '#' + nsp + "#*", takeNode);
        m_redis->subscribe(source.channel + "-request#" + nsp + '#', takeNode);
    }
}

/// False when the message is of no use.
bool Emitters::take(const EmitterSource& source, Result<Command> command)
{
    ++m_counters.received;
    if (command) {
        const auto allowed = source.check(*command, [&](const RoomName& room) {
            return find(command->nsp, SocketId{room.value}) != nullptr;
        });
        if (allowed) {
            apply(source, *command);
            return true;
        }
        command = tl::unexpected(allowed.error());
    }
    const bool isForbidden = command.error().code == ErrorCode::Forbidden;
    ++(isForbidden ? m_counters.forbidden : m_counters.malformed);
    bus::warnSparingly(isForbidden ? "emitter forbidden" : "emitter malformed",
        QStringLiteral("A message on the channel %1 was refused: %2")
            .arg(bus::text(source.channel), command.error().detail));
    return false;
}

session::Socket* Emitters::find(const NamespaceName& nsp, const SocketId& id) const
{
    session::Socket* socket = m_sessions.findSocket(id);
    return socket && socket->namespaceName() == nsp ? socket : nullptr;
}

hub::Publication Emitters::publicationOf(const Command& command) const
{
    hub::Publication publication{.nsp = command.nsp,
        .rooms = command.rooms,
        .event = command.event,
        .args = command.args,
        .attachments = command.attachments,
        .except = {},
        .urgency = command.isVolatile ? hub::Urgency::Volatile : hub::Urgency::Reliable};
    for (const RoomName& one : command.except) {
        publication.except.push_back({one.value}); // a name may be a socket's or a room's
        publication.exceptRooms.push_back(one);
    }
    return publication;
}

std::vector<session::Socket*> Emitters::socketsOf(const Command& command)
{
    std::vector<session::Socket*> sockets;
    const auto add = [&](const SocketId& id) {
        if (session::Socket* socket = find(command.nsp, id))
            sockets.push_back(socket);
    };
    if (!command.socket.isEmpty()) {
        add(command.socket);
    } else {
        for (const SocketId& id : m_hub.recipients(publicationOf(command)))
            add(id);
    }
    if (sockets.empty())
        ++m_counters.unknown;
    return sockets;
}

void Emitters::apply(const EmitterSource& source, const Command& command)
{
    const bool isOwn = !command.hostId.isEmpty() && command.hostId == m_bus.nodeName();
    if (isOwn || command.method == Method::Callback) {
        ++m_counters.ignored; // we ask nobody over this channel
        return;
    }
    switch (command.method) {
    case Method::Emit:
        emitEvent(source, command);
        break;
    case Method::Join:
        for (session::Socket* socket : socketsOf(command)) {
            for (const RoomName& room : command.targets)
                m_counters.changes += socket->join(room) ? 1 : 0;
        }
        break;
    case Method::Leave:
        for (session::Socket* socket : socketsOf(command)) {
            for (const RoomName& room : command.targets) {
                socket->leave(room);
                ++m_counters.changes;
            }
        }
        break;
    case Method::Disconnect:
        // One end may bring others about: look each up again.
        for (const session::Socket* socket : socketsOf(command)) {
            const SocketId id = socket->socketId();
            if (session::Socket* there = find(command.nsp, id))
                disconnect(*there, command.endsSession);
        }
        break;
    case Method::CloseRoom:
        closeRooms(command);
        break;
    case Method::Callback:
        break;
    }
}

void Emitters::emitEvent(const EmitterSource& source, const Command& command)
{
    ++m_counters.emitted;
    if (!command.answer || command.hostId.isEmpty()) {
        m_hub.publish(publicationOf(command));
        return;
    }
    m_sessions.publishWithAcks(publicationOf(command), answerTime,
        [this, alive = std::weak_ptr(m_isAlive), &source, answer = *command.answer,
            hostId = command.hostId](const session::BroadcastReplies& replies) {
            if (!alive.expired() && !replies.replies.empty())
                sendCallback(source, answer, hostId, replies.replies.front().second.args);
        });
}

void Emitters::sendCallback(const EmitterSource& source, const Command::Answer& answer,
    const QByteArray& hostId, const protocol::JsonArgs& args)
{
    ++m_counters.callbacks;
    const QByteArray body = bus::encodePythonCallback(answer, hostId, args);
    if (source.carrier == Carrier::Redis) {
        m_redis->publish(source.channel, body);
        return;
    }
    m_bus.publish({.exchange = source.channel,
                      .topic = "callback", // a fanout exchange does not look at it
                      .body = body,
                      .properties = {.contentType = "text/plain"},
                      .care = bus::Care::Volatile},
        {});
}

void Emitters::closeRooms(const Command& command)
{
    for (const RoomName& room : command.targets) {
        for (const hub::MemberView& member : m_hub.members(command.nsp, room)) {
            if (session::Socket* socket = find(command.nsp, member.socket)) {
                socket->leave(room);
                ++m_counters.changes;
            }
        }
    }
}

void Emitters::disconnect(session::Socket& socket, bool endsSession)
{
    ++m_counters.changes;
    if (endsSession)
        m_sessions.closeSession(
            socket.sessionId(), session::CloseCode::Kicked, QLatin1StringView("kicked"));
    else
        socket.disconnect();
}

} // namespace gatehouse::relay
