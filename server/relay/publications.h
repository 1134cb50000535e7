// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/bus/bus.h"
#include "server/hub/hub.h"
#include "server/relay/relaycounters.h"
#include "server/relay/roomscopes.h"
#include "server/relay/rules.h"

#include <map>

namespace gatehouse::relay {

/// Carries messages of the bus into rooms. A topic is bound from the moment somebody enters a room
/// it can reach until the last one has left, so that a process hears only what its clients need.
/// Network thread only.
class Publications : private hub::HubObserver
{
public:
    Publications(const Rules& rules, RoomScopes& scopes, hub::Hub& hub, bus::Bus& bus,
        RelayCounters& counters);
    ~Publications() override;

private:
    /// A pattern that is bound, and for how many open rooms.
    struct Binding
    {
        bus::Ticket ticket;
        int rooms = 0;
        bool isBound = false; ///< at the broker: what is published from now on comes
    };
    using Key = std::pair<size_t, QByteArray>; ///< rule and pattern

    void roomOpened(const NamespaceName& nsp, const RoomName& room) override;
    void roomClosed(const NamespaceName& nsp, const RoomName& room) override;
    /// The pattern a rule needs for this room; nothing when the room is none of its rooms.
    std::optional<QByteArray> patternFor(const PublicationRule& rule, const RoomName& room) const;
    bus::Verdict received(const PublicationRule& rule, const bus::Message& message);

    const Rules& m_rules;
    RoomScopes& m_scopes;
    hub::Hub& m_hub;
    bus::Bus& m_bus;
    RelayCounters& m_counters;
    std::map<Key, Binding> m_bindings;
};

} // namespace gatehouse::relay
