// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/tokenbucket.h"
#include "common/protocol/websocketframe.h"
#include "server/session/websocketlink.h"
#include "server/transport/bytestream.h"
#include "server/transport/deadlinewheel.h"
#include "server/transport/flushlist.h"
#include "server/transport/framequeue.h"

#include <memory>

namespace gatehouse::transport {

struct TransportContext;
struct WebSocketOptions;

/// WebSocketLink over a ByteStream, server side, after the opening handshake. Owned by the session,
/// or as a LinkEnd by an I/O thread; lives in its context's thread. Answers pings, checks frames,
/// bounds its queue in octets and age, ends a message that is begun and not finished, and closes as
/// RFC 6455 section 7 says; each end is counted. From a peer that takes answers more slowly than it
/// asks, no more is read than it takes. When it ends with a close frame, the stream moves to
/// ClosingStreams to deliver it.
class WebSocketConnection : public session::WebSocketLink,
                            private ByteStream::Receiver,
                            private FlushList::Client
{
public:
    /// `greeting`, the answer to the handshake, leaves before everything else.
    /// `options` live as long as the context.
    static std::unique_ptr<session::WebSocketLink> create(std::shared_ptr<TransportContext> context,
        const WebSocketOptions& options, std::unique_ptr<ByteStream> stream, QByteArray greeting);
    ~WebSocketConnection() override;

    void setReceiver(WebSocketLink::Receiver* receiver) override { m_receiver = receiver; }
    void send(const protocol::EncodedPacketPtr& packet) override;
    /// Finished frames of whatever protocol, under the same bounds as send().
    void sendFrames(QByteArray frames, protocol::Shedding shedding = {});
    bool flushOrDrop() override;
    qsizetype queuedBytes() const override { return m_queue.bytes(); }
    quint64 shedPackets() const override { return m_shed; }
    void sendPing() override;
    bool isReadingPaused() const override { return m_isReadingPaused; }
    bool isBusy() const override { return !m_queue.isEmpty() || m_decoder.isMidMessage(); }
    void close(session::CloseCode code, QLatin1StringView reason) override;

protected:
    WebSocketConnection(std::shared_ptr<TransportContext> context, const WebSocketOptions& options,
        std::unique_ptr<ByteStream> stream);
    void begin(QByteArray greeting); ///< once

    const WebSocketOptions& options() const { return m_options; }
    bool hasEnded() const { return m_state == State::Ended; }

    /// For who has reasons of its own to let the peer wait: after the message that is being
    /// handled, or the next one, no more is read.
    void setReadingHeld(bool isHeld);
    /// Offers the peer what is queued; true when it has not taken enough to be asked for more.
    bool isBehind();
    bool hasCaughtUp() const; ///< with most of it: after isBehind() it may be asked again
    void countReadingPause(); ///< for a peer that is behind
    void countHandOverPause();

    /// The peer's close frame, or a fault of its. True: it is kept, to be handled later, and until
    /// then nothing more is to be read.
    virtual bool postponeEnd(const protocol::WebSocketEvent& end);
    void handleEnd(const protocol::WebSocketEvent& end);
    void readNoMore(); ///< the last act in bytesReceived()
    virtual void answerPing(QByteArrayView payload);
    void writeQueue();

    void bytesReceived(std::span<char> octets) override;
    void readyToWrite() override;
    void streamEnded() override;
    void flush() override;
    void sent(qsizetype offered, qint32 result) override;
    virtual void handleWriteDeadline();

private:
    enum class State : quint8 {
        Open,
        Closing, ///< our close frame is queued or sent, the peer's is awaited
        Ended,
    };

    int gather(std::span<QByteArrayView> parts, size_t& count) override;

    /// False: `this` may be gone, or nothing more is to be read.
    bool handle(const protocol::WebSocketEvent& event);
    bool mayGoOnReading(std::span<const char> unread); ///< false: paused
    void resumeReading();
    bool handlePing(QByteArrayView payload);
    bool isControlFlood(); ///< then the link has ended
    void handleClose(const protocol::WebSocketEvent& event);
    void handleFailure(const protocol::WebSocketEvent& event);

    void enqueue(QByteArray frames, protocol::Shedding shedding = {});
    void countShed(qsizetype packets);
    void watchReading(bool isProgress);
    void afterWriting();
    void watchQueueAge();
    void handleReadDeadline();
    void endAsSlowConsumer();

    /// Gives the stream, and a close frame if `code` may be sent, to ClosingStreams.
    void partWithStream(quint16 code, QByteArrayView reason);
    void end(quint16 code, QLatin1StringView reason); ///< last act: tells the receiver

    // First what each frame sent looks at, so that it lies in few pieces of a cache.
    std::shared_ptr<TransportContext> m_context;
    const WebSocketOptions& m_options;
    std::unique_ptr<ByteStream> m_stream;
    State m_state = State::Open;
    bool m_isReadingPaused = false;
    bool m_isReadingHeld = false;
    bool m_isSlow = false; ///< over a bound; the receiver is told from the event loop
    quint16 m_closeCode = 0; ///< what we closed with
    FrameQueue m_queue;
    Deadline m_writeDeadline; ///< for the oldest frame queued; when Closing, for the peer's close
    WebSocketLink::Receiver* m_receiver = nullptr;
    protocol::WebSocketDecoder m_decoder;
    quint64 m_shed = 0; ///< packets given up for this peer
    TokenBucket m_controlFrames;
    Deadline m_readDeadline; ///< for the rest of a message
    Millis m_messageBegan{-1}; ///< negative: between messages
    bool* m_isDestroyed = nullptr; ///< set by the destructor while a handler of ours is running
};

} // namespace gatehouse::transport
