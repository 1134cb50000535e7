// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/session/socket.h"
#include "server/session/websocketlink.h"

namespace gatehouse::session {

/// One client that speaks plain WebSocket: text frames in both directions, in order. Owned by its
/// PlainServer; alive until PlainHandler::socketClosed() has returned. Every call is safe on one
/// that has just been closed, and then without effect. Network thread only.
class PlainSocket : public hub::Subscriber
{
public:
    ~PlainSocket() override = default;

    virtual SessionId sessionId() const = 0; ///< the same text as socketId()
    virtual const Handshake& handshake() const = 0;

    /// Who this client speaks as. Anonymous until a handler says otherwise.
    virtual const access::Principal& principal() const = 0;
    virtual void setPrincipal(access::Principal principal) = 0;

    /// One text frame; `packet->text()` is what the client sees. The same packet sent to many is
    /// framed once.
    virtual void send(const protocol::EncodedPacketPtr& packet) = 0;
    void sendText(QByteArray utf8) { send(protocol::EncodedPacket::create(std::move(utf8))); }

    /// Rooms of the namespace PlainOptions names; none where it names none. What is published there
    /// arrives in the client's dialect. False when it is in as many as a client may be.
    virtual bool join(const RoomName& room) = 0;
    virtual void leave(const RoomName& room) = 0;

    virtual qsizetype queuedBytes() const = 0;
    virtual quint64 missedEvents() const = 0; ///< as Socket::missedEvents()

    /// Ends the connection behind what is queued; `reason` is a literal, for the close frame too.
    /// The handler hears of it before this returns.
    virtual void close(CloseCode code, QLatin1StringView reason) = 0;

    /// For a client that loses a right: see SocketIoServer::settleBeforeRevocation().
    virtual bool settle() = 0;
};

/// What becomes of the clients of one PlainServer and of their frames. Called in the network
/// thread; a call may close the socket it is about, and others.
class PlainHandler
{
public:
    virtual ~PlainHandler() = default;

    /// Nothing: it may come in. Asked after origin, bounds and rates, before the handshake.
    virtual std::optional<protocol::HttpResponse> refusal(const protocol::HttpRequest& request)
    {
        Q_UNUSED(request)
        return std::nullopt;
    }
    virtual void socketOpened(PlainSocket& socket) { Q_UNUSED(socket) }
    /// Valid UTF-8, and nothing else is known about it.
    virtual void textReceived(PlainSocket& socket, QByteArrayView utf8) = 0;
    /// Last call about a socket, exactly once; it is still in its rooms. `reason` is one of the
    /// stable names of docs/wire.md.
    virtual void socketClosed(PlainSocket& socket, const QByteArray& reason)
    {
        Q_UNUSED(socket)
        Q_UNUSED(reason)
    }
};

} // namespace gatehouse::session
