// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QtGlobal>

namespace gatehouse::services {

/// Totals since the start unless a comment says "now". Plain numbers of the network thread.
struct ServicesCounters
{
    // Clients
    quint64 forwarded = 0; ///< messages of clients put on the bus
    quint64 malformed = 0; ///< frames of clients that are no message
    quint64 refusedReserved = 0; ///< types no client may send
    quint64 refusedTypes = 0; ///< types that are not on the list
    quint64 impersonations = 0; ///< closed: sent `net-send`
    quint64 logins = 0;
    quint64 refusedLogins = 0;

    // From services to clients
    quint64 netSends = 0;
    quint64 deliveries = 0; ///< one per recipient
    quint64 unknownRecipients = 0; ///< names and addresses nobody has
    quint64 badNetSends = 0; ///< no list of recipients or no message in it
    quint64 kicks = 0;

    // Services
    quint64 servicesNow = 0; ///< now: registered over WebSocket
    quint64 registrations = 0;
    quint64 refusedRegistrations = 0;
    quint64 published = 0; ///< messages of services put on the bus
    quint64 badMessages = 0; ///< frames of services that are no message, or not theirs to send
    quint64 routedResponses = 0; ///< that went to the service that had asked
    quint64 forgottenRequests = 0; ///< of services to each other: too many, or too old
    quint64 deliveredToServices = 0;
    /// Came while a service was being bound, and too much did, or the bus refused the binding.
    quint64 earlyRefused = 0;
    quint64 earlyBytesNow = 0; ///< now: octets of what waits for that
    quint64 badBusMessages = 0; ///< from the bus, of a wrong shape

    // Messages nobody wants yet
    quint64 held = 0;
    quint64 released = 0; ///< of these, a service came for them
    quint64 deadLetters = 0; ///< of these, nobody came in time
    quint64 heldOverflows = 0; ///< dead at once: as many as may wait were waiting
    quint64 heldNow = 0; ///< now
    quint64 heldBytesNow = 0; ///< now
};

} // namespace gatehouse::services
