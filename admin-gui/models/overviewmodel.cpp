// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/models/overviewmodel.h"

#include <cmath>

namespace gatehouse::gui {

void OverviewModel::add(const model::OverviewInfo& info, qint64 atMs)
{
    if (m_known && info.uptimeMs < m_latest.uptimeMs)
        m_troubles.clear(); // another life of the server: its counters began anew
    m_known = true;
    m_latest = info;
    const std::int64_t second = atMs / 1000;
    const std::array<double, MetricCount> values{double(info.clients), double(info.nodesOnline),
        double(info.tasksOpen), double(info.runsActive), info.eventsInPerSecond,
        info.eventsOutPerSecond, info.bytesInPerSecond, info.bytesOutPerSecond, info.loopLagMs,
        double(info.residentBytes)};
    for (size_t i = 0; i < values.size(); ++i)
        m_series[i].add(second, values[i]);
    m_troubles.add(second, double(troubles(info)));
    Q_EMIT sampleAdded();
}

void OverviewModel::clear()
{
    m_known = false;
    m_latest = {};
    for (TimeSeries& series : m_series)
        series.clear();
    m_troubles.clear();
    Q_EMIT sampleAdded();
}

qint64 OverviewModel::troubles(const model::OverviewInfo& info)
{
    return info.slowConsumers + info.protocolErrors + info.pingTimeouts + info.refusedConnections
        + info.logDropped;
}

qint64 OverviewModel::recentTroubles() const
{
    for (size_t i = 0; i < m_troubles.size(); ++i) {
        const double then = m_troubles.at(i);
        if (!std::isnan(then))
            return std::max<qint64>(qint64(m_troubles.last() - then), 0);
    }
    return 0;
}

} // namespace gatehouse::gui
