// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"

#include <QString>

namespace gatehouse::events {

/// Bounds and timings of the admin namespace.
struct AdminOptions
{
    QString serverId; ///< shown in `hello`; empty: the host's name
    Millis changeInterval{100}; ///< per topic at most one change message in this time
    Millis overviewInterval{1'000};
    Millis clientCountersInterval{2'000}; ///< how often clients' counters are compared
    int defaultPageSize = 1'000;
    int maxPageSize = 1'000;
    qsizetype maxPageBytes = 256 * 1024; ///< of one page or change message, about
    int maxTasksInSnapshot = 10'000; ///< the newest ones
    int maxLogTail = 10'000;
    int maxLogLinesPerSecond = 2'000; ///< per subscription of `log`; more are counted as dropped
    Millis pingTimeout{10'000};
    Millis nodeSilence{150'000}; ///< an online node without a sign of life for so long is "silent"
    qsizetype maxHistoryBytes = 1 << 20; ///< of one answer to `room:history`, about
};

} // namespace gatehouse::events
