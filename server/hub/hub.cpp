// SPDX-License-Identifier: Apache-2.0
#include "server/hub/hub.h"

#include "common/core/observerlist.h"
#include "common/core/prefetch.h"
#include "server/hub/namespacerooms.h"

#include <QSet>

#include <algorithm>
#include <map>

namespace gatehouse::hub {

namespace {

constexpr size_t Ahead = 4; ///< recipients, until what was asked for has come

/// The recipients of one publication while it is being delivered. A delivery may make subscribers
/// go away; publications on the way are a stack, and each is told.
struct Batch
{
    std::vector<Seat*> seats;
    Batch* outer = nullptr;
};

/// Whether a JavaScript client would take the last of these for an offset: it does so with every
/// text, the event's name included.
bool endsInText(const protocol::JsonArgs& args)
{
    return args.isEmpty() || args.endsWith('"');
}

} // namespace

struct Hub::Private
{
    Private(const Clock& c, HubOptions o) : clock(c), options(std::move(o)) { }

    NamespaceRooms& roomsFor(const NamespaceName& nsp);
    const NamespaceRooms* find(const NamespaceName& nsp) const;
    NamespaceRooms* find(const NamespaceName& nsp);
    void leave(const NamespaceName& nsp, NamespaceRooms& rooms, Room& room, Seat& seat);
    bool join(const NamespaceName& nsp, const RoomName& name, Subscriber& subscriber,
        std::optional<quint64> since);
    void gather(NamespaceRooms& rooms, const Publication& publication, std::vector<Seat*>& seats);
    protocol::EncodedPacketPtr encode(NamespaceRooms& rooms, const Publication& publication);
    qsizetype deliver(const Publication& publication, NamespaceRooms& rooms, Batch& batch);

