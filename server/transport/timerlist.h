// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QAbstractEventDispatcher>

#include <chrono>
#include <map>
#include <optional>
#include <unordered_map>

namespace gatehouse::transport {

/// The timers of one EpollDispatcher, ordered by when they are due. Not thread-safe.
class TimerList
{
public:
    using SteadyClock = std::chrono::steady_clock;
    using TimePoint = SteadyClock::time_point;

    void add(int id, std::chrono::milliseconds interval, Qt::TimerType type, QObject* object);
    bool remove(int id);
    bool removeAll(const QObject* object);

    QList<QAbstractEventDispatcher::TimerInfo> timersOf(const QObject* object) const;

    /// Whole milliseconds until the timer is due, never more than its interval; nothing when
    /// unknown.
    std::optional<std::chrono::milliseconds> remaining(int id) const;

    /// Until the first timer that may fire; those inside their own handler do not count.
    std::optional<std::chrono::nanoseconds> untilNext(TimePoint now) const;

    /// Sends a QTimerEvent for each timer due now, at most once each; returns how many. Handlers
    /// may add and remove timers and run event loops.
    int fireDue();

private:
    struct Key
    {
        TimePoint due;
        quint64 serial = 0; ///< of the registration: an id may be given away again
        friend auto operator<=>(const Key&, const Key&) = default;
    };
    struct Timer
    {
        int id = 0;
        std::chrono::milliseconds interval{};
        Qt::TimerType type = Qt::CoarseTimer;
        QObject* object = nullptr;
        TimePoint nominal; ///< when it would be due if it were precise
        bool isFiring = false;
    };
    using Queue = std::map<Key, Timer>;

    bool fire(Key key, TimePoint now);
    static TimePoint dueTime(const Timer& timer);
    static TimePoint nextNominal(const Timer& timer, TimePoint now);

    Queue m_queue;
    std::unordered_map<int, Key> m_keys;
    quint64 m_lastSerial = 0;
};

} // namespace gatehouse::transport
