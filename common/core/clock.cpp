// SPDX-License-Identifier: Apache-2.0
#include "common/core/clock.h"

namespace gatehouse {

Millis SystemClock::monotonic() const
{
    return std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now().time_since_epoch());
}

Millis SystemClock::wall() const
{
    return std::chrono::duration_cast<Millis>(std::chrono::system_clock::now().time_since_epoch());
}

} // namespace gatehouse
