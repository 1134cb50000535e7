// SPDX-License-Identifier: Apache-2.0
#include "server/events/noderefusals.h"

#include "server/observe/metrics.h"

namespace gatehouse::events {

void NodeRefusals::refuse(
    const access::Principal& node, qint64 run, observe::Level level, const QString& text)
{
    countOnly();
    using Verdict = WindowBudget<NodeId>::Verdict;
    const Verdict verdict = m_budget.take(node.nodeId(), m_clock.monotonic());
    if (verdict == Verdict::Refused)
        return;
    const bool isLast = verdict == Verdict::GrantedAsLast;
    const QString end = isLast ? QStringLiteral(" (more of this node are left out)") : QString();
    observe::log(
        level, observe::category::task, text + end, {.node = node.nodeId(), .run = RunId{run}});
}

void NodeRefusals::countOnly()
{
    m_metrics.nodeEventsRefused.Increment();
}

} // namespace gatehouse::events
