// SPDX-License-Identifier: Apache-2.0
#include "server/access/policy.h"

#include <algorithm>
#include <array>

namespace gatehouse::access {

namespace {

using model::Rule;
using model::RuleOperation;
using model::RuleScope;
using L = QLatin1StringView;

constexpr std::array<L, 5> resourceNames{
    L("organization"), L("collaboration"), L("node"), L("task"), L("run")};
constexpr std::array<L, 7> actionNames{L("watch"), L("client:disconnect"), L("client:demote"),
    L("task:kill"), L("node:renewToken"), L("node:ping"), L("room:send")};
constexpr std::array<RuleScope, 4> widestFirst{
    RuleScope::Global, RuleScope::Collaboration, RuleScope::Organization, RuleScope::Own};

Decision yes(const QString& rule, const QString& reason)
{
    return {true, rule, reason};
}

Decision no(const QString& reason)
{
    return {false, {}, reason};
}

QString lacks(L resource, RuleOperation operation)
{
    return QStringLiteral("no rule %1/%2 reaches that far").arg(resource, model::name(operation));
}

/// The rules every node has (vantage6's fixed node role), reaching from its registration.
const std::vector<Rule>& nodeRules()
{
    static const std::vector<Rule> rules{
        {"organization", RuleScope::Organization, RuleOperation::View},
        {"organization", RuleScope::Collaboration, RuleOperation::View},
        {"collaboration", RuleScope::Organization, RuleOperation::View},
        {"node", RuleScope::Organization, RuleOperation::View},
        {"task", RuleScope::Collaboration, RuleOperation::View},
        {"run", RuleScope::Collaboration, RuleOperation::View}};
    return rules;
}

/// A node's place counts, whatever the caller passed; a user's comes from the database.
Rights rightsOf(const Principal& principal, const Rights& given)
{
    if (principal.kind == PrincipalKind::User)
        return given;
    if (principal.kind == PrincipalKind::Node)
        return {nodeRules(), principal.organization, {principal.collaboration}};
    return {};
}

bool shareCollaboration(const Rights& rights, const std::vector<CollaborationId>& collaborations)
{
    return std::any_of(collaborations.begin(), collaborations.end(),
        [&](CollaborationId id) { return rights.isMemberOf(id); });
}

/// Does a rule of this scope reach the thing?
bool reaches(const Principal& principal, const Rights& rights, RuleScope scope, Resource resource,
    const ResourceFacts& facts)
{
    switch (scope) {
    case RuleScope::Global:
        return true;
    case RuleScope::Collaboration:
        return shareCollaboration(rights, facts.collaborations);
    case RuleScope::Organization:
        // A collaboration belongs to no single organization: ours is one of its members.
        if (resource == Resource::Collaboration)
            return shareCollaboration(rights, facts.collaborations);
        return rights.organization.isValid() && facts.organization == rights.organization;
    case RuleScope::Own:
        return principal.userId().isValid() && facts.owner == principal.userId();
    }
    return false;
}

/// GLOBAL, or COLLABORATION with the own organization in it: vantage6's question on a
/// collaboration.
Decision reachesCollaboration(
    const Rights& rights, L resource, RuleOperation operation, CollaborationId collaboration)
{
    const QByteArrayView word(resource.data(), resource.size());
    if (rights.has(word, RuleScope::Global, operation))
        return yes(ruleText({word.toByteArray(), RuleScope::Global, operation}),
            QStringLiteral("may do so everywhere"));
    if (rights.has(word, RuleScope::Collaboration, operation) && rights.isMemberOf(collaboration))
        return yes(ruleText({word.toByteArray(), RuleScope::Collaboration, operation}),
            QStringLiteral("the own organization is in collaboration %1").arg(collaboration.value));
    return no(lacks(resource, operation));
}

RoomGrant nodeRooms(const Principal& node)
{
    if (!node.collaboration.isValid() || !node.organization.isValid())
        return {{}, no(QStringLiteral("the node is registered nowhere"))};
    return {{allNodesRoom(), collaborationRoom(node.collaboration),
                organizationRoom(node.collaboration, node.organization)},
        yes(QStringLiteral("node"), QStringLiteral("where the node is registered"))};
}

RoomGrant userRooms(const Rights& rights, std::span<const CollaborationId> allCollaborations)
{
    const auto holds
        = [&](RuleScope scope) { return rights.has("event", scope, RuleOperation::Receive); };
    const auto grant = [](RuleScope scope, std::vector<RoomName> rooms, const QString& why) {
        return RoomGrant{
            std::move(rooms), yes(ruleText({"event", scope, RuleOperation::Receive}), why)};
    };
    std::vector<RoomName> rooms;
    if (holds(RuleScope::Global)) {
        for (const CollaborationId id : allCollaborations)
            rooms.push_back(collaborationRoom(id));
        return grant(RuleScope::Global, std::move(rooms), QStringLiteral("every collaboration"));
    }
    if (holds(RuleScope::Collaboration)) {
        for (const CollaborationId id : rights.collaborations)
            rooms.push_back(collaborationRoom(id));
        return grant(RuleScope::Collaboration, std::move(rooms),
            QStringLiteral("the collaborations of the own organization"));
    }
    if (holds(RuleScope::Organization)) {
        for (const CollaborationId id : rights.collaborations)
            rooms.push_back(organizationRoom(id, rights.organization));
        return grant(RuleScope::Organization, std::move(rooms),
            QStringLiteral("the own organization in its collaborations"));
    }
    return {{}, no(QStringLiteral("no rule event/RECEIVE"))};
}

} // namespace

RoomName allNodesRoom()
{
    return {"all_nodes"};
}

RoomName collaborationRoom(CollaborationId collaboration)
{
    return {"collaboration_" + QByteArray::number(collaboration.value)};
}

RoomName organizationRoom(CollaborationId collaboration, OrganizationId organization)
{
    return {collaborationRoom(collaboration).value + "_organization_"
        + QByteArray::number(organization.value)};
}

RoomGrant roomsFor(const Principal& principal, const Rights& rights,
    std::span<const CollaborationId> allCollaborations)
{
    switch (principal.kind) {
    case PrincipalKind::Node:
        return nodeRooms(principal);
    case PrincipalKind::User:
        return userRooms(rights, allCollaborations);
    case PrincipalKind::Anonymous:
    case PrincipalKind::Service:
    case PrincipalKind::Admin:
        break;
    }
    return {{}, no(QStringLiteral("only nodes and users have rooms in the federation"))};
}

Decision mayReceive(const Principal& principal, const Rights& rights, CollaborationId collaboration)
{
    if (principal.kind == PrincipalKind::Admin || principal.kind == PrincipalKind::Service)
        return yes(name(principal.kind), QStringLiteral("watches everything"));
    if (principal.kind == PrincipalKind::Node) {
        return collaboration.isValid() && principal.collaboration == collaboration
            ? yes(QStringLiteral("node"), QStringLiteral("registered in the collaboration"))
            : no(QStringLiteral("the node is not in this collaboration"));
    }
    if (principal.kind != PrincipalKind::User)
        return no(QStringLiteral("not identified"));
    return reachesCollaboration(rights, L("event"), RuleOperation::Receive, collaboration);
}

Decision mayKill(const Principal& principal, const Rights& rights, CollaborationId collaboration)
{
    if (principal.kind == PrincipalKind::Admin)
        return yes(name(principal.kind), QStringLiteral("administers the server"));
    if (principal.kind != PrincipalKind::User)
        return no(QStringLiteral("only users and admins may kill"));
    return reachesCollaboration(rights, L("event"), RuleOperation::Send, collaboration);
}

Decision mayKillOnNode(const Principal& principal, const Rights& rights,
    CollaborationId collaboration, OrganizationId organization)
{
    Decision decision = mayKill(principal, rights, collaboration);
    if (decision || principal.kind != PrincipalKind::User)
        return decision;
    const bool ownNode = organization.isValid() && organization == rights.organization;
    if (ownNode && rights.has("event", RuleScope::Organization, RuleOperation::Send))
        return yes(ruleText({"event", RuleScope::Organization, RuleOperation::Send}),
            QStringLiteral("the node is of the own organization"));
    return decision;
}

Decision mayCreateTask(const Principal& principal, const Rights& rights, const TaskRequest& request)
{
    if (request.targets.empty())
        return no(QStringLiteral("no organization to run the task"));
    for (const OrganizationId target : request.targets) {
        if (std::find(request.members.begin(), request.members.end(), target)
            == request.members.end())
            return no(QStringLiteral("organization %1 is not in collaboration %2")
                          .arg(target.value)
                          .arg(request.collaboration.value));
    }
    if (principal.kind == PrincipalKind::Admin)
        return yes(name(principal.kind), QStringLiteral("administers the server"));
    if (principal.kind != PrincipalKind::User)
        return no(QStringLiteral("only users and admins may create tasks"));
    return reachesCollaboration(rights, L("task"), RuleOperation::Create, request.collaboration);
}

L name(Resource resource)
{
    return resourceNames[size_t(resource)];
}

Decision mayView(
    const Principal& principal, const Rights& rights, Resource resource, const ResourceFacts& facts)
{
    if (principal.kind == PrincipalKind::Admin || principal.kind == PrincipalKind::Service)
        return yes(name(principal.kind), QStringLiteral("views everything"));
    const Rights held = rightsOf(principal, rights);
    const QByteArray word(name(resource).data(), name(resource).size());
    for (const RuleScope scope : widestFirst) {
        if (held.has(word, scope, RuleOperation::View)
            && reaches(principal, held, scope, resource, facts))
            return yes(ruleText({word, scope, RuleOperation::View}),
                QStringLiteral("the rule reaches this %1").arg(name(resource)));
    }
    return no(lacks(name(resource), RuleOperation::View));
}

ViewScope viewScope(const Principal& principal, const Rights& rights, Resource resource)
{
    if (principal.kind == PrincipalKind::Admin || principal.kind == PrincipalKind::Service)
        return {RuleScope::Global, yes(name(principal.kind), QStringLiteral("views everything"))};
    const Rights held = rightsOf(principal, rights);
    const QByteArray word(name(resource).data(), name(resource).size());
    for (const RuleScope scope : widestFirst) {
        if (held.has(word, scope, RuleOperation::View))
            return {scope,
                yes(ruleText({word, scope, RuleOperation::View}),
                    QStringLiteral("the widest scope held"))};
    }
    return {std::nullopt, no(lacks(name(resource), RuleOperation::View))};
}

Decision mayReportRun(const Principal& principal, const RunFacts& run)
{
    if (principal.kind != PrincipalKind::Node)
        return no(QStringLiteral("only nodes report on runs"));
    if (!run.organization.isValid() || run.organization != principal.organization)
        return no(QStringLiteral("the run is of another organization"));
    if (!run.collaboration.isValid() || run.collaboration != principal.collaboration)
        return no(QStringLiteral("the run is of another collaboration"));
    return yes(QStringLiteral("node"), QStringLiteral("the node's own run"));
}

Decision maySpeakAsNode(const Principal& principal, NodeId node)
{
    if (principal.kind != PrincipalKind::Node)
        return no(QStringLiteral("not a node"));
    if (!node.isValid() || principal.nodeId() != node)
        return no(QStringLiteral("a node speaks only for itself"));
    return yes(QStringLiteral("node"), QStringLiteral("the node itself"));
}

L name(AdminAction action)
{
    return actionNames[size_t(action)];
}

Decision mayAdminister(const Principal& principal, [[maybe_unused]] AdminAction action)
{
    if (principal.kind == PrincipalKind::Admin)
        return yes(name(principal.kind), QStringLiteral("administers the server"));
    return no(QStringLiteral("admin principal required"));
}

} // namespace gatehouse::access
