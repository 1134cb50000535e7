// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"

#include <QTimer>

#include <vector>

namespace gatehouse::session {

class TimerQueue;

/// A deadline that costs no event-loop timer of its own. Owned by whoever waits; destroying it
/// cancels it. Network thread only.
class Timer
{
public:
    class Owner
    {
    public:
        /// The timer is not running any more and may be started again. `due` is when it should
        /// have fired, so that a period does not drift.
        virtual void timerDue(Timer& timer, Millis due) = 0;

    protected:
        ~Owner() = default;
    };

    /// What becomes of the deadline when the process itself did not run (frozen, swapped out).
    enum class AfterStall : quint8 {
        Fire, ///< it is late, catch up: something of ours, like sending a ping
        Wait, ///< the other side gets the lost time added: something we wait for
    };

    Timer(TimerQueue& queue, Owner& owner, AfterStall afterStall = AfterStall::Wait)
        : m_queue(queue), m_owner(owner), m_afterStall(afterStall)
    {
    }
    ~Timer() { cancel(); }
    Q_DISABLE_COPY_MOVE(Timer)

    void startAt(Millis due); ///< monotonic time; starts again when running
    void startIn(Millis delay);
    void cancel();
    bool isRunning() const { return m_slot >= 0; }
    void setAfterStall(AfterStall afterStall) { m_afterStall = afterStall; }

private:
    friend class TimerQueue;

    TimerQueue& m_queue;
    Owner& m_owner;
    Millis m_due{};
    int m_slot = -1; ///< in the queue's heap; -1 is not running
    AfterStall m_afterStall;
};

/// Every deadline of a thread behind one precise event-loop timer: heartbeats, ack timeouts, queue
/// ages. Accurate to the clock's millisecond: never early, and run() may be called at any moment
/// to bring everything up to date before a decision. A heap rather than a ring of slots, because
/// it knows its next deadline exactly and an idle server need not tick every millisecond.
///
/// Notices when the process did not run for longer than the stall threshold and then moves the
/// deadlines of those who wait for a peer: after a pause nobody is dropped for an answer that is
/// already lying in a socket.
class TimerQueue
{
public:
    TimerQueue(const Clock& clock, Millis stallThreshold);
    Q_DISABLE_COPY_MOVE(TimerQueue)

    const Clock& clock() const { return m_clock; }
    Millis stallThreshold() const { return m_stallThreshold; }
    quint64 stalls() const { return m_stalls; }

    void run();

private:
    friend class Timer;

    void insert(Timer& timer);
    void remove(Timer& timer);
    void siftUp(size_t slot);
    void siftDown(size_t slot);
    void put(size_t slot, Timer* timer);
    void arm();
    void noticeStall(Millis now);

    const Clock& m_clock;
    const Millis m_stallThreshold;
    QTimer m_tick;
    Millis m_armedFor{-1}; ///< when run() should happen; negative: nothing to wait for
    std::vector<Timer*> m_heap;
    quint64 m_stalls = 0;
    bool m_running = false;
};

} // namespace gatehouse::session
