// SPDX-License-Identifier: Apache-2.0
#include "server/app/directorychanges.h"

#include <QJsonArray>
#include <QTest>

using namespace gatehouse;
using namespace Qt::StringLiterals;

class DirectoryChangesTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void changesOfTheDatabaseAreNamed();
    void bothStatesOfWhatSomebodyMayAreSaid_data();
    void bothStatesOfWhatSomebodyMayAreSaid();
    void whatWasLearntElsewhereIsNoChange();

private:
    static work::DirectoryContent content()
    {
        work::DirectoryContent all;
        all.collaborations = {{{10}, u"heart"_s, true, {}}};
        all.roles = {{{1}, u"reader"_s, {}, {}, false, {}}};
        all.nodes = {{{100}, u"a"_s, {}, {10}, {1}, {}, {}}};
        return all;
    }
};

void DirectoryChangesTest::changesOfTheDatabaseAreNamed()
{
    work::Directory directory;
    directory.replace(content());
    work::DirectoryContent fresh = content();
    fresh.nodes[0].name = u"b"_s;
    fresh.roles.clear();
    const auto changes = app::directoryChanges(directory, fresh);
    QCOMPARE(changes.size(), size_t(2));
    QCOMPARE(changes[0].action, u"directory:node"_s);
    QCOMPARE(changes[0].after.value(u"name"_s).toString(), u"b"_s);
    QCOMPARE(changes[1].action, u"directory:role"_s);
    QVERIFY(changes[1].after.isEmpty());
}

void DirectoryChangesTest::bothStatesOfWhatSomebodyMayAreSaid_data()
{
    QTest::addColumn<QString>("kind");
    QTest::addColumn<QString>("member");
    QTest::addColumn<QJsonValue>("before");
    QTest::addColumn<QJsonValue>("after");
    const QJsonValue none(QJsonValue::Undefined);
    const auto row = [](const char* name, const char* kind, const char* member,
                         const QJsonValue& before, const QJsonValue& after) {
        QTest::newRow(name) << QString::fromLatin1(kind) << QString::fromLatin1(member) << before
                            << after;
    };
    row("a user's roles", "user", "roles", QJsonArray{1}, QJsonArray{1, 2});
    row("a user's own rules", "user", "rules", QJsonArray{}, QJsonArray{u"event/SEND/GLOBAL"_s});
    row("a user's organization", "user", "organization", 1, 2);
    row("a user that comes", "new user", "username", none, u"eve"_s);
    row("a user that goes", "no user", "username", u"anna"_s, none);
    row("a role's rules", "role", "rules", QJsonArray{u"task/VIEW/COLLABORATION"_s},
        QJsonArray{u"task/VIEW/COLLABORATION"_s, u"event/RECEIVE/GLOBAL"_s});
    row("a collaboration's members", "collaboration", "organizations", QJsonArray{1, 2},
        QJsonArray{1});
    row("a node's place", "node", "organization", 1, 2);
    row("a node's key", "node", "api_key_hash", u"12345678"_s, u"abcdefgh"_s);
    row("a study's members", "study", "organizations", QJsonArray{1}, QJsonArray{1, 2});
}

void DirectoryChangesTest::bothStatesOfWhatSomebodyMayAreSaid()
{
    QFETCH(QString, kind);
    QFETCH(QString, member);
    QFETCH(QJsonValue, before);
    QFETCH(QJsonValue, after);
    using model::RuleOperation;
    using model::RuleScope;
    work::DirectoryContent known = content();
    known.collaborations[0].members = {{1}, {2}};
    known.studies = {{{5}, u"pilot"_s, {10}, {{1}}}};
    known.roles[0].rules = {{"task", RuleScope::Collaboration, RuleOperation::View}};
    known.nodes[0].apiKeyHash = "1234567890";
    work::User anna;
    anna.id = {200};
    anna.username = u"anna"_s;
    anna.organization = {1};
    anna.roles = {{1}};
    known.users = {anna};
    work::DirectoryContent fresh = known;
    if (kind == u"no user") {
        fresh.users.clear();
    } else if (kind == u"new user") {
        fresh.users.push_back(anna);
        fresh.users[1].id = {201};
        fresh.users[1].username = u"eve"_s;
    } else if (member == u"roles") {
        fresh.users[0].roles = {{1}, {2}};
    } else if (kind == u"user" && member == u"rules") {
        fresh.users[0].rules = {{"event", RuleScope::Global, RuleOperation::Send}};
    } else if (kind == u"user") {
        fresh.users[0].organization = {2};
    } else if (kind == u"role") {
        fresh.roles[0].rules.push_back({"event", RuleScope::Global, RuleOperation::Receive});
    } else if (kind == u"collaboration") {
        fresh.collaborations[0].members = {{1}};
    } else if (kind == u"study") {
        fresh.studies[0].members = {{1}, {2}};
    } else if (member == u"organization") {
        fresh.nodes[0].organization = {2};
    } else {
        fresh.nodes[0].apiKeyHash = "abcdefghij";
    }
    work::Directory directory;
    directory.replace(known);
    const auto changes = app::directoryChanges(directory, fresh);
    QCOMPARE(changes.size(), size_t(1));
    QCOMPARE(changes[0].action, QString(u"directory:"_s + kind.split(u' ').last()));
    QCOMPARE(changes[0].before.value(member), before);
    QCOMPARE(changes[0].after.value(member), after);
    QCOMPARE(changes[0].before.isEmpty(), before.isUndefined());
    QCOMPARE(changes[0].after.isEmpty(), after.isUndefined());
}

/// Beside another server thousands of nodes are in memory that the database has never had.
void DirectoryChangesTest::whatWasLearntElsewhereIsNoChange()
{
    work::Directory directory;
    directory.replace(content());
    work::DirectoryContent elsewhere;
    for (qint64 i = 1; i <= 1'000; ++i) {
        elsewhere.nodes.push_back({{1'000 + i}, u"node %1"_s.arg(i), {}, {20}, {i}, {}, {}});
        elsewhere.organizations.push_back(
            {{i}, u"organization %1"_s.arg(i), {}, {}, {}, {}, {}, {}});
    }
    elsewhere.collaborations = {{{20}, u"lung"_s, true, {}}};
    directory.learn(elsewhere);
    QCOMPARE(app::directoryChanges(directory, content()).size(), size_t(0));
}

QTEST_GUILESS_MAIN(DirectoryChangesTest)
#include "tst_directorychanges.moc"
