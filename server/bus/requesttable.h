// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/bus/bus.h"

#include <QHash>
#include <QTimer>

#include <map>
#include <memory>

namespace gatehouse::bus {

/// Questions that wait for their answers: finds each by its correlation id, ends it with its final
/// answer, an error or its deadline, and keeps nothing of it afterwards. Network thread.
class RequestTable
{
public:
    /// `ended` is told of each that ends, however it does.
    using Ended = std::function<void(const QByteArray& correlation)>;

    RequestTable(const Clock& clock, BusCounters& counters, Ended ended = {});
    Q_DISABLE_COPY_MOVE(RequestTable)

    static Millis limitOf(const Request& request); ///< its timeout, within bounds
    /// Its correlation id: unique in this process and not to be guessed from another one's.
    QByteArray add(const Request& request, AnswerHandler handler);
    void answer(const QByteArray& correlation, Message message);
    void fail(const QByteArray& correlation, const Error& error);
    void failAll(const Error& error);
    void cancel(const QByteArray& correlation);
    bool isWaiting(const QByteArray& correlation) const { return m_pending.contains(correlation); }
    qsizetype count() const { return m_pending.size(); }

private:
    struct Pending
    {
        QueueName queue;
        Millis timeout{};
        std::function<bool(const Message&)> isFinal;
        int partsLeft = 0;
        AnswerHandler handler;
        std::multimap<Millis, QByteArray>::iterator deadline;
    };

    std::shared_ptr<Pending> take(const QByteArray& correlation);
    void expire();
    void armTimer();

    const Clock& m_clock;
    BusCounters& m_counters;
    const Ended m_ended;
    const QByteArray m_prefix;
    quint64 m_last = 0;
    QHash<QByteArray, std::shared_ptr<Pending>> m_pending;
    std::multimap<Millis, QByteArray> m_deadlines; ///< monotonic
    QTimer m_timer;
};

/// False for a property `type` "partial".
bool isFinalByType(const Message& message);

} // namespace gatehouse::bus
