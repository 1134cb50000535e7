// SPDX-License-Identifier: Apache-2.0
#include "server/app/explain.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::app;
using namespace Qt::StringLiterals;

namespace {

using model::RuleOperation;
using model::RuleScope;

work::Organization organization(qint64 id, const QString& name)
{
    work::Organization made;
    made.id = {id};
    made.name = name;
    return made;
}

work::Collaboration collaboration(
    qint64 id, const QString& name, std::vector<OrganizationId> members)
{
    work::Collaboration made;
    made.id = {id};
    made.name = name;
    made.members = std::move(members);
    return made;
}

work::Role role(qint64 id, const QString& name, const model::Rule& rule)
{
    work::Role made;
    made.id = {id};
    made.name = name;
    made.rules = {rule};
    return made;
}

work::User user(qint64 id, const QString& name, OrganizationId organization,
    std::vector<RoleId> roles = {}, std::vector<model::Rule> rules = {})
{
    work::User made;
    made.id = {id};
    made.username = name;
    made.organization = organization;
    made.roles = std::move(roles);
    made.rules = std::move(rules);
    return made;
}

/// Aachen and Bergen in "heart", Aachen and Cork in "lung".
void fill(work::Directory& directory)
{
    const model::Rule wide{"event", RuleScope::Collaboration, RuleOperation::Receive};
    const model::Rule narrow{"event", RuleScope::Organization, RuleOperation::Receive};
    const model::Rule send{"event", RuleScope::Global, RuleOperation::Send};
    work::DirectoryContent content;
    content.organizations
        = {organization(1, u"Aachen"_s), organization(2, u"Bergen"_s), organization(3, u"Cork"_s)};
    content.collaborations
        = {collaboration(1, u"heart"_s, {{1}, {2}}), collaboration(2, u"lung"_s, {{1}, {3}})};
    content.roles = {role(1, u"Watcher"_s, wide), role(2, u"Neighbour"_s, narrow)};
    content.users = {user(11, u"anna"_s, {1}, {{1}}, {wide, send}), user(12, u"olga"_s, {2}, {{2}}),
        user(13, u"nobody"_s, {3})};
    directory.replace(std::move(content));
}

} // namespace

class tst_Explain : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void namesTheRuleAndWhereItComesFrom_data();
    void namesTheRuleAndWhereItComesFrom();
    void refusesWhatItDoesNotKnow_data();
    void refusesWhatItDoesNotKnow();
};

void tst_Explain::namesTheRuleAndWhereItComesFrom_data()
{
    QTest::addColumn<QStringList>("question");
    QTest::addColumn<bool>("allowed");
    QTest::addColumn<QString>("rule");
    QTest::addColumn<QStringList>("sources");
    QTest::addColumn<QStringList>("rooms");
    const QString wide = u"event/RECEIVE/COLLABORATION"_s;
    const QString narrow = u"event/RECEIVE/ORGANIZATION"_s;
    QTest::newRow("by role and directly")
        << QStringList{u"anna"_s, u"new_task"_s, u"heart"_s} << true << wide
        << QStringList{u"role \"Watcher\""_s, u"given directly"_s}
        << QStringList{u"collaboration_1"_s};
    QTest::newRow("by numbers") << QStringList{u"11"_s, u"algorithm_log"_s, u"2"_s} << true << wide
                                << QStringList{u"role \"Watcher\""_s, u"given directly"_s}
                                << QStringList{u"collaboration_2"_s};
    QTest::newRow("small room, event about a node")
        << QStringList{u"olga"_s, u"node-online"_s, u"heart"_s} << true << narrow
        << QStringList{u"role \"Neighbour\""_s} << QStringList{u"collaboration_1_organization_2"_s};
    QTest::newRow("small room, event of the collaboration")
        << QStringList{u"olga"_s, u"new_task"_s, u"heart"_s} << false << narrow
        << QStringList{u"role \"Neighbour\""_s} << QStringList();
    QTest::newRow("another collaboration")
        << QStringList{u"olga"_s, u"node-online"_s, u"lung"_s} << false << narrow
        << QStringList{u"role \"Neighbour\""_s} << QStringList();
    QTest::newRow("no rule") << QStringList{u"nobody"_s, u"new_task"_s, u"lung"_s} << false
                             << QString() << QStringList() << QStringList();
    QTest::newRow("kill everywhere")
        << QStringList{u"anna"_s, u"kill"_s, u"lung"_s} << true << u"event/SEND/GLOBAL"_s
        << QStringList{u"given directly"_s} << QStringList();
    QTest::newRow("create without a rule") << QStringList{u"anna"_s, u"create_task"_s, u"lung"_s}
                                           << false << QString() << QStringList() << QStringList();
}

void tst_Explain::namesTheRuleAndWhereItComesFrom()
{
    QFETCH(QStringList, question);
    work::Directory directory;
    fill(directory);
    const auto answer = explain(directory, {question[0], question[1], question[2]});
    QVERIFY(answer);
    QTEST(answer->decision.allowed, "allowed");
    QTEST(answer->decision.rule, "rule");
    QTEST(answer->sources, "sources");
    QTEST(answer->rooms, "rooms");
    QVERIFY(!answer->decision.reason.isEmpty());
    QVERIFY(answer->text().contains(
        answer->decision.allowed ? QStringLiteral(": yes\n") : QStringLiteral(": no\n")));
}

void tst_Explain::refusesWhatItDoesNotKnow_data()
{
    QTest::addColumn<QStringList>("question");
    QTest::addColumn<QString>("says");
    QTest::newRow("user") << QStringList{u"eve"_s, u"new_task"_s, u"heart"_s} << u"\"eve\""_s;
    QTest::newRow("number of nobody")
        << QStringList{u"99"_s, u"new_task"_s, u"heart"_s} << u"\"99\""_s;
    QTest::newRow("collaboration")
        << QStringList{u"anna"_s, u"new_task"_s, u"liver"_s} << u"\"liver\""_s;
    QTest::newRow("event") << QStringList{u"anna"_s, u"tea"_s, u"heart"_s} << u"\"tea\""_s;
}

void tst_Explain::refusesWhatItDoesNotKnow()
{
    QFETCH(QStringList, question);
    QFETCH(QString, says);
    work::Directory directory;
    fill(directory);
    const auto answer = explain(directory, {question[0], question[1], question[2]});
    QVERIFY(!answer);
    QVERIFY2(answer.error().detail.contains(says), qPrintable(answer.error().detail));
}

QTEST_GUILESS_MAIN(tst_Explain)
#include "tst_explain.moc"
