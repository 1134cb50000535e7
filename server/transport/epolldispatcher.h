// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QAbstractEventDispatcher>

#include <chrono>
#include <memory>

namespace gatehouse::transport {

/// What an event loop did since the last reading. `longestTurn` is the loop lag: for that long
/// nobody else was served.
struct LoopUsage
{
    quint64 turns = 0;
    std::chrono::nanoseconds busy{0}; ///< handling events, not waiting
    std::chrono::nanoseconds longestTurn{0};
};

/// Event dispatcher on epoll, for every thread that owns sockets: Qt's own (glib, poll) look at
/// each open socket on each turn of the loop, this one only at those that have something to say.
///
/// Made before its thread's event loop: `QCoreApplication::setEventDispatcher(new EpollDispatcher)`
/// before the application object, or `QThread::setEventDispatcher` before start(); Qt then owns it.
/// All calls belong to that thread, except wakeUp() and interrupt().
///
/// - Notifiers: several per descriptor, level-triggered. When the last notifier of a descriptor
/// goes
///   (disabled or destroyed), the descriptor leaves the epoll set within that call: a descriptor
///   may be dup()ed and its original closed right after. Other changes are applied before waiting.
///   Descriptors that epoll refuses (regular files) count as always ready.
/// - Timers never fire early. Precise ones fire within the millisecond, coarse ones up to 5 % of
///   their interval late, very coarse ones on full seconds. A timer is not fired again from inside
///   its own handler.
/// - ExcludeUserInputEvents changes nothing: there is no user input here.
class EpollDispatcher : public QAbstractEventDispatcher
{
    Q_OBJECT

public:
    explicit EpollDispatcher(QObject* parent = nullptr);
    ~EpollDispatcher() override;

    bool processEvents(QEventLoop::ProcessEventsFlags flags) override;

    void registerSocketNotifier(QSocketNotifier* notifier) override;
    void unregisterSocketNotifier(QSocketNotifier* notifier) override;

    void registerTimer(
        int timerId, qint64 interval, Qt::TimerType timerType, QObject* object) override;
    bool unregisterTimer(int timerId) override;
    bool unregisterTimers(QObject* object) override;
    QList<TimerInfo> registeredTimers(QObject* object) const override;
    int remainingTime(int timerId) override;

    void wakeUp() override;
    void interrupt() override;

    /// Reads and resets; the turn under way counts next time.
    LoopUsage takeUsage();

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace gatehouse::transport
