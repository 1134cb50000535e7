// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/models/roomsmodel.h"

#include "admin-gui/models/identity.h"

#include <QSet>

namespace gatehouse::gui {

struct RoomsModel::Entry
{
    enum class Level { Namespace, Room, Member };

    Entry(Level ofLevel, QString ownKey, Entry* above)
        : level(ofLevel), key(std::move(ownKey)), parent(above)
    {
    }
    virtual ~Entry() = default;

    Level level;
    QString key;
    Entry* parent;
};

struct RoomsModel::MemberEntry final : Entry
{
    MemberEntry(const model::MemberInfo& member, Entry* above)
        : Entry(Level::Member, member.key(), above), info(member)
    {
    }
    model::MemberInfo info;
};

struct RoomsModel::RoomEntry final : Entry
{
    RoomEntry(QString roomKey, Entry* above) : Entry(Level::Room, std::move(roomKey), above) { }
    model::RoomInfo info;
    KeyedRows<MemberEntry> members;
    bool isListed = false; ///< the topic `rooms` has it; otherwise only its members speak of it
};

struct RoomsModel::NamespaceEntry final : Entry
{
    explicit NamespaceEntry(const QString& nsp) : Entry(Level::Namespace, nsp, nullptr) { }
    KeyedRows<RoomEntry> rooms;
};

RoomsModel::RoomsModel(QObject* parent) : QAbstractItemModel(parent) { }
RoomsModel::~RoomsModel() = default;

void RoomsModel::resetRooms(const std::vector<model::RoomInfo>& rooms)
{
    QSet<QString> present;
    for (const model::RoomInfo& info : rooms)
        present.insert(info.key());
    const QStringList known = m_rooms.keys();
    for (const QString& key : known) {
        if (present.contains(key))
            continue;
        RoomEntry& entry = *findRoom(key);
        entry.isListed = false;
        if (entry.members.size() == 0)
            removeRoom(key);
    }
    for (const model::RoomInfo& info : rooms)
        putRoom(info);
}

void RoomsModel::resetMembers(const std::vector<model::MemberInfo>& members)
{
    QSet<QString> present;
    for (const model::MemberInfo& info : members)
        present.insert(info.key());
    const QStringList known = m_members.keys();
    for (const QString& key : known) {
        if (!present.contains(key))
            removeMember(key);
    }
    Changes<model::MemberInfo> changes;
    changes.reserve(members.size());
    for (const model::MemberInfo& info : members)
        changes.push_back({info.key(), info});
    applyMembers(changes);
}

void RoomsModel::applyRooms(const Changes<model::RoomInfo>& changes)
{
    for (const auto& change : changes) {
        if (change.item)
            putRoom(*change.item);
        else
            removeRoom(change.key);
    }
}

void RoomsModel::applyMembers(const Changes<model::MemberInfo>& changes)
{
    // Newcomers of one room in a row become one insertion: a snapshot may have thousands.
    std::vector<const model::MemberInfo*> newcomers;
    QSet<QString> waiting;
    const auto flush = [&] {
        addMembers(newcomers);
        newcomers.clear();
        waiting.clear();
    };
    for (const auto& change : changes) {
        const QString key = change.item ? change.item->key() : change.key;
        if (waiting.contains(key))
            flush();
        if (!change.item) {
            removeMember(key);
        } else if (MemberEntry* known = m_members.value(key)) {
            if (!(known->info == *change.item)) {
                known->info = *change.item;
                touch(*known);
            }
        } else {
            newcomers.push_back(&*change.item);
            waiting.insert(key);
        }
    }
    flush();
}

RoomsModel::NamespaceEntry& RoomsModel::namespaceFor(const QString& nsp)
{
    if (NamespaceEntry* known = m_namespaces.find(nsp))
        return *known;
    beginInsertRows({}, m_namespaces.size(), m_namespaces.size());
    NamespaceEntry& entry = m_namespaces.append(nsp, std::make_unique<NamespaceEntry>(nsp));
    endInsertRows();
    return entry;
}

RoomsModel::RoomEntry* RoomsModel::findRoom(const QString& roomKey) const
{
    return m_rooms.value(roomKey);
}

RoomsModel::RoomEntry& RoomsModel::roomFor(const QString& nsp, const QString& room)
{
    const QString key = model::RoomInfo::keyOf(nsp, room);
    if (RoomEntry* known = findRoom(key))
        return *known;
    NamespaceEntry& above = namespaceFor(nsp);
    const int row = above.rooms.size();
    beginInsertRows(indexOf(above), row, row);
    RoomEntry& entry = above.rooms.append(key, std::make_unique<RoomEntry>(key, &above));
    entry.info.nsp = nsp;
    entry.info.room = room;
    m_rooms.insert(key, &entry);
    ++m_roomCount;
    endInsertRows();
    touch(above);
    return entry;
}

void RoomsModel::putRoom(const model::RoomInfo& info)
{
    RoomEntry& entry = roomFor(info.nsp, info.room);
    entry.isListed = true;
    if (entry.info == info)
        return;
    entry.info = info;
    touch(entry);
}

void RoomsModel::removeRoom(const QString& key)
{
    RoomEntry* entry = findRoom(key);
    if (!entry)
        return;
    auto& above = static_cast<NamespaceEntry&>(*entry->parent);
    const int row = above.rooms.placeOf(key);
    beginRemoveRows(indexOf(above), row, row);
    for (int i = 0; i < entry->members.size(); ++i)
        m_members.remove(entry->members.keyAt(i));
    m_rooms.remove(key);
    above.rooms.remove(row);
    --m_roomCount;
    endRemoveRows();
    if (above.rooms.size() > 0) {
        touch(above);
        return;
    }
    const int place = m_namespaces.placeOf(above.key);
    beginRemoveRows({}, place, place);
    m_namespaces.remove(place);
    endRemoveRows();
}

void RoomsModel::addMembers(const std::vector<const model::MemberInfo*>& members)
{
    std::vector<RoomEntry*> rooms;
    QHash<RoomEntry*, std::vector<const model::MemberInfo*>> byRoom;
    for (const model::MemberInfo* info : members) {
        RoomEntry& room = roomFor(info->nsp, info->room);
        auto& list = byRoom[&room];
        if (list.empty())
            rooms.push_back(&room);
        list.push_back(info);
    }
    for (RoomEntry* room : rooms) {
        const auto& list = byRoom[room];
        const int first = room->members.size();
        beginInsertRows(indexOf(*room), first, first + int(list.size()) - 1);
        for (const model::MemberInfo* info : list) {
            const QString key = info->key();
            m_members.insert(
                key, &room->members.append(key, std::make_unique<MemberEntry>(*info, room)));
        }
        endInsertRows();
    }
}

void RoomsModel::removeMember(const QString& key)
{
    const MemberEntry* entry = m_members.value(key);
    if (!entry)
        return;
    auto& above = static_cast<RoomEntry&>(*entry->parent);
    const int row = above.members.placeOf(key);
    beginRemoveRows(indexOf(above), row, row);
    m_members.remove(key);
    above.members.remove(row);
    endRemoveRows();
    if (!above.isListed && above.members.size() == 0)
        removeRoom(QString(above.key)); // a copy: the entry goes
}

void RoomsModel::touch(const Entry& entry)
{
    Q_EMIT dataChanged(indexOf(entry), indexOf(entry, ColumnCount - 1));
}

RoomsModel::Entry* RoomsModel::entryOf(const QModelIndex& index)
{
    return static_cast<Entry*>(index.internalPointer());
}

QModelIndex RoomsModel::indexOf(const Entry& entry, int column) const
{
    int row = -1;
    switch (entry.level) {
    case Entry::Level::Namespace:
        row = m_namespaces.placeOf(entry.key);
        break;
    case Entry::Level::Room:
        row = static_cast<NamespaceEntry&>(*entry.parent).rooms.placeOf(entry.key);
        break;
    case Entry::Level::Member:
        row = static_cast<RoomEntry&>(*entry.parent).members.placeOf(entry.key);
        break;
    }
    return createIndex(row, column, &entry);
}

QModelIndex RoomsModel::indexOfRoom(const QString& roomKey) const
{
    const RoomEntry* entry = findRoom(roomKey);
    return entry ? indexOf(*entry) : QModelIndex();
}

const model::RoomInfo* RoomsModel::room(const QModelIndex& index) const
{
    const Entry* entry = index.isValid() ? entryOf(index) : nullptr;
    return entry && entry->level == Entry::Level::Room ? &static_cast<const RoomEntry*>(entry)->info
                                                       : nullptr;
}

const model::MemberInfo* RoomsModel::member(const QModelIndex& index) const
{
    const Entry* entry = index.isValid() ? entryOf(index) : nullptr;
    return entry && entry->level == Entry::Level::Member
        ? &static_cast<const MemberEntry*>(entry)->info
        : nullptr;
}

QString RoomsModel::namespaceOf(const QModelIndex& index) const
{
    const Entry* entry = index.isValid() ? entryOf(index) : nullptr;
    while (entry && entry->parent)
        entry = entry->parent;
    return entry ? entry->key : QString();
}

std::vector<model::RoomInfo> RoomsModel::largestRooms(size_t count) const
{
    std::vector<model::RoomInfo> rooms;
    rooms.reserve(size_t(m_rooms.size()));
    for (const RoomEntry* entry : m_rooms)
        rooms.push_back(entry->info);
    const size_t kept = std::min(count, rooms.size());
    std::ranges::partial_sort(rooms, rooms.begin() + ptrdiff_t(kept),
        [](const model::RoomInfo& a, const model::RoomInfo& b) {
            return std::tuple(-a.members, a.nsp, a.room) < std::tuple(-b.members, b.nsp, b.room);
        });
    rooms.resize(kept);
    return rooms;
}

std::vector<model::MemberInfo> RoomsModel::membersOf(const QString& roomKey) const
{
    std::vector<model::MemberInfo> result;
    if (const RoomEntry* entry = findRoom(roomKey)) {
        for (int i = 0; i < entry->members.size(); ++i)
            result.push_back(entry->members.at(i).info);
    }
    return result;
}

QModelIndex RoomsModel::index(int row, int column, const QModelIndex& parent) const
{
    if (!hasIndex(row, column, parent))
        return {};
    if (!parent.isValid())
        return createIndex(row, column, &m_namespaces.at(row));
    const Entry* entry = entryOf(parent);
    if (entry->level == Entry::Level::Namespace)
        return createIndex(row, column, &static_cast<const NamespaceEntry*>(entry)->rooms.at(row));
    return createIndex(row, column, &static_cast<const RoomEntry*>(entry)->members.at(row));
}

QModelIndex RoomsModel::parent(const QModelIndex& index) const
{
    const Entry* entry = index.isValid() ? entryOf(index)->parent : nullptr;
    return entry ? indexOf(*entry) : QModelIndex();
}

int RoomsModel::rowCount(const QModelIndex& parent) const
{
    if (!parent.isValid())
        return m_namespaces.size();
    if (parent.column() > 0)
        return 0;
    const Entry* entry = entryOf(parent);
    if (entry->level == Entry::Level::Namespace)
        return static_cast<const NamespaceEntry*>(entry)->rooms.size();
    if (entry->level == Entry::Level::Room)
        return static_cast<const RoomEntry*>(entry)->members.size();
    return 0;
}

int RoomsModel::columnCount(const QModelIndex&) const
{
    return ColumnCount;
}

QVariant RoomsModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid())
        return {};
    const Entry* entry = entryOf(index);
    const int column = index.column();
    if (role == KeyRole)
        return entry->key;
    if (role == FormatRole) {
        static constexpr CellFormat formats[]
            = {CellFormat::Text, CellFormat::Count, CellFormat::Count, CellFormat::Age};
        return QVariant::fromValue(formats[column]);
    }
    if (role == ToneRole)
        return QVariant::fromValue(column == NameColumn ? Tone::Neutral : Tone::Dim);
    const bool wantsValue = role == Qt::DisplayRole || role == SortRole;
    switch (entry->level) {
    case Entry::Level::Namespace: {
        const auto& nsp = static_cast<const NamespaceEntry&>(*entry);
        if (role == IconNameRole && column == NameColumn)
            return QStringLiteral("namespace");
        if (wantsValue && column == NameColumn)
            return nsp.key;
        return {};
    }
    case Entry::Level::Room: {
        const model::RoomInfo& info = static_cast<const RoomEntry&>(*entry).info;
        if (role == IconNameRole && column == NameColumn)
            return QStringLiteral("rooms");
        if (!wantsValue)
            return {};
        if (column == NameColumn)
            return info.room;
        if (column == MembersColumn)
            return info.members;
        if (column == EventsColumn)
            return info.sequence;
        return info.createdAt > 0 ? QVariant(info.createdAt) : QVariant();
    }
    case Entry::Level::Member: {
        const model::MemberInfo& info = static_cast<const MemberEntry&>(*entry).info;
        if (role == IconNameRole && column == NameColumn)
            return kindIcon(info.kind);
        if (wantsValue && column == NameColumn)
            return identityText(info.kind, info.id, info.name);
        if (wantsValue && column == SinceColumn)
            return info.joinedAt;
        return {};
    }
    }
    return {};
}

QVariant RoomsModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(
            Qt::AlignVCenter | (section == NameColumn ? Qt::AlignLeft : Qt::AlignRight));
    if (role != Qt::DisplayRole)
        return {};
    switch (section) {
    case NameColumn:
        return tr("Room");
    case MembersColumn:
        return tr("Members");
    case EventsColumn:
        return tr("Events");
    case SinceColumn:
        return tr("Since");
    }
    return {};
}

} // namespace gatehouse::gui
