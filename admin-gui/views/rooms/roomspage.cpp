// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/views/rooms/roomspage.h"

#include "admin-gui/models/identity.h"
#include "admin-gui/views/actions/adminactions.h"
#include "admin-gui/widgets/format.h"
#include "admin-gui/widgets/segmentedcontrol.h"

#include <QTreeView>

namespace gatehouse::gui {

namespace {

constexpr size_t mostMembersListed = 50;

} // namespace

RoomsPage::RoomsPage(RoomsModel& rooms, AdminActions& actions, Now now, QWidget* parent)
    : ItemPage(&rooms, std::move(now), parent), m_rooms(rooms)
{
    setObjectName(QStringLiteral("roomsPage"));
    setColumns({{30, 5}, {7, 1}, {7, 1}, {7, 1}});
    view()->sortByColumn(RoomsModel::NameColumn, Qt::AscendingOrder);
    choices()->hide();
    setEmptyTexts(tr("No rooms"), tr("A room exists while somebody is in it."));
    // Namespaces start open: the rooms are what one comes for.
    connect(this->rows(), &QAbstractItemModel::rowsInserted, this,
        [this](const QModelIndex& above, int first, int last) {
            if (above.isValid()) {
                if (!above.parent().isValid() && rows()->rowCount(above) == last - first + 1)
                    view()->expand(above);
                return;
            }
            for (int row = first; row <= last; ++row)
                view()->expand(rows()->index(row, 0));
        });
    for (int row = 0; row < this->rows()->rowCount(); ++row)
        view()->expand(this->rows()->index(row, 0));
    m_send = addItemAction(QStringLiteral("sendToRoom"), QStringLiteral("send"),
        tr("Send message\u2026"), tr("Send an event to everybody in this room"), false);
    m_disconnect = addItemAction(QStringLiteral("disconnectMember"), QStringLiteral("disconnect"),
        tr("Disconnect\u2026"), tr("Close this client's connection"), true);
    m_showClient = addItemAction(QStringLiteral("showClient"), QStringLiteral("clients"),
        tr("Show client"), tr("Go to this client's row"), false);
    connect(m_send, &QAction::triggered, this, [this, &actions] {
        if (const model::RoomInfo* room = m_rooms.room(current()))
            actions.sendToRoom(*room);
    });
    connect(m_disconnect, &QAction::triggered, this, [this, &actions] {
        if (const model::MemberInfo* member = m_rooms.member(current()))
            actions.disconnectClient(
                member->sessionId, identityText(member->kind, member->id, member->name));
    });
    connect(m_showClient, &QAction::triggered, this, [this] {
        if (const model::MemberInfo* member = m_rooms.member(current()))
            Q_EMIT jumpRequested(QStringLiteral("clients"), member->sessionId);
    });
}

QModelIndex RoomsPage::indexOf(const QString& key) const
{
    return m_rooms.indexOfRoom(key);
}

QString RoomsPage::count() const
{
    return m_rooms.roomCount() > 0 ? formatCount(m_rooms.roomCount()) : QString();
}

QString RoomsPage::countText(int, int) const
{
    return tr("%n room(s)", nullptr, m_rooms.roomCount());
}

void RoomsPage::selectFirst()
{
    const auto largest = m_rooms.largestRooms(1);
    if (current().isValid() || largest.empty())
        return;
    select(largest.front().key());
    view()->expand(view()->currentIndex());
}

Details RoomsPage::details() const
{
    const QModelIndex index = current();
    if (const model::RoomInfo* room = m_rooms.room(index))
        return roomDetails(*room);
    if (const model::MemberInfo* member = m_rooms.member(index))
        return memberDetails(*member);
    if (!index.isValid())
        return {};
    Details details;
    details.icon = QStringLiteral("namespace");
    details.title = m_rooms.namespaceOf(index);
    details.subtitle = tr("Namespace");
    details.sections.push_back(
        {QString(), {{tr("Rooms"), formatCount(m_rooms.rowCount(index.siblingAtColumn(0)))}}});
    return details;
}

Details RoomsPage::roomDetails(const model::RoomInfo& room) const
{
    Details details;
    details.icon = icon();
    details.title = room.room;
    details.subtitle = room.nsp;
    details.badge = tr("%n member(s)", nullptr, int(room.members));
    details.tone = Tone::Busy;
    details.sections.push_back({tr("Room"),
        {{tr("Open since"), age(room.createdAt, now())},
            {tr("Events sent"), formatCount(room.sequence)}}});
    std::vector<Details::Row> lines;
    for (const model::MemberInfo& member : m_rooms.membersOf(room.key())) {
        if (lines.size() == mostMembersListed) {
            lines.push_back({QString(), QStringLiteral("\u2026")});
            break;
        }
        lines.push_back({kindText(member.kind), identityText(member.kind, member.id, member.name)});
    }
    if (!lines.empty())
        details.sections.push_back({tr("Members"), std::move(lines)});
    return details;
}

Details RoomsPage::memberDetails(const model::MemberInfo& member) const
{
    Details details;
    details.icon = kindIcon(member.kind);
    details.title = identityText(member.kind, member.id, member.name);
    details.subtitle = tr("in %1").arg(member.room);
    details.badge = kindText(member.kind);
    details.tone = Tone::Dim;
    details.sections.push_back({tr("Membership"),
        {{tr("Joined"), age(member.joinedAt, now())}, {tr("Room"), member.room},
            {tr("Namespace"), member.nsp}, {tr("Socket"), member.socketId, true},
            {tr("Session"), member.sessionId, true}}});
    return details;
}

QString RoomsPage::selectionHint() const
{
    return tr("Select a room to see who is in it.");
}

std::vector<Page::ItemAction> RoomsPage::selectionActions() const
{
    const QModelIndex index = current();
    if (m_rooms.room(index))
        return {{m_send}};
    if (m_rooms.member(index))
        return {{m_showClient}, {m_disconnect}};
    return {};
}

} // namespace gatehouse::gui
