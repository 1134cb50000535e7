// SPDX-License-Identifier: Apache-2.0
#include "server/access/policy.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::access;
using model::Rule;
using model::RuleOperation;
using model::RuleScope;

// The world of these tests: organization 1 is in collaborations 1 and 2, organization 2 in 1,
// organization 3 in 3. The user is 10 of organization 1, the node is 20 of organization 1 in
// collaboration 1.
namespace {

constexpr OrganizationId org1{1}, org2{2}, org3{3};
constexpr CollaborationId col1{1}, col2{2}, col3{3};
constexpr UserId me{10}, somebodyElse{11};

const std::vector<CollaborationId> allCollaborations{col1, col2, col3};
const std::vector<OrganizationId> membersOf1{org1, org2};

Principal user()
{
    return {.kind = PrincipalKind::User,
        .id = me.value,
        .name = QStringLiteral("me"),
        .organization = org1,
        .collaboration = {},
        .expiresAt = {}};
}

Principal node()
{
    return {.kind = PrincipalKind::Node,
        .id = 20,
        .name = QStringLiteral("alpha"),
        .organization = org1,
        .collaboration = col1,
        .expiresAt = {}};
}

Principal other(PrincipalKind kind)
{
    Principal principal;
    principal.kind = kind;
    principal.id = 5;
    return principal;
}

Rights holding(std::vector<Rule> rules)
{
    return {std::move(rules), org1, {col1, col2}};
}

Rights holding(const char* resource, RuleOperation operation, std::vector<RuleScope> scopes)
{
    std::vector<Rule> rules;
    for (const RuleScope scope : scopes)
        rules.push_back({resource, scope, operation});
    return holding(std::move(rules));
}

Rights holdingEverything()
{
    return holding(allRules());
}

QString joined(const std::vector<RoomName>& rooms)
{
    QByteArrayList names;
    for (const RoomName& room : rooms)
        names.append(room.value);
    return QString::fromLatin1(names.join(' '));
}

constexpr auto own = RuleScope::Own;
constexpr auto org = RuleScope::Organization;
constexpr auto col = RuleScope::Collaboration;
constexpr auto glo = RuleScope::Global;

using Scopes = std::vector<RuleScope>;

} // namespace

class TestPolicy : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void roomsOfUsersFollowTheHighestScope_data();
    void roomsOfUsersFollowTheHighestScope();
    void roomsOfNodesFollowTheirRegistration();
    void nobodyElseHasRooms_data();
    void nobodyElseHasRooms();
    void receiving_data();
    void receiving();
    void killing_data();
    void killing();
    void killingOnANode_data();
    void killingOnANode();
    void creatingTasks_data();
    void creatingTasks();
    void viewing_data();
    void viewing();
    void listsAreBoundedByTheWidestScope_data();
    void listsAreBoundedByTheWidestScope();
    void nodesViewTheirOwnPlace_data();
    void nodesViewTheirOwnPlace();
    void nodesReportTheirOwnRuns_data();
    void nodesReportTheirOwnRuns();
    void nodesSpeakForThemselves();
    void administering_data();
    void administering();
    void refusalsSayWhy();
};

void TestPolicy::roomsOfUsersFollowTheHighestScope_data()
{
    QTest::addColumn<Scopes>("scopes");
    QTest::addColumn<QString>("rooms");
    QTest::addColumn<QString>("rule");
    const auto row = [](const char* name, const Scopes& scopes, const char* rooms,
                         const char* rule) {
        QTest::newRow(name) << scopes << QString::fromLatin1(rooms) << QString::fromLatin1(rule);
    };
    row("none", {}, "", "");
    row("own is no scope of events", {own}, "", "");
    row("organization", {org}, "collaboration_1_organization_1 collaboration_2_organization_1",
        "event/RECEIVE/ORGANIZATION");
    row("collaboration", {col}, "collaboration_1 collaboration_2", "event/RECEIVE/COLLABORATION");
    row("organization and collaboration", {org, col}, "collaboration_1 collaboration_2",
        "event/RECEIVE/COLLABORATION");
    row("global", {glo}, "collaboration_1 collaboration_2 collaboration_3", "event/RECEIVE/GLOBAL");
    row("all three", {org, col, glo}, "collaboration_1 collaboration_2 collaboration_3",
        "event/RECEIVE/GLOBAL");
}

void TestPolicy::roomsOfUsersFollowTheHighestScope()
{
    QFETCH(Scopes, scopes);
    const RoomGrant grant
        = roomsFor(user(), holding("event", RuleOperation::Receive, scopes), allCollaborations);
    QTEST(joined(grant.rooms), "rooms");
    QTEST(grant.decision.rule, "rule");
    QCOMPARE(grant.decision.allowed, !grant.rooms.empty());
}

