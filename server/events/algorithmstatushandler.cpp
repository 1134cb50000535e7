// SPDX-License-Identifier: Apache-2.0
#include "server/events/algorithmstatushandler.h"

#include "common/core/strictjson.h"
#include "server/access/policy.h"
#include "server/events/federationannouncer.h"
#include "server/events/federationnames.h"
#include "server/events/foreignruns.h"
#include "server/events/noderefusals.h"
#include "server/hub/hub.h"
#include "server/observe/log.h"
#include "server/work/taskservice.h"

namespace gatehouse::events {

namespace {

constexpr qsizetype maxStatusBytes = 256;

void logStatus(const work::RunRef& run, const access::Principal& node, const QByteArray& status)
{
    // As in vantage6, what is not one of the four good states counts as a failure.
    const auto known = work::runStatusFromName(QString::fromUtf8(status));
    const bool failed = !known || work::hasFailed(*known);
    observe::log(failed ? observe::Level::Critical : observe::Level::Info, observe::category::task,
        QStringLiteral("A container for job %1 and run %2 on node <%3> %4 %5")
            .arg(QString::number(run.job.value), QString::number(run.run.value), node.name,
                failed ? QStringLiteral("exited with status") : QStringLiteral("has the status"),
                QString::fromUtf8(status)),
        {.node = node.nodeId(), .task = run.task, .run = run.run});
}

bool idsAgree(const QByteArray& data, const work::RunRef& run, const access::Principal& node)
{
    return isAbsentOr(data, "task_id", run.task.value) && isAbsentOr(data, "node_id", node.id)
        && isAbsentOr(data, "organization_id", run.organization.value)
        && isAbsentOr(data, "collaboration_id", run.collaboration.value);
}

} // namespace

AlgorithmStatusHandler::AlgorithmStatusHandler(hub::Hub& hub, work::TaskService& tasks,
    NodeRefusals& refusals, const Clock& clock, const FederationOptions& options,
    ForeignRuns& foreignRuns)
    : m_hub(hub), m_tasks(tasks), m_refusals(refusals), m_clock(clock), m_foreignRuns(foreignRuns),
      m_lookups(options.maxRunLookups, options.loggedEventsWindow),
      m_alive(std::make_shared<bool>(true))
{
}

void AlgorithmStatusHandler::handle(
    const access::Principal& node, const SocketId& socket, const session::IncomingEvent& event)
{
    const auto data = firstObject(event.args);
    const qint64 id = data ? idMember(*data, "run_id") : 0;
    if (id == 0)
        return refuse(node, 0, QStringLiteral("it names no run"));
    if (const work::RunRef* run = m_tasks.knownRun(RunId{id}))
        return relay(node, *data, *run);
    const auto found = [this, alive = std::weak_ptr(m_alive), node, data = *data, id](
                           const Result<work::RunRef>& run) {
        if (alive.expired())
            return;
        if (run)
            relay(node, data, *run);
        else if (run.error().code == ErrorCode::RateLimited)
            m_refusals.countOnly();
        else
            refuse(node, id,
                run.error().code == ErrorCode::NotFound ? QStringLiteral("there is no such run")
                                                        : run.error().detail);
    };
    if (m_foreignRuns.isAvailable())
        return m_foreignRuns.find(node.nodeId(), socket, RunId{id}, data->size(), found);
    using Verdict = WindowBudget<NodeId>::Verdict;
    if (m_lookups.take(node.nodeId(), m_clock.monotonic()) == Verdict::Refused)
        return m_refusals.countOnly();
    m_tasks.findRun(RunId{id}, found);
}

void AlgorithmStatusHandler::relay(
    const access::Principal& node, const QByteArray& data, const work::RunRef& run)
{
    const auto decision = access::mayReportRun(node, {run.organization, run.collaboration});
    if (!decision || !m_tasks.belongsTo(run, node.nodeId()))
        return refuse(node, run.run.value, QStringLiteral("the run is not this node's"));
    if (!idsAgree(data, run, node))
        return refuse(node, run.run.value, QStringLiteral("its ids contradict the run"));
    const auto rawStatus = rawMember(data, "status");
    const auto status = rawStatus ? jsonText(*rawStatus) : std::nullopt;
    if (!status || status->size() > maxStatusBytes)
        return refuse(node, run.run.value, QStringLiteral("it has no usable status"));

    logStatus(run, node, *status);
    const work::RunRef ref = run; // what is heard may change the index it is in
    hub::Publication publication;
    publication.nsp = federationNamespace();
    publication.rooms = {access::collaborationRoom(run.collaboration)};
    publication.event = "algorithm_status_change";
    publication.args = FederationAnnouncer::statusArgs(run, node.nodeId(), *rawStatus);
    m_hub.publish(publication);
    m_tasks.heardOf(ref, work::runStatusFromName(QString::fromUtf8(*status)));
}

void AlgorithmStatusHandler::refuse(const access::Principal& node, qint64 run, const QString& why)
{
    m_refusals.refuse(node, run, observe::Level::Warning,
        QStringLiteral("A status event of node <%1> for run %2 was not relayed: %3")
            .arg(node.name, QString::number(run), why));
}

} // namespace gatehouse::events
