// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "common/core/ids.h"
#include "common/protocol/http.h"
#include "common/protocol/socketiopacket.h"
#include "server/access/principal.h"
#include "server/hub/subscriber.h"
#include "server/session/recovery.h"

#include <QUrlQuery>

#include <functional>

namespace gatehouse::session {

/// What the client said when its session was made: the Engine.IO handshake request, never a later
/// poll (federation: the token counts only here). Without the fields and query items that are
/// about the connection only (Upgrade, EIO and the like).
struct Handshake
{
    protocol::HttpHeaders headers;
    QUrlQuery query;
    QString path; ///< of a plain WebSocket; else empty
    QString peerAddress;
    quint16 peerPort = 0; ///< 0: unknown, as behind a proxy
    bool secure = false;
    Millis at{}; ///< wall clock
};

/// An event as it arrived. `args` and `attachments` are untouched bytes.
struct IncomingEvent
{
    QByteArray name;
    protocol::JsonArgs args;
    QList<QByteArray> attachments;
    std::optional<quint64> ackId;
};

/// An answer to an event we emitted with emitWithAck(); an Error when it never came (Timeout) or
/// the socket closed (Unavailable).
struct AckReply
{
    protocol::JsonArgs args;
    QList<QByteArray> attachments;
};
using AckCallback = std::function<void(Result<AckReply>)>;

/// One client in one namespace. Owned by its session; alive until
/// NamespaceHandler::socketDisconnected (or connectAbandoned, or refuse()) has returned. Every call
/// is safe on a socket that has just been disconnected, and then without effect. Network thread
/// only.
class Socket : public hub::Subscriber
{
public:
    ~Socket() override = default;

    virtual const NamespaceName& namespaceName() const = 0;
    virtual const SessionId& sessionId() const = 0;
    virtual const Handshake& handshake() const = 0;

    /// Who this socket speaks as. Anonymous until a handler says otherwise.
    virtual const access::Principal& principal() const = 0;
    virtual void setPrincipal(access::Principal principal) = 0;

    /// What a handler keeps about this client; comes back with it when it is recovered.
    virtual const QByteArray& data() const = 0;
    virtual void setData(QByteArray data) = 0;

    /// From accept() on: this client has its old id, rooms and data again and was sent what it
    /// missed.
    virtual bool isRecovered() const = 0;

    /// How many events its client was not sent because it was behind (hub::SlowPolicies); only
    /// grows.
    virtual quint64 missedEvents() const = 0;

    /// Answers a connectRequested(), once. accept() sends the CONNECT answer and then calls
    /// socketConnected(); refuse() sends CONNECT_ERROR with this JSON payload and ends the socket.
    /// The socket's id is final from accept() on: a recovered socket gets its old one there.
    virtual void accept() = 0;
    virtual void refuse(QByteArray jsonPayload) = 0;

    /// Before accept() it is held back until the CONNECT answer is out.
    virtual void emitEvent(QByteArrayView name, const protocol::JsonArgs& args = {},
        const QList<QByteArray>& attachments = {})
        = 0;
    /// The callback is called exactly once, never from inside this call: with the answer, Timeout,
    /// RateLimited (too many answers outstanding) or Unavailable (the socket is gone).
    virtual void emitWithAck(
        QByteArrayView name, const protocol::JsonArgs& args, Millis timeout, AckCallback callback)
        = 0;
    virtual void acknowledge(
        quint64 ackId, const protocol::JsonArgs& args, const QList<QByteArray>& attachments = {})
        = 0;
    /// An acknowledge() will follow when something else is done (a write, a request): a server that
    /// goes down waits for it, within bounds. Without effect where there is no client any more.
    virtual void owesAnswer(quint64 ackId) = 0;
    /// No acknowledge() will follow after all.
    virtual void releaseAnswer(quint64 ackId) { Q_UNUSED(ackId) }

    /// Before accept() the membership begins with accept(): nothing that is published into a room
    /// overtakes the CONNECT answer.
    /// False when it is in as many rooms as a socket may be.
    virtual bool join(const RoomName& room) = 0;
    virtual void leave(const RoomName& room) = 0;

    /// Leaves the namespace (Socket.IO DISCONNECT); other namespaces of the session stay. To end
    /// the whole connection: SocketIoServer::closeSession().
    virtual void disconnect() = 0;
};

/// How a connection ends whose client has come back on another one. Where that claimed its socket,
/// a socket of the same id is connected next, inside the same call; in the client's other
/// namespaces one may follow.
inline constexpr char supersededReason[] = "superseded";

/// Implemented by events, one per namespace; registered with SocketIoServer::addNamespace().
/// Called in the network thread. A call may disconnect the socket it is about.
class NamespaceHandler
{
public:
    virtual ~NamespaceHandler() = default;

    /// `authJson` is the CONNECT payload, raw and checked; empty when there was none. Must lead,
    /// now or later, to accept() or refuse(). Default: accept.
    virtual void connectRequested(Socket& socket, const QByteArray& authJson)
    {
        Q_UNUSED(authJson)
        socket.accept();
    }
    /// Asked from inside accept(), in a namespace with recovery, for a client that proves to be
    /// `past`. The answer: the rooms it may have again, or nothing to let it start anew. Rights may
    /// have changed meanwhile: rooms that have rules are asked about here. Default: the same
    /// principal gets all of them.
    virtual std::optional<std::vector<RoomName>> recoveryRequested(
        Socket& socket, const PastSocket& past);
    /// The client left before accept() or refuse(); last call about this socket.
    virtual void connectAbandoned(Socket& socket) { Q_UNUSED(socket) }
    /// The CONNECT answer is on its way; whatever is emitted from here on comes after it.
    virtual void socketConnected(Socket& socket) { Q_UNUSED(socket) }
    virtual void eventReceived(Socket& socket, const IncomingEvent& event) = 0;
    /// Last call about a socket that was connected; it is still in its rooms. `reason` is one of
    /// the stable names of docs/wire.md ("client namespace disconnect", "transport close", "ping
    /// timeout", …).
    virtual void socketDisconnected(Socket& socket, const QByteArray& reason)
    {
        Q_UNUSED(socket)
        Q_UNUSED(reason)
    }
};

} // namespace gatehouse::session
