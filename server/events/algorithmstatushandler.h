// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"
#include "server/events/federationeventhandler.h"
#include "server/work/entities.h"

#include <memory>

namespace gatehouse::hub {
class Hub;
}
namespace gatehouse::observe {
class Metrics;
}
namespace gatehouse::work {
class TaskService;
}

namespace gatehouse::events {

/// `algorithm_status_change` from a node: relayed to its collaboration, sender included, with the
/// run's job_id added; the status stays as it was spelled. Nothing is stored (the node's PATCH does
/// that). A node speaks only for runs of its own, whatever ids it writes.
class AlgorithmStatusHandler final : public FederationEventHandler
{
public:
    AlgorithmStatusHandler(hub::Hub& hub, work::TaskService& tasks, observe::Metrics& metrics);

    void handle(const access::Principal& node, const SocketId& socket,
        const session::IncomingEvent& event) override;

private:
    void relay(const access::Principal& node, const QByteArray& data, const work::RunRef& run);
    void refuse(const access::Principal& node, qint64 run, const QString& why);

    hub::Hub& m_hub;
    work::TaskService& m_tasks;
    observe::Metrics& m_metrics;
    std::shared_ptr<bool> m_alive;
};

} // namespace gatehouse::events
