// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"

#include <QByteArray>

namespace gatehouse::bus {

/// Bounds that hold for every kind of bus; each has a counter in BusCounters.
struct BusOptions
{
    /// This process on the bus; empty: made up at the start, different each time.
    QByteArray nodeName{};
    QByteArray exchange = "gatehouse"; ///< where publications without an exchange go
    qint64 maxBodyBytes = 128 * 1024 * 1024; ///< of one message, either way
    /// Handed over and not yet taken by the broker (or delivered, in-process), requests and answers
    /// included, without what is kept. In-process the same bounds hold once more for calls that
    /// wait.
    qsizetype maxWaiting = 10'000;
    qint64 maxWaitingBytes = 256 * 1024 * 1024;
    qsizetype maxRequests = 10'000; ///< outstanding at a time
    qsizetype maxCalls = 256; ///< unanswered per served queue; the rest waits with the bus
    qsizetype maxServed = 1'000; ///< queues served at a time; a broker allows 2,047 channels
    qsizetype rememberedIds = 65'536; ///< of received messages, to drop second ones
};

} // namespace gatehouse::bus
