// SPDX-License-Identifier: Apache-2.0
#include "server/bus/unboundtopics.h"

#include <algorithm>

namespace gatehouse::bus {

void UnboundTopics::add(const Key& key, quint64 number, qint64 bytes, Millis now)
{
    const auto since = m_since.constFind(number);
    const Waiting added{number, bytes, since == m_since.constEnd() ? now : *since};
    if (since == m_since.constEnd())
        m_since.insert(number, now);
    Of& of = m_topics[key];
    if (of.waiting.empty())
        of.askedAt = now;
    const auto place = std::lower_bound(of.waiting.begin(), of.waiting.end(), number,
        [](const Waiting& one, quint64 wanted) { return one.number < wanted; });
    if (place != of.waiting.end() && place->number == number)
        return; // was asked about, in vain
    of.waiting.insert(place, added);
    ++m_count;
}

void UnboundTopics::remove(quint64 number, const Key& key)
{
    m_since.remove(number);
    const auto of = m_topics.find(key);
    if (of == m_topics.end())
        return;
    m_count -= qsizetype(
        std::erase_if(of->waiting, [number](const Waiting& one) { return one.number == number; }));
    if (of->waiting.empty())
        m_topics.erase(of);
}

void UnboundTopics::forgetTopics()
{
    m_topics.clear();
    m_count = 0;
}

void UnboundTopics::clear()
{
    forgetTopics();
    m_since.clear();
}

std::vector<UnboundTopics::Ended> UnboundTopics::takeOverdue(Millis now, Millis hold)
{
    std::vector<Ended> ended;
    for (auto of = m_topics.begin(); of != m_topics.end();) {
        while (!of->waiting.empty() && now - of->waiting.front().since >= hold) {
            const Waiting first = of->waiting.front();
            of->waiting.pop_front();
            --m_count;
            m_since.remove(first.number);
            ended.push_back({first.number, first.bytes, of.key()});
        }
        of = of->waiting.empty() ? m_topics.erase(of) : std::next(of);
    }
    return ended;
}

std::vector<quint64> UnboundTopics::takeDue(Millis now, Millis interval, size_t most)
{
    std::vector<std::pair<quint64, Of*>> due;
    for (Of& of : m_topics) {
        if (now - of.askedAt >= interval)
            due.emplace_back(of.waiting.front().number, &of);
    }
    std::sort(due.begin(), due.end());
    due.resize(std::min(due.size(), most));
    std::vector<quint64> numbers;
    for (const auto& [number, of] : due) {
        of->askedAt = now;
        numbers.push_back(number);
    }
    return numbers;
}

} // namespace gatehouse::bus
