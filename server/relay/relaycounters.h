// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QtGlobal>

namespace gatehouse::relay {

/// Totals of one profile since the start, unless a comment says "now".
struct RelayCounters
{
    quint64 clients = 0; ///< now
    quint64 elevatedClients = 0; ///< now
    quint64 events = 0; ///< with a rule
    quint64 unknownEvents = 0; ///< without one
    quint64 badEvents = 0; ///< a payload no rule of that event takes
    quint64 unauthenticated = 0; ///< refused: needs a token, or one that is still good
    quint64 forbidden = 0; ///< refused: not a member, not the right
    quint64 limited = 0; ///< refused: too many requests under way
    quint64 requests = 0;
    quint64 requestsUnderWay = 0; ///< now
    quint64 failedCalls = 0; ///< a service refused, did not answer, or answered nonsense
    quint64 answers = 0; ///< parts included
    quint64 membershipQuestions = 0; ///< that went to the bus
    quint64 joins = 0;
    quint64 elevations = 0;
    quint64 refusedElevations = 0;
    quint64 nonces = 0; ///< now: registered and not redeemed
    quint64 expiredNonces = 0;
    quint64 demotions = 0; ///< clients that lost their elevation: by call, or their token ended
    quint64 lostMemberships = 0; ///< rooms left because the bus said no later
    quint64 gaps = 0; ///< times a client was told that it missed events
    quint64 publications = 0; ///< messages from the bus
    quint64 restrictedPublications = 0; ///< of those: only for clients with a right
    quint64 badPublications = 0; ///< not JSON, or without the value their room is named by
    quint64 controlCalls = 0;
    quint64 badControlCalls = 0;
    quint64 boundTopics = 0; ///< now, at the broker
};

} // namespace gatehouse::relay
