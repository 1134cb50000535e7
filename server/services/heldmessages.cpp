// SPDX-License-Identifier: Apache-2.0
#include "server/services/heldmessages.h"

#include <algorithm>

namespace gatehouse::services {

bool HeldMessages::hasRoomFor(qsizetype octets) const
{
    return qsizetype(m_counters.heldNow) < m_options.maxHeld
        && qint64(m_counters.heldBytesNow) + octets <= m_options.maxHeldBytes;
}

void HeldMessages::add(const QByteArray& type, Message message)
{
    ++m_counters.heldNow;
    m_counters.heldBytesNow += quint64(message.body.size());
    Queue& queue = m_queues[type];
    message.since -= queue.stopped;
    std::deque<Message>& waiting = queue.waiting;
    const auto place = std::upper_bound(waiting.begin(), waiting.end(), message.number,
        [](quint64 number, const Message& held) { return number < held.number; });
    waiting.insert(place, std::move(message));
}

HeldMessages::Message HeldMessages::take(Queue& queue, std::deque<Message>::iterator at)
{
    Message taken = std::move(*at);
    queue.waiting.erase(at);
    taken.since += queue.stopped;
    --m_counters.heldNow;
    m_counters.heldBytesNow -= quint64(taken.body.size());
    return taken;
}

} // namespace gatehouse::services
