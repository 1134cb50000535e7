// SPDX-License-Identifier: Apache-2.0
#include "server/transport/remotelink.h"

#include "common/protocol/websocketframe.h"
#include "server/transport/iothread.h"
#include "server/transport/transportoptions.h"

namespace gatehouse::transport {

using session::CloseCode;

namespace {

constexpr auto Relaxed = std::memory_order_relaxed;

} // namespace

RemoteLink::RemoteLink(std::shared_ptr<IoThread> thread, const WebSocketOptions& options)
    : m_thread(std::move(thread)), m_shared(new SharedLink(*this)), m_options(options)
{
}

RemoteLink::~RemoteLink()
{
    dropKept();
    m_shared->remote = nullptr;
    m_thread->forget(*m_shared);
}

void RemoteLink::send(const protocol::EncodedPacketPtr& packet)
{
    send(packet->webSocketFrames(), packet->shedding());
}

void RemoteLink::sendPing()
{
    static const QByteArray ping = protocol::webSocketFrame(protocol::WebSocketOpcode::Ping, {});
    send(ping, {});
}

void RemoteLink::send(const QByteArray& frames, protocol::Shedding shedding)
{
    if (m_state != State::Open)
        return;
    m_handedOver += quint64(frames.size());
    m_thread->send(*m_shared, frames, shedding);
    // The queue's bound is kept by the other end, which has to have heard of what is queued.
    const auto bound = quint64(m_options.maxQueuedBytes);
    if (m_handedOver - m_seenAccepted <= bound)
        return;
    m_seenAccepted = m_shared->accepted.load(Relaxed);
    if (m_handedOver - m_seenAccepted > bound)
        m_thread->catchUp();
}

qsizetype RemoteLink::queuedBytes() const
{
    return std::max<qint64>(0, qint64(m_handedOver) + m_shared->balance.load(Relaxed));
}

quint64 RemoteLink::shedPackets() const
{
    return m_shared->shed.load(Relaxed);
}

bool RemoteLink::isUnhandled() const
{
    return m_shared->received.load(Relaxed) != m_shared->handled.load(Relaxed);
}

bool RemoteLink::isBusy() const
{
    return queuedBytes() > 0 || m_shared->isBusy.load(Relaxed) || isUnhandled();
}

bool RemoteLink::isReadingPaused() const
{
    return m_isWaiting || m_shared->isReadingPaused.load(Relaxed) || isUnhandled();
}

bool RemoteLink::flushOrDrop()
{
    return m_state != State::Open || m_thread->flushOrDrop(*m_shared);
}

void RemoteLink::close(CloseCode code, QLatin1StringView reason)
{
    if (m_state != State::Open)
        return;
    m_state = State::Closing;
    dropKept();
    m_thread->tell(Outward::Close{m_shared, code, reason});
}

void RemoteLink::receive(const Inward::Event& event, QByteArrayView payload)
{
    switch (event.kind) {
    case Inward::Kind::Drained:
        m_isWaiting = false;
        workOffKept();
        return;
    case Inward::Kind::Closed:
        ended(event);
        return;
    default:
        break;
    }
    if (m_isWaiting && m_state == State::Open)
        m_kept.push_back({event, payload.toByteArray()});
    else if (act(event, payload))
        waitForPeerIfBehind();
}

bool RemoteLink::act(const Inward::Event& event, QByteArrayView payload)
{
    // Both are there until the thread has delivered its batch.
    SharedLink& shared = *m_shared;
    IoThread& thread = *m_thread;
    if (event.kind == Inward::Kind::Ping) {
        send(protocol::webSocketFrame(protocol::WebSocketOpcode::Pong, payload), {});
    } else if (m_state == State::Open && m_receiver) {
        if (event.kind == Inward::Kind::Text)
            m_receiver->textReceived(payload);
        else if (event.kind == Inward::Kind::Binary)
            m_receiver->binaryReceived(payload);
        else if (event.kind == Inward::Kind::Pong)
            m_receiver->pongReceived();
    }
    thread.countHandled(shared, event);
    return shared.remote == this;
}

void RemoteLink::waitForPeerIfBehind()
{
    const auto mark = qint64(m_options.maxQueuedBytes / WebSocketOptions::PauseShare);
    if (m_state != State::Open || qint64(m_handedOver) + m_seenBalance <= mark)
        return;
    m_seenBalance = m_shared->balance.load(Relaxed);
    if (qint64(m_handedOver) + m_seenBalance <= mark)
        return;
    m_isWaiting = true;
    m_thread->tell(Outward::TellDrained{m_shared});
}

void RemoteLink::workOffKept()
{
    while (!m_kept.empty() && !m_isWaiting) {
        const Kept kept = std::move(m_kept.front());
        m_kept.pop_front();
        if (!act(kept.event, kept.payload))
            return;
        waitForPeerIfBehind();
    }
}

void RemoteLink::dropKept()
{
    for (const Kept& kept : std::exchange(m_kept, {}))
        m_thread->countHandled(*m_shared, kept.event);
}

void RemoteLink::ended(const Inward::Event& event)
{
    // What came before the end is acted on, but not for somebody who does not take answers.
    while (!m_kept.empty() && event.code != quint16(CloseCode::SlowConsumer)) {
        const Kept kept = std::move(m_kept.front());
        m_kept.pop_front();
        if (!act(kept.event, kept.payload))
            return;
    }
    dropKept();
    m_state = State::Ended;
    if (Receiver* receiver = std::exchange(m_receiver, nullptr))
        receiver->linkClosed(event.code, event.reason);
}

} // namespace gatehouse::transport
