// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/relay/client.h"
#include "server/relay/refusal.h"
#include "server/relay/roomscopes.h"

#include <optional>

namespace gatehouse::relay {

/// Which rooms clients are in by their own choice. Bookkeeping and the joining itself; who may is
/// decided before.
class Choices
{
public:
    Choices(const Rules& rules, RoomScopes& scopes) : m_rules(rules), m_scopes(scopes) { }

    /// Into the room of the call's rule for its scope, and the extra rooms its bits and its payload
    /// give. In a single-choice rule the other rooms of it are left. A refusal leaves all as it
    /// was. `recheckAt` is when its right has to be looked at again.
    std::optional<Refusal> choose(const EventCall& call, quint64 bits, Millis recheckAt) const;

    /// Out of the scope's rooms of a rule, or of all of them without a scope.
    void leave(Client& client, const QString& roomRule, const std::optional<Scope>& scope) const;
    void leaveAll(Client& client) const;

    /// The rooms somebody with these bits would be in.
    std::vector<RoomName> roomsFor(const RoomRule& rule, const Facts& facts, quint64 bits) const;

private:
    const Rules& m_rules;
    RoomScopes& m_scopes;
};

} // namespace gatehouse::relay
