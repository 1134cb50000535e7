// SPDX-License-Identifier: Apache-2.0
#include "server/transport/timerlist.h"

#include <QCoreApplication>
#include <QTimerEvent>

#include <algorithm>
#include <bit>

namespace gatehouse::transport {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

milliseconds effectiveInterval(milliseconds interval, Qt::TimerType type)
{
    if (type != Qt::VeryCoarseTimer)
        return interval;
    return std::max<milliseconds>(std::chrono::round<std::chrono::seconds>(interval), 1s);
}

/// Timers of one kind that are due close together fire in one turn of the loop.
milliseconds granularity(milliseconds interval, Qt::TimerType type)
{
    switch (type) {
    case Qt::PreciseTimer:
        return 0ms;
    case Qt::CoarseTimer:
        return milliseconds(std::bit_floor(quint64(interval.count() / 20)));
    case Qt::VeryCoarseTimer:
        return 1s;
    }
    return 0ms;
}

} // namespace

void TimerList::add(int id, milliseconds interval, Qt::TimerType type, QObject* object)
{
    remove(id);
    Timer timer{id, std::max(interval, 0ms), type, object, {}, false};
    timer.nominal = SteadyClock::now() + effectiveInterval(timer.interval, type);
    const Key key{dueTime(timer), ++m_lastSerial};
    m_queue.emplace(key, timer);
    m_keys.emplace(id, key);
}

bool TimerList::remove(int id)
{
    const auto found = m_keys.find(id);
    if (found == m_keys.end())
        return false;
    m_queue.erase(found->second);
    m_keys.erase(found);
    return true;
}

bool TimerList::removeAll(const QObject* object)
{
    const auto removed = std::erase_if(m_queue, [this, object](const Queue::value_type& entry) {
        if (entry.second.object != object)
            return false;
        m_keys.erase(entry.second.id);
        return true;
    });
    return removed > 0;
}

QList<QAbstractEventDispatcher::TimerInfo> TimerList::timersOf(const QObject* object) const
{
    QList<QAbstractEventDispatcher::TimerInfo> timers;
    for (const auto& [key, timer] : m_queue) {
        if (timer.object == object)
            timers.append({timer.id, int(timer.interval.count()), timer.type});
    }
    return timers;
}

std::optional<milliseconds> TimerList::remaining(int id) const
{
    const auto found = m_keys.find(id);
    if (found == m_keys.end())
        return std::nullopt;
    const Timer& timer = m_queue.at(found->second);
    const auto left = std::chrono::ceil<milliseconds>(found->second.due - SteadyClock::now());
    return std::clamp(left, 0ms, effectiveInterval(timer.interval, timer.type));
}

std::optional<std::chrono::nanoseconds> TimerList::untilNext(TimePoint now) const
{
    for (const auto& [key, timer] : m_queue) {
        if (!timer.isFiring)
            return std::max<std::chrono::nanoseconds>(key.due - now, 0ns);
    }
    return std::nullopt;
}

int TimerList::fireDue()
{
    const TimePoint now = SteadyClock::now();
    std::vector<Key> due;
    for (auto entry = m_queue.begin(); entry != m_queue.end() && entry->first.due <= now; ++entry)
        due.push_back(entry->first);
    int fired = 0;
    for (const Key& key : due)
        fired += fire(key, now) ? 1 : 0;
    return fired;
}

bool TimerList::fire(Key key, TimePoint now)
{
    // Gone, or moved on by a nested loop: an earlier handler may have done anything.
    auto node = m_queue.extract(key);
    if (node.empty())
        return false;
    Timer& timer = node.mapped();
    if (timer.isFiring) {
        m_queue.insert(std::move(node));
        return false;
    }
    timer.isFiring = true;
    timer.nominal = nextNominal(timer, now);
    const Key next{dueTime(timer), key.serial};
    const int id = timer.id;
    QObject* const object = timer.object;
    node.key() = next;
    m_queue.insert(std::move(node));
    m_keys[id] = next;

    QTimerEvent event(id);
    QCoreApplication::sendEvent(object, &event);

    const auto known = m_keys.find(id);
    if (known != m_keys.end() && known->second.serial == key.serial)
        m_queue.at(known->second).isFiring = false;
    return true;
}

TimerList::TimePoint TimerList::dueTime(const Timer& timer)
{
    const milliseconds step = granularity(timer.interval, timer.type);
    if (step <= 1ms)
        return timer.nominal;
    const auto sinceStart = std::chrono::ceil<milliseconds>(timer.nominal.time_since_epoch());
    const auto steps = (sinceStart + step - 1ms) / step;
    return TimePoint(steps * step);
}

TimerList::TimePoint TimerList::nextNominal(const Timer& timer, TimePoint now)
{
    const milliseconds interval = effectiveInterval(timer.interval, timer.type);
    const TimePoint next = timer.nominal + interval;
    // After a long stall the missed turns are skipped, not made up for.
    return next > now ? next : now + interval;
}

} // namespace gatehouse::transport
