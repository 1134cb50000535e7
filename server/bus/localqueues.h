// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/bus/bus.h"
#include "server/bus/busoptions.h"

#include <QHash>

#include <map>
#include <memory>

namespace gatehouse::bus {

/// The queues that are served within this process: shares calls out among those who serve, and
/// lets the rest wait for as long as somebody wants the answer. What waits, in all queues together,
/// is within BusOptions::maxWaiting and maxWaitingBytes. Network thread.
class LocalQueues : public std::enable_shared_from_this<LocalQueues>
{
public:
    /// Where answers go: the correlation id of the call, and none when nobody will answer.
    using Answered = std::function<void(const QByteArray& correlation, Message message)>;
    using IsWanted = std::function<bool(const QByteArray& correlation)>;

    LocalQueues(
        const BusOptions& options, BusCounters& counters, Answered answered, IsWanted isWanted);
    Q_DISABLE_COPY_MOVE(LocalQueues)

    quint64 add(const QueueName& queue, CallHandler handler);
    /// The correlation ids of calls that nobody is left to take.
    std::vector<QByteArray> remove(const QueueName& queue, quint64 id);
    qsizetype servings() const { return qsizetype(m_counters.servedQueues); }

    enum class Taken { Yes, NobodyServes, TooMany };
    Taken call(Message message, const QByteArray& correlation);
    /// Nobody wants that answer any more: a call that waits does so no longer.
    void forget(const QByteArray& correlation);

private:
    class Sink;
    struct Serving
    {
        quint64 id = 0;
        CallHandler handler;
        qsizetype unanswered = 0;
    };
    struct Waiting
    {
        Message message;
        QByteArray correlation;
    };
    struct Queue
    {
        std::vector<std::shared_ptr<Serving>> servings;
        size_t next = 0; ///< whose turn it is
        std::map<quint64, Waiting> waiting; ///< in the order they came
    };
    struct Place
    {
        QueueName queue;
        quint64 number = 0;
    };

    std::shared_ptr<Serving> freeServing(Queue& queue) const;
    Waiting takeOut(Queue& queue, std::map<quint64, Waiting>::iterator at);
    void hand(const std::shared_ptr<Serving>& serving, Waiting call);
    void ended(const QueueName& queue, const std::shared_ptr<Serving>& serving);

    const BusOptions& m_options;
    BusCounters& m_counters;
    const Answered m_answered;
    const IsWanted m_isWanted;
    QHash<QueueName, Queue> m_queues;
    QHash<QByteArray, Place> m_places; ///< of what waits, by correlation id
    quint64 m_lastId = 0;
    quint64 m_lastNumber = 0;
};

} // namespace gatehouse::bus
