// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/ids.h"
#include "common/protocol/socketiopacket.h"
#include "server/events/federationoptions.h"
#include "server/work/presence.h"
#include "server/work/taskservice.h"

#include <QHash>

#include <optional>
#include <vector>

namespace gatehouse::hub {
class Hub;
}

namespace gatehouse::events {

/// Tells the rooms of the federation namespace what happened in `work`: new_task (v5:
/// new_task_update), status_update, kill_containers, algorithm_status_change for changes the server
/// made itself (kills, failed siblings and dependents; for v5 after each PATCH too), node-online
/// and node-offline. Nothing leaves its collaboration. Owned by the composition root; observes
/// tasks and presence while it lives; network thread only.
class FederationAnnouncer : private work::TaskObserver, private work::PresenceObserver
{
public:
    FederationAnnouncer(hub::Hub& hub, work::TaskService& tasks, work::Presence& presence,
        const work::Directory& directory, Generation generation = Generation::V4);
    ~FederationAnnouncer() override;

    /// `kill_containers` for everything the node runs (POST kill/node/tasks).
    void killEverythingOn(const work::Node& node);

    /// To be called when the directory has changed while a node is online: those of the place it
    /// has left hear that it is gone, those of its new one that it is there.
    void nodeMoved(NodeId node);

    /// Arguments of a `kill_containers` for these runs, which must not be none: a node that reads
    /// an empty list kills everything.
    static protocol::JsonArgs killArgs(
        const std::vector<work::RunRef>& runs, CollaborationId collaboration);

    /// Arguments of `algorithm_status_change`, with the status as raw JSON text.
    static protocol::JsonArgs statusArgs(
        const work::RunRef& run, NodeId node, QByteArrayView statusJson);

private:
    /// What was told about a node when it came online.
    struct Place
    {
        CollaborationId collaboration;
        OrganizationId organization;
        QString name;

        friend bool operator==(const Place&, const Place&) = default;
    };

    void taskCreated(const work::TaskRecord& record) override;
    void runChanged(const work::RunChange& change) override;
    void taskReady(const work::ReadyTask& task) override;
    void runsKilled(const work::TaskKill& kill) override;
    void nodeOnline(const work::NodePresence& presence) override;
    void nodeOffline(const work::NodePresence& presence) override;

    void announceTask(CollaborationId collaboration, TaskId task, TaskId parent);
    void announceStatus(const work::RunChange& change);
    void announcePresence(QByteArrayView event, NodeId node, const Place& place);
    std::optional<Place> placeOf(NodeId node) const;
    void publish(CollaborationId collaboration, QByteArrayView event, protocol::JsonArgs args);

    hub::Hub& m_hub;
    work::TaskService& m_tasks;
    work::Presence& m_presence;
    const work::Directory& m_directory;
    const Generation m_generation;
    QHash<NodeId, Place> m_online;
};

} // namespace gatehouse::events
