// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QtGlobal>

#include <array>

namespace gatehouse::transport {

/// Totals since the start unless a comment says "now". Plain numbers of the network thread.
struct TransportCounters
{
    quint64 accepted = 0;
    quint64 openConnections = 0; ///< now: HTTP, WebSocket and closing ones
    quint64 openWebSockets = 0; ///< now

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

    quint64 webSocketProtocolErrors = 0; ///< ended by us: 1002, 1003, 1007
    quint64 webSocketTooBig = 0; ///< ended by us: 1009
    quint64 webSocketStalls = 0; ///< a message was begun and not finished in time
    quint64 webSocketFloods = 0; ///< ended by us: too many control frames
    quint64 slowConsumers = 0; ///< outgoing queue over its bound
    quint64 framesShed = 0; ///< dropped for a client over its bound, as a policy allows
    quint64 readingPauses = 0; ///< a peer asked faster than it took the answers
    quint64 closeTimeouts = 0; ///< the peer did not finish the closing handshake

    quint64 bytesIn = 0; ///< payload of the byte streams, without TLS overhead
    quint64 bytesOut = 0;
    quint64 ringBatches = 0; ///< system calls that sent to many clients (io_uring)
    bool hasRing = false; ///< now
};

} // namespace gatehouse::transport
