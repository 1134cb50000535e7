// SPDX-License-Identifier: Apache-2.0
#include "server/session/socket.h"

namespace gatehouse::session {

std::optional<std::vector<RoomName>> NamespaceHandler::recoveryRequested(
    Socket& socket, const PastSocket& past)
{
    const access::Principal& principal = socket.principal();
    if (principal.kind != past.principalKind || principal.id != past.principalId)
        return std::nullopt;
    std::vector<RoomName> rooms;
    for (const hub::PastMembership& membership : past.absence.rooms)
        rooms.push_back(membership.room);
    return rooms;
}

} // namespace gatehouse::session
