// SPDX-License-Identifier: Apache-2.0
#include "server/session/pollingtransport.h"

#include "common/protocol/engineio3.h"
#include "server/session/servercore.h"

#include <algorithm>

namespace gatehouse::session {

namespace {

protocol::HttpResponse textResponse(int status)
{
    protocol::HttpResponse response;
    response.status = status;
    response.headers.set("Content-Type", "text/plain; charset=UTF-8");
    return response;
}

} // namespace

void answer(
    const ServerCore& core, const HttpExchangePtr& exchange, protocol::HttpResponse response)
{
    response.headers.set("Cache-Control", "no-store");
    core.origins.decorate(exchange->request(), response);
    exchange->respond(std::move(response));
}

void answer(const ServerCore& core, const HttpExchangePtr& exchange, int status, QByteArray body)
{
    protocol::HttpResponse response = textResponse(status);
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
    const qsizetype bound = m_core.options.maxQueuedBytes;
    m_queue.push_back(packet);
    m_queuedBytes += packet->costBytes();
    if (m_queuedBytes <= bound || m_queue.size() == 1)
        return Pushed::Queued;
    shed(m_queuedBytes - bound / 4 * 3);
    return m_queuedBytes <= bound || m_queue.size() == 1 ? Pushed::Queued : Pushed::Overflow;
}

void PollingTransport::shed(qsizetype excess)
{
    std::vector<protocol::Sheddable> candidates;
    candidates.reserve(m_queue.size());
    for (const protocol::EncodedPacketPtr& packet : m_queue)
        candidates.push_back({packet->shedding(), packet->costBytes()});
    const std::vector<bool> goes = protocol::chooseShed(candidates, excess);
    std::deque<protocol::EncodedPacketPtr> kept;
    for (size_t i = 0; i < m_queue.size(); ++i) {
        if (!goes[i]) {
            kept.push_back(std::move(m_queue[i]));
            continue;
        }
        m_queuedBytes -= candidates[i].cost;
        ++m_shed;
        ++m_core.counters.eventsShed;
    }
    m_queue = std::move(kept);
}

std::deque<protocol::EncodedPacketPtr> PollingTransport::takeQueue()
{
    m_queuedBytes = 0;
    return std::exchange(m_queue, {});
}

bool PollingTransport::needsOctets() const
{
    return m_dialect == protocol::EngineDialect::V3
        && std::any_of(m_queue.begin(), m_queue.end(),
            [](const auto& packet) { return !packet->attachments().isEmpty(); });
}

protocol::HttpResponse PollingTransport::takePayload()
{
    const bool areOctets = needsOctets();
    protocol::HttpResponse response = textResponse(200);
    if (areOctets)
        response.headers.set("Content-Type", "application/octet-stream");
    for (const protocol::EncodedPacketPtr& packet : takeQueue()) {
        if (areOctets)
            response.body += packet->octetPayload3();
        else if (isVersion3(m_dialect))
            response.body += packet->textPayload3();
        else
            protocol::appendToEnginePayload(response.body, packet->pollingPayload());
    }
    return response;
}

void PollingTransport::flush()
{
    if (m_poll && !m_queue.empty())
        answer(m_core, takePoll(), takePayload());
}

bool PollingTransport::flushOrDrop()
{
    flush();
    const auto dropped = std::erase_if(m_queue, [this](const protocol::EncodedPacketPtr& packet) {
        return packet != m_core.ping && packet != m_core.pong;
    });
    if (dropped > 0) // a ping costs what a pong does
        m_queuedBytes = m_core.ping->costBytes() * qsizetype(m_queue.size());
    return dropped == 0;
}

void PollingTransport::finishPoll(QByteArray lastPacket)
{
    if (!m_poll)
        return;
    m_queue.push_back(protocol::EncodedPacket::create(std::move(lastPacket)));
    flush();
}

void PollingTransport::answerPoll(QByteArray packet)
{
    if (!m_poll)
        return;
    if (isVersion3(m_dialect)) {
        QByteArray framed;
        protocol::appendEngine3Text(framed, packet);
        packet = std::move(framed);
    }
    answer(m_core, takePoll(), 200, std::move(packet));
}

void PollingTransport::refusePoll(EngineError error)
{
    if (m_poll)
        answer(m_core, takePoll(), error);
}

} // namespace gatehouse::session
