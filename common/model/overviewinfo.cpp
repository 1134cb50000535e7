// SPDX-License-Identifier: Apache-2.0
#include "common/model/overviewinfo.h"

#include "common/model/jsonfields.h"

namespace gatehouse::model {

using L = QLatin1StringView;

QJsonObject OverviewInfo::toJson() const
{
    return {{L("key"), key()}, {L("uptimeMs"), uptimeMs}, {L("clients"), clients},
        {L("sockets"), sockets}, {L("rooms"), rooms}, {L("nodesOnline"), nodesOnline},
        {L("nodesTotal"), nodesTotal}, {L("tasksOpen"), tasksOpen}, {L("runsActive"), runsActive},
        {L("eventsInPerSecond"), eventsInPerSecond}, {L("eventsOutPerSecond"), eventsOutPerSecond},
        {L("bytesInPerSecond"), bytesInPerSecond}, {L("bytesOutPerSecond"), bytesOutPerSecond},
        {L("loopLagMs"), loopLagMs}, {L("residentBytes"), residentBytes},
        {L("slowConsumers"), slowConsumers}, {L("protocolErrors"), protocolErrors},
        {L("pingTimeouts"), pingTimeouts}, {L("refusedConnections"), refusedConnections},
        {L("logDropped"), logDropped}};
}

std::optional<OverviewInfo> OverviewInfo::fromJson(const QJsonObject& object)
{
    JsonFields fields(object);
    OverviewInfo info;
    info.uptimeMs = fields.count(L("uptimeMs"));
    info.clients = fields.count(L("clients"));
    info.sockets = fields.count(L("sockets"));
    info.rooms = fields.count(L("rooms"));
    info.nodesOnline = fields.count(L("nodesOnline"));
    info.nodesTotal = fields.count(L("nodesTotal"));
    info.tasksOpen = fields.count(L("tasksOpen"));
    info.runsActive = fields.count(L("runsActive"));
    info.eventsInPerSecond = fields.number(L("eventsInPerSecond"));
    info.eventsOutPerSecond = fields.number(L("eventsOutPerSecond"));
    info.bytesInPerSecond = fields.number(L("bytesInPerSecond"));
    info.bytesOutPerSecond = fields.number(L("bytesOutPerSecond"));
    info.loopLagMs = fields.number(L("loopLagMs"));
    info.residentBytes = fields.count(L("residentBytes"));
    info.slowConsumers = fields.count(L("slowConsumers"));
    info.protocolErrors = fields.count(L("protocolErrors"));
    info.pingTimeouts = fields.count(L("pingTimeouts"));
    info.refusedConnections = fields.count(L("refusedConnections"));
    info.logDropped = fields.count(L("logDropped"));
    if (!fields.ok())
        return std::nullopt;
    return info;
}

} // namespace gatehouse::model
