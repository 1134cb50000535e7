// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "server/transport/closingstreams.h"
#include "server/transport/connectioncaps.h"
#include "server/transport/deadlinewheel.h"
#include "server/transport/flushlist.h"
#include "server/transport/transportcounters.h"
#include "server/transport/transportoptions.h"

#include <memory>
#include <vector>

namespace gatehouse::transport {

/// What every connection of one network thread shares. Held by each of them, since links belong to
/// sessions and may outlive the front door.
struct TransportContext
{
    TransportContext(TransportOptions transportOptions, const Clock& clockSource)
        : options(std::move(transportOptions)), clock(clockSource), wheel(clockSource)
    {
    }
    Q_DISABLE_COPY_MOVE(TransportContext)

    const TransportOptions options;
    const Clock& clock;
    TransportCounters counters;
    DeadlineWheel wheel;
    FlushList flushList;
    ClosingStreams closing;
    std::shared_ptr<ConnectionCaps> caps; ///< set when listening begins
    int pendingTlsHandshakes = 0;
};

using TransportContextPtr = std::shared_ptr<TransportContext>;

} // namespace gatehouse::transport
