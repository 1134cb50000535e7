// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "common/protocol/shedding.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QVarLengthArray>

#include <span>

namespace gatehouse::transport {

/// Finished frames waiting for one peer: references to octets that others share, in order. One has
/// its place in here, as most come and leave alone; empty, the queue holds no other memory.
class FrameQueue
{
public:
    void push(QByteArray frames, Millis now, protocol::Shedding shedding = {});

    bool isEmpty() const { return m_first == m_entries.size(); }
    qsizetype bytes() const { return m_bytes; } ///< still to be sent

    /// What the bound is about: octets behind the message under way, and what it costs to keep
    /// each entry, however small.
    qsizetype weight() const;
    Millis oldest() const { return m_entries[m_first].since; } ///< not when empty

    /// The next octets in order; returns how many views it set.
    size_t peek(std::span<QByteArrayView> parts) const;
    void drop(qsizetype sentBytes);

    /// Gives up what may be until the weight is down to `weightGoal`, or there is nothing left to
    /// give up; what the peer has seen the beginning of stays. How many went.
    qsizetype shed(qsizetype weightGoal);
    /// Gives up what may go by age and has waited since before `time`. How many went.
    qsizetype shedOlderThan(Millis time);

    void dropUnstarted(); ///< keeps only the rest of what the peer has seen the beginning of
    QByteArray takeAll();

private:
    struct Entry
    {
        QByteArray frames;
        Millis since;
        protocol::Shedding shedding;
    };

    template <class Predicate>
    qsizetype removeUnstarted(Predicate goes); ///< asked once for each, oldest first

    void forgetAll();

    QVarLengthArray<Entry, 1> m_entries;
    qsizetype m_first = 0;
    qsizetype m_sentOfFirst = 0;
    qsizetype m_bytes = 0;
};

} // namespace gatehouse::transport
