// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/client/adminconnection.h"
#include "admin-gui/models/clientsmodel.h"
#include "admin-gui/models/logstore.h"
#include "admin-gui/models/nodesmodel.h"
#include "admin-gui/models/overviewmodel.h"
#include "admin-gui/models/roomsmodel.h"
#include "admin-gui/models/servicesmodel.h"
#include "admin-gui/models/tasksmodel.h"

#include <QObject>

namespace gatehouse::gui {

/// All models of one console, fed by one connection. Owned by the application; GUI thread.
class ConsoleModels final : public QObject
{
    Q_OBJECT

public:
    explicit ConsoleModels(AdminConnection& connection, QObject* parent = nullptr);

    OverviewModel overview;
    RoomsModel rooms;
    ClientsModel clients;
    NodesModel nodes;
    TasksModel tasks;
    ServicesModel services;
    LogStore log;

    void clear(); ///< another server: nothing of the old one may stay

private:
    AdminConnection& m_connection;
};

} // namespace gatehouse::gui
