// SPDX-License-Identifier: Apache-2.0
#include "server/work/directory.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::work;
using namespace Qt::StringLiterals;
using model::RuleOperation;
using model::RuleScope;

class TestDirectory : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void thingsAreFoundByIdAndName();
    void nodesAreFoundByKeyAndPlace();
    void membershipWorksBothWays();
    void aUsersRulesAreThoseOfRolesAndDirectOnes();
    void unknownThingsAreNullOrEmpty();
    void whatIsLearntIsAddedOrReplaced();
    void whatIsRemovedIsGone();
    void reloadingKeepsWhatWasLearntAndNothingElse();
    void observersHearWhatExactlyWasLearnt();
    void learningEndsWhereLoadingWould();
    void replacingForgetsWhatWasThere();
    void changesAreToldToObservers();

private:
    static Organization organization(qint64 id, const QString& name)
    {
        Organization o;
        o.id = {id};
        o.name = name;
        return o;
    }
    static DirectoryContent content();
};

DirectoryContent TestDirectory::content()
{
    DirectoryContent c;
    // Out of order on purpose: lists come back ascending.
    c.organizations = {organization(2, u"Bergen"_s), organization(1, u"Aachen"_s)};
    c.collaborations = {{{20}, u"lung"_s, true, {{1}}}, {{10}, u"heart"_s, true, {{2}, {1}}}};
    c.nodes = {{{101}, u"b"_s, apiKeyHash("key-b"), {10}, {2}, {}},
        {{100}, u"a"_s, apiKeyHash("key-a"), {10}, {1}, {}},
        {{102}, u"a2"_s, apiKeyHash("key-a2"), {20}, {1}, {}, u"kc-a2"_s}};
    c.roles = {{{1}, u"reader"_s, {}, {}, false,
                   {{"task", RuleScope::Collaboration, RuleOperation::View},
                       {"event", RuleScope::Collaboration, RuleOperation::Receive}}},
        {{2}, u"writer"_s, {}, {}, false,
            {{"task", RuleScope::Collaboration, RuleOperation::View},
                {"task", RuleScope::Collaboration, RuleOperation::Create}}}};
    User user;
    user.id = {200};
    user.username = u"anna"_s;
    user.organization = {1};
    user.keycloakId = u"kc-anna"_s;
    user.roles = {{1}, {2}, {99}};
    user.rules = {{"event", RuleScope::Global, RuleOperation::Send}};
    c.users = {user};
    c.admins = {{{1}, u"olga"_s, "phc", {}}};
    return c;
}

void TestDirectory::thingsAreFoundByIdAndName()
{
    Directory d;
    d.replace(content());
    QCOMPARE(d.organization(OrganizationId{1})->name, u"Aachen"_s);
    QCOMPARE(d.organization(u"Bergen"_s)->id, OrganizationId{2});
    QCOMPARE(d.collaboration(u"heart"_s)->id, CollaborationId{10});
    QCOMPARE(d.node(NodeId{100})->name, u"a"_s);
    QCOMPARE(d.node(u"a2"_s)->id, NodeId{102});
    QCOMPARE(d.user(u"anna"_s)->id, UserId{200});
    QCOMPARE(d.role({2})->name, u"writer"_s);
    QCOMPARE(d.admin(u"olga"_s)->id, AdminId{1});
    QCOMPARE(d.admin(AdminId{1})->name, u"olga"_s);
    QCOMPARE(d.organizations().front().id, OrganizationId{1});
    QCOMPARE(d.nodes().front().id, NodeId{100});
}

