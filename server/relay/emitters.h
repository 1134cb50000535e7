// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/bus/bus.h"
#include "server/bus/redislink.h"
#include "server/hub/hub.h"
#include "server/relay/emittersource.h"
#include "server/session/socketioserver.h"

namespace gatehouse::relay {

/// Totals since the start. Plain numbers of the network thread.
struct EmitterCounters
{
    quint64 received = 0;
    quint64 emitted = 0; ///< events that went to the hub, whoever got them
    quint64 changes = 0; ///< joins, leaves, disconnects and closed rooms that were done
    quint64 callbacks = 0; ///< clients' answers that went back
    quint64 malformed = 0; ///< not of the dialect, or over a limit
    quint64 forbidden = 0; ///< not on the source's lists, or a pickle where none is allowed
    quint64 unknown = 0; ///< about a client that is not here
    quint64 ignored = 0; ///< our own, and what servers say to each other
};

/// Back ends that emit into the rooms here as they would into those of a Python or Node server,
/// unchanged: hears their channels, checks what comes against the source's lists, and does it.
/// What cannot be used is counted, said in the log now and then and, over RabbitMQ, dead-lettered.
/// Owned by the composition root; network thread only.
class Emitters
{
public:
    /// `redis` may be null when no source needs it; is not started yet.
    Emitters(std::vector<EmitterSource> sources, hub::Hub& hub, session::SocketIoServer& sessions,
        bus::Bus& bus, bus::RedisLink* redis);
    ~Emitters();
    Q_DISABLE_COPY_MOVE(Emitters)

    const EmitterCounters& counters() const { return m_counters; }

private:
    using Command = bus::EmitterCommand;

    void listen(const EmitterSource& source);
    bool take(const EmitterSource& source, Result<Command> command);
    void apply(const EmitterSource& source, const Command& command);
    void emitEvent(const EmitterSource& source, const Command& command);
    void sendCallback(const EmitterSource& source, const Command::Answer& answer,
        const QByteArray& hostId, const protocol::JsonArgs& args);
    /// Those it is about, who are here.
    std::vector<session::Socket*> socketsOf(const Command& command);
    void closeRooms(const Command& command);
    void disconnect(session::Socket& socket, bool endsSession);
    hub::Publication publicationOf(const Command& command) const;
    session::Socket* find(const NamespaceName& nsp, const SocketId& id) const;

    const std::vector<EmitterSource> m_sources;
    hub::Hub& m_hub;
    session::SocketIoServer& m_sessions;
    bus::Bus& m_bus;
    bus::RedisLink* const m_redis;
    EmitterCounters m_counters;
    std::vector<bus::Ticket> m_tickets;
    const std::shared_ptr<bool> m_isAlive = std::make_shared<bool>(true);
};

} // namespace gatehouse::relay
