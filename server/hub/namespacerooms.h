// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "common/core/ids.h"

#include <QHash>

#include <memory>
#include <unordered_map>
#include <vector>

namespace gatehouse::hub {

class RecentPackets;
class Subscriber;
struct Room;

/// Where one subscriber sits in one room's member list.
struct Membership
{
    Room* room = nullptr;
    size_t index = 0;
    quint64 since = 0; ///< number of the namespace's last kept event before joining
};

/// A subscriber of a namespace and the rooms it is in. A subscriber is in few rooms, a room has
/// many members; so the way from subscriber to rooms is a short list, searched from front to back.
struct Seat
{
    Subscriber* subscriber = nullptr;
    size_t index = 0; ///< in NamespaceRooms::seats()
    quint64 mark = 0; ///< the last publication that looked at this seat
    std::vector<Membership> memberships; ///< in the order of joining
};

struct Member
{
    Seat* seat = nullptr;
    Millis joinedAt{};
};

struct Room
{
    RoomName name;
    Millis createdAt{};
    quint64 sequence = 0;
    std::vector<Member> members; ///< dense; leaving swaps the last one in
};

/// The rooms of one namespace and who is in them, both ways. Bookkeeping only: tells nobody.
class NamespaceRooms
{
public:
    explicit NamespaceRooms(qsizetype maxRememberedRooms);
    ~NamespaceRooms();
    Q_DISABLE_COPY_MOVE(NamespaceRooms)

    /// The namespace's last events, where they are kept.
    RecentPackets* recent() const { return m_recent.get(); }
    void setRecent(std::unique_ptr<RecentPackets> recent);

    Seat* seat(const SocketId& socket) const;
    Seat* addSeat(Subscriber& subscriber);
    void removeSeat(Seat* seat); ///< must be in no room any more
    const std::vector<Seat*>& seats() const { return m_seats; }

    Room* room(const RoomName& name) const;
    Room* openRoom(const RoomName& name, Millis now);
    void closeRoom(Room* room); ///< must be empty

    static const Membership* membership(const Seat& seat, const Room* room);
    static void addMember(Room& room, Seat& seat, Millis now, quint64 since);
    static void removeMember(Room& room, Seat& seat);

    /// The number of the next event of a room, open or not.
    quint64 nextSequence(const RoomName& name);

    template <class Visit>
    void forEachRoom(Visit visit) const
    {
        for (const auto& [name, room] : m_rooms)
            visit(*room);
    }

private:
    struct Hasher
    {
        template <class N>
        size_t operator()(const N& name) const
        {
            return qHash(name);
        }
    };

    void forgetClosedRooms();

    qsizetype m_maxRememberedRooms;
    std::unique_ptr<RecentPackets> m_recent;
    std::vector<Seat*> m_seats;
    std::unordered_map<SocketId, std::unique_ptr<Seat>, Hasher> m_seatOf;
    std::unordered_map<RoomName, std::unique_ptr<Room>, Hasher> m_rooms;
    QHash<RoomName, quint64> m_closedSequences;
    quint64 m_sequenceFloor = 0; ///< where a room starts that is not remembered
};

} // namespace gatehouse::hub
