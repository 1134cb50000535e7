// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/ids.h"
#include "common/protocol/socketiopacket.h"
#include "server/session/socket.h"
#include "server/session/websocketlink.h"

#include <QByteArrayView>
#include <QLatin1StringView>

#include <optional>

namespace gatehouse::relay {

/// One connected client as the relay sees it, whatever it speaks: a socket of a Socket.IO namespace
/// or a session of a plain WebSocket dialect. Names and payloads are the same for all of them; a
/// dialect decides how they stand on the wire. Owned by who accepted the connection; alive until
/// PeerHandler::peerGone() has returned. Every call is safe, and without effect, on one that has
/// just been closed. Network thread only.
class Peer
{
public:
    virtual ~Peer() = default;

    /// Unguessable and unique in this process. A room of this name reaches this client alone,
    /// without anybody having joined it (hub::Publication).
    virtual const SocketId& id() const = 0;

    /// Address, port, headers (cookies) and query of the request the connection began with.
    virtual const session::Handshake& handshake() const = 0;

    /// Who the server takes this client for. Anonymous until a handler says otherwise; the name is
    /// the one shown to people and stamped on what the client sends.
    virtual const access::Principal& principal() const = 0;
    virtual void setPrincipal(access::Principal principal) = 0;

    /// An event with its arguments as JSON texts, relayed octet by octet: integers above 2^53 and
    /// the order of keys stay. Dialects with one payload send the first argument; none counts as
    /// `{}`. `event` is plain UTF-8, `args` checked JSON.
    virtual void send(QByteArrayView event, const protocol::JsonArgs& args) = 0;

    /// Answers a request that asked for an acknowledgement. Dialects without them do nothing.
    virtual void acknowledge(quint64 ackId, const protocol::JsonArgs& args) = 0;

    /// An acknowledge() will follow; see session::Socket::owesAnswer().
    virtual void owesAnswer(quint64 ackId) { Q_UNUSED(ackId) }
    /// None will, unless it has already.
    virtual void releaseAnswer(quint64 ackId) { Q_UNUSED(ackId) }

    /// Rooms are the hub's, in the relay's namespace: whoever is in one gets what is published
    /// there, encoded once per dialect. False when it is in as many as a client may be.
    virtual bool join(const RoomName& room) = 0;
    virtual void leave(const RoomName& room) = 0;

    /// Ends the connection; `reason` is a stable name for logs and the close frame ("kicked").
    virtual void close(session::CloseCode code, QLatin1StringView reason) = 0;

    /// How many events it was not sent because it was behind, as a slow-consumer policy allows;
    /// only grows.
    virtual quint64 missedEvents() const { return 0; }

    /// What was sent to it before leaves now or never: asked before a right is taken away. False
    /// when the client had to be closed for that.
    virtual bool settle() = 0;
};

/// An event as a client sent it.
struct PeerEvent
{
    QByteArray name; ///< unescaped UTF-8; not empty
    protocol::JsonArgs args; ///< checked strictly, untouched octets
    std::optional<quint64> ackId; ///< set when an answer by acknowledgement was asked for
};

/// Who decides what becomes of clients and their events: a profile. Called by the sessions, in the
/// order things happened on each connection. A call may close the peer it is about.
class PeerHandler
{
public:
    virtual ~PeerHandler() = default;

    virtual void peerConnected(Peer& peer) = 0;
    virtual void eventReceived(Peer& peer, const PeerEvent& event) = 0;
    /// Last call about a peer, exactly once; it is still in its rooms. `reason` is a stable name of
    /// docs/wire.md.
    virtual void peerGone(Peer& peer, const QByteArray& reason) = 0;
};

} // namespace gatehouse::relay
