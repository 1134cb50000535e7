// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"

#include <functional>

namespace gatehouse::test {

/// How long a test waits for what must come. Generous: only a failing test waits this long.
constexpr Millis Patience{10'000};

/// Turns the event loop, so that a server of this thread goes on, until `condition` holds; false
/// when it does not within `deadline`. Never sleeps past an event.
bool waitUntil(const std::function<bool()>& condition, Millis deadline = Patience);

/// Turns the event loop for `duration`; false as soon as `condition` stops holding. For "nothing
/// happens" only.
bool holdsFor(const std::function<bool()>& condition, Millis duration);

} // namespace gatehouse::test
