// SPDX-License-Identifier: Apache-2.0
#include "server/transport/linkend.h"

#include "server/transport/ioloop.h"
#include "server/transport/transportcontext.h"

namespace gatehouse::transport {

SharedLink::SharedLink(RemoteLink& link) : remote(&link) { }

SharedLink::~SharedLink() = default;

LinkEnd::LinkEnd(IoLoop& loop, SharedLink& shared, const WebSocketOptions& options,
    std::unique_ptr<ByteStream> stream, QByteArray greeting)
    : WebSocketConnection(loop.context(), options, std::move(stream)), m_loop(loop),
      m_shared(shared)
{
    setReceiver(this);
    begin(std::move(greeting));
    publish();
}

void LinkEnd::take(QByteArray frames, protocol::Shedding shedding)
{
    m_accepted += quint64(frames.size());
    sendFrames(std::move(frames), shedding);
    publish();
}

void LinkEnd::closeLink(session::CloseCode code, QLatin1StringView reason)
{
    close(code, reason);
    publish();
}

bool LinkEnd::flushOrDropLink()
{
    const bool isAllSent = flushOrDrop();
    publish();
    return isAllSent;
}

void LinkEnd::tellDrained()
{
    if (hasEnded())
        return; // which the other end hears of already
    // Not taken yet is not the same as not offered yet.
    m_isUndrained = isBehind();
    if (m_isUndrained && std::exchange(m_isStreamEndPostponed, false)) {
        WebSocketConnection::streamEnded();
    } else if (m_isUndrained) {
        countReadingPause();
        holdOrRelease();
        publish();
    } else {
        m_loop.tell({&m_shared, Inward::Kind::Drained, false, 0, 0, {}});
    }
}

void LinkEnd::goOnReading(quint64 handled)
{
    m_answered = handled;
    m_isUnhandled = false;
    if ((m_postponedEnd || m_isStreamEndPostponed) && isAllAnswered())
        endAsPostponed();
    else
        holdOrRelease();
    publish();
}

void LinkEnd::holdOrRelease()
{
    setReadingHeld(m_isUnhandled || m_isUndrained || m_postponedEnd);
}

bool LinkEnd::postponeEnd(const protocol::WebSocketEvent& end)
{
    if (isAllAnswered())
        return false;
    m_postponedEnd = {end.kind, end.code, end.payload.toByteArray()};
    handOver(Inward::Kind::Reached, {});
    return true;
}

void LinkEnd::answerPing(QByteArrayView payload)
{
    if (isAllAnswered())
        WebSocketConnection::answerPing(payload);
    else
        handOver(Inward::Kind::Ping, payload);
}

void LinkEnd::streamEnded()
{
    // Without a close frame the peer may have ended only its own direction. One that does not take
    // answers gets no more of them.
    if (m_postponedEnd || m_isUndrained || isAllAnswered()) {
        m_postponedEnd.reset();
        WebSocketConnection::streamEnded();
        return;
    }
    m_isStreamEndPostponed = true;
    handOver(Inward::Kind::Reached, {});
}

void LinkEnd::endAsPostponed()
{
    if (const auto end = std::exchange(m_postponedEnd, std::nullopt)) {
        protocol::WebSocketEvent event;
        event.kind = end->kind;
        event.code = end->code;
        event.payload = end->reason;
        handleEnd(event);
    }
    if (std::exchange(m_isStreamEndPostponed, false)) {
        writeQueue();
        WebSocketConnection::streamEnded();
    }
}

void LinkEnd::publish()
{
    if (m_isUndrained && hasCaughtUp()) {
        m_isUndrained = false;
        holdOrRelease();
        m_loop.tell({&m_shared, Inward::Kind::Drained, false, 0, 0, {}});
    }
    constexpr auto Relaxed = std::memory_order_relaxed;
    m_shared.accepted.store(m_accepted, Relaxed);
    m_shared.balance.store(qint64(queuedBytes()) - qint64(m_accepted), Relaxed);
    m_shared.shed.store(shedPackets(), Relaxed);
    m_shared.isBusy.store(isBusy(), Relaxed);
    m_shared.isReadingPaused.store(isReadingPaused(), Relaxed);
}

void LinkEnd::bytesReceived(std::span<char> octets)
{
    if (m_postponedEnd)
        return; // nothing follows an end
    WebSocketConnection::bytesReceived(octets);
    if (m_postponedEnd)
        readNoMore();
    publish();
}

void LinkEnd::readyToWrite()
{
    WebSocketConnection::readyToWrite();
    publish();
}

void LinkEnd::flush()
{
    WebSocketConnection::flush();
    publish();
}

void LinkEnd::sent(qsizetype offered, qint32 result)
{
    WebSocketConnection::sent(offered, result);
    publish();
}

void LinkEnd::handleWriteDeadline()
{
    WebSocketConnection::handleWriteDeadline();
    publish();
}

void LinkEnd::linkClosed(quint16 code, QLatin1StringView reason)
{
    publish();
    m_loop.tell({&m_shared, Inward::Kind::Closed, false, code, 0, reason});
}

void LinkEnd::handOver(Inward::Kind kind, QByteArrayView payload)
{
    Inward::Event event{&m_shared, kind, false, 0, payload.size(), {}};
    m_received += event.weight();
    m_shared.received.store(m_received, std::memory_order_relaxed);
    m_loop.countReceived(event.weight());
    if (kind == Inward::Kind::Reached) {
        event.isHeld = true;
    } else if (!m_isUnhandled && (isOverBound() || m_loop.isOverBound())) {
        m_isUnhandled = event.isHeld = true;
        countHandOverPause();
        holdOrRelease();
    }
    m_loop.tell(event, payload);
}

bool LinkEnd::isOverBound()
{
    const auto bound = quint64(options().maxHandedOverBytes);
    if (m_received - m_seenHandled < bound)
        return false;
    m_seenHandled = m_shared.handled.load(std::memory_order_relaxed);
    return m_received - m_seenHandled >= bound;
}

} // namespace gatehouse::transport
