// SPDX-License-Identifier: Apache-2.0
#include "server/observe/livelog.h"

#include <QThread>

#include <algorithm>
#include <iterator>

namespace gatehouse::observe {

LiveLog::LiveLog(LiveLogOptions options, QObject* parent) : QObject(parent), m_options(options) { }

LiveLog::~LiveLog() = default;

void LiveLog::addObserver(LiveLogObserver* observer)
{
    m_observers.push_back(observer);
}

void LiveLog::removeObserver(LiveLogObserver* observer)
{
    std::erase(m_observers, observer);
}

void LiveLog::append(std::vector<model::LogEntry> lines)
{
    Q_ASSERT(QThread::currentThread() == thread());
    if (lines.empty())
        return;
    for (model::LogEntry& line : lines)
        line.seq = ++m_lastSeq;
    m_ring.insert(m_ring.end(), lines.begin(), lines.end());
    const qsizetype surplus = qsizetype(m_ring.size()) - m_options.capacity;
    if (surplus > 0)
        m_ring.erase(m_ring.begin(), m_ring.begin() + surplus);
    const auto observers = m_observers; // one may leave while it is told
    for (LiveLogObserver* observer : observers) {
        if (std::find(m_observers.begin(), m_observers.end(), observer) != m_observers.end())
            observer->linesAppended(lines);
    }
}

void LiveLog::post(std::vector<model::LogEntry> lines)
{
    const QMutexLocker lock(&m_mutex);
    const auto room
        = size_t(std::max<qsizetype>(0, m_options.maxPosted - qsizetype(m_posted.size())));
    if (lines.size() > room) {
        m_dropped += lines.size() - room;
        lines.resize(room);
    }
    std::move(lines.begin(), lines.end(), std::back_inserter(m_posted));
    if (!m_posted.empty() && !m_wakeUpPosted) {
        m_wakeUpPosted = true;
        QMetaObject::invokeMethod(this, &LiveLog::takePosted, Qt::QueuedConnection);
    }
}

void LiveLog::takePosted()
{
    std::vector<model::LogEntry> lines;
    {
        const QMutexLocker lock(&m_mutex);
        lines.swap(m_posted);
        m_wakeUpPosted = false;
    }
    append(std::move(lines));
}

std::vector<model::LogEntry> LiveLog::tail(qsizetype count) const
{
    const qsizetype kept = qsizetype(m_ring.size());
    return {m_ring.begin() + (kept - std::clamp<qsizetype>(count, 0, kept)), m_ring.end()};
}

LiveLog::Since LiveLog::since(quint64 seq) const
{
    if (seq >= m_lastSeq)
        return {};
    const quint64 wanted = m_lastSeq - seq;
    Since result{tail(qsizetype(std::min<quint64>(wanted, m_ring.size()))), 0};
    result.missed = wanted - result.lines.size();
    return result;
}

quint64 LiveLog::dropped() const
{
    const QMutexLocker lock(&m_mutex);
    return m_dropped;
}

} // namespace gatehouse::observe
