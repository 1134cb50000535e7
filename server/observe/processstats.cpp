// SPDX-License-Identifier: Apache-2.0
#include "server/observe/processstats.h"

#include <QDir>
#include <QFile>

#include <unistd.h>

#include <algorithm>

namespace gatehouse::observe {

qint64 residentBytes()
{
    QFile file(QStringLiteral("/proc/self/statm"));
    if (!file.open(QIODevice::ReadOnly))
        return 0;
    const QList<QByteArray> pages = file.readAll().split(' ');
    return pages.size() < 2 ? 0 : pages[1].toLongLong() * ::sysconf(_SC_PAGESIZE);
}

qint64 openDescriptors()
{
    const QDir folder(QStringLiteral("/proc/self/fd"));
    const qint64 entries
        = folder.entryList(QDir::Files | QDir::System | QDir::Dirs | QDir::NoDotAndDotDot).size();
    return std::max<qint64>(0, entries - 1); // not the one that reads the folder
}

LoopLag::LoopLag(Millis interval, QObject* parent)
    : QObject(parent), m_interval(interval), m_due(std::chrono::steady_clock::now() + interval)
{
    m_timer.setTimerType(Qt::PreciseTimer);
    m_timer.setSingleShot(true);
    connect(&m_timer, &QTimer::timeout, this, &LoopLag::handleTurn);
    m_timer.start(interval);
}

Millis LoopLag::worst() const
{
    return *std::max_element(m_recent.begin(), m_recent.end());
}

void LoopLag::handleTurn()
{
    const auto now = std::chrono::steady_clock::now();
    m_last = std::max(Millis{0}, std::chrono::duration_cast<Millis>(now - m_due));
    m_recent[m_next] = m_last;
    m_next = (m_next + 1) % m_recent.size();
    m_due = now + m_interval;
    m_timer.start(m_interval);
    Q_EMIT measured(m_last);
}

} // namespace gatehouse::observe
