// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/session/addressbook.h"
#include "server/session/enginerequest.h"

#include <optional>

namespace gatehouse::session {

/// Why a handshake makes no session, for servers of every kind; what is refused is counted. `Core`
/// has the counters and the address book, which takes note of who is admitted.
template <class Core>
std::optional<protocol::HttpResponse> admissionRefusal(
    Core& core, const protocol::HttpRequest& request, bool isGoingDown, bool isFull)
{
    if (isGoingDown || isFull) {
        ++core.counters.refusedSessions;
        return overloadedResponse(503, isGoingDown ? "Server is going down" : "Too many sessions");
    }
    switch (core.addresses.admitHandshake(request.peerAddress)) {
    case AddressBook::Verdict::TooManySessions:
        ++core.counters.refusedAddresses;
        return overloadedResponse(429, "Too many sessions of this address");
    case AddressBook::Verdict::TooManyHandshakes:
        ++core.counters.refusedHandshakes;
        return overloadedResponse(429, "Too many handshakes of this address");
    case AddressBook::Verdict::Admitted:
        break;
    }
    return std::nullopt;
}

} // namespace gatehouse::session
