// SPDX-License-Identifier: Apache-2.0
#include "server/hub/namespacerooms.h"

#include "server/hub/recentpackets.h"
#include "server/hub/subscriber.h"

#include <algorithm>

namespace gatehouse::hub {

NamespaceRooms::NamespaceRooms(qsizetype maxRememberedRooms)
    : m_maxRememberedRooms(maxRememberedRooms)
{
}

NamespaceRooms::~NamespaceRooms() = default;

void NamespaceRooms::setRecent(std::unique_ptr<RecentPackets> recent)
{
    m_recent = std::move(recent);
}

Seat* NamespaceRooms::seat(const SocketId& socket) const
{
    const auto found = m_seatOf.find(socket);
    return found == m_seatOf.end() ? nullptr : found->second.get();
}

Seat* NamespaceRooms::addSeat(Subscriber& subscriber)
{
    auto seat = std::make_unique<Seat>();
    seat->subscriber = &subscriber;
    seat->index = m_seats.size();
    m_seats.push_back(seat.get());
    return m_seatOf.emplace(subscriber.socketId(), std::move(seat)).first->second.get();
}

void NamespaceRooms::removeSeat(Seat* seat)
{
    Q_ASSERT(seat->memberships.empty());
    Seat* last = m_seats.back();
    last->index = seat->index;
    m_seats[seat->index] = last;
    m_seats.pop_back();
    const SocketId id = seat->subscriber->socketId();
    m_seatOf.erase(id);
}

Room* NamespaceRooms::room(const RoomName& name) const
{
    const auto found = m_rooms.find(name);
    return found == m_rooms.end() ? nullptr : found->second.get();
}

Room* NamespaceRooms::openRoom(const RoomName& name, Millis now)
{
    auto room = std::make_unique<Room>();
    room->name = name;
    room->createdAt = now;
    const auto closed = m_closedSequences.constFind(name);
    room->sequence = closed == m_closedSequences.cend() ? m_sequenceFloor : *closed;
    m_closedSequences.remove(name);
    return m_rooms.emplace(name, std::move(room)).first->second.get();
}

void NamespaceRooms::closeRoom(Room* room)
{
    Q_ASSERT(room->members.empty());
    if (room->sequence > m_sequenceFloor) {
        m_closedSequences.insert(room->name, room->sequence);
        forgetClosedRooms();
    }
    const RoomName name = room->name;
    m_rooms.erase(name);
}

const Membership* NamespaceRooms::membership(const Seat& seat, const Room* room)
{
    const auto found = std::find_if(seat.memberships.begin(), seat.memberships.end(),
        [room](const Membership& m) { return m.room == room; });
    return found == seat.memberships.end() ? nullptr : &*found;
}

void NamespaceRooms::addMember(Room& room, Seat& seat, Millis now, quint64 since)
{
    seat.memberships.push_back({&room, room.members.size(), since});
    room.members.push_back({&seat, now});
}

void NamespaceRooms::removeMember(Room& room, Seat& seat)
{
    const Membership* found = membership(seat, &room);
    Q_ASSERT(found);
    const size_t hole = found->index;
    seat.memberships.erase(seat.memberships.begin() + (found - seat.memberships.data()));
    if (hole + 1 < room.members.size()) {
        room.members[hole] = room.members.back();
        for (Membership& moved : room.members[hole].seat->memberships) {
            if (moved.room == &room)
                moved.index = hole;
        }
    }
    room.members.pop_back();
}

quint64 NamespaceRooms::nextSequence(const RoomName& name)
{
    if (Room* open = room(name))
        return ++open->sequence;
    const auto closed = m_closedSequences.find(name);
    if (closed != m_closedSequences.end())
        return ++*closed;
    const quint64 next = m_sequenceFloor + 1;
    m_closedSequences.insert(name, next);
    forgetClosedRooms();
    return next;
}

void NamespaceRooms::forgetClosedRooms()
{
    if (m_closedSequences.size() <= m_maxRememberedRooms)
        return;
    for (const quint64 sequence : std::as_const(m_closedSequences))
        m_sequenceFloor = std::max(m_sequenceFloor, sequence);
    m_closedSequences.clear();
}

} // namespace gatehouse::hub
