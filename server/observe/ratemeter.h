// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"

#include <array>

namespace gatehouse::observe {

/// Things per second over the last full seconds, from a count that is told one thing at a time or
/// as a running total. Costs an addition; any one thread; time by the Clock's monotonic face.
class RateMeter
{
public:
    static constexpr int windowSeconds = 5;

    explicit RateMeter(const Clock& clock);

    void add(quint64 count = 1);
    /// The total since the start, as counters keep it; the difference to the last call is added.
    void setTotal(quint64 total);

    /// Average over the finished seconds of the window (fewer just after the start).
    double perSecond();

private:
    void roll();

    const Clock& m_clock;
    std::array<quint64, windowSeconds + 1> m_buckets{}; ///< by second; one is being filled
    qint64 m_second; ///< number of the second being filled
    qint64 m_firstSecond;
    quint64 m_total = 0;
};

} // namespace gatehouse::observe