void TestPolicy::roomsOfNodesFollowTheirRegistration()
{
    const RoomGrant grant = roomsFor(node(), {}, {});
    QCOMPARE(joined(grant.rooms),
        QStringLiteral("all_nodes collaboration_1 collaboration_1_organization_1"));
    QVERIFY(grant.decision);
    Principal lost = node();
    lost.collaboration = {};
    QVERIFY(roomsFor(lost, {}, allCollaborations).rooms.empty());
}

void TestPolicy::nobodyElseHasRooms_data()
{
    QTest::addColumn<PrincipalKind>("kind");
    QTest::newRow("anonymous") << PrincipalKind::Anonymous;
    QTest::newRow("service") << PrincipalKind::Service;
    QTest::newRow("admin") << PrincipalKind::Admin;
}

void TestPolicy::nobodyElseHasRooms()
{
    QFETCH(PrincipalKind, kind);
    const RoomGrant grant = roomsFor(other(kind), holdingEverything(), allCollaborations);
    QVERIFY(grant.rooms.empty());
    QVERIFY(!grant.decision);
}

void TestPolicy::receiving_data()
{
    QTest::addColumn<Principal>("principal");
    QTest::addColumn<Scopes>("scopes");
    QTest::addColumn<QString>("collaborations"); // those that may be received
    const auto row
        = [](const char* name, const Principal& who, const Scopes& scopes, const char* may) {
              QTest::newRow(name) << who << scopes << QString::fromLatin1(may);
          };
    row("user without rules", user(), {}, "");
    row("user, organization only", user(), {org}, "");
    row("user, collaboration", user(), {col}, "1 2");
    row("user, global", user(), {glo}, "1 2 3");
    row("node", node(), {glo}, "1");
    row("anonymous", other(PrincipalKind::Anonymous), {glo, col}, "");
    row("admin", other(PrincipalKind::Admin), {}, "1 2 3");
    row("service", other(PrincipalKind::Service), {}, "1 2 3");
}

void TestPolicy::receiving()
{
    QFETCH(Principal, principal);
    QFETCH(Scopes, scopes);
    const Rights rights = holding("event", RuleOperation::Receive, scopes);
    QStringList may;
    for (const CollaborationId id : allCollaborations) {
        if (mayReceive(principal, rights, id))
            may.append(QString::number(id.value));
    }
    QTEST(may.join(QLatin1Char(' ')), "collaborations");
}

void TestPolicy::killing_data()
{
    QTest::addColumn<Principal>("principal");
    QTest::addColumn<Scopes>("scopes");
    QTest::addColumn<CollaborationId>("collaboration");
    QTest::addColumn<bool>("allowed");
    const auto row
        = [](const char* name, const Principal& who, const Scopes& scopes, CollaborationId where,
              bool allowed) { QTest::newRow(name) << who << scopes << where << allowed; };
    row("no rule", user(), {}, col1, false);
    row("organization is not enough", user(), {org}, col1, false);
    row("collaboration, own", user(), {col}, col1, true);
    row("collaboration, another's", user(), {col}, col3, false);
    row("collaboration, none", user(), {col}, {}, false);
    row("global, another's", user(), {glo}, col3, true);
    row("node", node(), {glo, col, org}, col1, false);
    row("anonymous", other(PrincipalKind::Anonymous), {glo}, col1, false);
    row("service", other(PrincipalKind::Service), {glo}, col1, false);
    row("admin", other(PrincipalKind::Admin), {}, col3, true);
}

void TestPolicy::killing()
{
    QFETCH(Principal, principal);
    QFETCH(Scopes, scopes);
    QFETCH(CollaborationId, collaboration);
    const Rights rights = holding("event", RuleOperation::Send, scopes);
    QTEST(mayKill(principal, rights, collaboration).allowed, "allowed");
    // The right to receive, or to kill tasks by another word, is no right to kill.
    QCOMPARE(
        mayKill(user(), holding("event", RuleOperation::Receive, {org, col, glo}), col1).allowed,
        false);
    QCOMPARE(mayKill(user(), holding("task", RuleOperation::Delete, {org, col, glo}), col1).allowed,
        false);
}

