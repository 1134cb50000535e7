// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "common/core/ids.h"
#include "server/services/servicescounters.h"
#include "server/services/servicesoptions.h"

#include <QHash>

#include <deque>

namespace gatehouse::services {

/// Messages that wait for a service that wants their type: a queue for each type, in the order they
/// came, bounded all together. Owned by TypedPublisher, which knows when to ask and whom; network
/// thread only.
class HeldMessages
{
public:
    HeldMessages(const ServicesOptions& options, ServicesCounters& counters)
        : m_options(options), m_counters(counters)
    {
    }
    Q_DISABLE_COPY_MOVE(HeldMessages)

    struct Message
    {
        quint64 number = 0; ///< in the order they came, of all types
        QByteArray body{};
        SessionId origin{}; ///< who had sent it; empty: the server
        Millis since{}; ///< time of the bus, without what its queue's `stopped` was then
        QByteArray id{}; ///< on the bus, the same each time
        bool mayBeRepeated = false; ///< the bus took it once and could not say whether it arrived
    };
    struct Queue
    {
        std::deque<Message> waiting; ///< by number
        Millis askedAt{}; ///< monotonic: when the bus last said that nobody listens
        Millis stopped{}; ///< how long the bus could not be asked, though it was up
        bool isAsking = false; ///< the first one is on the bus to find out
        bool isRouted = false; ///< somebody is bound who has not said so; soon the others go out
    };
    using Queues = QHash<QByteArray, Queue>;

    /// By type, each with something waiting or being asked about. Queues may be erased; messages
    /// are taken with take().
    Queues& queues() { return m_queues; }
    const Queues& queues() const { return m_queues; }

    bool hasRoomFor(qsizetype octets) const;
    void add(const QByteArray& type, Message message);
    Message take(Queue& queue, std::deque<Message>::iterator at);
    Message takeFirst(Queue& queue) { return take(queue, queue.waiting.begin()); }

private:
    const ServicesOptions& m_options;
    ServicesCounters& m_counters;
    Queues m_queues;
};

} // namespace gatehouse::services
