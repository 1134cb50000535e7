// SPDX-License-Identifier: Apache-2.0
#include "common/model/nodeinfo.h"

#include "common/model/jsonfields.h"

namespace gatehouse::model {

using L = QLatin1StringView;

QJsonObject NodeSetting::toJson() const
{
    return {{L("key"), key}, {L("value"), value}};
}

std::optional<NodeSetting> NodeSetting::fromJson(const QJsonObject& object)
{
    JsonFields fields(object);
    NodeSetting setting{fields.text(L("key")), fields.text(L("value"))};
    if (!fields.ok())
        return std::nullopt;
    return setting;
}

QJsonObject NodeInfo::toJson() const
{
    QJsonArray settings;
    for (const NodeSetting& setting : config)
        settings.append(setting.toJson());
    return {{L("key"), key()}, {L("id"), id}, {L("name"), name},
        {L("organizationId"), organizationId}, {L("organization"), organization},
        {L("collaborationId"), collaborationId}, {L("collaboration"), collaboration},
        {L("online"), online}, {L("since"), orNull(since)}, {L("lastSeen"), orNull(lastSeen)},
        {L("sockets"), sockets}, {L("flaps"), flaps}, {L("address"), address},
        {L("config"), settings},
        {L("metrics"), metrics ? QJsonValue(*metrics) : QJsonValue(QJsonValue::Null)},
        {L("metricsAt"), orNull(metricsAt)}};
}

std::optional<NodeInfo> NodeInfo::fromJson(const QJsonObject& object)
{
    JsonFields fields(object);
    NodeInfo info;
    info.id = fields.integer(L("id"));
    info.name = fields.text(L("name"));
    info.organizationId = fields.integer(L("organizationId"));
    info.organization = fields.text(L("organization"));
    info.collaborationId = fields.integer(L("collaborationId"));
    info.collaboration = fields.text(L("collaboration"));
    info.online = fields.boolean(L("online"));
    info.since = fields.integerOrNull(L("since"));
    info.lastSeen = fields.integerOrNull(L("lastSeen"));
    info.sockets = fields.count(L("sockets"));
    info.flaps = fields.count(L("flaps"));
    info.address = fields.text(L("address"));
    info.config = fields.items<NodeSetting>(L("config"));
    info.metrics = fields.objectOrNull(L("metrics"));
    info.metricsAt = fields.integerOrNull(L("metricsAt"));
    if (!fields.ok() || info.id <= 0)
        return std::nullopt;
    return info;
}

} // namespace gatehouse::model
