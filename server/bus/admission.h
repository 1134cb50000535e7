// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/bus/bus.h"
#include "server/bus/busoptions.h"

#include <optional>

namespace gatehouse::bus {

/// Why a publication or a request cannot be sent over any bus; none: it can.
std::optional<Error> objection(const Publication& publication, const BusOptions& options);
std::optional<Error> objection(const Request& request, const BusOptions& options);

/// More queues are served than BusOptions::maxServed.
Error tooManyServed();

/// Gives what is to be sent an id and a sender, if it has none.
void complete(Properties& properties, const QByteArray& nodeName);

/// The empty name for the bus's own exchange, so that there is one way to write it.
ExchangeName normalized(const ExchangeName& exchange, const BusOptions& options);

/// "gatehouse-1f0c…": a node name nobody else has.
QByteArray madeUpNodeName();

} // namespace gatehouse::bus
