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
