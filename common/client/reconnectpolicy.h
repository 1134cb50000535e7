// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"

namespace gatehouse::client {

/// How long to wait before the next attempt to connect: doubling from `first` to `longest`, spread
/// by chance so that the clients of a restarted server do not come back in one moment. There is no
/// last attempt.
struct ReconnectPolicy
{
    Millis first{1'000};
    Millis longest{5'000};
    double jitter = 0.5; ///< the wait is between (1 - jitter) and (1 + jitter) times the step

    /// The wait before attempt number `attempt`, counted from 0; `chance` is in [0, 1).
    Millis delay(int attempt, double chance) const;
};

} // namespace gatehouse::client
