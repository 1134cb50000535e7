// SPDX-License-Identifier: Apache-2.0
#include "server/events/federationannouncer.h"

#include "server/access/policy.h"
#include "server/events/federationnames.h"
#include "server/hub/hub.h"

#include <algorithm>

namespace gatehouse::events {

namespace {

QByteArray number(qint64 value)
{
    return QByteArray::number(value);
}

template <class Tag>
QByteArray orNull(Id<Tag> id)
{
    return id.isValid() ? number(id.value) : QByteArrayLiteral("null");
}

} // namespace

FederationAnnouncer::FederationAnnouncer(hub::Hub& hub, work::TaskService& tasks,
    work::Presence& presence, const work::Directory& directory, Generation generation)
    : m_hub(hub), m_tasks(tasks), m_presence(presence), m_directory(directory),
      m_generation(generation)
{
    m_tasks.addObserver(this);
    m_presence.addObserver(this);
}

FederationAnnouncer::~FederationAnnouncer()
{
    m_presence.removeObserver(this);
    m_tasks.removeObserver(this);
}

void FederationAnnouncer::killEverythingOn(const work::Node& node)
{
    publish(node.collaboration, "kill_containers",
        "{\"node_id\":" + number(node.id.value)
            + ",\"collaboration_id\":" + number(node.collaboration.value) + '}');
}

protocol::JsonArgs FederationAnnouncer::killArgs(
    const std::vector<work::RunRef>& runs, CollaborationId collaboration)
{
    QByteArrayList entries;
    for (const work::RunRef& run : runs) {
        entries.append("{\"task_id\":" + number(run.task.value)
            + ",\"run_id\":" + number(run.run.value)
            + ",\"organization_id\":" + number(run.organization.value) + '}');
    }
    return "{\"kill_list\":[" + entries.join(',')
        + "],\"collaboration_id\":" + number(collaboration.value) + '}';
}

protocol::JsonArgs FederationAnnouncer::statusArgs(
    const work::RunRef& run, NodeId node, QByteArrayView statusJson)
{
    return "{\"status\":" + statusJson.toByteArray() + ",\"run_id\":" + number(run.run.value)
        + ",\"task_id\":" + number(run.task.value) + ",\"job_id\":" + number(run.job.value)
        + ",\"collaboration_id\":" + number(run.collaboration.value)
        + ",\"node_id\":" + orNull(node) + ",\"organization_id\":" + number(run.organization.value)
        + ",\"parent_id\":" + orNull(run.parent) + '}';
}

void FederationAnnouncer::taskCreated(const work::TaskRecord& record)
{
    announceTask(record.task.collaboration, record.task.id, record.task.parent);
}

/// Nodes that asked for its runs before got none.
void FederationAnnouncer::taskReady(const work::ReadyTask& task)
{
    announceTask(task.collaboration, task.task, task.parent);
}

void FederationAnnouncer::announceTask(CollaborationId collaboration, TaskId task, TaskId parent)
{
    const QByteArray args
        = "{\"id\":" + number(task.value) + ",\"parent_id\":" + orNull(parent) + '}';
    if (m_generation != Generation::V5)
        publish(collaboration, "new_task", args);
    if (m_generation != Generation::V4)
        publish(collaboration, "new_task_update", args);
}

void FederationAnnouncer::runChanged(const work::RunChange& change)
{
    if (change.cause == work::ChangeCause::Kill)
        return; // told by runsKilled(), after kill_containers
    publish(change.run.collaboration, "status_update",
        "{\"run_id\":" + number(change.run.run.value) + '}');
    // v5 tells each PATCH by itself; a node that dies before its own event is heard all the same.
    const bool isOurs = change.cause != work::ChangeCause::Node;
    if (isOurs || m_generation != Generation::V4)
        announceStatus(change);
}

void FederationAnnouncer::runsKilled(const work::TaskKill& kill)
{
    std::vector<work::RunRef> runs;
    for (const work::RunChange& change : kill.runs)
        runs.push_back(change.run);
    if (runs.empty())
        return;
    publish(kill.collaboration, "kill_containers", killArgs(runs, kill.collaboration));
    for (const work::RunChange& change : kill.runs)
        announceStatus(change);
}

void FederationAnnouncer::nodeOnline(const work::NodePresence& presence)
{
    const std::optional<Place> place = placeOf(presence.node);
    if (!place)
        return;
    m_online.insert(presence.node, *place);
    announcePresence("node-online", presence.node, *place);
}

void FederationAnnouncer::nodeOffline(const work::NodePresence& presence)
{
    const auto known = m_online.constFind(presence.node);
    if (known == m_online.cend())
        return;
    // Where it was announced; by now the directory may have it elsewhere, or not at all.
    const Place place = *known;
    m_online.erase(known);
    announcePresence("node-offline", presence.node, place);
}

void FederationAnnouncer::nodeMoved(NodeId node)
{
    const auto known = m_online.find(node);
    const std::optional<Place> place = placeOf(node);
    if (known == m_online.end() || !place || *known == *place)
        return;
    const Place before = std::exchange(*known, *place);
    announcePresence("node-offline", node, before);
    announcePresence("node-online", node, *place);
}

void FederationAnnouncer::announceStatus(const work::RunChange& change)
{
    const QLatin1StringView status = work::name(change.run.status);
    publish(change.run.collaboration, "algorithm_status_change",
        statusArgs(change.run, m_tasks.nodeOf(change.run),
            protocol::jsonString(QByteArrayView(status.data(), status.size()))));
}

std::optional<FederationAnnouncer::Place> FederationAnnouncer::placeOf(NodeId id) const
{
    const work::Node* node = m_directory.node(id);
    return node ? std::optional(Place{node->collaboration, node->organization, node->name})
                : std::nullopt;
}

void FederationAnnouncer::announcePresence(QByteArrayView event, NodeId node, const Place& place)
{
    // Once per client: the union of both rooms. Not to all_nodes: other collaborations must not
    // learn who is there.
    hub::Publication publication;
    publication.nsp = federationNamespace();
    publication.rooms = {access::collaborationRoom(place.collaboration),
        access::organizationRoom(place.collaboration, place.organization)};
    publication.event = event.toByteArray();
    publication.args = "{\"id\":" + number(node.value)
        + ",\"name\":" + protocol::jsonString(place.name.toUtf8())
        + ",\"org_id\":" + number(place.organization.value) + '}';
    m_hub.publish(publication);
}

void FederationAnnouncer::publish(
    CollaborationId collaboration, QByteArrayView event, protocol::JsonArgs args)
{
    hub::Publication publication;
    publication.nsp = federationNamespace();
    publication.rooms = {access::collaborationRoom(collaboration)};
    publication.event = event.toByteArray();
    publication.args = std::move(args);
    m_hub.publish(publication);
}

} // namespace gatehouse::events
