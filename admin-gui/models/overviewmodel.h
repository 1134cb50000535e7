// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/widgets/timeseries.h"
#include "common/model/overviewinfo.h"

#include <QObject>

#include <array>

namespace gatehouse::gui {

/// The server's numbers: the newest ones and an hour of each at one sample a second.
class OverviewModel final : public QObject
{
    Q_OBJECT

public:
    enum Metric {
        Clients,
        NodesOnline,
        TasksOpen,
        RunsActive,
        EventsIn,
        EventsOut,
        BytesIn,
        BytesOut,
        LoopLag,
        Resident,
        MetricCount
    };

    using QObject::QObject;

    /// `atMs` is the server's time, UTC milliseconds; seconds without a sample stay open.
    void add(const model::OverviewInfo& info, qint64 atMs);
    void clear();

    bool isEmpty() const { return !m_known; }
    const model::OverviewInfo& latest() const { return m_latest; }
    const TimeSeries& series(Metric metric) const { return m_series[size_t(metric)]; }

    /// How many of the troubles (slow consumers, protocol errors, ping timeouts, refused
    /// connections, dropped log lines) are new within the last minute.
    qint64 recentTroubles() const;

Q_SIGNALS:
    void sampleAdded();

private:
    static qint64 troubles(const model::OverviewInfo& info);

    bool m_known = false;
    model::OverviewInfo m_latest;
    std::array<TimeSeries, MetricCount> m_series;
    TimeSeries m_troubles{61};
};

} // namespace gatehouse::gui
