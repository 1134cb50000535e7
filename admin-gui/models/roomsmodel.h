// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/client/adminfeed.h"
#include "admin-gui/models/keyedrows.h"
#include "admin-gui/widgets/cellroles.h"

#include <QAbstractItemModel>

namespace gatehouse::gui {

/// Namespaces, their rooms, and who is in them, from the topics `rooms` and `members`. The two are
/// independent streams: whichever speaks of a room first makes it appear, and the end of a room in
/// `rooms` takes its members along. A snapshot of `rooms` may be older than the members that came
/// live: a room it does not list stays until its last member is gone.
class RoomsModel final : public QAbstractItemModel
{
    Q_OBJECT

public:
    enum Column { NameColumn, MembersColumn, EventsColumn, SinceColumn, ColumnCount };

    explicit RoomsModel(QObject* parent = nullptr);
    ~RoomsModel() override;

    void resetRooms(const std::vector<model::RoomInfo>& rooms);
    void resetMembers(const std::vector<model::MemberInfo>& members);
    void applyRooms(const Changes<model::RoomInfo>& changes);
    void applyMembers(const Changes<model::MemberInfo>& changes);

    const model::RoomInfo* room(const QModelIndex& index) const; ///< of a room's row only
    const model::MemberInfo* member(const QModelIndex& index) const; ///< of a member's row only
    QString namespaceOf(const QModelIndex& index) const;
    int roomCount() const { return m_roomCount; }
    std::vector<model::RoomInfo> largestRooms(size_t count) const;
    std::vector<model::MemberInfo> membersOf(const QString& roomKey) const;
    QModelIndex indexOfRoom(const QString& roomKey) const;

    QModelIndex index(int row, int column, const QModelIndex& parent = {}) const override;
    QModelIndex parent(const QModelIndex& index) const override;
    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    struct Entry;
    struct MemberEntry;
    struct RoomEntry;
    struct NamespaceEntry;

    static Entry* entryOf(const QModelIndex& index);
    QModelIndex indexOf(const Entry& entry, int column = 0) const;
    NamespaceEntry& namespaceFor(const QString& nsp);
    RoomEntry* findRoom(const QString& roomKey) const;
    RoomEntry& roomFor(const QString& nsp, const QString& room);
    void putRoom(const model::RoomInfo& info);
    void removeRoom(const QString& key);
    void addMembers(const std::vector<const model::MemberInfo*>& members);
    void removeMember(const QString& key);
    void touch(const Entry& entry);

    KeyedRows<NamespaceEntry> m_namespaces;
    QHash<QString, RoomEntry*> m_rooms; ///< by room key
    QHash<QString, MemberEntry*> m_members; ///< by member key
    int m_roomCount = 0;
};

} // namespace gatehouse::gui
