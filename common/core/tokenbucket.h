// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"

#include <limits>

namespace gatehouse {

/// How much of something is allowed: `burst` units at once, `perSecond` in the long run.
struct Rate
{
    qint64 perSecond = 0; ///< 0: no limit
    qint64 burst = 0;

    bool isLimited() const { return perSecond > 0; }
};

/// Counts what somebody takes against a Rate, which its owner keeps for all buckets of a kind.
/// Taking costs a subtraction and a comparison; the clock is read only when the units are used up.
/// For that, units that became due while some were left are added late: after a quiet time up to
/// twice the burst may pass at once.
class TokenBucket
{
public:
    explicit TokenBucket(const Rate& rate)
        : m_left(rate.isLimited() ? rate.burst : std::numeric_limits<qint64>::max())
    {
    }

    /// False when that was too much. What was refused is not taken.
    bool take(qint64 units, const Rate& rate, const Clock& clock)
    {
        m_left -= units;
        return m_left >= 0 || refill(units, rate, clock);
    }

    /// Nothing is owed: a new bucket would be as good. Brings it up to date.
    bool isFull(const Rate& rate, const Clock& clock);

private:
    bool refill(qint64 units, const Rate& rate, const Clock& clock);
    void addDue(const Rate& rate, Millis now);

    qint64 m_left;
    Millis m_since{-1}; ///< up to when units were added; negative: never
};

} // namespace gatehouse
