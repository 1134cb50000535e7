// SPDX-License-Identifier: Apache-2.0
#include "server/hub/hub.h"

#include "common/core/observerlist.h"
#include "server/hub/namespacerooms.h"

#include <algorithm>
#include <map>

namespace gatehouse::hub {

namespace {

/// The recipients of one publication while it is being delivered. A delivery may make subscribers
/// go away; publications on the way are a stack, and each is told.
struct Batch
{
    std::vector<Seat*> seats;
    Batch* outer = nullptr;
};

} // namespace

struct Hub::Private
{
    Private(const Clock& c, HubOptions o) : clock(c), options(o) { }

    NamespaceRooms& roomsFor(const NamespaceName& nsp);
    const NamespaceRooms* find(const NamespaceName& nsp) const;
    NamespaceRooms* find(const NamespaceName& nsp);
    void leave(const NamespaceName& nsp, NamespaceRooms& rooms, Room& room, Seat& seat);
    void gather(NamespaceRooms& rooms, const Publication& publication, std::vector<Seat*>& seats);
    qsizetype deliver(const Publication& publication, Batch& batch);

    const Clock& clock;
    const HubOptions options;
    ObserverList<HubObserver> observers;
    std::map<NamespaceName, NamespaceRooms> namespaces;
    std::vector<Seat*> spareBatch; ///< keeps its capacity from one publication to the next
    Batch* delivering = nullptr;
    quint64 publications = 0;
};

NamespaceRooms& Hub::Private::roomsFor(const NamespaceName& nsp)
{
    return namespaces.try_emplace(nsp, options.maxRememberedRooms).first->second;
}

const NamespaceRooms* Hub::Private::find(const NamespaceName& nsp) const
{
    const auto found = namespaces.find(nsp);
    return found == namespaces.end() ? nullptr : &found->second;
}

NamespaceRooms* Hub::Private::find(const NamespaceName& nsp)
{
    return const_cast<NamespaceRooms*>(std::as_const(*this).find(nsp));
}

void Hub::Private::leave(const NamespaceName& nsp, NamespaceRooms& rooms, Room& room, Seat& seat)
{
    const RoomName name = room.name;
    NamespaceRooms::removeMember(room, seat);
    observers.forEach([&](HubObserver& o) { o.memberLeft(nsp, name, *seat.subscriber); });
    if (!room.members.empty())
        return;
    rooms.closeRoom(&room);
    observers.forEach([&](HubObserver& o) { o.roomClosed(nsp, name); });
}

void Hub::Private::gather(
    NamespaceRooms& rooms, const Publication& publication, std::vector<Seat*>& seats)
{
    const quint64 mark = ++publications;
    for (const SocketId& excluded : publication.except) {
        if (Seat* seat = rooms.seat(excluded))
            seat->mark = mark;
    }
    const auto take = [&](Seat* seat) {
        if (seat->mark != mark) {
            seat->mark = mark;
            seats.push_back(seat);
        }
    };
    if (publication.rooms.empty())
        std::for_each(rooms.seats().begin(), rooms.seats().end(), take);
    for (const RoomName& name : publication.rooms) {
        const Room* room = rooms.room(name);
        if (!room)
            continue;
        for (const Member& member : room->members)
            take(member.seat);
    }
}

qsizetype Hub::Private::deliver(const Publication& publication, Batch& batch)
{
    if (batch.seats.empty())
        return 0;
    const protocol::EncodedPacketPtr packet = protocol::encodeEvent(
        publication.nsp, publication.event, publication.args, publication.attachments);
    qsizetype recipients = 0;
    batch.outer = std::exchange(delivering, &batch);
    for (size_t i = 0; i < batch.seats.size(); ++i) {
        if (Seat* seat = batch.seats[i]) {
            ++recipients;
            seat->subscriber->deliver(packet, publication.urgency);
        }
    }
    delivering = batch.outer;
    return recipients;
}

Hub::Hub(const Clock& clock, HubOptions options) : d(std::make_unique<Private>(clock, options)) { }

Hub::~Hub() = default;

void Hub::addObserver(HubObserver* observer)
{
    d->observers.add(observer);
}

void Hub::removeObserver(HubObserver* observer)
{
    d->observers.remove(observer);
}

void Hub::attach(const NamespaceName& nsp, Subscriber& subscriber)
{
    NamespaceRooms& rooms = d->roomsFor(nsp);
    if (rooms.seat(subscriber.socketId()))
        return;
    rooms.addSeat(subscriber);
    d->observers.forEach([&](HubObserver& o) { o.subscriberAttached(nsp, subscriber); });
}

void Hub::detach(const NamespaceName& nsp, Subscriber& subscriber)
{
    NamespaceRooms* rooms = d->find(nsp);
    Seat* seat = rooms ? rooms->seat(subscriber.socketId()) : nullptr;
    if (!seat)
        return;
    for (Batch* batch = d->delivering; batch; batch = batch->outer)
        std::replace(batch->seats.begin(), batch->seats.end(), seat, static_cast<Seat*>(nullptr));
    while (!seat->memberships.empty())
        d->leave(nsp, *rooms, *seat->memberships.front().room, *seat);
    rooms->removeSeat(seat);
    d->observers.forEach([&](HubObserver& o) { o.subscriberDetached(nsp, subscriber); });
}

bool Hub::join(const NamespaceName& nsp, const RoomName& name, Subscriber& subscriber)
{
    NamespaceRooms* rooms = d->find(nsp);
    Seat* seat = rooms ? rooms->seat(subscriber.socketId()) : nullptr;
    Q_ASSERT_X(seat, "Hub::join", "attach() first");
    if (!seat)
        return false;
    Room* room = rooms->room(name);
    if (room && NamespaceRooms::membership(*seat, room))
        return false;
    if (!room) {
        room = rooms->openRoom(name, d->clock.wall());
        d->observers.forEach([&](HubObserver& o) { o.roomOpened(nsp, name); });
    }
    NamespaceRooms::addMember(*room, *seat, d->clock.wall());
    d->observers.forEach([&](HubObserver& o) { o.memberJoined(nsp, name, subscriber); });
    return true;
}

bool Hub::leave(const NamespaceName& nsp, const RoomName& name, Subscriber& subscriber)
{
    NamespaceRooms* rooms = d->find(nsp);
    Seat* seat = rooms ? rooms->seat(subscriber.socketId()) : nullptr;
    Room* room = seat ? rooms->room(name) : nullptr;
    if (!room || !NamespaceRooms::membership(*seat, room))
        return false;
    d->leave(nsp, *rooms, *room, *seat);
    return true;
}

Delivery Hub::publish(const Publication& publication)
{
    NamespaceRooms& rooms = d->roomsFor(publication.nsp);
    Delivery delivery;
    for (size_t i = 0; i < publication.rooms.size(); ++i) {
        const auto begin = publication.rooms.begin();
        if (std::find(begin, begin + qptrdiff(i), publication.rooms[i]) != begin + qptrdiff(i))
            continue; // named twice, still one event
        const quint64 sequence = rooms.nextSequence(publication.rooms[i]);
        if (i == 0)
            delivery.sequence = sequence;
    }
    Batch batch{std::exchange(d->spareBatch, {})};
    batch.seats.clear();
    d->gather(rooms, publication, batch.seats);
    delivery.recipients = d->deliver(publication, batch);
    d->spareBatch = std::move(batch.seats);
    d->observers.forEach([&](HubObserver& o) { o.published(publication, delivery); });
    return delivery;
}

bool Hub::isMember(const NamespaceName& nsp, const RoomName& name, const SocketId& socket) const
{
    const NamespaceRooms* rooms = d->find(nsp);
    const Seat* seat = rooms ? rooms->seat(socket) : nullptr;
    const Room* room = seat ? rooms->room(name) : nullptr;
    return room && NamespaceRooms::membership(*seat, room);
}

std::vector<RoomName> Hub::roomsOf(const NamespaceName& nsp, const SocketId& socket) const
{
    std::vector<RoomName> names;
    const NamespaceRooms* rooms = d->find(nsp);
    if (const Seat* seat = rooms ? rooms->seat(socket) : nullptr) {
        for (const Membership& membership : seat->memberships)
            names.push_back(membership.room->name);
    }
    return names;
}

std::vector<NamespaceName> Hub::namespaces() const
{
    std::vector<NamespaceName> names;
    for (const auto& [nsp, rooms] : d->namespaces)
        names.push_back(nsp);
    return names;
}

namespace {

RoomView viewOf(const NamespaceName& nsp, const Room& room)
{
    return {nsp, room.name, qsizetype(room.members.size()), room.sequence, room.createdAt};
}

} // namespace

std::vector<RoomView> Hub::rooms() const
{
    std::vector<RoomView> views;
    for (const auto& [nsp, rooms] : d->namespaces)
        rooms.forEachRoom(
            [&, &name = nsp](const Room& room) { views.push_back(viewOf(name, room)); });
    return views;
}

std::optional<RoomView> Hub::room(const NamespaceName& nsp, const RoomName& name) const
{
    const NamespaceRooms* rooms = d->find(nsp);
    const Room* room = rooms ? rooms->room(name) : nullptr;
    return room ? std::optional(viewOf(nsp, *room)) : std::nullopt;
}

std::vector<MemberView> Hub::members(const NamespaceName& nsp, const RoomName& name) const
{
    std::vector<MemberView> views;
    const NamespaceRooms* rooms = d->find(nsp);
    if (const Room* room = rooms ? rooms->room(name) : nullptr) {
        views.reserve(room->members.size());
        for (const Member& member : room->members)
            views.push_back({member.seat->subscriber->socketId(), member.joinedAt});
    }
    return views;
}

qsizetype Hub::subscriberCount(const NamespaceName& nsp) const
{
    const NamespaceRooms* rooms = d->find(nsp);
    return rooms ? qsizetype(rooms->seats().size()) : 0;
}

} // namespace gatehouse::hub
