// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "server/transport/listhook.h"

#include <QBasicTimer>
#include <QObject>

#include <array>
#include <functional>

namespace gatehouse::transport {

class DeadlineWheel;

/// One moment by which something has to have happened; a member of what waits. Starting, moving and
/// stopping cost no allocation and no timer. Fires once, from the event loop, up to one tick late;
/// the callback may destroy the deadline and its owner.
class Deadline : private ListHook
{
public:
    Deadline(DeadlineWheel& wheel, std::function<void()> expired);
    ~Deadline();

    void start(Millis after); ///< from now; replaces what was set
    void stop();
    bool isRunning() const { return m_isRunning; }

private:
    friend class DeadlineWheel;

    DeadlineWheel& m_wheel;
    bool m_isRunning = false; ///< near the front: it is looked at far more often than changed
    Millis m_due{};
    std::function<void()> m_expired;
};

/// All deadlines of one thread that owns connections, on one timer, which runs only while there are
/// any. Must outlive its deadlines.
class DeadlineWheel : public QObject
{
public:
    static constexpr Millis Tick{50};

    explicit DeadlineWheel(const Clock& clock);
    ~DeadlineWheel() override;

    const Clock& clock() const { return m_clock; }
    qsizetype runningCount() const { return m_running; }

    /// Fires what is due; the timer calls it, a test with a manual clock may.
    void turn();

protected:
    void timerEvent(QTimerEvent* event) override;

private:
    friend class Deadline;
    static constexpr qint64 SlotCount = 1'024;

    void insert(Deadline& deadline);
    void started();
    void stopped();
    void visit(ListHook& slot, Millis now, ListHook& due);
    static qint64 tickOf(Millis time) { return time / Tick; }

    const Clock& m_clock;
    std::array<ListHook, SlotCount> m_slots;
    qint64 m_lastTick = 0;
    qsizetype m_running = 0;
    QBasicTimer m_timer;
};

} // namespace gatehouse::transport
