// SPDX-License-Identifier: Apache-2.0
#include "server/relay/identity.h"
#include "server/relay/rules.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::relay;

namespace {

Rules rules()
{
    Rules rules;
    rules.bits = {{QStringLiteral("see"), 2}, {QStringLiteral("change"), 4}};
    rules.scopeAdminBits = 4;
    return rules;
}

Identity identity(quint64 bits, bool isPlatformAdmin = false)
{
    Identity identity;
    identity.claims.subject = "7";
    identity.claims.rawSubject = "7";
    identity.claims.isPlatformAdmin = isPlatformAdmin;
    identity.bits = bits;
    return identity;
}

} // namespace

/// Who may what, and which event a rule is about. How the tables are read is in tst_relaytables.
class TestRules : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void rightsAreDecided_data();
    void rightsAreDecided();
    void theFirstFittingRuleIsTold_data();
    void theFirstFittingRuleIsTold();
};

void TestRules::rightsAreDecided_data()
{
    QTest::addColumn<int>("level");
    QTest::addColumn<quint64>("needed");
    QTest::addColumn<bool>("platform");
    QTest::addColumn<int>("who"); // -1: nobody, else bits; 100: administrator of the platform
    QTest::addColumn<int>("standing"); // -1: not asked, 0 none, 1 member, 2 admin, 3 member + see
    QTest::addColumn<QString>("missing"); // empty: allowed
    const auto row = [](const char* name, Level level, quint64 bits, bool platform, int who,
                         int standing, const char* missing) {
        QTest::newRow(name) << int(level) << bits << platform << who << standing
                            << QString::fromLatin1(missing);
    };
    row("open for nobody", Level::Open, 0, false, -1, -1, "");
    row("elevated for nobody", Level::Elevated, 0, false, -1, -1, "elevated");
    row("elevated", Level::Elevated, 0, false, 0, -1, "");
    row("member not asked", Level::Member, 0, false, 6, -1, "member");
    row("member no", Level::Member, 0, false, 6, 0, "member");
    row("member", Level::Member, 0, false, 0, 1, "");
    row("admin as member", Level::Admin, 0, false, 6, 1, "admin");
    row("admin", Level::Admin, 0, false, 0, 2, "");
    row("bit missing", Level::Elevated, 2, false, 4, -1, "see");
    row("bit in the token", Level::Elevated, 2, false, 2, -1, "");
    row("bit from the bus", Level::Member, 2, false, 0, 3, "");
    row("bit from the bus of no member", Level::Elevated, 2, false, 0, 0, "see");
    row("bit of an administrator", Level::Member, 4, false, 0, 2, "");
    row("one of two bits", Level::Member, 6, false, 2, 1, "change");
    row("administrator of a scope is none of the platform", Level::Elevated, 0, true, 6, 2,
        "platform_admin");
    row("administrator of the platform", Level::Elevated, 0, true, 100, -1, "");
    row("administrator of the platform is no member", Level::Member, 0, false, 100, 0, "member");
}

void TestRules::rightsAreDecided()
{
    QFETCH(int, level);
    QFETCH(quint64, needed);
    QFETCH(bool, platform);
    QFETCH(int, who);
    QFETCH(int, standing);
    QFETCH(QString, missing);
    const Needs needs{Level(level), platform, needed, QStringLiteral("x")};
    const Identity someone = identity(who == 100 ? 0 : quint64(std::max(who, 0)), who == 100);
    const Standing told{standing > 0, standing == 2, quint64(standing == 3 ? 2 : 0)};
    const auto decision
        = mayUse(needs, rules(), who < 0 ? nullptr : &someone, standing < 0 ? nullptr : &told);
    QCOMPARE(decision.allowed, missing.isEmpty());
    if (!missing.isEmpty())
        QCOMPARE(decision.rule, missing);
    QVERIFY(!decision.reason.isEmpty());
}

void TestRules::theFirstFittingRuleIsTold_data()
{
    QTest::addColumn<int>("argument");
    QTest::addColumn<QByteArray>("payload");
    QTest::addColumn<bool>("fits");
    QTest::newRow("object") << int(ArgumentKind::Object)
                            << QByteArray(R"({"kind":"\u0061","n":7,"must":0})") << true;
    QTest::newRow("other value") << int(ArgumentKind::Object)
                                 << QByteArray(R"({"kind":"b","n":7,"must":0})") << false;
    QTest::newRow("text for a number")
        << int(ArgumentKind::Object) << QByteArray(R"({"kind":"a","n":"7","must":0})") << false;
    QTest::newRow("null is not there")
        << int(ArgumentKind::Object) << QByteArray(R"({"kind":"a","n":7,"must":null})") << false;
    QTest::newRow("no object") << int(ArgumentKind::Object) << QByteArray("7") << false;
    QTest::newRow("nothing") << int(ArgumentKind::Object) << QByteArray() << false;
}

void TestRules::theFirstFittingRuleIsTold()
{
    QFETCH(int, argument);
    QFETCH(QByteArray, payload);
    QFETCH(bool, fits);
    EventRule rule;
    rule.argument = ArgumentKind(argument);
    rule.where = {{ValuePath::parse(u"payload.kind").value(), {R"("x")", R"("a")"}},
        {ValuePath::parse(u"payload.n").value(), {"7"}}};
    rule.has = {"must"};
    Facts facts;
    facts.payload = payload;
    QCOMPARE(rule.fits(facts), fits);
}

QTEST_GUILESS_MAIN(TestRules)
#include "tst_rules.moc"
