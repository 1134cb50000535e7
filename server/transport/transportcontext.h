// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "server/session/websocketlink.h"
#include "server/transport/closingstreams.h"
#include "server/transport/connectioncaps.h"
#include "server/transport/deadlinewheel.h"
#include "server/transport/flushlist.h"
#include "server/transport/transportcounters.h"
#include "server/transport/transportoptions.h"

#include <memory>
#include <unordered_map>
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

    /// Bounds of an acceptor's links: ours but for what it says itself. For the context's life.
    const WebSocketOptions& webSocketOptions(const session::WebSocketAcceptor& acceptor);

    const TransportOptions options;
    const Clock& clock;
    TransportCounters counters;
    DeadlineWheel wheel;
    FlushList flushList;
    ClosingStreams closing;
    std::shared_ptr<ConnectionCaps> caps; ///< set when listening begins
    int pendingTlsHandshakes = 0;

private:
    std::unordered_map<const session::WebSocketAcceptor*, std::unique_ptr<const WebSocketOptions>>
        m_ownOptions;
};

using TransportContextPtr = std::shared_ptr<TransportContext>;

} // namespace gatehouse::transport
