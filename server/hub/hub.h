// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "common/core/ids.h"
#include "common/protocol/socketiopacket.h"
#include "server/hub/recentpackets.h"
#include "server/hub/slowpolicies.h"
#include "server/hub/subscriber.h"

#include <memory>
#include <optional>
#include <vector>

namespace gatehouse::hub {

/// What a room looks like from outside, at one moment.
struct RoomView
{
    NamespaceName nsp;
    RoomName name;
    qsizetype memberCount = 0;
    quint64 sequence = 0; ///< number of the room's last event
    Millis createdAt{}; ///< wall clock
};

struct MemberView
{
    SocketId socket;
    Millis joinedAt{}; ///< wall clock
};

/// One event on its way to rooms of one namespace.
struct Publication
{
    NamespaceName nsp;
    /// Union, each member once; empty: the whole namespace. A room of a socket's id reaches that
    /// socket, without anybody having joined it.
    std::vector<RoomName> rooms;
    QByteArray event;
    protocol::JsonArgs args;
    QList<QByteArray> attachments;
    std::vector<SocketId> except;
    Urgency urgency = Urgency::Reliable;
    std::vector<RoomName> exceptRooms{}; ///< nobody who is in one of these
    std::optional<quint64> ackId{}; ///< every recipient answers with it; such an event is not kept
};

struct Delivery
{
    qsizetype recipients = 0;
    quint64 sequence = 0; ///< of the first room named; 0 for a whole namespace
};

struct HubOptions
{
    /// Closed rooms whose sequence number is kept exactly, per namespace. Beyond it all of them
    /// continue from their highest number: memory stays bounded and numbers still never go back.
    qsizetype maxRememberedRooms = 100'000;
    SlowPolicies slowPolicies{}; ///< what clients that are behind may miss
};

/// Hears every change the hub makes, synchronously, after it is made. For the admin namespace,
/// counters and the delivery trace. Must not change the hub from inside a call.
class HubObserver
{
public:
    virtual ~HubObserver() = default;
    virtual void subscriberAttached(const NamespaceName&, const Subscriber&) { }
    virtual void subscriberDetached(const NamespaceName&, const Subscriber&) { }
    virtual void roomOpened(const NamespaceName&, const RoomName&) { }
    virtual void roomClosed(const NamespaceName&, const RoomName&) { }
    virtual void memberJoined(const NamespaceName&, const RoomName&, const Subscriber&) { }
    virtual void memberLeft(const NamespaceName&, const RoomName&, const Subscriber&) { }
    virtual void published(const Publication&, const Delivery&) { }
};

/// Namespaces, rooms and who is in them; carries each event to a room's members, encoded once.
/// A room exists while it has members; its sequence number outlives it for `Hub`'s life time so
/// that numbers never go back. Owned by the composition root; network thread only.
class Hub
{
public:
    explicit Hub(const Clock& clock, HubOptions options = {});
    ~Hub();
    Q_DISABLE_COPY_MOVE(Hub)

    void addObserver(HubObserver* observer); ///< not owned; must outlive the hub or be removed
    void removeObserver(HubObserver* observer);

    /// Subscribers are not owned. detach() leaves every room first.
    void attach(const NamespaceName& nsp, Subscriber& subscriber);
    void detach(const NamespaceName& nsp, Subscriber& subscriber);

    /// True when membership changed. Joining needs attach() before.
    bool join(const NamespaceName& nsp, const RoomName& room, Subscriber& subscriber);
    /// As one who has been in the room since that number and was away.
    bool rejoin(const NamespaceName& nsp, const PastMembership& past, Subscriber& subscriber);
    bool leave(const NamespaceName& nsp, const RoomName& room, Subscriber& subscriber);

    /// Encodes once, at most, and hands the same packet to every recipient in the order of joining
    /// a room. A subscriber that is detached while it goes on gets nothing any more.
    Delivery publish(const Publication& publication);
    /// Those publish() would reach now.
    std::vector<SocketId> recipients(const Publication& publication);

    /// From now on the namespace's reliable events carry their offset as last argument and are kept
    /// for those who come back. `journal` is not owned; null where nothing outlives the process.
    void keepRecent(
        const NamespaceName& nsp, RecentBounds bounds, RecentJournal* journal = nullptr);
    const RecentPackets* recent(const NamespaceName& nsp) const; ///< null: not kept
    /// What an earlier run kept, oldest first.
    void restoreRecent(
        const NamespaceName& nsp, std::vector<RecentPacket> packets, quint64 forgottenUpTo);
    void trimRecent();
    /// An event for one socket, which may not be attached yet, numbered and kept as the namespace
    /// wants it. The caller delivers it.
    protocol::EncodedPacketPtr encodeFor(const NamespaceName& nsp, const SocketId& socket,
        QByteArrayView event, const protocol::JsonArgs& args, const QList<QByteArray>& attachments);
    std::vector<PastMembership> memberships(const NamespaceName& nsp, const SocketId& socket) const;

    /// For events that go to a client without the hub.
    const SlowPolicies& slowPolicies() const;

    bool isMember(const NamespaceName& nsp, const RoomName& room, const SocketId& socket) const;
    std::vector<RoomName> roomsOf(const NamespaceName& nsp, const SocketId& socket) const;
    std::vector<NamespaceName> namespaces() const; ///< every one that ever had a subscriber
    std::vector<RoomView> rooms() const;
    std::optional<RoomView> room(const NamespaceName& nsp, const RoomName& room) const;
    std::vector<MemberView> members(const NamespaceName& nsp, const RoomName& room) const;
    qsizetype subscriberCount(const NamespaceName& nsp) const;

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace gatehouse::hub
