// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "server/access/principal.h"
#include "server/events/windowbudget.h"
#include "server/observe/log.h"

namespace gatehouse::observe {
class Metrics;
}

namespace gatehouse::events {

/// Events of nodes that led to nothing: each is counted, and logged as long as the node has not
/// caused too many lines. Owned by FederationNamespace, shared by its handlers; network thread
/// only.
class NodeRefusals
{
public:
    NodeRefusals(observe::Metrics& metrics, const Clock& clock, int lines, Millis window)
        : m_metrics(metrics), m_clock(clock), m_budget(lines, window)
    {
    }

    /// `run` is the one the event named, 0 when it named none.
    void refuse(
        const access::Principal& node, qint64 run, observe::Level level, const QString& text);

    /// For what would only repeat itself: counted, never logged.
    void countOnly();

private:
    observe::Metrics& m_metrics;
    const Clock& m_clock;
    WindowBudget<NodeId> m_budget;
};

} // namespace gatehouse::events
