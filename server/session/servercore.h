// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/observerlist.h"
#include "server/session/linkcloser.h"
#include "server/session/namespacerecovery.h"
#include "server/session/originpolicy.h"
#include "server/session/socketioserver.h"
#include "server/session/timerqueue.h"
#include "server/session/turnqueue.h"

#include <QHash>

namespace gatehouse::session {

class Session;
class SocketImpl;

/// Told when a session is over. Implemented by the server, which owns the sessions.
class SessionOwner
{
public:
    /// Takes the session out of every index; it stays in memory until the turn ends.
    virtual void sessionEnding(Session& session) = 0;
    /// After its sockets were told.
    virtual void sessionEnded(Session& session, const QByteArray& reason) = 0;
    /// Ends a session nobody identified in, for the sake of a newer one.
    virtual void displace(const SessionId& id) = 0;

protected:
    ~SessionOwner() = default;
};

/// A namespace as the sessions know it.
struct NamespaceEntry
{
    NamespaceHandler* handler = nullptr;
    std::unique_ptr<NamespaceRecovery> recovery; ///< null: off
};

/// What the sessions of one thread share. Owned by SocketIoServer, outlives every session.
struct ServerCore
{
    ServerCore(SessionOptions o, hub::Hub& h, const Clock& c);

    const SessionOptions options;
    hub::Hub& hub;
    const Clock& clock;
    const OriginPolicy origins;
    AddressBook addresses;
    SessionCounters counters;
    ObserverList<SessionObserver> observers;
    QHash<SocketId, SocketImpl*> sockets; ///< connected or deciding
    TurnQueue turn;
    TimerQueue timers;
    std::map<NamespaceName, NamespaceEntry> namespaces;
    /// Ack ids of events sent to many: above every id a socket gives by itself, exact in
    /// JavaScript.
    quint64 nextBroadcastAck = quint64{1} << 40;
    /// The packet last sent to a client with the MessagePack parser, and its form for them: what
    /// goes to many is turned into it once.
    protocol::EncodedPacketPtr msgpackSource;
    protocol::EncodedPacketPtr msgpackForm;
    LinkCloser closingLinks;
    const protocol::EncodedPacketPtr ping;
    const protocol::EncodedPacketPtr pong; ///< of Engine.IO 3
};

/// 144 bits from the system's generator, base64url: session and socket ids are bearer secrets.
QByteArray makeId();

} // namespace gatehouse::session
