// SPDX-License-Identifier: Apache-2.0
#include "server/transport/websocketconnection.h"

#include "server/transport/transportcontext.h"

#include <array>
#include <cerrno>

namespace gatehouse::transport {

using protocol::WebSocketEvent;
using session::CloseCode;

namespace {

constexpr quint16 AbnormalClosure = 1006; ///< never on the wire (RFC 6455 section 7.4.1)

constexpr QLatin1StringView SlowReason("slow consumer");

/// Of the queue's bound: over the first part of it nothing more is read, down to the second reading
/// goes on. So an answer of half the bound that is given at once always fits, and whoever takes
/// such answers is no slow consumer, however much it asks for at once. What is owed for later (by
/// the database, by a service) is not counted before it is there.
constexpr qsizetype PauseShare = WebSocketOptions::PauseShare;
constexpr qsizetype ResumeShare = 8;

protocol::WebSocketLimits limitsOf(const WebSocketOptions& options)
{
    protocol::WebSocketLimits limits;
    limits.maxMessageBytes = options.maxMessageBytes;
    return limits;
}

} // namespace

std::unique_ptr<session::WebSocketLink> WebSocketConnection::create(
    std::shared_ptr<TransportContext> context, const WebSocketOptions& options,
    std::unique_ptr<ByteStream> stream, QByteArray greeting)
{
    std::unique_ptr<WebSocketConnection> connection(
        new WebSocketConnection(std::move(context), options, std::move(stream)));
    connection->begin(std::move(greeting));
    return connection;
}

WebSocketConnection::WebSocketConnection(std::shared_ptr<TransportContext> context,
    const WebSocketOptions& options, std::unique_ptr<ByteStream> stream)
    : m_context(std::move(context)), m_options(options), m_stream(std::move(stream)),
      m_writeDeadline(m_context->wheel, [this] { handleWriteDeadline(); }),
      m_decoder(protocol::WebSocketRole::Server, limitsOf(m_options)),
      m_controlFrames(m_options.controlFrames),
      m_readDeadline(m_context->wheel, [this] { handleReadDeadline(); })
{
    ++m_context->counters.openWebSockets;
}

void WebSocketConnection::begin(QByteArray greeting)
{
    m_stream->setReceiver(this);
    m_stream->start();
    enqueue(std::move(greeting));
}

WebSocketConnection::~WebSocketConnection()
{
    if (m_isDestroyed)
        *m_isDestroyed = true;
    --m_context->counters.openWebSockets;
    if (m_state == State::Closing && m_stream)
        partWithStream(protocol::WebSocketNoStatus, {});
}

void WebSocketConnection::send(const protocol::EncodedPacketPtr& packet)
{
    if (m_state == State::Open)
        enqueue(packet->webSocketFrames(), packet->shedding());
}

void WebSocketConnection::sendFrames(QByteArray frames, protocol::Shedding shedding)
{
    if (m_state == State::Open)
        enqueue(std::move(frames), shedding);
}

void WebSocketConnection::enqueue(QByteArray frames, protocol::Shedding shedding)
{
    m_queue.push(std::move(frames), m_context->clock.monotonic(), shedding);
    const qsizetype bound = m_options.maxQueuedBytes;
    // Much within one turn is no sign of a slow peer before the kernel was asked to take it.
    if (m_queue.weight() > bound)
        writeQueue();
    // Some room more than needed, so that not each of the next events looks at the whole queue.
    if (m_queue.weight() > bound)
        countShed(m_queue.shed(bound / 4 * 3));
    if (m_queue.weight() > bound)
        endAsSlowConsumer();
    else if (!m_queue.isEmpty() || m_isReadingPaused)
        m_context->flushList.markDirty(*this);
}

void WebSocketConnection::countShed(qsizetype packets)
{
    m_shed += quint64(packets);
    m_context->counters.framesShed += quint64(packets);
}

void WebSocketConnection::sendPing()
{
    sendFrames(protocol::webSocketFrame(protocol::WebSocketOpcode::Ping, {}));
}

bool WebSocketConnection::flushOrDrop()
{
    if (m_state != State::Open)
        return true;
    writeQueue();
    const qsizetype left = m_queue.bytes();
    m_queue.dropUnstarted();
    if (m_isReadingPaused)
        m_context->flushList.markDirty(*this);
    return m_queue.bytes() == left;
}

void WebSocketConnection::endAsSlowConsumer()
{
    ++m_context->counters.slowConsumers;
    m_queue.dropUnstarted();
    m_closeCode = quint16(CloseCode::SlowConsumer);
    m_state = State::Closing;
    m_isSlow = true;
    m_context->flushList.markDirty(*this);
}

void WebSocketConnection::close(CloseCode code, QLatin1StringView reason)
{
    if (m_state != State::Open)
        return;
    m_closeCode = quint16(code);
    m_state = State::Closing;
    m_readDeadline.stop();
    resumeReading(); // for the peer's close frame
    m_queue.push(protocol::webSocketCloseFrame(m_closeCode, QByteArrayView(reason)),
        m_context->clock.monotonic());
    m_context->flushList.markDirty(*this);
    m_writeDeadline.start(m_options.close);
}

void WebSocketConnection::flush()
{
    if (m_isSlow) {
        partWithStream(m_closeCode, QByteArrayView(SlowReason));
        end(m_closeCode, SlowReason);
        return;
    }
    writeQueue();
    afterWriting();
}

int WebSocketConnection::gather(std::span<QByteArrayView> parts, size_t& count)
{
    if (m_isSlow || !m_stream || m_queue.isEmpty())
        return -1;
    const int descriptor = m_stream->directDescriptor();
    if (descriptor >= 0)
        count = m_queue.peek(parts);
    return descriptor;
}

void WebSocketConnection::sent(qsizetype offered, qint32 result)
{
    if (result != -ECANCELED) // not tried
        m_queue.drop(m_stream->sentDirectly(offered, result));
    writeQueue();
    afterWriting();
}

void WebSocketConnection::readyToWrite()
{
    writeQueue();
    afterWriting();
}

void WebSocketConnection::writeQueue()
{
    std::array<QByteArrayView, ByteStream::MaxParts> parts;
    while (m_stream && !m_queue.isEmpty()) {
        const size_t count = m_queue.peek(parts);
        const qsizetype taken = m_stream->write(std::span(parts).first(count));
        if (taken == 0)
            return;
        m_queue.drop(taken);
    }
}

void WebSocketConnection::afterWriting()
{
    watchQueueAge();
    if (m_isReadingPaused && !m_isReadingHeld && hasCaughtUp())
        resumeReading();
}

void WebSocketConnection::watchQueueAge()
{
    if (m_state != State::Open)
        return;
    if (m_queue.isEmpty()) {
        m_writeDeadline.stop();
    } else if (!m_writeDeadline.isRunning()) {
        const Millis age = m_context->clock.monotonic() - m_queue.oldest();
        m_writeDeadline.start(m_options.maxQueueAge - age);
    }
}

void WebSocketConnection::handleWriteDeadline()
{
    if (m_state == State::Closing) {
        // The peer neither took our close frame in time nor sent its own.
        ++m_context->counters.closeTimeouts;
        m_stream.reset();
        end(m_closeCode, QLatin1StringView("close timeout"));
        return;
    }
    if (m_queue.isEmpty())
        return;
    const Millis tooOld = m_context->clock.monotonic() - m_options.maxQueueAge;
    if (m_queue.oldest() <= tooOld)
        countShed(m_queue.shedOlderThan(tooOld + Millis{1}));
    if (!m_queue.isEmpty() && m_queue.oldest() <= tooOld)
        endAsSlowConsumer();
    else
        afterWriting();
}

void WebSocketConnection::bytesReceived(std::span<char> octets)
{
    bool isDestroyed = false;
    m_isDestroyed = &isDestroyed;
    bool isMessageComplete = false;
    for (;;) {
        const WebSocketEvent event = m_decoder.next(octets);
        if (event.kind == WebSocketEvent::Kind::NeedMore)
            break;
        isMessageComplete |= event.kind == WebSocketEvent::Kind::Text
            || event.kind == WebSocketEvent::Kind::Binary;
        const bool goesOn = handle(event);
        if (isDestroyed)
            return;
        if (!goesOn || !mayGoOnReading(octets))
            break;
    }
    m_isDestroyed = nullptr;
    if (m_state == State::Open) {
        if (isMessageComplete || m_isReadingPaused)
            m_messageBegan = Millis{-1};
        watchReading(m_decoder.isMidMessage() && !m_isReadingPaused);
    }
}

bool WebSocketConnection::mayGoOnReading(std::span<const char> unread)
{
    const bool isFull = m_queue.bytes() > m_options.maxQueuedBytes / PauseShare;
    if ((!isFull && !m_isReadingHeld) || m_state != State::Open)
        return true;
    if (!m_isReadingHeld && !isBehind())
        return true;
    if (!m_stream || !m_stream->pauseReading(unread))
        return true;
    m_isReadingPaused = true;
    if (!m_isReadingHeld)
        countReadingPause();
    return false;
}

bool WebSocketConnection::isBehind()
{
    const qsizetype mark = m_options.maxQueuedBytes / PauseShare;
    if (m_queue.bytes() > mark)
        writeQueue(); // not taken yet is not the same as not offered yet
    return m_queue.bytes() > mark;
}

bool WebSocketConnection::hasCaughtUp() const
{
    return m_queue.bytes() <= m_options.maxQueuedBytes / ResumeShare;
}

void WebSocketConnection::setReadingHeld(bool isHeld)
{
    m_isReadingHeld = isHeld;
    if (m_isReadingPaused && !isHeld && hasCaughtUp())
        resumeReading();
}

void WebSocketConnection::countReadingPause()
{
    ++m_context->counters.readingPauses;
}

void WebSocketConnection::countHandOverPause()
{
    ++m_context->counters.handOverPauses;
}

void WebSocketConnection::resumeReading()
{
    m_isReadingPaused = false;
    if (m_stream)
        m_stream->resumeReading();
}

void WebSocketConnection::watchReading(bool isMidMessage)
{
    if (!isMidMessage) {
        m_messageBegan = Millis{-1};
        m_readDeadline.stop();
        return;
    }
    const WebSocketOptions& options = m_options;
    const Millis now = m_context->clock.monotonic();
    if (m_messageBegan < Millis{0})
        m_messageBegan = now;
    m_readDeadline.start(std::min(options.stall, m_messageBegan + options.messageTotal - now));
}

void WebSocketConnection::handleReadDeadline()
{
    ++m_context->counters.webSocketStalls;
    partWithStream(quint16(CloseCode::PolicyViolation), "message not finished in time");
    end(quint16(CloseCode::PolicyViolation), QLatin1StringView("message stalled"));
}

bool WebSocketConnection::handle(const WebSocketEvent& event)
{
    const bool isOpen = m_state == State::Open;
    switch (event.kind) {
    case WebSocketEvent::Kind::Text:
        if (isOpen && m_receiver)
            m_receiver->textReceived(event.payload);
        return true;
    case WebSocketEvent::Kind::Binary:
        if (isOpen && m_receiver)
            m_receiver->binaryReceived(event.payload);
        return true;
    case WebSocketEvent::Kind::Ping:
        return handlePing(event.payload);
    case WebSocketEvent::Kind::Pong:
        if (isControlFlood())
            return false;
        if (isOpen && m_receiver)
            m_receiver->pongReceived();
        return true;
    case WebSocketEvent::Kind::Close:
    case WebSocketEvent::Kind::Failed:
        if (!isOpen || !postponeEnd(event))
            handleEnd(event);
        return false;
    case WebSocketEvent::Kind::NeedMore:
        break;
    }
    return false;
}

bool WebSocketConnection::postponeEnd(const WebSocketEvent&)
{
    return false;
}

void WebSocketConnection::handleEnd(const WebSocketEvent& end)
{
    if (end.kind == WebSocketEvent::Kind::Close)
        handleClose(end);
    else
        handleFailure(end);
}

void WebSocketConnection::readNoMore()
{
    m_isReadingHeld = true;
    m_isReadingPaused = m_stream && m_stream->pauseReading({});
    m_readDeadline.stop();
}

bool WebSocketConnection::handlePing(QByteArrayView payload)
{
    if (isControlFlood())
        return false;
    if (m_state == State::Open)
        answerPing(payload);
    return true;
}

void WebSocketConnection::answerPing(QByteArrayView payload)
{
    enqueue(protocol::webSocketFrame(protocol::WebSocketOpcode::Pong, payload));
}

bool WebSocketConnection::isControlFlood()
{
    const Rate& rate = m_options.controlFrames;
    if (m_state != State::Open || m_controlFrames.take(1, rate, m_context->clock))
        return false;
    ++m_context->counters.webSocketFloods;
    const auto code = quint16(CloseCode::RateLimited);
    partWithStream(code, "too many control frames");
    end(code, QLatin1StringView("too many control frames"));
    return true;
}

void WebSocketConnection::handleClose(const WebSocketEvent& event)
{
    const quint16 code = event.code;
    if (m_isSlow)
        return; // the end is posted already
    const bool isAnswer = m_state == State::Closing;
    m_readDeadline.stop();
    if (isAnswer) {
        partWithStream(protocol::WebSocketNoStatus, {});
        end(m_closeCode, QLatin1StringView("closed"));
        return;
    }
    m_queue.push(protocol::webSocketCloseFrame(code), m_context->clock.monotonic());
    m_state = State::Closing; // our side has a close frame queued now
    partWithStream(protocol::WebSocketNoStatus, {});
    end(code, QLatin1StringView("closed by peer"));
}

void WebSocketConnection::handleFailure(const WebSocketEvent& event)
{
    if (m_isSlow)
        return;
    TransportCounters& counters = m_context->counters;
    if (event.code == protocol::WebSocketMessageTooBig)
        ++counters.webSocketTooBig;
    else
        ++counters.webSocketProtocolErrors;
    const quint16 code = event.code;
    // After a close frame of ours nothing more may be sent.
    if (m_state == State::Open)
        partWithStream(code, event.payload);
    else
        partWithStream(protocol::WebSocketNoStatus, {});
    end(code, QLatin1StringView("protocol error"));
}

void WebSocketConnection::streamEnded()
{
    m_stream.reset();
    if (m_isSlow)
        return;
    end(m_state == State::Closing ? m_closeCode : AbnormalClosure, QLatin1StringView("gone"));
}

void WebSocketConnection::partWithStream(quint16 code, QByteArrayView reason)
{
    if (!m_stream)
        return;
    resumeReading();
    QByteArray lastOctets = m_queue.takeAll();
    if (code != protocol::WebSocketNoStatus)
        lastOctets += protocol::webSocketCloseFrame(code, reason);
    m_context->closing.add(*m_context, std::move(m_stream), std::move(lastOctets));
}

void WebSocketConnection::end(quint16 code, QLatin1StringView reason)
{
    m_state = State::Ended;
    m_readDeadline.stop();
    m_writeDeadline.stop();
    if (WebSocketLink::Receiver* receiver = std::exchange(m_receiver, nullptr))
        receiver->linkClosed(code, reason);
}

} // namespace gatehouse::transport
