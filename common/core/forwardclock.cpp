// SPDX-License-Identifier: Apache-2.0
#include "common/core/forwardclock.h"

#include <algorithm>
#include <utility>

namespace gatehouse {

namespace {

constexpr Millis worthTelling{1'000}; ///< smaller steps are a time daemon's daily work

} // namespace

ForwardClock::ForwardClock(const Clock& source, std::function<void(Millis)> setBack)
    : m_source(source), m_setBack(std::move(setBack)), m_wall(source.wall()),
      m_at(source.monotonic())
{
}

Millis ForwardClock::wall() const
{
    Millis step{};
    Millis now{};
    {
        const std::lock_guard lock(m_mutex);
        const Millis at = m_source.monotonic();
        const Millis said = m_source.wall();
        m_wall = std::max(said, m_wall + std::max(at - m_at, Millis{0}));
        m_at = std::max(at, m_at);
        now = m_wall;
        const Millis ahead = now - said;
        step = ahead - m_ahead;
        if (step >= worthTelling || ahead < m_ahead)
            m_ahead = ahead;
    }
    if (step >= worthTelling && m_setBack)
        m_setBack(step);
    return now;
}

} // namespace gatehouse
