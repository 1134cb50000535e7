// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/client/adminfeed.h"

#include <QJsonArray>
#include <QLoggingCategory>

#include <algorithm>

namespace gatehouse::gui {

namespace {

Q_LOGGING_CATEGORY(lcFeed, "gh.console.feed", QtWarningMsg)

using L = QLatin1StringView;

} // namespace

QLatin1StringView name(Topic topic)
{
    static constexpr std::array<L, allTopics.size()> names{L("overview"), L("rooms"), L("members"),
        L("clients"), L("nodes"), L("tasks"), L("services"), L("log")};
    return names[size_t(topic)];
}

template <class Item>
std::vector<Item> AdminFeed::parse(const QJsonArray& items)
{
    std::vector<Item> result;
    result.reserve(size_t(items.size()));
    for (const QJsonValue& value : items) {
        if (auto item = Item::fromJson(value.toObject()))
            result.push_back(std::move(*item));
        else if (m_malformedItems++ == 0)
            qCWarning(lcFeed) << "the server sent an item that does not follow the protocol:"
                              << value;
    }
    return result;
}

template <class Item>
Changes<Item> AdminFeed::parseChanges(const QJsonObject& message)
{
    Changes<Item> result;
    const QJsonArray changes = message.value(L("changes")).toArray();
    result.reserve(size_t(changes.size()));
    for (const QJsonValue& value : changes) {
        const QJsonObject change = value.toObject();
        const QString key = change.value(L("key")).toString();
        if (change.value(L("op")) == L("remove")) {
            result.push_back({key, std::nullopt});
            continue;
        }
        std::vector<Item> items = parse<Item>({change.value(L("item"))});
        if (!items.empty())
            result.push_back({key, std::move(items.front())});
    }
    return result;
}

void AdminFeed::deliverSnapshot(Topic topic, const QJsonArray& items, const QString& epoch)
{
    switch (topic) {
    case Topic::Overview:
        for (const auto& info : parse<model::OverviewInfo>(items))
            Q_EMIT overviewArrived(info, 0);
        break;
    case Topic::Rooms:
        Q_EMIT roomsReset(parse<model::RoomInfo>(items));
        break;
    case Topic::Members:
        Q_EMIT membersReset(parse<model::MemberInfo>(items));
        break;
    case Topic::Clients:
        Q_EMIT clientsReset(parse<model::ClientInfo>(items));
        break;
    case Topic::Nodes:
        Q_EMIT nodesReset(parse<model::NodeInfo>(items));
        break;
    case Topic::Tasks:
        Q_EMIT tasksReset(parse<model::TaskInfo>(items));
        break;
    case Topic::Services:
        Q_EMIT servicesReset(parse<model::ServicesItem>(items));
        break;
    case Topic::Log: {
        auto lines = parse<model::LogEntry>(items);
        std::ranges::sort(lines, {}, &model::LogEntry::seq);
        Q_EMIT logReset(lines, epoch);
        break;
    }
    }
}

void AdminFeed::deliverChange(Topic topic, const QJsonObject& message)
{
    switch (topic) {
    case Topic::Overview:
        for (const auto& change : parseChanges<model::OverviewInfo>(message)) {
            if (change.item)
                Q_EMIT overviewArrived(*change.item, message.value(L("at")).toInteger());
        }
        break;
    case Topic::Rooms:
        Q_EMIT roomsChanged(parseChanges<model::RoomInfo>(message));
        break;
    case Topic::Members:
        Q_EMIT membersChanged(parseChanges<model::MemberInfo>(message));
        break;
    case Topic::Clients:
        Q_EMIT clientsChanged(parseChanges<model::ClientInfo>(message));
        break;
    case Topic::Nodes:
        Q_EMIT nodesChanged(parseChanges<model::NodeInfo>(message));
        break;
    case Topic::Tasks:
        Q_EMIT tasksChanged(parseChanges<model::TaskInfo>(message));
        break;
    case Topic::Services:
        Q_EMIT servicesChanged(parseChanges<model::ServicesItem>(message));
        break;
    case Topic::Log:
        Q_EMIT logAppended(parse<model::LogEntry>(message.value(L("lines")).toArray()),
            message.value(L("dropped")).toInteger());
        break;
    }
}

} // namespace gatehouse::gui
