// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QJsonObject>
#include <QString>

#include <optional>

namespace gatehouse::model {

/// The item of the admin topic `overview`, sent once a second. Rates are averages over the last
/// second; counters run since the server's start.
struct OverviewInfo
{
    qint64 uptimeMs = 0;
    qint64 clients = 0;
    qint64 sockets = 0;
    qint64 rooms = 0;
    qint64 nodesOnline = 0;
    qint64 nodesTotal = 0;
    qint64 tasksOpen = 0;
    qint64 runsActive = 0;
    double eventsInPerSecond = 0;
    double eventsOutPerSecond = 0;
    double bytesInPerSecond = 0;
    double bytesOutPerSecond = 0;
    double loopLagMs = 0; ///< how late the network thread's loop was, worst of the last second
    qint64 residentBytes = 0;
    qint64 slowConsumers = 0; ///< clients closed because their queue was over its bound
    qint64 protocolErrors = 0;
    qint64 pingTimeouts = 0;
    qint64 refusedConnections = 0;
    qint64 logDropped = 0; ///< log lines no sink saw

    static QString key() { return QStringLiteral("server"); }
    QJsonObject toJson() const;
    static std::optional<OverviewInfo> fromJson(const QJsonObject& object);
    friend bool operator==(const OverviewInfo&, const OverviewInfo&) = default;
};

} // namespace gatehouse::model
