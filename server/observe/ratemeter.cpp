// SPDX-License-Identifier: Apache-2.0
#include "server/observe/ratemeter.h"

#include <algorithm>
#include <numeric>

namespace gatehouse::observe {

namespace {

qint64 secondOf(Millis time)
{
    return std::chrono::floor<std::chrono::seconds>(time).count();
}

} // namespace

RateMeter::RateMeter(const Clock& clock)
    : m_clock(clock), m_second(secondOf(clock.monotonic())), m_firstSecond(m_second)
{
}

void RateMeter::add(quint64 count)
{
    roll();
    m_buckets[size_t(m_second) % m_buckets.size()] += count;
}

void RateMeter::setTotal(quint64 total)
{
    if (total > m_total)
        add(total - m_total);
    m_total = total;
}

double RateMeter::perSecond()
{
    roll();
    const qint64 finished = std::min<qint64>(m_second - m_firstSecond, windowSeconds);
    if (finished == 0)
        return 0;
    const quint64 current = m_buckets[size_t(m_second) % m_buckets.size()];
    const quint64 sum = std::accumulate(m_buckets.begin(), m_buckets.end(), quint64(0)) - current;
    return double(sum) / double(finished);
}

void RateMeter::roll()
{
    const qint64 second = secondOf(m_clock.monotonic());
    const qint64 passed = std::min<qint64>(second - m_second, qint64(m_buckets.size()));
    for (qint64 i = 0; i < passed; ++i)
        m_buckets[size_t(second - i) % m_buckets.size()] = 0;
    m_second = std::max(m_second, second);
}

} // namespace gatehouse::observe
