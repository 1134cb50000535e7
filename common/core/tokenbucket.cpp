// SPDX-License-Identifier: Apache-2.0
#include "common/core/tokenbucket.h"

#include <algorithm>

namespace gatehouse {

void TokenBucket::addDue(const Rate& rate, Millis now)
{
    // Longer than this fills any bucket; it also keeps the product small.
    const qint64 fillTime = rate.burst * 1'000 / rate.perSecond + 1'000;
    const qint64 elapsed = m_since < Millis{0} ? fillTime : (now - m_since).count();
    if (elapsed >= fillTime) {
        m_left = std::min(m_left + rate.burst, rate.burst);
        m_since = now;
        return;
    }
    const qint64 due = elapsed * rate.perSecond / 1'000;
    m_left = std::min(m_left + due, rate.burst);
    // Parts of a unit stay due.
    m_since += Millis{due * 1'000 / rate.perSecond};
}

bool TokenBucket::refill(qint64 units, const Rate& rate, const Clock& clock)
{
    if (!rate.isLimited()) {
        m_left = std::numeric_limits<qint64>::max();
        return true;
    }
    addDue(rate, clock.monotonic());
    if (m_left >= 0)
        return true;
    m_left += units;
    return false;
}

bool TokenBucket::isFull(const Rate& rate, const Clock& clock)
{
    if (!rate.isLimited())
        return true;
    addDue(rate, clock.monotonic());
    return m_left >= rate.burst;
}

} // namespace gatehouse
