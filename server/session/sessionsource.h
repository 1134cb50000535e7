// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/session/socket.h"
#include "server/session/websocketlink.h"

#include <optional>
#include <utility>
#include <vector>

namespace gatehouse::session {

enum class TransportKind : quint8 { Polling, WebSocket };

/// A session from outside, at one moment.
struct SessionView
{
    SessionId id;
    TransportKind transport = TransportKind::Polling;
    QString dialect; ///< "flat-json", "typed-json"; empty: Socket.IO
    QString peerAddress;
    QByteArray userAgent;
    Millis connectedAt{}; ///< wall clock
    access::Principal principal; ///< the most privileged of its sockets
    qsizetype queuedBytes = 0;
    quint64 packetsIn = 0;
    quint64 packetsOut = 0;
    quint64 bytesIn = 0;
    quint64 bytesOut = 0;
    std::vector<std::pair<SocketId, NamespaceName>> sockets;
};

/// One client in one namespace from outside, at one moment.
struct SocketView
{
    SessionId session;
    NamespaceName nsp;
    access::Principal principal;
    QString peerAddress;
    quint16 peerPort = 0; ///< 0: unknown, as behind a proxy
};

class SessionObserver
{
public:
    virtual ~SessionObserver() = default;
    virtual void sessionOpened(const SessionId&) { }
    virtual void sessionChanged(const SessionId&) { } ///< transport, principal or sockets
    virtual void sessionClosed(const SessionId&, const QByteArray& /*reason*/) { }
    virtual void eventReceived(const Socket&, const IncomingEvent&) { }
};

/// Whose sessions can be looked at and ended, whatever they speak. Network thread only.
class SessionSource
{
public:
    virtual ~SessionSource() = default;

    virtual std::vector<SessionView> sessions() const = 0;
    virtual qsizetype sessionCount() const { return qsizetype(sessions().size()); }
    virtual std::optional<SessionView> session(const SessionId& id) const = 0;
    /// Whose socket that is, if it is one of these.
    virtual std::optional<SessionId> sessionOf(const SocketId& id) const = 0;
    virtual std::optional<SocketView> socket(const SocketId& id) const = 0;

    /// Ends a session with a named reason; false when it does not exist (any more). Handlers hear
    /// of it before this returns.
    virtual bool closeSession(const SessionId& id, CloseCode code, QLatin1StringView reason) = 0;

    virtual void addObserver(SessionObserver* observer)
        = 0; ///< not owned; outlives it or is removed
    virtual void removeObserver(SessionObserver* observer) = 0;
};

} // namespace gatehouse::session
