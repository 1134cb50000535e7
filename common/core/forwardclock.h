// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"

#include <functional>
#include <mutex>

namespace gatehouse {

/// A clock whose wall time never goes back nor stands still when the system's is set back: it goes
/// on from where it was, at the pace of the monotonic one, until the system's has caught up or the
/// process ends. So what is stored keeps its order, and no token lives longer than it was made for.
/// Set forward, it follows at once. For the life of a server; programs that end at once need none.
class ForwardClock final : public Clock
{
public:
    /// `source` outlives it. `setBack` is told by how much, once per step of a second or more; from
    /// any thread, and it may read this clock.
    explicit ForwardClock(const Clock& source, std::function<void(Millis)> setBack = {});

    Millis monotonic() const override { return m_source.monotonic(); }
    Millis wall() const override;

private:
    const Clock& m_source;
    const std::function<void(Millis)> m_setBack;
    mutable std::mutex m_mutex;
    mutable Millis m_wall; ///< guarded by m_mutex, like what follows
    mutable Millis m_at; ///< monotonic
    mutable Millis m_ahead{}; ///< of the source, when it was last told
};

} // namespace gatehouse