void TestPolicy::killingOnANode_data()
{
    QTest::addColumn<Scopes>("scopes");
    QTest::addColumn<CollaborationId>("collaboration");
    QTest::addColumn<OrganizationId>("organization");
    QTest::addColumn<bool>("allowed");
    QTest::newRow("own node") << Scopes{org} << col1 << org1 << true;
    QTest::newRow("own node elsewhere") << Scopes{org} << col2 << org1 << true;
    QTest::newRow("partner's node") << Scopes{org} << col1 << org2 << false;
    QTest::newRow("partner's node, collaboration") << Scopes{col} << col1 << org2 << true;
    QTest::newRow("foreign node, collaboration") << Scopes{col, org} << col3 << org3 << false;
    QTest::newRow("foreign node, global") << Scopes{glo} << col3 << org3 << true;
    QTest::newRow("no node") << Scopes{org} << col1 << OrganizationId{} << false;
}

void TestPolicy::killingOnANode()
{
    QFETCH(Scopes, scopes);
    QFETCH(CollaborationId, collaboration);
    QFETCH(OrganizationId, organization);
    const Rights rights = holding("event", RuleOperation::Send, scopes);
    QTEST(mayKillOnNode(user(), rights, collaboration, organization).allowed, "allowed");
    QVERIFY(!mayKillOnNode(node(), rights, collaboration, organization));
    QVERIFY(mayKillOnNode(other(PrincipalKind::Admin), {}, collaboration, organization));
    // Somebody without an organization owns no node without one either.
    QVERIFY(!mayKillOnNode(user(), {rights.rules, {}, {}}, {}, {})
        || rights.has("event", glo, RuleOperation::Send));
}

void TestPolicy::creatingTasks_data()
{
    QTest::addColumn<Principal>("principal");
    QTest::addColumn<Scopes>("scopes");
    QTest::addColumn<CollaborationId>("collaboration");
    QTest::addColumn<std::vector<OrganizationId>>("targets");
    QTest::addColumn<bool>("allowed");
    using Targets = std::vector<OrganizationId>;
    const auto row = [](const char* name, const Principal& who, const Scopes& scopes,
                         CollaborationId where, const Targets& targets, bool allowed) {
        QTest::newRow(name) << who << scopes << where << targets << allowed;
    };
    row("no rule", user(), {}, col1, {org1}, false);
    row("collaboration, all members", user(), {col}, col1, {org1, org2}, true);
    row("collaboration, partner only", user(), {col}, col1, {org2}, true);
    row("collaboration of others", user(), {col}, col3, {org1}, false);
    row("organization is not enough", user(), {org}, col1, {org1}, false);
    row("global", user(), {glo}, col3, {org2}, true);
    row("target outside", user(), {glo}, col1, {org1, org3}, false);
    row("no target", user(), {glo}, col1, {}, false);
    row("node", node(), {glo}, col1, {org1}, false);
    row("anonymous", other(PrincipalKind::Anonymous), {glo}, col1, {org1}, false);
    row("service", other(PrincipalKind::Service), {glo}, col1, {org1}, false);
    row("admin", other(PrincipalKind::Admin), {}, col1, {org1}, true);
    row("admin, target outside", other(PrincipalKind::Admin), {}, col1, {org3}, false);
}

void TestPolicy::creatingTasks()
{
    QFETCH(Principal, principal);
    QFETCH(Scopes, scopes);
    QFETCH(CollaborationId, collaboration);
    QFETCH(std::vector<OrganizationId>, targets);
    const TaskRequest request{collaboration, membersOf1, targets};
    const Rights rights = holding("task", RuleOperation::Create, scopes);
    QTEST(mayCreateTask(principal, rights, request).allowed, "allowed");
}

