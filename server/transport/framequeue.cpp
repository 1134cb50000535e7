// SPDX-License-Identifier: Apache-2.0
#include "server/transport/framequeue.h"

#include <algorithm>

namespace gatehouse::transport {

namespace {

constexpr qsizetype EntryOverheadBytes = 64;
constexpr qsizetype CompactFrom = 64;
constexpr qsizetype FirstGrowth = 8;

} // namespace

void FrameQueue::push(QByteArray frames, Millis now, protocol::Shedding shedding)
{
    if (frames.isEmpty())
        return;
    if (m_first >= CompactFrom && m_first * 2 >= m_entries.size()) {
        m_entries.erase(m_entries.begin(), m_entries.begin() + m_first);
        m_first = 0;
    }
    m_bytes += frames.size();
    if (m_entries.size() == 1)
        m_entries.reserve(FirstGrowth);
    m_entries.append({std::move(frames), now, shedding});
}

qsizetype FrameQueue::weight() const
{
    const qsizetype count = m_entries.size() - m_first;
    const qsizetype underWay
        = m_sentOfFirst > 0 ? m_entries[m_first].frames.size() - m_sentOfFirst : 0;
    return m_bytes - underWay + count * EntryOverheadBytes;
}

size_t FrameQueue::peek(std::span<QByteArrayView> parts) const
{
    const size_t count = std::min(parts.size(), size_t(m_entries.size() - m_first));
    for (size_t i = 0; i < count; ++i)
        parts[i] = m_entries[m_first + qsizetype(i)].frames;
    if (count > 0)
        parts[0] = parts[0].sliced(m_sentOfFirst);
    return count;
}

void FrameQueue::drop(qsizetype sentBytes)
{
    m_bytes -= sentBytes;
    m_sentOfFirst += sentBytes;
    while (m_first < m_entries.size() && m_sentOfFirst >= m_entries[m_first].frames.size()) {
        m_sentOfFirst -= m_entries[m_first].frames.size();
        m_entries[m_first].frames = QByteArray(); // {} would be a call of operator=(const char*)
        ++m_first;
    }
    if (isEmpty())
        forgetAll();
}

void FrameQueue::forgetAll()
{
    m_entries.clear();
    m_entries.squeeze();
    m_first = 0;
}

template <class Predicate>
qsizetype FrameQueue::removeUnstarted(Predicate goes)
{
    const auto from = m_entries.begin() + m_first + (m_sentOfFirst > 0 ? 1 : 0);
    const auto kept = std::remove_if(from, m_entries.end(), [&](const Entry& entry) {
        const bool isGone = goes(entry);
        m_bytes -= isGone ? entry.frames.size() : 0;
        return isGone;
    });
    const auto count = qsizetype(m_entries.end() - kept);
    m_entries.erase(kept, m_entries.end());
    if (isEmpty())
        forgetAll();
    return count;
}

qsizetype FrameQueue::shed(qsizetype weightGoal)
{
    const qsizetype begin = m_first + (m_sentOfFirst > 0 ? 1 : 0);
    std::vector<protocol::Sheddable> candidates;
    candidates.reserve(size_t(m_entries.size() - begin));
    for (qsizetype i = begin; i < m_entries.size(); ++i)
        candidates.push_back(
            {m_entries[i].shedding, m_entries[i].frames.size() + EntryOverheadBytes});
    const std::vector<bool> chosen = protocol::chooseShed(candidates, weight() - weightGoal);
    auto next = chosen.begin();
    return removeUnstarted([&next](const Entry&) { return *next++; });
}

qsizetype FrameQueue::shedOlderThan(Millis time)
{
    return removeUnstarted([time](const Entry& entry) {
        return entry.shedding.isOldestFirst() && entry.since < time;
    });
}

void FrameQueue::dropUnstarted()
{
    if (isEmpty())
        return;
    const qsizetype keep = m_sentOfFirst > 0 ? 1 : 0;
    m_entries.erase(m_entries.begin() + m_first + keep, m_entries.end());
    m_bytes = keep > 0 ? m_entries[m_first].frames.size() - m_sentOfFirst : 0;
    if (isEmpty())
        forgetAll();
}

QByteArray FrameQueue::takeAll()
{
    QByteArray all;
    all.reserve(m_bytes);
    for (qsizetype i = m_first; i < m_entries.size(); ++i)
        all += i == m_first ? m_entries[i].frames.sliced(m_sentOfFirst) : m_entries[i].frames;
    forgetAll();
    m_sentOfFirst = 0;
    m_bytes = 0;
    return all;
}

} // namespace gatehouse::transport
