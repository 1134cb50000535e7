// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "common/protocol/enginedialect.h"
#include "server/hub/subscriber.h"
#include "server/session/enginerequest.h"
#include "server/session/httphandler.h"

#include <deque>

namespace gatehouse::session {

struct ServerCore;

/// Answers an Engine.IO request, not to be cached and with CORS headers; a body is text/plain.
void answer(const ServerCore& core, const HttpExchangePtr& exchange, int status, QByteArray body);
void answer(const ServerCore& core, const HttpExchangePtr& exchange, EngineError error);
void answer(
    const ServerCore& core, const HttpExchangePtr& exchange, protocol::HttpResponse response);

/// The HTTP long-polling half of a session: packets wait here for the next GET, bounded in octets;
/// at most one GET waits for packets. Owned by its EngineSession.
class PollingTransport
{
public:
    PollingTransport(ServerCore& core, protocol::EngineDialect dialect)
        : m_core(core), m_dialect(dialect)
    {
    }

    enum class Pushed : quint8 { Queued, Dropped, Overflow };
    Pushed push(const protocol::EncodedPacketPtr& packet, hub::Urgency urgency);
    qsizetype queuedBytes() const { return m_queuedBytes; }
    quint64 shedPackets() const { return m_shed; } ///< as WebSocketLink::shedPackets()
    bool isEmpty() const { return m_queue.empty(); }
    bool endsWith(const protocol::EncodedPacketPtr& packet) const
    {
        return !m_queue.empty() && m_queue.back() == packet;
    }
    std::deque<protocol::EncodedPacketPtr> takeQueue();

    bool hasPoll() const { return m_poll != nullptr; }
    void setPoll(HttpExchangePtr exchange) { m_poll = std::move(exchange); }
    HttpExchangePtr takePoll() { return std::exchange(m_poll, nullptr); }

    /// As WebSocketLink::flushOrDrop(), of messages; a ping or pong may stay.
    bool flushOrDrop();

    /// Answers the waiting GET with everything queued; does nothing if either is missing.
    void flush();
    /// Answers the waiting GET with what is queued and this last packet.
    void finishPoll(QByteArray lastPacket);
    /// Answers the waiting GET with this packet alone.
    void answerPoll(QByteArray packet);
    void refusePoll(EngineError error);

private:
    bool needsOctets() const;
    protocol::HttpResponse takePayload();
    void shed(qsizetype excess); ///< gives up what may be, see hub::SlowPolicies

    ServerCore& m_core;
    const protocol::EngineDialect m_dialect;
    HttpExchangePtr m_poll;
    std::deque<protocol::EncodedPacketPtr> m_queue;
    qsizetype m_queuedBytes = 0;
    quint64 m_shed = 0;
};

} // namespace gatehouse::session