void TestPolicy::viewing_data()
{
    QTest::addColumn<Scopes>("scopes");
    QTest::addColumn<Resource>("resource");
    QTest::addColumn<OrganizationId>("organization");
    QTest::addColumn<std::vector<CollaborationId>>("collaborations");
    QTest::addColumn<UserId>("owner");
    QTest::addColumn<bool>("allowed");
    using Places = std::vector<CollaborationId>;
    const auto row = [](const char* name, const Scopes& scopes, Resource resource,
                         OrganizationId organization, const Places& places, UserId owner,
                         bool allowed) {
        QTest::newRow(name) << scopes << resource << organization << places << owner << allowed;
    };
    const UserId nobody{};
    const auto task = Resource::Task;
    row("task: no rule", {}, task, org1, {col1}, me, false);
    row("task: own, mine", {own}, task, org1, {col1}, me, true);
    row("task: own, a colleague's", {own}, task, org1, {col1}, somebodyElse, false);
    row("task: own, nobody's", {own}, task, org1, {col1}, nobody, false);
    row("task: organization, a colleague's", {org}, task, org1, {col1}, somebodyElse, true);
    row("task: organization, a partner's", {org}, task, org2, {col1}, somebodyElse, false);
    row("task: organization, of none", {org}, task, {}, {col1}, nobody, false);
    row("task: collaboration, a partner's", {col}, task, org2, {col1}, somebodyElse, true);
    row("task: collaboration, elsewhere", {col}, task, org2, {col3}, somebodyElse, false);
    // No implication: who may see the collaboration's need not see what is elsewhere by own scope.
    row("task: collaboration, mine elsewhere", {col}, task, org1, {col3}, me, false);
    row("task: collaboration and own, mine elsewhere", {col, own}, task, org1, {col3}, me, true);
    row("task: global", {glo}, task, org3, {col3}, nobody, true);
    row("run: organization, my organization's", {org}, Resource::Run, org1, {col1}, nobody, true);
    row("run: collaboration", {col}, Resource::Run, org2, {col1}, nobody, true);
    row("node: organization", {org}, Resource::Node, org1, {col2}, nobody, true);
    row("node: organization, a partner's", {org}, Resource::Node, org2, {col1}, nobody, false);
    row("organization: its own", {org}, Resource::Organization, org1, {col1, col2}, nobody, true);
    row("organization: a partner's", {org}, Resource::Organization, org2, {col1}, nobody, false);
    row("organization: a partner's, collaboration", {col}, Resource::Organization, org2, {col1},
        nobody, true);
    row("organization: a stranger's, collaboration", {col}, Resource::Organization, org3, {col3},
        nobody, false);
    row("collaboration: organization, ours", {org}, Resource::Collaboration, {}, {col2}, nobody,
        true);
    row("collaboration: organization, others'", {org}, Resource::Collaboration, {}, {col3}, nobody,
        false);
    row("collaboration: global", {glo}, Resource::Collaboration, {}, {col3}, nobody, true);
}

void TestPolicy::viewing()
{
    QFETCH(Scopes, scopes);
    QFETCH(Resource, resource);
    QFETCH(OrganizationId, organization);
    QFETCH(std::vector<CollaborationId>, collaborations);
    QFETCH(UserId, owner);
    const QByteArray word = name(resource).data();
    const ResourceFacts facts{organization, collaborations, owner};
    const Rights rights = holding(word.constData(), RuleOperation::View, scopes);
    QTEST(mayView(user(), rights, resource, facts).allowed, "allowed");
    QVERIFY(!mayView(other(PrincipalKind::Anonymous), rights, resource, facts));
    QVERIFY(mayView(other(PrincipalKind::Admin), {}, resource, facts));
    QVERIFY(mayView(other(PrincipalKind::Service), {}, resource, facts));
    // A rule for another resource or operation says nothing.
    QVERIFY(!mayView(user(), holding(word.constData(), RuleOperation::Edit, {own, org, col, glo}),
        resource, facts));
    QVERIFY(!mayView(
        user(), holding("study", RuleOperation::View, {own, org, col, glo}), resource, facts));
}

void TestPolicy::listsAreBoundedByTheWidestScope_data()
{
    QTest::addColumn<Scopes>("scopes");
    QTest::addColumn<QString>("scope");
    const auto row = [](const char* name, const Scopes& scopes, const char* scope) {
        QTest::newRow(name) << scopes << QString::fromLatin1(scope);
    };
    row("none", {}, "");
    row("own", {own}, "OWN");
    row("own and organization", {own, org}, "ORGANIZATION");
    row("organization and collaboration", {org, col}, "COLLABORATION");
    row("all", {own, org, col, glo}, "GLOBAL");
}

void TestPolicy::listsAreBoundedByTheWidestScope()
{
    QFETCH(Scopes, scopes);
    const ViewScope scope
        = viewScope(user(), holding("task", RuleOperation::View, scopes), Resource::Task);
    QTEST(
        scope.scope ? QString(model::name(*scope.scope)) : QString(QLatin1StringView("")), "scope");
    QCOMPARE(scope.decision.allowed, scope.scope.has_value());
    QCOMPARE(viewScope(other(PrincipalKind::Admin), {}, Resource::Task).scope.value(), glo);
    QVERIFY(!viewScope(other(PrincipalKind::Anonymous), holdingEverything(), Resource::Task).scope);
}

