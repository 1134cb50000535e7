// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "common/core/ids.h"
#include "common/protocol/encodedpacket.h"

#include <QHash>

#include <deque>
#include <optional>
#include <vector>

namespace gatehouse::hub {

/// How much of a namespace is kept to be sent again.
struct RecentBounds
{
    Millis maxAge{120'000};
    qsizetype maxPackets = 10'000;
    qsizetype maxBytes = 16 << 20; ///< of text and attachments
};

/// Whom an event was for. A socket alone is the room of its id.
struct Audience
{
    std::vector<RoomName> rooms; ///< empty: the whole namespace
    std::vector<SocketId> except;
    std::vector<RoomName> exceptRooms;
};

/// An event as it was sent, with its offset inside.
struct RecentPacket
{
    quint64 number = 0;
    Millis at{}; ///< wall clock
    Audience audience;
    protocol::EncodedPacketPtr packet;
};

/// A room somebody was in, and the number of the last event before it came in.
struct PastMembership
{
    RoomName room;
    quint64 since = 0;
};

/// Someone who has gone and may come back for what was missed.
struct Absence
{
    SocketId socket;
    quint64 since = 0; ///< number of the last event before it came
    std::vector<PastMembership> rooms;
    quint64 lostUpTo = 0; ///< its events up to this number did not outlive a restart
};

/// Writes events of durable rooms down as they are kept; declared here, implemented above. Called
/// in the network thread, must not block.
class RecentJournal
{
public:
    virtual ~RecentJournal() = default;
    virtual void packetKept(const NamespaceName& nsp, const RecentPacket& packet) = 0;
    /// Everything up to this number is of no more use.
    virtual void packetsForgotten(const NamespaceName& nsp, quint64 upTo) = 0;
};

/// The last events of one namespace, numbered, for clients that come back. Numbers only grow; those
/// of the next run of the process begin above those of this one (they contain the time). Each room
/// is a chain through the events, so that finding what one client missed costs what it missed.
class RecentPackets
{
public:
    RecentPackets(RecentBounds bounds, Millis wallNow);

    quint64 lastNumber() const { return m_last; }
    quint64 nextNumber() const { return m_last + 1; }
    qsizetype count() const { return qsizetype(m_entries.size()); }
    qsizetype bytes() const { return m_bytes; }
    quint64 forgotten() const { return m_floor; } ///< every number above it is here

    /// `packet.number` is larger than every number before it.
    void add(RecentPacket packet);
    void trim(Millis wallNow);

    /// What an earlier run kept, oldest first, and the number up to which it had forgotten. Before
    /// the first add(); new numbers stay above all of these even if the clock went back.
    void restore(std::vector<RecentPacket> packets, quint64 forgottenUpTo);

    /// What was sent after `offset` to someone in these rooms, in order; nothing when part of it is
    /// not kept any more.
    std::optional<std::vector<protocol::EncodedPacketPtr>> missed(
        const Absence& absence, quint64 offset) const;

private:
    struct Entry
    {
        RecentPacket recent;
        std::vector<quint64> previous; ///< per room of the audience; one for the whole namespace
    };

    const Entry* find(quint64 number) const;
    void removeFirst();
    void collect(const RoomName& room, quint64 after, std::vector<quint64>& numbers) const;
    static bool isExcluded(const Audience& audience, const Absence& absence, quint64 number);

    const RecentBounds m_bounds;
    std::deque<Entry> m_entries;
    QHash<RoomName, quint64> m_lastOf; ///< by room; the whole namespace is the empty name
    quint64 m_last;
    quint64 m_floor;
    qsizetype m_bytes = 0;
};

/// An event's number as clients give it back: lower case digits of base 36.
QByteArray offsetText(quint64 number);
std::optional<quint64> offsetNumber(QByteArrayView text);

} // namespace gatehouse::hub
