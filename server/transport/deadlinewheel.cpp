// SPDX-License-Identifier: Apache-2.0
#include "server/transport/deadlinewheel.h"

#include <QTimerEvent>

namespace gatehouse::transport {

Deadline::Deadline(DeadlineWheel& wheel, std::function<void()> expired)
    : m_wheel(wheel), m_expired(std::move(expired))
{
}

Deadline::~Deadline()
{
    stop();
}

void Deadline::start(Millis after)
{
    const Millis due = m_wheel.clock().monotonic() + after;
    // Moving later, the usual case, waits until the wheel passes the old place.
    const bool mayStay = m_isRunning && isLinked() && due >= m_due;
    m_due = due;
    if (!m_isRunning) {
        m_isRunning = true;
        m_wheel.started();
    }
    if (!mayStay)
        m_wheel.insert(*this);
}

void Deadline::stop()
{
    if (!std::exchange(m_isRunning, false))
        return;
    unlink();
    m_wheel.stopped();
}

DeadlineWheel::DeadlineWheel(const Clock& clock)
    : m_clock(clock), m_lastTick(tickOf(clock.monotonic()))
{
}

DeadlineWheel::~DeadlineWheel() = default;

void DeadlineWheel::started()
{
    if (m_running++ > 0)
        return;
    m_lastTick = tickOf(m_clock.monotonic());
    m_timer.start(int(Tick.count()), Qt::PreciseTimer, this);
}

void DeadlineWheel::stopped()
{
    if (--m_running == 0)
        m_timer.stop();
}

void DeadlineWheel::insert(Deadline& deadline)
{
    // The slot after the due tick: when it is visited, the moment has passed.
    const qint64 tick = std::max(tickOf(deadline.m_due) + 1, m_lastTick + 1);
    deadline.append(m_slots[size_t(tick % SlotCount)]);
}

void DeadlineWheel::turn()
{
    const Millis now = m_clock.monotonic();
    const qint64 tick = tickOf(now);
    const qint64 first = std::max(m_lastTick + 1, tick - SlotCount + 1);
    m_lastTick = tick;
    ListHook due;
    for (qint64 t = first; t <= tick; ++t)
        visit(m_slots[size_t(t % SlotCount)], now, due);
    while (!due.isEmpty()) {
        auto& deadline = static_cast<Deadline&>(*due.next());
        deadline.stop();
        // A copy: the callback may destroy the deadline.
        const auto expired = deadline.m_expired;
        expired();
    }
}

void DeadlineWheel::visit(ListHook& slot, Millis now, ListHook& due)
{
    ListHook here;
    here.takeAll(slot);
    while (!here.isEmpty()) {
        auto& deadline = static_cast<Deadline&>(*here.next());
        if (deadline.m_due <= now)
            deadline.append(due);
        else
            insert(deadline);
    }
}

void DeadlineWheel::timerEvent(QTimerEvent* event)
{
    if (event->timerId() == m_timer.timerId())
        turn();
    else
        QObject::timerEvent(event);
}

} // namespace gatehouse::transport
