// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/events/federationeventhandler.h"

namespace gatehouse::work {
class Presence;
}

namespace gatehouse::events {

class NodeRefusals;

/// `node_metrics_update` from a node: the latest load of its machine, kept while it is online and
/// shown to administrators. Not in /metrics: a label for each node has no bound.
class NodeMetricsHandler final : public FederationEventHandler
{
public:
    NodeMetricsHandler(work::Presence& presence, NodeRefusals& refusals)
        : m_presence(presence), m_refusals(refusals)
    {
    }

    void handle(const access::Principal& node, const SocketId& socket,
        const session::IncomingEvent& event) override;

    /// The members vantage6 4.x and 5.0 know, where their values are of the right kind, as they
    /// are spelled: numbers that a double can hold, texts, and lists of numbers for GPUs.
    static QByteArray known(const QByteArray& object);

private:
    work::Presence& m_presence;
    NodeRefusals& m_refusals;
};

} // namespace gatehouse::events
