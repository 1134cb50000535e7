// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/app/explain.h"
#include "server/app/relays.h"

namespace gatehouse::app {

/// May whoever has this token send an event, or hear one in a room?
struct RelayQuestion
{
    QString token; ///< empty: nobody
    QString event; ///< of a client, or one that rooms get
    QString room; ///< "guild_607637793107345431"; empty: none in particular
    QStringList assumed; ///< what the bus would say: "member", "admin", names of bits
};

/// One answer for each rule about that event, in every profile. Nothing is asked over the bus: what
/// it would decide is taken from `assumed`, and said. NotFound: no rule is about the event.
Result<std::vector<Explanation>> explainRelay(
    const RelayTables& tables, const ClaimVerifiers& verifiers, const RelayQuestion& question);

} // namespace gatehouse::app
