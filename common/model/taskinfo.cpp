// SPDX-License-Identifier: Apache-2.0
#include "common/model/taskinfo.h"

#include "common/model/jsonfields.h"

namespace gatehouse::model {

using L = QLatin1StringView;

QJsonObject RunInfo::toJson() const
{
    return {{L("id"), id}, {L("organizationId"), organizationId}, {L("organization"), organization},
        {L("nodeId"), nodeId}, {L("node"), node}, {L("status"), status},
        {L("assignedAt"), orNull(assignedAt)}, {L("startedAt"), orNull(startedAt)},
        {L("finishedAt"), orNull(finishedAt)}};
}

std::optional<RunInfo> RunInfo::fromJson(const QJsonObject& object)
{
    JsonFields fields(object);
    RunInfo info;
    info.id = fields.integer(L("id"));
    info.organizationId = fields.integer(L("organizationId"));
    info.organization = fields.text(L("organization"));
    info.nodeId = fields.count(L("nodeId"));
    info.node = fields.text(L("node"));
    info.status = fields.text(L("status"));
    info.assignedAt = fields.integerOrNull(L("assignedAt"));
    info.startedAt = fields.integerOrNull(L("startedAt"));
    info.finishedAt = fields.integerOrNull(L("finishedAt"));
    if (!fields.ok() || info.id <= 0)
        return std::nullopt;
    return info;
}

QJsonObject TaskInfo::toJson() const
{
    QJsonArray list;
    for (const RunInfo& run : runs)
        list.append(run.toJson());
    return {{L("key"), key()}, {L("id"), id}, {L("name"), name}, {L("image"), image},
        {L("collaborationId"), collaborationId}, {L("collaboration"), collaboration},
        {L("organizationId"), organizationId}, {L("organization"), organization},
        {L("userId"), userId}, {L("user"), user}, {L("jobId"), jobId},
        {L("parentId"), orNull(parentId)}, {L("status"), status}, {L("createdAt"), createdAt},
        {L("finishedAt"), orNull(finishedAt)}, {L("runs"), list}};
}

std::optional<TaskInfo> TaskInfo::fromJson(const QJsonObject& object)
{
    JsonFields fields(object);
    TaskInfo info;
    info.id = fields.integer(L("id"));
    info.name = fields.text(L("name"));
    info.image = fields.text(L("image"));
    info.collaborationId = fields.integer(L("collaborationId"));
    info.collaboration = fields.text(L("collaboration"));
    info.organizationId = fields.integer(L("organizationId"));
    info.organization = fields.text(L("organization"));
    info.userId = fields.integer(L("userId"));
    info.user = fields.text(L("user"));
    info.jobId = fields.integer(L("jobId"));
    info.parentId = fields.integerOrNull(L("parentId"));
    info.status = fields.text(L("status"));
    info.createdAt = fields.integer(L("createdAt"));
    info.finishedAt = fields.integerOrNull(L("finishedAt"));
    info.runs = fields.items<RunInfo>(L("runs"));
    if (!fields.ok() || info.id <= 0)
        return std::nullopt;
    return info;
}

} // namespace gatehouse::model
