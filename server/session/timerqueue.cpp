// SPDX-License-Identifier: Apache-2.0
#include "server/session/timerqueue.h"

#include <algorithm>

namespace gatehouse::session {

namespace {

/// While anything is waited for, the queue looks at the clock at least this often; a longer gap
/// between two looks is what a stall is measured by.
constexpr Millis maxTick{500};

} // namespace

void Timer::startAt(Millis due)
{
    cancel();
    m_due = due;
    m_queue.insert(*this);
}

void Timer::startIn(Millis delay)
{
    startAt(m_queue.clock().monotonic() + delay);
}

void Timer::cancel()
{
    if (isRunning())
        m_queue.remove(*this);
}

TimerQueue::TimerQueue(const Clock& clock, Millis stallThreshold)
    : m_clock(clock), m_stallThreshold(stallThreshold)
{
    m_tick.setTimerType(Qt::PreciseTimer);
    m_tick.setSingleShot(true);
    QObject::connect(&m_tick, &QTimer::timeout, &m_tick, [this] {
        m_tick.stop();
        run();
    });
}

void TimerQueue::run()
{
    if (m_running || m_heap.empty())
        return;
    m_running = true;
    const Millis now = m_clock.monotonic();
    noticeStall(now);
    while (!m_heap.empty() && m_heap.front()->m_due <= now) {
        Timer& timer = *m_heap.front();
        remove(timer);
        timer.m_owner.timerDue(timer, timer.m_due);
    }
    m_running = false;
    arm();
}

void TimerQueue::noticeStall(Millis now)
{
    if (m_armedFor < Millis{0})
        return;
    const Millis lost = now - m_armedFor;
    if (lost <= m_stallThreshold)
        return;
    ++m_stalls;
    m_armedFor = now;
    for (Timer* timer : m_heap) {
        if (timer->m_afterStall == Timer::AfterStall::Wait)
            timer->m_due += lost;
    }
    for (size_t slot = m_heap.size() / 2; slot-- > 0;)
        siftDown(slot);
}

void TimerQueue::arm()
{
    if (m_heap.empty()) {
        m_tick.stop();
        m_armedFor = Millis{-1};
        return;
    }
    const Millis now = m_clock.monotonic();
    const Millis next = std::clamp(m_heap.front()->m_due, now, now + maxTick);
    const bool isPending = m_tick.isActive() && m_armedFor >= now && m_armedFor <= next;
    if (isPending)
        return; // an early look costs less than moving the timer at every request
    m_armedFor = next;
    m_tick.start(next - now);
}

void TimerQueue::insert(Timer& timer)
{
    m_heap.push_back(&timer);
    timer.m_slot = int(m_heap.size() - 1);
    siftUp(m_heap.size() - 1);
    if (!m_running && m_heap.front() == &timer)
        arm();
}

void TimerQueue::remove(Timer& timer)
{
    const auto slot = size_t(timer.m_slot);
    timer.m_slot = -1;
    Timer* last = m_heap.back();
    m_heap.pop_back();
    if (last == &timer)
        return;
    put(slot, last);
    siftUp(slot);
    siftDown(size_t(last->m_slot));
}

void TimerQueue::put(size_t slot, Timer* timer)
{
    m_heap[slot] = timer;
    timer->m_slot = int(slot);
}

void TimerQueue::siftUp(size_t slot)
{
    Timer* timer = m_heap[slot];
    while (slot > 0) {
        const size_t parent = (slot - 1) / 2;
        if (m_heap[parent]->m_due <= timer->m_due)
            break;
        put(slot, m_heap[parent]);
        slot = parent;
    }
    put(slot, timer);
}

void TimerQueue::siftDown(size_t slot)
{
    Timer* timer = m_heap[slot];
    for (size_t child = 2 * slot + 1; child < m_heap.size(); child = 2 * slot + 1) {
        if (child + 1 < m_heap.size() && m_heap[child + 1]->m_due < m_heap[child]->m_due)
            ++child;
        if (timer->m_due <= m_heap[child]->m_due)
            break;
        put(slot, m_heap[child]);
        slot = child;
    }
    put(slot, timer);
}

} // namespace gatehouse::session
