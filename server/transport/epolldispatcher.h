// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/transport/listhook.h"

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

/// Somebody who watches a descriptor without a QSocketNotifier, whose memory and signals weigh more
/// than a quiet connection otherwise does.
class DescriptorWatcher
{
public:
    enum class Interest : quint8 { None, Reading, Writing, Both };

    // From the event loop; either may destroy this watcher and others. A broken or ended connection
    // counts as both.
    virtual void descriptorReadable() = 0;
    virtual void descriptorWritable() = 0;

protected:
    ~DescriptorWatcher() = default;
};

/// Something to do once when everything a turn of the loop had to handle is handled, before it
/// waits again. Costs no event and no further turn.
class TurnEnd : protected ListHook
{
protected:
    virtual ~TurnEnd() = default;

private:
    friend class EpollDispatcher;
    virtual void turnEnded() = 0;
};

/// Event dispatcher on epoll, for every thread that owns sockets: Qt's own (glib, poll) look at
/// each open socket on each turn of the loop, this one only at those that have something to say.
///
/// Made before its thread's event loop: `QCoreApplication::setEventDispatcher(new EpollDispatcher)`
/// before the application object, or `QThread::setEventDispatcher` before start(); Qt then owns it.
/// All calls belong to that thread, except wakeUp() and interrupt().
///
/// - Notifiers: several per descriptor, level-triggered. When the last notifier of a descriptor
///   goes (disabled or destroyed), the descriptor leaves the epoll set within that call: it may be
///   dup()ed and its original closed right after. Other changes are applied before waiting.
///   Descriptors that epoll refuses (regular files) count as always ready.
/// - Watchers: the same, one per descriptor, told by a plain call.
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

    /// Replaces the descriptor's watcher, or its interest. With None it leaves at once, and nothing
    /// of what the kernel has already said of it is passed on.
    void watch(int fd, DescriptorWatcher* watcher, DescriptorWatcher::Interest interest);

    /// Tells the descriptor's watcher, if it is interested in reading, in the next turn that it is
    /// readable, once and whatever the kernel says: for octets that have left the kernel already.
    void markReadable(int fd);

    /// Once; asking again before it happened changes nothing. Posted events come first.
    void atTurnEnd(TurnEnd& work);

    /// The calling thread's dispatcher; null when it is of another class.
    static EpollDispatcher* current();

    void wakeUp() override;
    void interrupt() override;

    /// Reads and resets; the turn under way counts next time.
    LoopUsage takeUsage();

private:
    void runTurnEnds();

    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace gatehouse::transport
