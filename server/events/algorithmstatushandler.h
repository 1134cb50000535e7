// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"
#include "server/events/federationeventhandler.h"
#include "server/events/federationoptions.h"
#include "server/events/windowbudget.h"
#include "server/work/entities.h"

#include <memory>

namespace gatehouse::hub {
class Hub;
}
namespace gatehouse::work {
class TaskService;
}

namespace gatehouse::events {

class ForeignRuns;
class NodeRefusals;

/// `algorithm_status_change` from a node: relayed to its collaboration, sender included, with the
/// run's job_id added; the status stays as it was spelled. Nothing is stored (the node's PATCH does
/// that). A node speaks only for runs of its own, whatever ids it writes. Runs that are not in
/// memory are asked of the database, for so many events of a node in a window of time; a node that
/// makes up run ids costs nobody else a read.
class AlgorithmStatusHandler final : public FederationEventHandler
{
public:
    AlgorithmStatusHandler(hub::Hub& hub, work::TaskService& tasks, NodeRefusals& refusals,
        const Clock& clock, const FederationOptions& options, ForeignRuns& foreignRuns);

    void handle(const access::Principal& node, const SocketId& socket,
        const session::IncomingEvent& event) override;

private:
    void relay(const access::Principal& node, const QByteArray& data, const work::RunRef& run);
    void refuse(const access::Principal& node, qint64 run, const QString& why);

    hub::Hub& m_hub;
    work::TaskService& m_tasks;
    NodeRefusals& m_refusals;
    const Clock& m_clock;
    ForeignRuns& m_foreignRuns;
    WindowBudget<NodeId> m_lookups;
    std::shared_ptr<bool> m_alive;
};

} // namespace gatehouse::events
