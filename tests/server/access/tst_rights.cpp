// SPDX-License-Identifier: Apache-2.0
#include "server/access/rights.h"

#include <QTest>

#include <algorithm>

using namespace gatehouse;
using namespace gatehouse::access;
using model::RuleOperation;
using model::RuleScope;

namespace {

std::vector<model::Rule> rulesOf(QLatin1StringView role)
{
    for (const DefaultRole& candidate : defaultRoles()) {
        if (candidate.name == role)
            return candidate.rules;
    }
    return {};
}

} // namespace

class TestRights : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void noScopeImpliesAnother();
    void defaultRolesAreThoseOfVantage6();
    void everyRoleNamesOnlyKnownRules();
    void eventRulesOfRoles_data();
    void eventRulesOfRoles();
    void onlySomeRolesCreateTasks_data();
    void onlySomeRolesCreateTasks();
    void largerRolesHoldTheSmaller();
    void ruleReadsAsText();
};

void TestRights::noScopeImpliesAnother()
{
    const Rights rights{{{"task", RuleScope::Global, RuleOperation::View}}, {}, {}};
    QVERIFY(rights.has("task", RuleScope::Global, RuleOperation::View));
    QVERIFY(!rights.has("task", RuleScope::Collaboration, RuleOperation::View));
    QVERIFY(!rights.has("task", RuleScope::Global, RuleOperation::Edit));
    QVERIFY(!rights.has("run", RuleScope::Global, RuleOperation::View));
    QVERIFY(!rights.has("Task", RuleScope::Global, RuleOperation::View));
}

void TestRights::defaultRolesAreThoseOfVantage6()
{
    QStringList names;
    for (const DefaultRole& role : defaultRoles())
        names.append(role.name);
    QCOMPARE(names.join(QLatin1Char(',')),
        QStringLiteral("Root,Collaboration Admin,Organization Admin,Researcher,Viewer"));
    QCOMPARE(rulesOf(QLatin1StringView("Root")), allRules());
    QCOMPARE(rulesOf(QLatin1StringView("Viewer")).size(), size_t(15));
    QCOMPARE(rulesOf(QLatin1StringView("Researcher")).size(), size_t(17));
    QCOMPARE(rulesOf(QLatin1StringView("Organization Admin")).size(), size_t(25));
    QCOMPARE(rulesOf(QLatin1StringView("Collaboration Admin")).size(), size_t(41));
}

void TestRights::everyRoleNamesOnlyKnownRules()
{
    const auto all = allRules();
    QVERIFY(std::is_sorted(all.begin(), all.end()));
    for (const DefaultRole& role : defaultRoles()) {
        QVERIFY(std::includes(all.begin(), all.end(), role.rules.begin(), role.rules.end()));
        QVERIFY(std::adjacent_find(role.rules.begin(), role.rules.end()) == role.rules.end());
    }
}

void TestRights::eventRulesOfRoles_data()
{
    QTest::addColumn<QString>("role");
    QTest::addColumn<QString>("receive");
    QTest::addColumn<QString>("send");
    const auto row = [](const char* role, const char* receive, const char* send) {
        QTest::newRow(role) << QString::fromLatin1(role) << QString::fromLatin1(receive)
                            << QString::fromLatin1(send);
    };
    row("Viewer", "ORGANIZATION COLLABORATION", "");
    row("Researcher", "ORGANIZATION COLLABORATION", "");
    row("Organization Admin", "ORGANIZATION COLLABORATION", "ORGANIZATION");
    row("Collaboration Admin", "ORGANIZATION COLLABORATION", "ORGANIZATION COLLABORATION");
    row("Root", "ORGANIZATION COLLABORATION GLOBAL", "ORGANIZATION COLLABORATION GLOBAL");
}

void TestRights::eventRulesOfRoles()
{
    QFETCH(QString, role);
    const Rights rights{rulesOf(QLatin1StringView(role.toLatin1())), {}, {}};
    const auto scopes = [&rights](RuleOperation operation) {
        QStringList names;
        for (const auto scope : {RuleScope::Own, RuleScope::Organization, RuleScope::Collaboration,
                 RuleScope::Global}) {
            if (rights.has("event", scope, operation))
                names.append(model::name(scope));
        }
        return names.join(QLatin1Char(' '));
    };
    QTEST(scopes(RuleOperation::Receive), "receive");
    QTEST(scopes(RuleOperation::Send), "send");
}

void TestRights::onlySomeRolesCreateTasks_data()
{
    QTest::addColumn<QString>("role");
    QTest::addColumn<bool>("creates");
    QTest::newRow("Viewer") << QStringLiteral("Viewer") << false;
    QTest::newRow("Organization Admin") << QStringLiteral("Organization Admin") << false;
    QTest::newRow("Researcher") << QStringLiteral("Researcher") << true;
    QTest::newRow("Collaboration Admin") << QStringLiteral("Collaboration Admin") << true;
}

void TestRights::onlySomeRolesCreateTasks()
{
    QFETCH(QString, role);
    const Rights rights{rulesOf(QLatin1StringView(role.toLatin1())), {}, {}};
    QTEST(rights.has("task", RuleScope::Collaboration, RuleOperation::Create), "creates");
    QVERIFY(!rights.has("task", RuleScope::Global, RuleOperation::Create));
}

void TestRights::largerRolesHoldTheSmaller()
{
    const auto holds = [](const char* larger, const char* smaller) {
        const auto outer = rulesOf(QLatin1StringView(larger));
        const auto inner = rulesOf(QLatin1StringView(smaller));
        return !inner.empty()
            && std::includes(outer.begin(), outer.end(), inner.begin(), inner.end());
    };
    QVERIFY(holds("Researcher", "Viewer"));
    QVERIFY(holds("Organization Admin", "Viewer"));
    QVERIFY(holds("Collaboration Admin", "Organization Admin"));
    QVERIFY(holds("Collaboration Admin", "Researcher"));
    QVERIFY(!holds("Organization Admin", "Researcher"));
}

void TestRights::ruleReadsAsText()
{
    QCOMPARE(ruleText({"task", RuleScope::Collaboration, RuleOperation::Create}),
        QStringLiteral("task/CREATE/COLLABORATION"));
}

QTEST_GUILESS_MAIN(TestRights)
#include "tst_rights.moc"
