// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QJsonObject>
#include <QString>

#include <optional>
#include <vector>

namespace gatehouse::model {

/// One line of what a node reported about its configuration.
struct NodeSetting
{
    QString key;
    QString value;

    QJsonObject toJson() const;
    static std::optional<NodeSetting> fromJson(const QJsonObject& object);
    friend bool operator==(const NodeSetting&, const NodeSetting&) = default;
};

/// An item of the admin topic `nodes`: one data station, connected or not. Times are UTC
/// milliseconds since 1970.
struct NodeInfo
{
    qint64 id = 0; ///< as text, the key
    QString name;
    qint64 organizationId = 0;
    QString organization;
    qint64 collaborationId = 0;
    QString collaboration;
    bool online = false;
    std::optional<qint64> since; ///< when `online` last changed; nothing: unknown
    std::optional<qint64> lastSeen; ///< nothing: never
    qint64 sockets = 0;
    qint64 flaps = 0; ///< times it went offline since the server's start
    QString address; ///< empty when offline
    std::vector<NodeSetting> config;
    /// What it told last of its machine, by vantage6's names of it; nothing: it has not.
    std::optional<QJsonObject> metrics;
    std::optional<qint64> metricsAt;

    QString key() const { return QString::number(id); }
    QJsonObject toJson() const;
    static std::optional<NodeInfo> fromJson(const QJsonObject& object);
    friend bool operator==(const NodeInfo&, const NodeInfo&) = default;
};

} // namespace gatehouse::model
