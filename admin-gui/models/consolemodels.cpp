// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/models/consolemodels.h"

namespace gatehouse::gui {

ConsoleModels::ConsoleModels(AdminConnection& connection, QObject* parent)
    : QObject(parent), tasks([&connection] { return connection.serverNow(); }),
      m_connection(connection)
{
    AdminFeed* feed = &connection.feed();
    connect(feed, &AdminFeed::overviewArrived, this,
        [this](const model::OverviewInfo& info, qint64 atMs) {
            overview.add(info, atMs > 0 ? atMs : m_connection.serverNow());
        });
    connect(feed, &AdminFeed::roomsReset, &rooms, &RoomsModel::resetRooms);
    connect(feed, &AdminFeed::roomsChanged, &rooms, &RoomsModel::applyRooms);
    connect(feed, &AdminFeed::membersReset, &rooms, &RoomsModel::resetMembers);
    connect(feed, &AdminFeed::membersChanged, &rooms, &RoomsModel::applyMembers);
    connect(feed, &AdminFeed::clientsReset, &clients, &ClientsModel::reset);
    connect(feed, &AdminFeed::clientsChanged, &clients, &ClientsModel::apply);
    connect(feed, &AdminFeed::nodesReset, &nodes, &NodesModel::reset);
    connect(feed, &AdminFeed::nodesChanged, &nodes, &NodesModel::apply);
    connect(feed, &AdminFeed::tasksReset, &tasks, &TasksModel::reset);
    connect(feed, &AdminFeed::tasksChanged, &tasks, &TasksModel::apply);
    connect(feed, &AdminFeed::servicesReset, &services, &ServicesModel::resetItems);
    connect(feed, &AdminFeed::servicesChanged, &services, &ServicesModel::applyItems);
    connect(feed, &AdminFeed::logReset, &log, &LogStore::reset);
    connect(feed, &AdminFeed::logAppended, &log,
        [this](const std::vector<model::LogEntry>& lines) { log.append(lines); });
}

void ConsoleModels::clear()
{
    overview.clear();
    rooms.resetRooms({});
    clients.reset({});
    nodes.reset({});
    tasks.reset({});
    services.resetItems({});
    log.clear();
}

} // namespace gatehouse::gui
