// SPDX-License-Identifier: Apache-2.0
#include "server/app/serviceitems.h"

#include "common/model/serviceinfo.h"

#include <algorithm>

namespace gatehouse::app {

namespace {

std::vector<QString> texts(const std::vector<QByteArray>& list)
{
    std::vector<QString> all;
    for (const QByteArray& text : list)
        all.push_back(QString::fromUtf8(text));
    return all;
}

model::ServiceConnection connectionOf(const services::ServicesProfile::Connected& one)
{
    return {one.id, QString::fromUtf8(one.session.value), one.isRegistered, qint64(one.calls),
        qint64(one.requests)};
}

QString word(bus::BusState::Link link)
{
    switch (link) {
    case bus::BusState::Link::Up:
        return QStringLiteral("up");
    case bus::BusState::Link::Connecting:
        return QStringLiteral("connecting");
    case bus::BusState::Link::Blocked:
        return QStringLiteral("blocked");
    }
    return {};
}

} // namespace

std::map<QString, QJsonObject> serviceItems(
    const bus::Bus& bus, const services::ServicesProfile* profile)
{
    std::map<QString, QJsonObject> items;
    const auto put = [&](const auto& item) { items.insert_or_assign(item.key(), item.toJson()); };
    const bus::BusCounters& counters = bus.counters();
    model::BusInfo busInfo;
    busInfo.link = word(bus.state().link);
    busInfo.node = QString::fromUtf8(bus.nodeName());
    busInfo.pendingRequests = qint64(counters.pendingRequests);
    busInfo.unansweredCalls = qint64(counters.unansweredCalls);
    busInfo.waiting = qint64(counters.waiting);
    busInfo.outboxMessages = qint64(counters.outboxMessages);
    busInfo.unroutable = qint64(counters.unroutable);
    busInfo.deadLettered = qint64(counters.deadLettered);
    put(busInfo);

    std::map<QByteArray, services::ServicesProfile::Connected> connected;
    if (profile) {
        for (auto& one : profile->connected())
            connected.emplace(one.name, std::move(one));
    }
    std::map<QByteArray, std::vector<QString>> wantedBy;
    const QByteArray prefix = services::topicOf({});
    for (const bus::Service& service : bus.services()) {
        model::ServiceInfo info;
        info.name = QString::fromUtf8(service.name);
        info.node = QString::fromUtf8(service.node);
        for (const bus::Topic& topic : service.topics) {
            const bool isEvery = topic == services::topicOfAll();
            if (!topic.startsWith(prefix))
                continue;
            const QByteArray type = isEvery ? QByteArray("*") : topic.sliced(prefix.size());
            info.types.push_back(QString::fromUtf8(type));
            wantedBy[type].push_back(info.name);
        }
        std::sort(info.types.begin(), info.types.end());
        info.queues = texts(service.queues);
        if (const auto here = connected.find(service.name); here != connected.end()) {
            info.here = connectionOf(here->second);
            connected.erase(here);
        }
        put(info);
    }
    for (const auto& [name, one] : connected) { // not announced: the bus is still binding
        model::ServiceInfo info;
        info.name = QString::fromUtf8(name);
        info.node = busInfo.node;
        info.here = connectionOf(one);
        put(info);
    }

    std::map<QByteArray, services::TypedPublisher::TypeState> types;
    for (const auto& [type, names] : wantedBy)
        types[type].type = type;
    if (profile) {
        for (const auto& state : profile->types())
            types[state.type] = state;
    }
    const bool isEveryWanted = wantedBy.count("*") > 0;
    types.erase("*");
    for (const auto& [type, state] : types) {
        model::ServiceTypeInfo info;
        info.type = QString::fromUtf8(type);
        if (const auto wanted = wantedBy.find(type); wanted != wantedBy.end())
            info.wantedBy = wanted->second;
        info.isWanted = isEveryWanted || !info.wantedBy.empty();
        info.held = qint64(state.held);
        info.dead = qint64(state.dead);
        put(info);
    }
    return items;
}

} // namespace gatehouse::app