void TestDirectory::nodesAreFoundByKeyAndPlace()
{
    Directory d;
    d.replace(content());
    QCOMPARE(d.nodeByApiKey("key-b")->id, NodeId{101});
    QVERIFY(!d.nodeByApiKey("key-c"));
    QVERIFY(!d.nodeByApiKey(""));
    QVERIFY(!d.nodeByApiKey(apiKeyHash("key-b"))); // the hash itself is no key
    QCOMPARE(d.nodeByKeycloakId(u"kc-a2"_s)->id, NodeId{102});
    QVERIFY(!d.nodeByKeycloakId(QString())); // those without one share the empty text
    QVERIFY(!d.nodeByKeycloakId(u"kc-anna"_s));
    QCOMPARE(d.userByKeycloakId(u"kc-anna"_s)->id, UserId{200});
    QVERIFY(!d.userByKeycloakId(QString()));
    QCOMPARE(d.nodeOf({1}, {20})->id, NodeId{102});
    QVERIFY(!d.nodeOf({2}, {20}));
}

void TestDirectory::membershipWorksBothWays()
{
    Directory d;
    d.replace(content());
    QVERIFY(d.isMember({1}, {20}));
    QVERIFY(!d.isMember({2}, {20}));
    QCOMPARE(d.collaborationsOf({1}), (std::vector<CollaborationId>{{10}, {20}}));
    QCOMPARE(d.nodesOf({10}), (std::vector<NodeId>{{100}, {101}}));
    QCOMPARE(
        d.collaboration(CollaborationId{10})->members, (std::vector<OrganizationId>{{1}, {2}}));
}

void TestDirectory::aUsersRulesAreThoseOfRolesAndDirectOnes()
{
    Directory d;
    d.replace(content());
    QCOMPARE(d.rulesOf({200}),
        (std::vector<model::Rule>{{"event", RuleScope::Collaboration, RuleOperation::Receive},
            {"event", RuleScope::Global, RuleOperation::Send},
            {"task", RuleScope::Collaboration, RuleOperation::View},
            {"task", RuleScope::Collaboration, RuleOperation::Create}}));
}

void TestDirectory::whatIsLearntIsAddedOrReplaced()
{
    struct Counter : DirectoryObserver
    {
        void directoryChanged() override { ++changes; }
        int changes = 0;
    } counter;
    Directory d;
    d.replace(content());
    d.addObserver(&counter);
    DirectoryContent fresh;
    fresh.organizations = {organization(3, u"Cork"_s)};
    fresh.collaborations = {{{10}, u"heart"_s, true, {{1}, {2}, {3}}}};
    fresh.nodes = {{{103}, u"c"_s, {}, {10}, {3}, {}, u"kc-c"_s}};
    d.learn(fresh);
    QCOMPARE(counter.changes, 1);
    QCOMPARE(d.nodeOf({3}, {10})->id, NodeId{103});
    QCOMPARE(d.nodeByKeycloakId(u"kc-c"_s)->id, NodeId{103});
    QVERIFY(d.isMember({3}, {10}));
    QCOMPARE(d.node(u"a"_s)->id, NodeId{100}); // what was not named stays
    d.learn(fresh);
    QCOMPARE(counter.changes, 1); // nothing new
    fresh.collaborations = {{{10}, u"heart"_s, true, {{3}}}};
    d.learn(fresh);
    QCOMPARE(counter.changes, 2);
    QVERIFY(!d.isMember({1}, {10})); // as a whole
    d.removeObserver(&counter);
}

