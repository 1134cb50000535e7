// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/transport/linkmail.h"
#include "server/transport/websocketconnection.h"

#include <optional>

namespace gatehouse::transport {

class IoLoop;

/// The end of a link in an I/O thread: the connection itself, whose receiver is in the network
/// thread. Owned by its SharedLink.
///
/// What is handed over and not yet worked off there is bounded, for each link and for the thread:
/// over a bound no more is read from the peer. The peer's end (close frame, fault, end of stream)
/// waits until everything before it is worked off, so that the answers to it go out first; a pong
/// too comes behind them.
class LinkEnd final : public WebSocketConnection, private session::WebSocketLink::Receiver
{
public:
    LinkEnd(IoLoop& loop, SharedLink& shared, const WebSocketOptions& options,
        std::unique_ptr<ByteStream> stream, QByteArray greeting);

    void take(QByteArray frames, protocol::Shedding shedding);
    void closeLink(session::CloseCode code, QLatin1StringView reason);
    bool flushOrDropLink();
    void tellDrained();
    void goOnReading(quint64 handled);

private:
    void bytesReceived(std::span<char> octets) override;
    void readyToWrite() override;
    void streamEnded() override;
    bool postponeEnd(const protocol::WebSocketEvent& end) override;
    void answerPing(QByteArrayView payload) override;
    void flush() override;
    void sent(qsizetype offered, qint32 result) override;
    void handleWriteDeadline() override;

    void textReceived(QByteArrayView utf8) override { handOver(Inward::Kind::Text, utf8); }
    void binaryReceived(QByteArrayView octets) override { handOver(Inward::Kind::Binary, octets); }
    void pongReceived() override { handOver(Inward::Kind::Pong, {}); }
    void linkClosed(quint16 code, QLatin1StringView reason) override;

    void handOver(Inward::Kind kind, QByteArrayView payload);
    bool isAllAnswered() const { return m_received == m_answered; }
    bool isOverBound();
    void holdOrRelease();
    void endAsPostponed();
    void publish();

    struct PostponedEnd
    {
        protocol::WebSocketEvent::Kind kind;
        quint16 code;
        QByteArray reason;
    };

    IoLoop& m_loop;
    SharedLink& m_shared;
    quint64 m_accepted = 0;
    quint64 m_received = 0;
    quint64 m_answered = 0; ///< of m_received: up to there all answers have come
    quint64 m_seenHandled = 0; ///< what SharedLink::handled was at least
    std::optional<PostponedEnd> m_postponedEnd;
    bool m_isStreamEndPostponed = false;
    bool m_isUnhandled = false; ///< held until GoOnReading
    bool m_isUndrained = false; ///< held until the peer has taken most of the queue
};

} // namespace gatehouse::transport
