// SPDX-License-Identifier: Apache-2.0
#include "server/app/serviceitems.h"

#include <QJsonArray>

namespace gatehouse::app {

namespace {

using L = QLatin1StringView;

QJsonArray texts(const std::vector<QByteArray>& list)
{
    QJsonArray all;
    for (const QByteArray& text : list)
        all.append(QString::fromUtf8(text));
    return all;
}

L word(bus::BusState::Link link)
{
    switch (link) {
    case bus::BusState::Link::Up:
        return L("up");
    case bus::BusState::Link::Connecting:
        return L("connecting");
    case bus::BusState::Link::Blocked:
        return L("blocked");
    }
    return {};
}

} // namespace

std::map<QString, QJsonObject> serviceItems(
    const bus::Bus& bus, const services::ServicesProfile* profile)
{
    std::map<QString, QJsonObject> items;
    const auto put = [&](const QString& key, QJsonObject item) {
        item.insert(L("key"), key);
        items.insert_or_assign(key, std::move(item));
    };
    const bus::BusCounters& counters = bus.counters();
    put(QStringLiteral("bus"),
        {{L("link"), word(bus.state().link)}, {L("node"), QString::fromUtf8(bus.nodeName())},
            {L("pendingRequests"), qint64(counters.pendingRequests)},
            {L("unansweredCalls"), qint64(counters.unansweredCalls)},
            {L("waiting"), qint64(counters.waiting)},
            {L("outboxMessages"), qint64(counters.outboxMessages)},
            {L("unroutable"), qint64(counters.unroutable)},
            {L("deadLettered"), qint64(counters.deadLettered)}});

    std::map<QByteArray, services::ServicesProfile::Connected> connected;
    if (profile) {
        for (auto& one : profile->connected())
            connected.emplace(one.name, std::move(one));
    }
    std::map<QByteArray, QStringList> wantedBy;
    const QByteArray prefix = services::topicOf({});
    for (const bus::Service& service : bus.services()) {
        const QString name = QString::fromUtf8(service.name);
        std::vector<QByteArray> types;
        for (const bus::Topic& topic : service.topics) {
            const bool isEvery = topic == services::topicOfAll();
            if (!topic.startsWith(prefix))
                continue;
            types.push_back(isEvery ? QByteArray("*") : topic.sliced(prefix.size()));
            wantedBy[types.back()].append(name);
        }
        QJsonObject item{{L("name"), name}, {L("node"), QString::fromUtf8(service.node)},
            {L("types"), texts(types)}, {L("queues"), texts(service.queues)}};
        if (const auto here = connected.find(service.name); here != connected.end()) {
            item.insert(L("id"), here->second.id);
            item.insert(L("sessionId"), QString::fromUtf8(here->second.session.value));
            item.insert(L("calls"), qint64(here->second.calls));
            item.insert(L("requests"), qint64(here->second.requests));
            item.insert(L("isRegistered"), here->second.isRegistered);
        }
        put(u"service " + name, std::move(item));
    }

    std::map<QByteArray, services::TypedPublisher::TypeState> types;
    for (const auto& [type, names] : wantedBy)
        types[type].type = type;
    if (profile) {
        for (const auto& state : profile->types())
            types[state.type] = state;
    }
    const bool isEveryWanted = wantedBy.count("*") > 0;
    for (const auto& [type, state] : types) {
        const auto wanted = wantedBy.find(type);
        put(u"type " + QString::fromUtf8(type),
            {{L("type"), QString::fromUtf8(type)},
                {L("isWanted"), isEveryWanted || wanted != wantedBy.end()},
                {L("wantedBy"),
                    QJsonArray::fromStringList(
                        wanted == wantedBy.end() ? QStringList() : wanted->second)},
                {L("held"), qint64(state.held)}, {L("dead"), qint64(state.dead)}});
    }
    return items;
}

} // namespace gatehouse::app
