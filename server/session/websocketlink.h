// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "common/protocol/encodedpacket.h"
#include "common/protocol/http.h"

#include <QByteArrayView>
#include <QLatin1StringView>

#include <memory>
#include <optional>

namespace gatehouse::session {

/// WebSocket close codes we send (RFC 6455 section 7.4.1; 4000-4999 are ours).
enum class CloseCode : quint16 {
    Normal = 1000,
    GoingAway = 1001,
    ProtocolError = 1002,
    UnsupportedData = 1003,
    InvalidPayload = 1007,
    PolicyViolation = 1008,
    MessageTooBig = 1009,
    InternalError = 1011,
    SlowConsumer = 4008, ///< outgoing queue over its bound in bytes or age
    Unidentified = 4001, ///< no identity within the grace period
    Kicked = 4003, ///< disconnected by an administrator
    RightsChanged
    = 4005, ///< lost a right while events of it were waiting, or its token's key is gone
    RateLimited = 4029, ///< sent more than it may
};

/// One open WebSocket. Declared here, implemented by transport over a byte stream; a session owns
/// it. Network thread only. Messages sent in one turn of the event loop leave in one write.
class WebSocketLink
{
public:
    /// Who hears from the link. Set before returning to the event loop after the link was handed
    /// over; a receiver may destroy the link from any of these calls except through its own stack
    /// frame's data: views are valid during the call only.
    class Receiver
    {
    public:
        virtual ~Receiver() = default;
        virtual void textReceived(QByteArrayView utf8) = 0; ///< complete, valid UTF-8
        virtual void binaryReceived(QByteArrayView octets) = 0;
        virtual void pongReceived() { } ///< an answer to sendPing(), or unasked
        /// The link is of no more use: closed by the peer, failed, or over a bound. Called once.
        virtual void linkClosed(quint16 code, QLatin1StringView reason) = 0;
    };

    virtual ~WebSocketLink() = default; ///< closes the socket at once if still open

    virtual void setReceiver(Receiver* receiver) = 0;

    /// Queues the packet's frames by reference. Over the queue's bound the link closes itself with
    /// SlowConsumer and tells the receiver from the event loop, never from inside send().
    virtual void send(const protocol::EncodedPacketPtr& packet) = 0;

    virtual qsizetype queuedBytes() const = 0;

    /// Packets that were given up for this peer because it was behind and a policy allowed it
    /// (EncodedPacket::shedding), since the link was opened.
    virtual quint64 shedPackets() const { return 0; }

    /// A ping of the WebSocket's own (RFC 6455 section 5.5.2), behind what is queued.
    virtual void sendPing() = 0;

    /// Octets wait for the peer, or of a message of the peer some have come and more have to. Both
    /// have deadlines of their own, and meanwhile no pong can be expected.
    virtual bool isBusy() const = 0;

    /// The peer takes our answers more slowly than it asks: what it sends waits until it has taken
    /// some. Meanwhile no pong can be expected.
    virtual bool isReadingPaused() const { return false; }

    /// Hands on what is queued at once and drops what the network does not take now; of a message
    /// that has begun to leave, the rest stays. True when nothing was dropped.
    virtual bool flushOrDrop() = 0;

    /// Sends a close frame after what is queued, then ends the connection within a deadline.
    virtual void close(CloseCode code, QLatin1StringView reason) = 0;
};

/// Bounds of a path's WebSockets where they differ from those of the transport.
struct LinkLimits
{
    std::optional<qint64> maxMessageBytes; ///< from the peer; more is MessageTooBig
    std::optional<qsizetype> maxQueuedBytes; ///< waiting for the peer; more is SlowConsumer
    std::optional<Millis> maxQueueAge; ///< of the oldest message waiting, same consequence

    bool isEmpty() const { return !maxMessageBytes && !maxQueuedBytes && !maxQueueAge; }
};

/// Asked by transport about every upgrade request below its path.
class WebSocketAcceptor
{
public:
    virtual ~WebSocketAcceptor() = default;

    /// Nothing: go on with the handshake. A response: answer with it instead of 101.
    virtual std::optional<protocol::HttpResponse> refusal(const protocol::HttpRequest& request) = 0;

    virtual void linkOpened(
        const protocol::HttpRequest& request, std::unique_ptr<WebSocketLink> link)
        = 0;

    /// The same for every link; asked for each before it is opened.
    virtual LinkLimits linkLimits() const { return {}; }
};

} // namespace gatehouse::session
