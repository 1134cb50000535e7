// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/model/clientinfo.h"
#include "common/model/logentry.h"
#include "common/model/nodeinfo.h"
#include "common/model/overviewinfo.h"
#include "common/model/roominfo.h"
#include "common/model/serviceinfo.h"
#include "common/model/taskinfo.h"

#include <QObject>

#include <array>
#include <vector>

namespace gatehouse::gui {

enum class Topic { Overview, Rooms, Members, Clients, Nodes, Tasks, Services, Log };
inline constexpr std::array allTopics{Topic::Overview, Topic::Rooms, Topic::Members, Topic::Clients,
    Topic::Nodes, Topic::Tasks, Topic::Services, Topic::Log};
QLatin1StringView name(Topic topic); ///< as on the wire

/// What happened to one key; without an item it is gone.
template <class Item>
struct Change
{
    QString key;
    std::optional<Item> item;
};
template <class Item>
using Changes = std::vector<Change<Item>>;

/// The server's topics as values, on the GUI thread. A reset is a whole snapshot: it replaces
/// everything known of that topic. Changes come at most ten times a second per topic. Items that do
/// not follow the protocol are left out and counted.
class AdminFeed : public QObject
{
    Q_OBJECT

public:
    using QObject::QObject;

    void deliverSnapshot(Topic topic, const QJsonArray& items, const QString& epoch);
    void deliverChange(Topic topic, const QJsonObject& message);

    qint64 malformedItems() const { return m_malformedItems; }

Q_SIGNALS:
    void overviewArrived(const gatehouse::model::OverviewInfo& info, qint64 atMs);
    void roomsReset(const std::vector<gatehouse::model::RoomInfo>& rooms);
    void roomsChanged(const gatehouse::gui::Changes<gatehouse::model::RoomInfo>& changes);
    void membersReset(const std::vector<gatehouse::model::MemberInfo>& members);
    void membersChanged(const gatehouse::gui::Changes<gatehouse::model::MemberInfo>& changes);
    void clientsReset(const std::vector<gatehouse::model::ClientInfo>& clients);
    void clientsChanged(const gatehouse::gui::Changes<gatehouse::model::ClientInfo>& changes);
    void nodesReset(const std::vector<gatehouse::model::NodeInfo>& nodes);
    void nodesChanged(const gatehouse::gui::Changes<gatehouse::model::NodeInfo>& changes);
    void tasksReset(const std::vector<gatehouse::model::TaskInfo>& tasks);
    void tasksChanged(const gatehouse::gui::Changes<gatehouse::model::TaskInfo>& changes);
    void servicesReset(const std::vector<gatehouse::model::ServicesItem>& items);
    void servicesChanged(const gatehouse::gui::Changes<gatehouse::model::ServicesItem>& changes);
    /// The newest lines, oldest first. They may overlap with lines delivered before.
    void logReset(const std::vector<gatehouse::model::LogEntry>& lines, const QString& epoch);
    void logAppended(const std::vector<gatehouse::model::LogEntry>& lines, qint64 dropped);

private:
    template <class Item>
    std::vector<Item> parse(const QJsonArray& items);
    template <class Item>
    Changes<Item> parseChanges(const QJsonObject& message);

    qint64 m_malformedItems = 0;
};

} // namespace gatehouse::gui