    const Clock& clock;
    const HubOptions options;
    std::map<NamespaceName, RecentJournal*> journals;
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
    for (const RoomName& name : publication.exceptRooms) {
        if (const Room* room = rooms.room(name)) {
            for (const Member& member : room->members)
                member.seat->mark = mark;
        }
    }
    // Who is in one room is in it once, and need not be looked at for that.
    const bool isMarked = publication.rooms.size() > 1 || !publication.except.empty()
        || !publication.exceptRooms.empty();
    const auto take = [&](Seat* seat) {
        if (!isMarked || seat->mark != mark)
            seats.push_back(seat);
        if (isMarked)
            seat->mark = mark;
    };
    if (publication.rooms.empty())
        std::for_each(rooms.seats().begin(), rooms.seats().end(), take);
    for (const RoomName& name : publication.rooms) {
        if (const Room* room = rooms.room(name)) {
            for (const Member& member : room->members)
                take(member.seat);
        } else if (Seat* seat = rooms.seat({name.value})) {
            take(seat);
        }
    }
}

protocol::EncodedPacketPtr Hub::Private::encode(
    NamespaceRooms& rooms, const Publication& publication)
{
    RecentPackets* recent = rooms.recent();
    const bool isKept = recent && publication.urgency == Urgency::Reliable && !publication.ackId;
    if (!isKept) {
        const bool isMistakable = recent && !publication.ackId && endsInText(publication.args);
        return protocol::encodeEvent(publication.nsp, publication.event, publication.args,
            publication.attachments, publication.ackId,
            isMistakable ? offsetText(recent->lastNumber()) : QByteArray());
    }
    RecentPacket kept;
    kept.number = recent->nextNumber();
    kept.at = clock.wall();
    kept.audience = {publication.rooms, publication.except, publication.exceptRooms};
    kept.packet = protocol::encodeEvent(publication.nsp, publication.event, publication.args,
        publication.attachments, {}, offsetText(kept.number));
    const protocol::EncodedPacketPtr packet = kept.packet;
    const quint64 forgotten = recent->forgotten();
    RecentJournal* journal = journals[publication.nsp];
    if (journal)
        journal->packetKept(publication.nsp, kept);
    recent->add(std::move(kept));
    if (journal && recent->forgotten() != forgotten)
        journal->packetsForgotten(publication.nsp, recent->forgotten());
    return packet;
}

qsizetype Hub::Private::deliver(const Publication& publication, NamespaceRooms& rooms, Batch& batch)
{
    if (batch.seats.empty() && !rooms.recent())
        return 0;
    const protocol::EncodedPacketPtr packet = encode(rooms, publication);
    if (!publication.ackId && !options.slowPolicies.isEmpty()) {
        static const RoomName none;
        const RoomName& room = publication.rooms.size() == 1 ? publication.rooms.front() : none;
        packet->setShedding(options.slowPolicies.sheddingOf(
            publication.nsp, room, publication.event, publication.args));
    }
    qsizetype recipients = 0;
    batch.outer = std::exchange(delivering, &batch);
    for (size_t i = 0; i < batch.seats.size(); ++i) {
        // Those who come next are spread over more memory than a cache holds.
        if (i + 2 * Ahead < batch.seats.size())
            prefetch(batch.seats[i + 2 * Ahead]);
        if (const Seat* next = i + Ahead < batch.seats.size() ? batch.seats[i + Ahead] : nullptr)
            prefetch(next->subscriber);
        if (Seat* seat = batch.seats[i]) {
            ++recipients;
            seat->subscriber->deliver(packet, publication.urgency);
        }
    }
    delivering = batch.outer;
    return recipients;
}

Hub::Hub(const Clock& clock, HubOptions options)
    : d(std::make_unique<Private>(clock, std::move(options)))
{
}

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

bool Hub::Private::join(const NamespaceName& nsp, const RoomName& name, Subscriber& subscriber,
    std::optional<quint64> since)
{
    NamespaceRooms* rooms = find(nsp);
    Seat* seat = rooms ? rooms->seat(subscriber.socketId()) : nullptr;
    Q_ASSERT_X(seat, "Hub::join", "attach() first");
    if (!seat)
        return false;
    Room* room = rooms->room(name);
    if (room && NamespaceRooms::membership(*seat, room))
        return false;
    if (!room) {
        room = rooms->openRoom(name, clock.wall());
        observers.forEach([&](HubObserver& o) { o.roomOpened(nsp, name); });
    }
    if (!since)
        since = rooms->recent() ? rooms->recent()->lastNumber() : 0;
    NamespaceRooms::addMember(*room, *seat, clock.wall(), *since);
    observers.forEach([&](HubObserver& o) { o.memberJoined(nsp, name, subscriber); });
    return true;
}

bool Hub::join(const NamespaceName& nsp, const RoomName& name, Subscriber& subscriber)
{
    return d->join(nsp, name, subscriber, {});
}

bool Hub::rejoin(const NamespaceName& nsp, const PastMembership& past, Subscriber& subscriber)
{
    return d->join(nsp, past.room, subscriber, past.since);
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
    QSet<RoomName> named;
    for (size_t i = 0; i < publication.rooms.size(); ++i) {
        if (publication.rooms.size() > 1) { // one room is what most are for
            if (named.contains(publication.rooms[i]))
                continue; // named twice, still one event
            named.insert(publication.rooms[i]);
        }
        const quint64 sequence = rooms.nextSequence(publication.rooms[i]);
        if (i == 0)
            delivery.sequence = sequence;
    }
    Batch batch{std::exchange(d->spareBatch, {})};
    batch.seats.clear();
    d->gather(rooms, publication, batch.seats);
    delivery.recipients = d->deliver(publication, rooms, batch);
    d->spareBatch = std::move(batch.seats);
    d->observers.forEach([&](HubObserver& o) { o.published(publication, delivery); });
    return delivery;
}

std::vector<SocketId> Hub::recipients(const Publication& publication)
{
    std::vector<Seat*> seats;
    d->gather(d->roomsFor(publication.nsp), publication, seats);
    std::vector<SocketId> sockets;
    sockets.reserve(seats.size());
    for (const Seat* seat : seats)
        sockets.push_back(seat->subscriber->socketId());
    return sockets;
}

void Hub::keepRecent(const NamespaceName& nsp, RecentBounds bounds, RecentJournal* journal)
{
    d->roomsFor(nsp).setRecent(std::make_unique<RecentPackets>(bounds, d->clock.wall()));
    d->journals[nsp] = journal;
}

const RecentPackets* Hub::recent(const NamespaceName& nsp) const
{
    const NamespaceRooms* rooms = d->find(nsp);
    return rooms ? rooms->recent() : nullptr;
}

void Hub::restoreRecent(
    const NamespaceName& nsp, std::vector<RecentPacket> packets, quint64 forgottenUpTo)
{
    RecentPackets* recent = d->roomsFor(nsp).recent();
    Q_ASSERT_X(recent, "Hub::restoreRecent", "keepRecent() first");
    recent->restore(std::move(packets), forgottenUpTo);
}

void Hub::trimRecent()
{
    for (auto& [nsp, rooms] : d->namespaces) {
        RecentPackets* recent = rooms.recent();
        if (!recent)
            continue;
        const quint64 forgotten = recent->forgotten();
        recent->trim(d->clock.wall());
        RecentJournal* journal = d->journals[nsp];
        if (journal && recent->forgotten() != forgotten)
            journal->packetsForgotten(nsp, recent->forgotten());
    }
}

protocol::EncodedPacketPtr Hub::encodeFor(const NamespaceName& nsp, const SocketId& socket,
    QByteArrayView event, const protocol::JsonArgs& args, const QList<QByteArray>& attachments)
{
    return d->encode(d->roomsFor(nsp),
        {nsp, {RoomName{socket.value}}, event.toByteArray(), args, attachments, {}, {}});
}

std::vector<PastMembership> Hub::memberships(const NamespaceName& nsp, const SocketId& socket) const
{
    std::vector<PastMembership> past;
    const NamespaceRooms* rooms = d->find(nsp);
    if (const Seat* seat = rooms ? rooms->seat(socket) : nullptr) {
        for (const Membership& membership : seat->memberships)
            past.push_back({membership.room->name, membership.since});
    }
    return past;
}

const SlowPolicies& Hub::slowPolicies() const
{
    return d->options.slowPolicies;
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
