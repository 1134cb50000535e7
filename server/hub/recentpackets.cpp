// SPDX-License-Identifier: Apache-2.0
#include "server/hub/recentpackets.h"

#include <algorithm>

namespace gatehouse::hub {

namespace {

/// A run would have to number a million events a millisecond to reach the numbers of the next one.
constexpr int numbersPerMillisBits = 20;
/// More than any run numbers beyond what it has written down.
constexpr quint64 restartGap = quint64{1} << 32;
constexpr int base = 36;

const std::vector<RoomName>& roomsOrEverybody(const Audience& audience)
{
    static const std::vector<RoomName> everybody{RoomName()};
    return audience.rooms.empty() ? everybody : audience.rooms;
}

} // namespace

RecentPackets::RecentPackets(RecentBounds bounds, Millis wallNow)
    : m_bounds(bounds), m_last(quint64(wallNow.count()) << numbersPerMillisBits), m_floor(m_last)
{
}

void RecentPackets::add(RecentPacket packet)
{
    Q_ASSERT(m_entries.empty() || packet.number > m_entries.back().recent.number);
    m_last = std::max(m_last, packet.number);
    m_bytes += packet.packet->costBytes();
    Entry entry{std::move(packet), {}};
    for (const RoomName& room : roomsOrEverybody(entry.recent.audience))
        entry.previous.push_back(std::exchange(m_lastOf[room], entry.recent.number));
    const Millis now = entry.recent.at;
    m_entries.push_back(std::move(entry));
    trim(now);
}

void RecentPackets::trim(Millis wallNow)
{
    while (!m_entries.empty()
        && (count() > m_bounds.maxPackets || m_bytes > m_bounds.maxBytes
            || m_entries.front().recent.at + m_bounds.maxAge < wallNow)) {
        removeFirst();
    }
}

void RecentPackets::removeFirst()
{
    const RecentPacket& first = m_entries.front().recent;
    for (const RoomName& room : roomsOrEverybody(first.audience)) {
        const auto last = m_lastOf.constFind(room);
        if (last != m_lastOf.cend() && *last == first.number)
            m_lastOf.erase(last);
    }
    m_bytes -= first.packet->costBytes();
    m_floor = std::max(m_floor, first.number);
    m_entries.pop_front();
}

void RecentPackets::restore(std::vector<RecentPacket> packets, quint64 forgottenUpTo)
{
    Q_ASSERT(m_entries.empty());
    const quint64 first = m_last;
    m_floor = forgottenUpTo;
    for (RecentPacket& packet : packets)
        add(std::move(packet));
    m_last = std::max({first, m_last + restartGap, m_floor + restartGap});
}

const RecentPackets::Entry* RecentPackets::find(quint64 number) const
{
    const auto found = std::lower_bound(m_entries.begin(), m_entries.end(), number,
        [](const Entry& entry, quint64 wanted) { return entry.recent.number < wanted; });
    return found == m_entries.end() || found->recent.number != number ? nullptr : &*found;
}

void RecentPackets::collect(
    const RoomName& room, quint64 after, std::vector<quint64>& numbers) const
{
    quint64 number = m_lastOf.value(room);
    while (number > after) {
        const Entry* entry = find(number);
        if (!entry)
            return; // older ones are not kept
        numbers.push_back(number);
        const auto& rooms = roomsOrEverybody(entry->recent.audience);
        const auto at = std::find(rooms.begin(), rooms.end(), room);
        number = entry->previous[size_t(at - rooms.begin())];
    }
}

bool RecentPackets::isExcluded(const Audience& audience, const Absence& absence, quint64 number)
{
    if (std::find(audience.except.begin(), audience.except.end(), absence.socket)
        != audience.except.end())
        return true;
    return std::any_of(
        absence.rooms.begin(), absence.rooms.end(), [&](const PastMembership& membership) {
            return membership.since < number
                && std::find(
                       audience.exceptRooms.begin(), audience.exceptRooms.end(), membership.room)
                != audience.exceptRooms.end();
        });
}

std::optional<std::vector<protocol::EncodedPacketPtr>> RecentPackets::missed(
    const Absence& absence, quint64 offset) const
{
    // A client that got no event of its present stay names none, or one of an earlier stay.
    const quint64 after = std::max(offset, absence.since);
    if (after < std::max(m_floor, absence.lostUpTo) || after > m_last)
        return std::nullopt;
    std::vector<quint64> numbers;
    collect(RoomName(), after, numbers);
    collect(RoomName{absence.socket.value}, after, numbers);
    for (const PastMembership& membership : absence.rooms)
        collect(membership.room, std::max(after, membership.since), numbers);
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    std::vector<protocol::EncodedPacketPtr> packets;
    packets.reserve(numbers.size());
    for (const quint64 number : numbers) {
        const RecentPacket& recent = find(number)->recent;
        if (!isExcluded(recent.audience, absence, number))
            packets.push_back(recent.packet);
    }
    return packets;
}

QByteArray offsetText(quint64 number)
{
    return QByteArray::number(number, base);
}

std::optional<quint64> offsetNumber(QByteArrayView text)
{
    bool isNumber = false;
    const quint64 number = text.toByteArray().toULongLong(&isNumber, base);
    // One spelling only: what we did not write ourselves is not ours.
    if (!isNumber || offsetText(number) != text)
        return std::nullopt;
    return number;
}

} // namespace gatehouse::hub
