// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QtGlobal>

namespace gatehouse::bus {

/// Totals since the start unless a comment says "now". Plain numbers of the network thread.
struct BusCounters
{
    // Publishing
    quint64 published = 0; ///< handed to publish()
    quint64 confirmed = 0;
    quint64 kept = 0; ///< written to the outbox
    quint64 resent = 0; ///< sent again because their confirm was lost: may have arrived twice
    quint64 unroutable = 0;
    quint64 refused = 0; ///< all reasons
    quint64 volatileDropped = 0; ///< among the refused: volatile ones the broker did not take
    quint64 overflowed = 0; ///< among the refused: a queue or the outbox was full
    quint64 waiting = 0; ///< now: handed over and not confirmed, kept ones included
    quint64 waitingBytes = 0; ///< now
    quint64 outboxMessages = 0; ///< now
    quint64 outboxBytes = 0; ///< now
    double outboxAgeSeconds = 0; ///< now: of the oldest

    // Receiving
    quint64 received = 0; ///< messages and calls, duplicates included
    quint64 unmatched = 0; ///< nobody subscribes to them any more
    quint64 duplicates = 0; ///< dropped: their id was seen before
    quint64 deadLettered = 0; ///< gone: rejected, or nobody came, or they could not be sent
    quint64 oversized = 0; ///< over the bound of a body
    quint64 boundTopics = 0; ///< now: patterns the broker has bound for this process
    quint64 subscriptions = 0; ///< now

    // Requests and calls
    quint64 requests = 0;
    quint64 answers = 0; ///< partial ones included
    quint64 requestTimeouts = 0;
    quint64 requestErrors = 0; ///< nobody serves the queue, or the broker was away
    quint64 lateAnswers = 0; ///< dropped: nobody waits for them
    quint64 pendingRequests = 0; ///< now
    quint64 calls = 0;
    quint64 unansweredCalls = 0; ///< now
    quint64 waitingCalls = 0; ///< now, in-process: for one who serves the queue to have a hand free
    quint64 waitingCallBytes = 0; ///< now
    quint64 servedQueues = 0; ///< now: each serving counts

    // Broker
    quint64 connects = 0; ///< connections made, of both kinds
    quint64 disconnects = 0; ///< connections lost
    quint64 blocks = 0; ///< times the broker stopped taking messages
    quint64 services = 0; ///< now: known on the bus
};

} // namespace gatehouse::bus
