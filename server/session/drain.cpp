// SPDX-License-Identifier: Apache-2.0
#include "server/session/drain.h"

#include <algorithm>

namespace gatehouse::session {

namespace {

constexpr Millis batchInterval{50};

} // namespace

Drain::Drain(TimerQueue& timers, Host& host, Millis spread, std::function<void()> finished)
    : m_host(host), m_timer(timers, *this), m_total(host.sessionCount()),
      m_batches(std::max<qsizetype>(1, spread / batchInterval)), m_finished(std::move(finished))
{
    m_timer.startIn(Millis{0});
}

void Drain::timerDue(Timer&, Millis)
{
    if (m_done < m_batches) {
        const qsizetype before = m_total * m_done / m_batches;
        m_host.closeSome(m_total * ++m_done / m_batches - before);
    }
    if (!m_host.isEmpty()) {
        m_timer.startIn(batchInterval);
        return;
    }
    if (const auto finished = std::exchange(m_finished, nullptr))
        finished();
}

} // namespace gatehouse::session
