// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/bus/bus.h"
#include "server/relay/refusal.h"
#include "server/relay/rules.h"

#include <tl/expected.hpp>

#include <functional>
#include <vector>

namespace gatehouse::relay {

/// One answer to a call: checked JSON, out of its envelope.
struct CallAnswer
{
    QByteArray body;
    bool isFinal = true; ///< nothing follows
};

/// As bus::AnswerHandler: any number of partial answers and a final one, or a refusal that ends it.
using CallHandler = std::function<void(const tl::expected<CallAnswer, Refusal>&)>;

/// Turns calls of the rules into requests on the bus: which queue, what body, what an answer means.
/// Holds no state beside a counter; outlives what it has sent. Network thread only.
class Caller
{
public:
    Caller(const Rules& rules, bus::Bus& bus) : m_rules(rules), m_bus(bus) { }

    /// The shards a call goes to; one 0 where there are none. A call that names no shard goes to
    /// each in turn, or is refused, as the route says.
    tl::expected<std::vector<int>, Refusal> shardsFor(const Call& call, const Facts& facts) const;

    /// Sends it. Dropping the ticket gives it up. `finished`, if any, is where an answer says that
    /// more follow.
    tl::expected<bus::Ticket, Refusal> send(const Call& call, int shard, const Facts& facts,
        const std::optional<ValuePath>& finished, CallHandler handler) const;

private:
    tl::expected<QByteArray, Refusal> body(
        const Route& route, const Call& call, const Facts& facts) const;

    const Rules& m_rules;
    bus::Bus& m_bus;
    mutable quint32 m_turn = 0;
};

/// What an answer on the bus says, by the envelope of its route.
tl::expected<QByteArray, Refusal> openAnswer(Route::Envelope envelope, const QByteArray& body);

} // namespace gatehouse::relay
