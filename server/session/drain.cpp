// SPDX-License-Identifier: Apache-2.0
#include "server/session/drain.h"

#include <algorithm>

namespace gatehouse::session {

namespace {

constexpr Millis batchInterval{50};

} // namespace

Drain::Drain(TimerQueue& timers, Host& host, DrainOptions options, std::function<void()> finished)
    : m_host(host), m_timer(timers, *this), m_options(options),
      m_batches(std::max<qsizetype>(1, options.spread / batchInterval)),
      m_sessions(host.sessionIds()), m_total(qsizetype(m_sessions.size())),
      m_finished(std::move(finished))
{
    m_timer.startIn(Millis{0});
}

void Drain::timerDue(Timer&, Millis due)
{
    if (m_done < m_batches)
        beginBatch(due);
    endSettled(due);
    if (!m_host.isEmpty()) {
        m_timer.startIn(batchInterval);
        return;
    }
    if (const auto finished = std::exchange(m_finished, nullptr))
        finished();
}

void Drain::beginBatch(Millis now)
{
    ++m_done;
    const auto left = size_t(m_total - m_total * m_done / m_batches);
    while (m_sessions.size() > left) {
        m_host.stopListening(m_sessions.back());
        m_waiting.push_back({std::move(m_sessions.back()), now + m_options.answers});
        m_sessions.pop_back();
    }
}

void Drain::endSettled(Millis now)
{
    const auto ends = std::stable_partition(m_waiting.begin(), m_waiting.end(),
        [&](const Waiting& one) { return one.until > now && !m_host.isSettled(one.id); });
    const std::vector<Waiting> ending(
        std::make_move_iterator(ends), std::make_move_iterator(m_waiting.end()));
    m_waiting.erase(ends, m_waiting.end());
    for (const Waiting& one : ending)
        m_host.endSession(one.id);
}

} // namespace gatehouse::session
