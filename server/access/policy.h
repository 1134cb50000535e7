// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/ids.h"
#include "server/access/decision.h"
#include "server/access/principal.h"
#include "server/access/rights.h"

#include <QLatin1StringView>

#include <optional>
#include <span>
#include <vector>

// Every permission question of the server, as functions over plain facts: no state, no database, no
// clock, any thread. Callers fetch Principal and Rights at the moment of the question, so that a
// changed rule counts at once. Rights are those of a user; for other kinds pass {}.
namespace gatehouse::access {

/// Room names of the federation namespace (federation.md section 2).
RoomName allNodesRoom(); ///< "all_nodes"
RoomName collaborationRoom(CollaborationId collaboration); ///< "collaboration_<cid>"
/// "collaboration_<cid>_organization_<oid>"
RoomName organizationRoom(CollaborationId collaboration, OrganizationId organization);

/// Which rooms one belongs in, in the order they are joined, and why.
struct RoomGrant
{
    std::vector<RoomName> rooms;
    Decision decision;
};

/// Nodes: three rooms from their registration. Users: by the highest scope of event/RECEIVE held
/// (GLOBAL: every room of `allCollaborations`, COLLABORATION: their organization's collaborations,
/// ORGANIZATION: their organization's room in each of those). Everybody else: none.
RoomGrant roomsFor(const Principal& principal, const Rights& rights,
    std::span<const CollaborationId> allCollaborations);

/// May events of this collaboration (its room) reach the principal?
Decision mayReceive(
    const Principal& principal, const Rights& rights, CollaborationId collaboration);

/// May the principal ask the nodes of a collaboration to kill a task?
/// event/SEND GLOBAL, or event/SEND COLLABORATION with the own organization in the collaboration.
Decision mayKill(const Principal& principal, const Rights& rights, CollaborationId collaboration);

/// May the principal ask one node to kill everything it runs? As mayKill(), and event/SEND
/// ORGANIZATION for the nodes of the own organization.
Decision mayKillOnNode(const Principal& principal, const Rights& rights,
    CollaborationId collaboration, OrganizationId organization);

/// A task somebody wants to create. `members` are the collaboration's organizations.
struct TaskRequest
{
    CollaborationId collaboration;
    std::span<const OrganizationId> members;
    std::span<const OrganizationId> targets; ///< organizations that shall run it
};

/// task/CREATE GLOBAL, or task/CREATE COLLABORATION with the own organization in the collaboration
/// (v4 knows no smaller scope). Targets outside the collaboration are refused for everybody.
Decision mayCreateTask(
    const Principal& principal, const Rights& rights, const TaskRequest& request);

/// What can be looked at over the API and in the console.
enum class Resource : quint8 { Organization, Collaboration, Node, Task, Run };

QLatin1StringView name(Resource resource); ///< the rules' word: "organization" …

/// The facts about one thing that view rules ask for. Leave empty what it does not have.
struct ResourceFacts
{
    OrganizationId organization; ///< itself, its owner, its executor, or the task's initiator
    std::vector<CollaborationId> collaborations; ///< where it is, or (organization) all it is in
    UserId owner; ///< task and run: the user who started the task
};

Decision mayView(const Principal& principal, const Rights& rights, Resource resource,
    const ResourceFacts& facts);

/// How far a principal's list of a resource reaches; the query behind a list is bounded by it.
/// Everything a list so bounded returns, mayView() allows.
struct ViewScope
{
    std::optional<model::RuleScope> scope; ///< none: nothing at all. Global: everything
    Decision decision;
};

/// The widest scope held. Organization: of `rights.organization` (nodes: principal.organization).
/// Collaboration: within `rights.collaborations` (nodes: principal.collaboration).
ViewScope viewScope(const Principal& principal, const Rights& rights, Resource resource);

/// The facts of a run a node wants to speak about.
struct RunFacts
{
    OrganizationId organization; ///< the run's
    CollaborationId collaboration; ///< its task's
};

/// A node speaks only for runs of its own organization in its own collaboration.
Decision mayReportRun(const Principal& principal, const RunFacts& run);

/// A node's word about "its" ids in an event, compared with who it is.
Decision maySpeakAsNode(const Principal& principal, NodeId node);

enum class AdminAction : quint8 {
    Watch,
    Disconnect,
    Demote,
    KillTask,
    RenewToken,
    PingNode,
    SendToRoom
};

QLatin1StringView name(AdminAction action); ///< as audited: "watch", "client:disconnect", …

/// Admins only, for each of them.
Decision mayAdminister(const Principal& principal, AdminAction action);

} // namespace gatehouse::access
