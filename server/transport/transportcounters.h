// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/transport/tally.h"

#include <QtGlobal>

#include <array>

namespace gatehouse::transport {

/// What the WebSockets of one thread count. Totals since the start unless a comment says "now".
struct WebSocketCounters
{
    Tally openWebSockets; ///< now

    Tally webSocketProtocolErrors; ///< ended by us: 1002, 1003, 1007
    Tally webSocketTooBig; ///< ended by us: 1009
    Tally webSocketStalls; ///< a message was begun and not finished in time
    Tally webSocketFloods; ///< ended by us: too many control frames
    Tally slowConsumers; ///< outgoing queue over its bound
    Tally framesShed; ///< dropped for a client over its bound, as a policy allows
    Tally readingPauses; ///< a peer asked faster than it took the answers
    Tally handOverPauses; ///< a peer asked faster than the network thread worked it off
    Tally closeTimeouts; ///< the peer did not finish the closing handshake

    Tally bytesIn; ///< payload of the byte streams, without TLS overhead
    Tally bytesOut;

    void add(const WebSocketCounters& other);
};

/// The same of a whole transport: plain numbers are counted by the network thread alone.
struct TransportCounters : WebSocketCounters
{
    quint64 accepted = 0;
    quint64 openConnections = 0; ///< now: HTTP, WebSocket and closing ones

    quint64 refusedTotalCap = 0; ///< over maxConnections
    quint64 refusedAddressCap = 0; ///< over maxConnectionsPerAddress
    quint64 refusedTlsCap = 0; ///< over maxPendingTlsHandshakes
    quint64 acceptErrors = 0; ///< accept() failed, mostly for want of descriptors

    quint64 tlsHandshakes = 0; ///< completed
    quint64 tlsFailures = 0; ///< failed or not finished in time

    quint64 requests = 0; ///< complete ones, handed to a handler
    std::array<quint64, 6> answers{}; ///< HTTP answers by the first digit of their status
    quint64 badRequests = 0; ///< 400: grammar, framing, Host
    quint64 bodyTooLarge = 0; ///< 413
    quint64 targetTooLong = 0; ///< 414
    quint64 headerTooLarge = 0; ///< 431
    quint64 requestTimeouts = 0; ///< head or body not complete in time (408 where it helps)
    quint64 answerTimeouts = 0; ///< the peer did not take our answer in time
    quint64 notFound = 0; ///< 404: no handler for the path
    quint64 otherRefusals = 0; ///< 405, 417, 426, 501, 503, 505
    quint64 peersGone = 0; ///< left before their answer (aborted long polls)

    quint64 upgradesAccepted = 0;
    quint64 upgradesRefused = 0; ///< by our checks or by the acceptor
    quint64 upgradesFailed = 0; ///< checked, but the connection was gone

    quint64 ringBatches = 0; ///< system calls that sent to many clients (io_uring)
    bool hasRing = false; ///< now
};

} // namespace gatehouse::transport
