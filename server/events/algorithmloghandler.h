// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/events/federationeventhandler.h"
#include "server/events/federationoptions.h"

#include <map>

namespace gatehouse::hub {
class Hub;
}
namespace gatehouse::work {
class TaskService;
struct RunRef;
} // namespace gatehouse::work

namespace gatehouse::events {

class ForeignRuns;
class NodeRefusals;

/// `algorithm_log` from a node, one line each: relayed at once to its collaboration, sender
/// included, shown in the live log (gh.run), and stored in batches. Overlong lines are cut. Lines
/// for runs that are neither open nor lately finished, or not the node's own, are dropped.
class AlgorithmLogHandler final : public FederationEventHandler
{
public:
    AlgorithmLogHandler(hub::Hub& hub, work::TaskService& tasks, NodeRefusals& refusals,
        const FederationOptions& options, ForeignRuns& foreignRuns);
    ~AlgorithmLogHandler() override;

    void handle(const access::Principal& node, const SocketId& socket,
        const session::IncomingEvent& event) override;

    void flush(); ///< writes what waits

private:
    struct Batch
    {
        NodeId node;
        QString text; ///< lines joined by line feeds
    };

    void take(const access::Principal& node, const QByteArray& data, const work::RunRef& run);
    void relay(const work::RunRef& run, QByteArrayView textJson);
    void store(NodeId node, RunId run, const QString& text);
    void write(RunId run, const Batch& batch);
    void refuse(const access::Principal& node, qint64 run);

    hub::Hub& m_hub;
    work::TaskService& m_tasks;
    NodeRefusals& m_refusals;
    const FederationOptions& m_options;
    ForeignRuns& m_foreignRuns;
    std::shared_ptr<bool> m_alive = std::make_shared<bool>(true);
    std::map<RunId, Batch> m_batches;
};

} // namespace gatehouse::events
