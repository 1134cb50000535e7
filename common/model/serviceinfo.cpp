// SPDX-License-Identifier: Apache-2.0
#include "common/model/serviceinfo.h"

#include "common/model/jsonfields.h"

#include <algorithm>
#include <array>

namespace gatehouse::model {

using L = QLatin1StringView;

namespace {

QJsonArray arrayOf(const std::vector<QString>& texts)
{
    QJsonArray array;
    for (const QString& text : texts)
        array.append(text);
    return array;
}

constexpr std::array connectionFields{
    L("id"), L("sessionId"), L("isRegistered"), L("calls"), L("requests")};

} // namespace

QJsonObject BusInfo::toJson() const
{
    return {{L("key"), key()}, {L("link"), link}, {L("node"), node},
        {L("pendingRequests"), pendingRequests}, {L("unansweredCalls"), unansweredCalls},
        {L("waiting"), waiting}, {L("outboxMessages"), outboxMessages},
        {L("unroutable"), unroutable}, {L("deadLettered"), deadLettered}};
}

std::optional<BusInfo> BusInfo::fromJson(const QJsonObject& object)
{
    JsonFields fields(object);
    BusInfo info;
    info.link = fields.text(L("link"));
    info.node = fields.text(L("node"));
    info.pendingRequests = fields.count(L("pendingRequests"));
    info.unansweredCalls = fields.count(L("unansweredCalls"));
    info.waiting = fields.count(L("waiting"));
    info.outboxMessages = fields.count(L("outboxMessages"));
    info.unroutable = fields.count(L("unroutable"));
    info.deadLettered = fields.count(L("deadLettered"));
    const bool isKnownLink
        = info.link == L("up") || info.link == L("connecting") || info.link == L("blocked");
    if (!fields.ok() || !isKnownLink)
        return std::nullopt;
    return info;
}

QJsonObject ServiceInfo::toJson() const
{
    QJsonObject object{{L("key"), key()}, {L("name"), name}, {L("node"), node},
        {L("types"), arrayOf(types)}, {L("queues"), arrayOf(queues)}};
    if (here) {
        object.insert(L("id"), here->id);
        object.insert(L("sessionId"), here->sessionId);
        object.insert(L("isRegistered"), here->isRegistered);
        object.insert(L("calls"), here->calls);
        object.insert(L("requests"), here->requests);
    }
    return object;
}

std::optional<ServiceInfo> ServiceInfo::fromJson(const QJsonObject& object)
{
    JsonFields fields(object);
    ServiceInfo info;
    info.name = fields.text(L("name"));
    info.node = fields.text(L("node"));
    info.types = fields.texts(L("types"));
    info.queues = fields.texts(L("queues"));
    // All of these or none.
    if (std::any_of(connectionFields.begin(), connectionFields.end(),
            [&](L field) { return object.contains(field); })) {
        ServiceConnection& here = info.here.emplace();
        here.id = fields.count(L("id"));
        here.sessionId = fields.text(L("sessionId"));
        here.isRegistered = fields.boolean(L("isRegistered"));
        here.calls = fields.count(L("calls"));
        here.requests = fields.count(L("requests"));
    }
    if (!fields.ok() || info.name.isEmpty())
        return std::nullopt;
    return info;
}

QJsonObject ServiceTypeInfo::toJson() const
{
    return {{L("key"), key()}, {L("type"), type}, {L("isWanted"), isWanted},
        {L("wantedBy"), arrayOf(wantedBy)}, {L("held"), held}, {L("dead"), dead}};
}

std::optional<ServiceTypeInfo> ServiceTypeInfo::fromJson(const QJsonObject& object)
{
    JsonFields fields(object);
    ServiceTypeInfo info;
    info.type = fields.text(L("type"));
    info.isWanted = fields.boolean(L("isWanted"));
    info.wantedBy = fields.texts(L("wantedBy"));
    info.held = fields.count(L("held"));
    info.dead = fields.count(L("dead"));
    if (!fields.ok() || info.type.isEmpty())
        return std::nullopt;
    return info;
}

QString ServicesItem::key() const
{
    return std::visit([](const auto& item) { return item.key(); }, what);
}

QJsonObject ServicesItem::toJson() const
{
    return std::visit([](const auto& item) { return item.toJson(); }, what);
}

std::optional<ServicesItem> ServicesItem::fromJson(const QJsonObject& object)
{
    const auto wrapped = [](auto item) -> std::optional<ServicesItem> {
        if (!item)
            return std::nullopt;
        return ServicesItem{*std::move(item)};
    };
    const QString key = object.value(L("key")).toString();
    if (key == BusInfo::key())
        return wrapped(BusInfo::fromJson(object));
    if (key.startsWith(L("service ")))
        return wrapped(ServiceInfo::fromJson(object));
    if (key.startsWith(L("type ")))
        return wrapped(ServiceTypeInfo::fromJson(object));
    return std::nullopt;
}

} // namespace gatehouse::model
