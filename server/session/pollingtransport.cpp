// SPDX-License-Identifier: Apache-2.0
#include "server/session/pollingtransport.h"

#include "common/protocol/engineio.h"
#include "server/session/servercore.h"

namespace gatehouse::session {

void answer(
    const ServerCore& core, const HttpExchangePtr& exchange, protocol::HttpResponse response)
{
    response.headers.set("Cache-Control", "no-store");
    core.origins.decorate(exchange->request(), response);
    exchange->respond(std::move(response));
}

void answer(const ServerCore& core, const HttpExchangePtr& exchange, int status, QByteArray body)
{
    protocol::HttpResponse response;
    response.status = status;
    response.headers.set("Content-Type", "text/plain; charset=UTF-8");
    response.body = std::move(body);
    answer(core, exchange, std::move(response));
}

void answer(const ServerCore& core, const HttpExchangePtr& exchange, EngineError error)
{
    answer(core, exchange, errorResponse(error));
}

PollingTransport::Pushed PollingTransport::push(
    const protocol::EncodedPacketPtr& packet, hub::Urgency urgency)
{
    if (urgency == hub::Urgency::Volatile && (!m_poll || !m_queue.empty()))
        return Pushed::Dropped;
    // One packet alone always fits: what is larger than the bound still has to reach a client
    // that keeps up.
    if (!m_queue.empty() && m_queuedBytes + packet->costBytes() > m_core.options.maxQueuedBytes)
        return Pushed::Overflow;
    m_queue.push_back(packet);
    m_queuedBytes += packet->costBytes();
    return Pushed::Queued;
}

std::deque<protocol::EncodedPacketPtr> PollingTransport::takeQueue()
{
    m_queuedBytes = 0;
    return std::exchange(m_queue, {});
}

QByteArray PollingTransport::takePayload()
{
    QByteArray payload;
    for (const protocol::EncodedPacketPtr& packet : takeQueue())
        protocol::appendToEnginePayload(payload, packet->pollingPayload());
    return payload;
}

void PollingTransport::flush()
{
    if (m_poll && !m_queue.empty())
        answer(m_core, takePoll(), 200, takePayload());
}

void PollingTransport::finishPoll(QByteArrayView lastPacket)
{
    if (!m_poll)
        return;
    QByteArray payload = takePayload();
    protocol::appendToEnginePayload(payload, lastPacket);
    answer(m_core, takePoll(), 200, std::move(payload));
}

void PollingTransport::answerPoll(QByteArray packet)
{
    if (m_poll)
        answer(m_core, takePoll(), 200, std::move(packet));
}

void PollingTransport::refusePoll(EngineError error)
{
    if (m_poll)
        answer(m_core, takePoll(), error);
}

} // namespace gatehouse::session
