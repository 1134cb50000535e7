// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "server/hub/roomhistory.h"

#include <QtGlobal>

namespace gatehouse::events {

/// What happens to a live socket when its token ends.
enum class LiveTokenEnd : quint8 {
    Keep, ///< nothing, as in vantage6 v4: the token counts at connect
    Renew, ///< `expired_token` is sent; closed after the grace period if it is still there
};

/// Whose words the namespace uses: vantage6 v4 and v5 name new tasks differently, and the nodes and
/// interfaces of each ignore the other's name.
enum class Generation : quint8 { V4, V5, Both };

/// Bounds and timings of the federation namespace.
struct FederationOptions
{
    Generation generation = Generation::V4;
    Millis unidentifiedGrace{60'000}; ///< a socket without identity is closed after this
    qsizetype maxUnidentified = 1'000; ///< at once; beyond, the oldest is closed
    Millis expiredTokenInterval{10'000}; ///< `expired_token` per identity at most once in this time
    Millis expiredTokenGrace{0}; ///< a token that ended less than this ago still counts
    LiveTokenEnd liveTokenEnd = LiveTokenEnd::Keep;
    qsizetype maxLogLineBytes = 64 * 1024; ///< of one algorithm_log; longer ones are cut
    qsizetype maxBatchedLogBytes = 256 * 1024; ///< per run before it is written at once
    Millis logFlushInterval{200}; ///< how long live log lines wait to be written together
    Millis nodeWriteInterval{10'000}; ///< last-seen time and configuration of a node, at most
    qsizetype maxNodeInfoEntries = 1'000; ///< of one node_info_update
    qsizetype maxNodeInfoBytes = 64 * 1024;
    int maxLoggedEvents = 50; ///< of one socket, in the window below; more are not logged
    Millis loggedEventsWindow{10'000};
    int maxRunLookups = 20; ///< of one node in that window, for runs that are not in memory
    int maxEventsForRuns = 1'000; ///< of one socket that wait for another server's word on runs
    qsizetype maxEventBytesForRuns = 1024 * 1024; ///< their payloads; a single one may be larger
    size_t maxEarlyEvents = 64; ///< of a socket about whose token somebody is being asked
    qsizetype maxEarlyEventBytes = 64 * 1024;
    hub::RoomHistoryBounds history{}; ///< of each room, for `room:history`
    int maxHistoryQuestions = 20; ///< of one socket in the window above
    qsizetype maxHistoryBytes = 256 * 1024; ///< of one answer, about
    Millis nodeSilence{150'000}; ///< an online node without a sign of life for so long is "silent"
    qsizetype maxKillsPerEvent = 1'000; ///< runs in one `kill_containers` told at sync
};

} // namespace gatehouse::events
