// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QJsonObject>
#include <QString>

#include <optional>
#include <vector>

namespace gatehouse::model {

/// One run of a task: its work at one organization. Times are UTC milliseconds since 1970;
/// nothing while the moment has not come.
struct RunInfo
{
    qint64 id = 0;
    qint64 organizationId = 0;
    QString organization;
    qint64 nodeId = 0; ///< 0 when the organization has no node in the collaboration
    QString node;
    QString status; ///< federation status: "pending", "active", "completed", "failed", …
    std::optional<qint64> assignedAt;
    std::optional<qint64> startedAt;
    std::optional<qint64> finishedAt;

    QJsonObject toJson() const;
    static std::optional<RunInfo> fromJson(const QJsonObject& object);
    friend bool operator==(const RunInfo&, const RunInfo&) = default;
};

/// An item of the admin topic `tasks`.
struct TaskInfo
{
    qint64 id = 0; ///< as text, the key
    QString name;
    QString image;
    qint64 collaborationId = 0;
    QString collaboration;
    qint64 organizationId = 0; ///< who asked for it
    QString organization;
    qint64 userId = 0;
    QString user;
    qint64 jobId = 0; ///< shared by a task and its subtasks
    std::optional<qint64> parentId;
    QString status; ///< derived from the runs
    qint64 createdAt = 0;
    std::optional<qint64> finishedAt;
    std::vector<RunInfo> runs;

    QString key() const { return QString::number(id); }
    QJsonObject toJson() const;
    static std::optional<TaskInfo> fromJson(const QJsonObject& object);
    friend bool operator==(const TaskInfo&, const TaskInfo&) = default;
};

} // namespace gatehouse::model