void TestPolicy::nodesViewTheirOwnPlace_data()
{
    QTest::addColumn<Resource>("resource");
    QTest::addColumn<OrganizationId>("organization");
    QTest::addColumn<CollaborationId>("collaboration");
    QTest::addColumn<bool>("allowed");
    QTest::newRow("task of the collaboration") << Resource::Task << org2 << col1 << true;
    QTest::newRow("task of the organization, elsewhere") << Resource::Task << org1 << col2 << false;
    QTest::newRow("run of a partner") << Resource::Run << org2 << col1 << true;
    QTest::newRow("run elsewhere") << Resource::Run << org1 << col2 << false;
    QTest::newRow("own organization") << Resource::Organization << org1 << col1 << true;
    QTest::newRow("partner organization") << Resource::Organization << org2 << col1 << true;
    QTest::newRow("strange organization") << Resource::Organization << org3 << col3 << false;
    QTest::newRow("own collaboration")
        << Resource::Collaboration << OrganizationId{} << col1 << true;
    QTest::newRow("the organization's other collaboration")
        << Resource::Collaboration << OrganizationId{} << col2 << false;
    QTest::newRow("itself") << Resource::Node << org1 << col1 << true;
    QTest::newRow("a partner's node") << Resource::Node << org2 << col1 << false;
}

void TestPolicy::nodesViewTheirOwnPlace()
{
    QFETCH(Resource, resource);
    QFETCH(OrganizationId, organization);
    QFETCH(CollaborationId, collaboration);
    const ResourceFacts facts{organization, {collaboration}, {}};
    // Whatever rights a careless caller passes along: a node's place is its registration.
    for (const Rights& rights : {Rights{}, holdingEverything()})
        QTEST(mayView(node(), rights, resource, facts).allowed, "allowed");
}

void TestPolicy::nodesReportTheirOwnRuns_data()
{
    QTest::addColumn<Principal>("principal");
    QTest::addColumn<OrganizationId>("organization");
    QTest::addColumn<CollaborationId>("collaboration");
    QTest::addColumn<bool>("allowed");
    QTest::newRow("own") << node() << org1 << col1 << true;
    QTest::newRow("a partner's") << node() << org2 << col1 << false;
    QTest::newRow("own organization elsewhere") << node() << org1 << col2 << false;
    QTest::newRow("unknown run") << node() << OrganizationId{} << CollaborationId{} << false;
    QTest::newRow("user") << user() << org1 << col1 << false;
    QTest::newRow("admin") << other(PrincipalKind::Admin) << org1 << col1 << false;
    QTest::newRow("anonymous, unknown run")
        << other(PrincipalKind::Anonymous) << OrganizationId{} << CollaborationId{} << false;
    QTest::newRow("node of nowhere, unknown run")
        << other(PrincipalKind::Node) << OrganizationId{} << CollaborationId{} << false;
}

void TestPolicy::nodesReportTheirOwnRuns()
{
    QFETCH(Principal, principal);
    QFETCH(OrganizationId, organization);
    QFETCH(CollaborationId, collaboration);
    QTEST(mayReportRun(principal, {organization, collaboration}).allowed, "allowed");
}

void TestPolicy::nodesSpeakForThemselves()
{
    QVERIFY(maySpeakAsNode(node(), {20}));
    QVERIFY(!maySpeakAsNode(node(), {21}));
    QVERIFY(!maySpeakAsNode(node(), {}));
    QVERIFY(!maySpeakAsNode(user(), {10})); // users and nodes share one number space
    QVERIFY(!maySpeakAsNode(other(PrincipalKind::Anonymous), {}));
}

void TestPolicy::administering_data()
{
    QTest::addColumn<PrincipalKind>("kind");
    QTest::addColumn<bool>("allowed");
    QTest::newRow("anonymous") << PrincipalKind::Anonymous << false;
    QTest::newRow("user") << PrincipalKind::User << false;
    QTest::newRow("node") << PrincipalKind::Node << false;
    QTest::newRow("service") << PrincipalKind::Service << false;
    QTest::newRow("admin") << PrincipalKind::Admin << true;
}

void TestPolicy::administering()
{
    QFETCH(PrincipalKind, kind);
    for (const auto action :
        {AdminAction::Watch, AdminAction::Disconnect, AdminAction::Demote, AdminAction::KillTask,
            AdminAction::RenewToken, AdminAction::PingNode, AdminAction::SendToRoom})
        QTEST(mayAdminister(other(kind), action).allowed, "allowed");
}

void TestPolicy::refusalsSayWhy()
{
    const Decision decision = mayKill(user(), {}, col1);
    QVERIFY(!decision);
    QVERIFY(decision.rule.isEmpty());
    QVERIFY(decision.reason.contains(QStringLiteral("event/SEND")));
    const Decision granted = mayKill(user(), holding("event", RuleOperation::Send, {col}), col1);
    QCOMPARE(granted.rule, QStringLiteral("event/SEND/COLLABORATION"));
    QVERIFY(!granted.reason.isEmpty());
}

QTEST_GUILESS_MAIN(TestPolicy)
#include "tst_policy.moc"
