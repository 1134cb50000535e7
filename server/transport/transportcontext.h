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

/// What every connection of one thread shares. Held by each of them, since links belong to sessions
/// and may outlive the front door. Made, used and destroyed in that thread; others may read the
/// counters, and the network thread alone asks for webSocketOptions().
struct TransportContext
{
    TransportContext(TransportOptions transportOptions, const Clock& clockSource)
        : options(std::move(transportOptions)), clock(clockSource), wheel(clockSource)
    {
    }
    Q_DISABLE_COPY_MOVE(TransportContext)

    /// Bounds of an acceptor's links: ours but for what it says itself. For the context's life.
    const WebSocketOptions& webSocketOptions(const session::WebSocketAcceptor& acceptor);

    /// Sends what a turn has for many with one system call, where options and kernel let us.
    void useRing();
    const QString& whyNoRing() const
    {
        return m_whyNoRing;
    } ///< empty: there is one, or none wanted

    const TransportOptions options;
    const Clock& clock;
    TransportCounters counters;
    DeadlineWheel wheel;
    FlushList flushList;
    ClosingStreams closing;
    std::shared_ptr<ConnectionCaps> caps; ///< set when listening begins
    int pendingTlsHandshakes = 0;

private:
    QString m_whyNoRing;
    std::unordered_map<const session::WebSocketAcceptor*, std::unique_ptr<const WebSocketOptions>>
        m_ownOptions;
};

using TransportContextPtr = std::shared_ptr<TransportContext>;

} // namespace gatehouse::transport