void TestDirectory::whatIsRemovedIsGone()
{
    Directory d;
    d.replace(content());
    d.remove(NodeId{101});
    QVERIFY(!d.node(NodeId{101}));
    QVERIFY(!d.node(u"b"_s));
    QVERIFY(!d.nodeOf({2}, {10}));
    d.remove(UserId{200});
    QVERIFY(!d.user(u"anna"_s));
    QVERIFY(!d.userByKeycloakId(u"kc-anna"_s));
    d.remove(NodeId{4'711});
    QCOMPARE(d.nodes().size(), size_t(2));
}

void TestDirectory::reloadingKeepsWhatWasLearntAndNothingElse()
{
    Directory d;
    d.replace(content());
    DirectoryContent elsewhere;
    elsewhere.organizations = {organization(3, u"Cork"_s)};
    elsewhere.collaborations = {{{30}, u"skin"_s, true, {{3}}}};
    elsewhere.nodes = {{{103}, u"c"_s, {}, {30}, {3}, {}, {}}};
    d.learn(elsewhere);
    QVERIFY(d.isLearnt(NodeId{103}));
    QVERIFY(!d.isLearnt(NodeId{100}));

    struct Counter : DirectoryObserver
    {
        void directoryChanged() override { ++changes; }
        int changes = 0;
    } counter;
    d.addObserver(&counter);
    DirectoryContent fresh = content();
    fresh.admins = {{{1}, u"olga"_s, "another password", {}}};
    fresh.roles.pop_back();
    fresh.users.clear();
    fresh.nodes = {{{103}, u"what the database says of it"_s, {}, {10}, {1}, {}, {}}};
    d.reload(fresh);
    QCOMPARE(counter.changes, 1);
    QCOMPARE(d.admin(u"olga"_s)->passwordHash, "another password");
    QVERIFY(!d.role({2}));
    QVERIFY(!d.user(u"anna"_s));
    QVERIFY(!d.node(NodeId{100}));
    QCOMPARE(d.nodeOf({3}, {30})->name, u"c"_s);
    QCOMPARE(d.nodes().size(), size_t(1));
    QVERIFY(d.isMember({3}, {30}));
    QCOMPARE(d.organization(OrganizationId{3})->name, u"Cork"_s);

    fresh.admins.clear();
    d.reload(fresh);
    QVERIFY(!d.admin(AdminId{1}));
    d.reload(fresh);
    QCOMPARE(counter.changes, 3); // always
    d.removeObserver(&counter);
}

void TestDirectory::observersHearWhatExactlyWasLearnt()
{
    struct Recorder : DirectoryObserver
    {
        void directoryPartChanged(const DirectoryPart& part) override { parts.push_back(part); }
        std::vector<DirectoryPart> parts;
    } recorder;
    Directory d;
    d.replace(content());
    d.addObserver(&recorder);
    DirectoryContent fresh;
    fresh.collaborations = {{{10}, u"heart"_s, true, {{1}, {3}}}};
    fresh.nodes = {{{103}, u"c"_s, {}, {10}, {3}, {}, {}}};
    d.learn(fresh);
    QCOMPARE(recorder.parts.size(), size_t(1));
    QCOMPARE(recorder.parts[0].nodes, (std::vector<NodeId>{{103}}));
    QCOMPARE(recorder.parts[0].organizations, (std::vector<OrganizationId>{{2}, {3}}));
    QVERIFY(recorder.parts[0].collaborations.empty());
    QVERIFY(recorder.parts[0].users.empty());
    d.learn(fresh);
    QCOMPARE(recorder.parts.size(), size_t(1));
    fresh.collaborations = {{{10}, u"hearts"_s, true, {{1}, {3}}}};
    d.learn(fresh);
    QCOMPARE(recorder.parts[1].collaborations, (std::vector<CollaborationId>{{10}}));
    QVERIFY(recorder.parts[1].organizations.empty());
    d.remove(UserId{200});
    QCOMPARE(recorder.parts[2].users, (std::vector<UserId>{{200}}));
    d.removeObserver(&recorder);
}

/// Whatever comes in whatever order: the indices are those of a directory loaded at once.
void TestDirectory::learningEndsWhereLoadingWould()
{
    Directory learnt;
    learnt.replace(content());
    quint32 state = 1;
    const auto random = [&state](qint64 below) {
        state = state * 1'664'525 + 1'013'904'223;
        return qint64(state >> 8) % below;
    };
    for (int i = 0; i < 3'000; ++i) {
        DirectoryContent one;
        const qint64 place = 1 + random(15);
        const CollaborationId collaboration{1 + random(6)};
        if (const Collaboration* known = learnt.collaboration(collaboration))
            one.collaborations = {*known};
        else
            one.collaborations = {{collaboration, u"c%1"_s.arg(collaboration.value), true, {}}};
        if (random(3) == 0)
            std::erase(one.collaborations[0].members, OrganizationId{1 + random(15)});
        else
            one.collaborations[0].members.push_back({place});
        // One node in each place, so that there is one answer to who is there.
        const NodeId node{1'000 + place * 10 + collaboration.value};
        if (random(4) == 0)
            learnt.remove(node);
        else
            one.nodes
                = {{node, u"n%1-%2"_s.arg(QString::number(node.value), QString::number(random(3))),
                    {}, collaboration, {place}, {}, u"k%1"_s.arg(node.value)}};
        User user;
        user.id = {300 + random(20)};
        user.username = u"u%1"_s.arg(user.id.value);
        user.organization = {1 + random(15)};
        user.roles = {{1 + random(3)}};
        if (random(4) == 0)
            learnt.remove(user.id);
        else
            one.users = {user};
        learnt.learn(one);
    }
    Directory loaded;
    loaded.replace({learnt.organizations(), learnt.collaborations(), learnt.studies(),
        learnt.nodes(), learnt.roles(), learnt.users(), learnt.admins()});
    QVERIFY(learnt.nodes() == loaded.nodes());
    QVERIFY(learnt.users() == loaded.users());
    for (qint64 i = 1; i < 1'200; ++i) {
        QCOMPARE(learnt.collaborationsOf({i}), loaded.collaborationsOf({i}));
        QCOMPARE(learnt.nodesOf({i}), loaded.nodesOf({i}));
        QCOMPARE(learnt.rulesOf({i}), loaded.rulesOf({i}));
        for (qint64 c = 1; c < 8; ++c) {
            const Node* one = learnt.nodeOf({i}, {c});
            const Node* other = loaded.nodeOf({i}, {c});
            QCOMPARE(one ? one->id.value : 0, other ? other->id.value : 0);
        }
    }
    for (const Node& node : loaded.nodes()) {
        QCOMPARE(learnt.node(node.name)->id, node.id);
        if (!node.keycloakId.isEmpty())
            QCOMPARE(learnt.nodeByKeycloakId(node.keycloakId)->id, node.id);
    }
}

void TestDirectory::unknownThingsAreNullOrEmpty()
{
    const Directory d;
    QVERIFY(!d.organization(OrganizationId{1}));
    QVERIFY(!d.collaboration(CollaborationId{1}));
    QVERIFY(!d.study({1}));
    QVERIFY(!d.node(NodeId{1}));
    QVERIFY(!d.user(UserId{1}));
    QVERIFY(!d.admin(AdminId{1}));
    QVERIFY(d.rulesOf({1}).empty());
    QVERIFY(d.nodesOf({1}).empty());
    QVERIFY(!d.isMember({1}, {1}));
}

void TestDirectory::replacingForgetsWhatWasThere()
{
    Directory d;
    d.replace(content());
    DirectoryContent less = content();
    less.nodes.pop_back();
    less.users.clear();
    d.replace(less);
    QVERIFY(!d.nodeByApiKey("key-a2"));
    QVERIFY(!d.nodeOf({1}, {20}));
    QVERIFY(!d.user(u"anna"_s));
    QVERIFY(d.rulesOf({200}).empty());
}

void TestDirectory::changesAreToldToObservers()
{
    class Counter final : public DirectoryObserver
    {
    public:
        void directoryChanged() override { ++changes; }
        int changes = 0;
    } counter;
    Directory d;
    d.addObserver(&counter);
    d.replace(content());
    d.setPublicKey({1}, u"a2V5"_s);
    d.setPasswordHash({200}, "new");
    d.setPasswordHash({999}, "nobody");
    d.addAdmin({{2}, u"otto"_s, {}, {}});
    QCOMPARE(counter.changes, 4);
    QCOMPARE(d.organization(OrganizationId{1})->publicKey, u"a2V5"_s);
    QCOMPARE(d.user(UserId{200})->passwordHash, "new");
    QVERIFY(d.admin(u"otto"_s));
    d.removeObserver(&counter);
    d.replace({});
    QCOMPARE(counter.changes, 4);
}

QTEST_GUILESS_MAIN(TestDirectory)
#include "tst_directory.moc"
