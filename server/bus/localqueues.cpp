// SPDX-License-Identifier: Apache-2.0
#include "server/bus/localqueues.h"

#include "server/bus/buslog.h"

namespace gatehouse::bus {

/// One call's way back. The queues may be gone before it.
class LocalQueues::Sink final : public Reply::Sink
{
public:
    Sink(std::weak_ptr<LocalQueues> queues, std::shared_ptr<Serving> serving, QueueName queue,
        QByteArray correlation)
        : m_queues(std::move(queues)), m_serving(std::move(serving)), m_queue(std::move(queue)),
          m_correlation(std::move(correlation))
    {
    }

    void answer(QByteArray body, Properties properties, bool isFinal) override
    {
        const auto queues = m_queues.lock();
        if (!queues)
            return;
        if (!isFinal)
            properties.type = "partial";
        queues->m_answered(
            m_correlation, Message{{}, m_queue, std::move(body), std::move(properties), false});
        if (isFinal)
            queues->ended(m_queue, m_serving);
    }

    void reject() override
    {
        const auto queues = m_queues.lock();
        if (!queues)
            return;
        ++queues->m_counters.deadLettered;
        warnSparingly("call", QStringLiteral("A call to %1 was rejected").arg(text(m_queue)));
        queues->ended(m_queue, m_serving);
    }

    bool isWanted() const override
    {
        const auto queues = m_queues.lock();
        return queues && queues->m_isWanted(m_correlation);
    }

private:
    const std::weak_ptr<LocalQueues> m_queues;
    const std::shared_ptr<Serving> m_serving;
    const QueueName m_queue;
    const QByteArray m_correlation;
};

LocalQueues::LocalQueues(
    const BusOptions& options, BusCounters& counters, Answered answered, IsWanted isWanted)
    : m_options(options), m_counters(counters), m_answered(std::move(answered)),
      m_isWanted(std::move(isWanted))
{
}

quint64 LocalQueues::add(const QueueName& queue, CallHandler handler)
{
    auto serving = std::make_shared<Serving>();
    serving->id = ++m_lastId;
    serving->handler = std::move(handler);
    m_queues[queue].servings.push_back(std::move(serving));
    ++m_counters.servedQueues;
    return m_lastId;
}

std::vector<QByteArray> LocalQueues::remove(const QueueName& name, quint64 id)
{
    const auto queue = m_queues.find(name);
    if (queue == m_queues.end())
        return {};
    m_counters.servedQueues
        -= std::erase_if(queue->servings, [id](const auto& serving) { return serving->id == id; });
    std::vector<QByteArray> left;
    if (queue->servings.empty()) {
        while (!queue->waiting.empty())
            left.push_back(takeOut(*queue, queue->waiting.begin()).correlation);
        m_queues.erase(queue);
    }
    return left;
}

std::shared_ptr<LocalQueues::Serving> LocalQueues::freeServing(Queue& queue) const
{
    for (size_t i = 0; i < queue.servings.size(); ++i) {
        const auto& serving = queue.servings[queue.next++ % queue.servings.size()];
        if (serving->unanswered < m_options.maxCalls)
            return serving;
    }
    return {};
}

LocalQueues::Taken LocalQueues::call(Message message, const QByteArray& correlation)
{
    const auto queue = m_queues.find(message.topic);
    if (queue == m_queues.end())
        return Taken::NobodyServes;
    if (const auto serving = freeServing(*queue)) {
        hand(serving, {std::move(message), correlation});
        return Taken::Yes;
    }
    const qint64 bytes = message.body.size();
    if (qsizetype(m_counters.waitingCalls) >= m_options.maxWaiting
        || qint64(m_counters.waitingCallBytes) + bytes > m_options.maxWaitingBytes) {
        ++m_counters.overflowed;
        return Taken::TooMany;
    }
    ++m_counters.waitingCalls;
    m_counters.waitingCallBytes += quint64(bytes);
    m_places.insert(correlation, {message.topic, ++m_lastNumber});
    queue->waiting.emplace_hint(
        queue->waiting.end(), m_lastNumber, Waiting{std::move(message), correlation});
    return Taken::Yes;
}

void LocalQueues::forget(const QByteArray& correlation)
{
    const auto place = m_places.constFind(correlation);
    if (place == m_places.constEnd())
        return;
    Queue& queue = m_queues[place->queue];
    takeOut(queue, queue.waiting.find(place->number));
}

LocalQueues::Waiting LocalQueues::takeOut(Queue& queue, std::map<quint64, Waiting>::iterator at)
{
    Waiting call = std::move(at->second);
    queue.waiting.erase(at);
    m_places.remove(call.correlation);
    --m_counters.waitingCalls;
    m_counters.waitingCallBytes -= quint64(call.message.body.size());
    return call;
}

void LocalQueues::hand(const std::shared_ptr<Serving>& serving, Waiting call)
{
    ++m_counters.calls;
    ++m_counters.unansweredCalls;
    ++serving->unanswered;
    Reply reply(
        std::make_unique<Sink>(weak_from_this(), serving, call.message.topic, call.correlation));
    const CallHandler handler = serving->handler; // it may end the serving
    handler(call.message, std::move(reply));
}

void LocalQueues::ended(const QueueName& name, const std::shared_ptr<Serving>& serving)
{
    --m_counters.unansweredCalls;
    --serving->unanswered;
    const auto queue = m_queues.find(name);
    if (queue == m_queues.end() || queue->waiting.empty())
        return;
    if (const auto next = freeServing(*queue)) {
        hand(next, takeOut(*queue, queue->waiting.begin()));
    }
}

} // namespace gatehouse::bus
