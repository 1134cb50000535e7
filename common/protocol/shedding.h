// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QtGlobal>

#include <span>
#include <vector>

namespace gatehouse::protocol {

/// What a client's queue may do with a packet instead of giving the client up, when the queue is
/// over its bound.
class Shedding
{
public:
    constexpr Shedding() = default; ///< nothing: the packet is delivered, or the client closed

    /// Dropped when it is the oldest that may be.
    static constexpr Shedding oldestFirst() { return Shedding(OldestFirst); }
    /// Dropped when a newer packet of the same key waits behind it.
    static constexpr Shedding keepLatest(quint64 key) { return Shedding(key | LatestBit); }

    constexpr bool isAllowed() const { return m_tag != 0; }
    constexpr bool isOldestFirst() const { return m_tag == OldestFirst; }
    constexpr bool isKeepLatest() const { return m_tag > OldestFirst; }
    /// One number for all of it: equal for packets that replace each other.
    constexpr quint64 tag() const { return m_tag; }

    friend constexpr bool operator==(Shedding, Shedding) = default;

private:
    static constexpr quint64 OldestFirst = 1;
    static constexpr quint64 LatestBit = quint64(1) << 63;

    explicit constexpr Shedding(quint64 tag) : m_tag(tag) { }

    quint64 m_tag = 0;
};

/// A waiting packet as the choice below sees it.
struct Sheddable
{
    Shedding shedding;
    qsizetype cost = 0; ///< octets
};

/// Which of a queue's packets (oldest first) go so that it loses `excess` octets: first every one
/// that a newer one replaces, then the oldest of those that may go by age, as few as will do. True
/// at the index of what goes; the rest may still be too much.
std::vector<bool> chooseShed(std::span<const Sheddable> queue, qsizetype excess);

} // namespace gatehouse::protocol
