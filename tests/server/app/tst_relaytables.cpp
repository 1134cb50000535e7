// SPDX-License-Identifier: Apache-2.0
#include "server/app/configurationreader.h"
#include "server/app/relayexplain.h"
#include "tests/server/access/testkeys.h"

#include <QDir>
#include <QTest>

using namespace gatehouse;
using namespace gatehouse::app;

namespace {

const QByteArray secret("a secret of the REST API, long enough");

/// A small profile that is right; rows replace one line of it.
const QByteArray good(R"([claims.bot]
secret_files = ["bot.key"]
subject = "id"
[relay.dash]
namespace = "/dash"
claims = "bot"
cookie = "token"
elevated_room = "{peer.id}_auth"
[relay.dash.bits]
see = 2
[relay.dash.route.shard]
queue = "shard_{shard}"
shards = 2
timeout = "5s"
[relay.dash.membership.guild]
route = "shard"
method = "is_member"
member = "answer.member"
[relay.dash.room.guild]
room = "guild_{scope}"
single = true
[[relay.dash.event]]
name = "ask"
action = "request"
needs = ["member", "see"]
membership = "guild"
scope = "payload.guild"
fields = { guild = "id", limit = "integer?" }
call = { route = "shard", method = "ask", args = ["{scope}"] }
answer = { event = "answer", last = "{answer}" }
[[relay.dash.publication]]
exchange = "events"
topic = "log.*"
room = "guild_{body.guild}"
event = "log"
[[relay.dash.control]]
queue = "rpc"
method = "demote"
action = "demote"
)");

ConfigurationReader::Report read(const QByteArray& toml)
{
    ConfigurationReader reader;
    reader.readToml(toml, QStringLiteral("x.toml"), QStringLiteral("/etc/gatehouse"));
    return reader.finish();
}

ClaimVerifiers verifiers(const RelayTables& tables, const Clock& clock)
{
    ClaimVerifiers all;
    for (const ClaimSource& source : tables.claims) {
        access::KeySet keys;
        const auto added = keys.addSecret(secret);
        Q_ASSERT(added);
        all.emplace(source.profile.name,
            std::make_unique<access::ProfileVerifier>(source.profile, std::move(keys), clock));
    }
    return all;
}

QByteArray token(const QByteArray& payload)
{
    return access::test::hmacToken(R"({"alg":"HS256"})", payload, secret);
}

} // namespace

/// The tables of the relay: what is wrong is said with its place, what is right can be asked.
class TestRelayTables : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aGoodProfileIsRead();
    void mistakesAreNamed_data();
    void mistakesAreNamed();
    void everyMistakeIsNamedAtOnce();
    void twoProfilesNeedTwoNamespaces();
    void examplesAreGood_data();
    void examplesAreGood();
    void decisionsAreExplained_data();
    void decisionsAreExplained();
    void hearingIsExplainedByTheWayIn();
    void anEventWithoutARuleIsSaid();
};

void TestRelayTables::aGoodProfileIsRead()
{
    const auto report = read(good);
    QCOMPARE(report.errors, QStringList());
    const RelayTables& tables = report.configuration.relay;
    QCOMPARE(
        tables.claims.front().secretFiles, QStringList{QStringLiteral("/etc/gatehouse/bot.key")});
    const relay::Rules& rules = tables.relays.front();
    QCOMPARE(rules.nsp.value, QByteArray("/dash"));
    QCOMPARE(rules.routes.front().timeout, Millis{5'000});
    QCOMPARE(rules.events.front().needs.level, relay::Level::Member);
    QCOMPARE(rules.events.front().needs.bits, 2);
    QVERIFY(rules.rooms.front().isSingle);
}

void TestRelayTables::mistakesAreNamed_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QByteArray>("instead");
    QTest::addColumn<QByteArray>("says");
    const auto row = [](const char* name, const char* line, const char* instead, const char* says) {
        QTest::newRow(name) << QByteArray(line) << QByteArray(instead) << QByteArray(says);
    };
    row("unknown key", "shards = 2", "shard = 2",
        R"(x.toml:13:1: unknown key "relay.dash.route.shard.shard"; did you mean "shards"?)");
    row("wrong type", "shards = 2", "shards = \"2\"",
        "x.toml:13:10: relay.dash.route.shard.shards: expected a whole number");
    row("out of range", "timeout = \"5s\"", "timeout = \"1h\"",
        "x.toml:14:11: relay.dash.route.shard.timeout: must be 1ms to 10m");
    row("no duration", "timeout = \"5s\"", "timeout = \"5 moons\"", "x.toml:14:11: ");
    row("unknown route", "route = \"shard\"\nmethod", "route = \"sard\"\nmethod",
        R"(x.toml:16:9: relay.dash.membership.guild.route: there is no route "sard"; did you mean "shard"?)");
    row("unknown bit", "[\"member\", \"see\"]", "[\"member\", \"sea\"]",
        R"(x.toml:25:9: relay.dash.event[1].needs: there is no bit "sea"; did you mean "see"?)");
    row("unknown action", "action = \"request\"", "action = \"reqest\"",
        "did you mean \"request\"?");
    row("missing name", "name = \"ask\"\n", "", R"(relay.dash.event[1]: "name" is missing)");
    row("needs a scope", "scope = \"payload.guild\"\n", "",
        R"(relay.dash.event[1].needs: "membership" and "scope" say of what)");
    row("bad template", "[\"{scope}\"]", "[\"{scop}\"]", "values begin with one of payload");
    row("bad room", "room = \"guild_{scope}\"", "room = \"guild_{scope\"",
        "x.toml:20:8: relay.dash.room.guild.room: \"{\" without \"}\"");
    row("bad field", "limit = \"integer?\"", "limit = \"int\"",
        "fields.limit: expected one of any");
    row("unknown membership", "membership = \"guild\"", "membership = \"gild\"",
        "did you mean \"guild\"?");
    row("unknown claims", "claims = \"bot\"", "claims = \"bots\"", "there is no [claims.bots]");
    row("no key", "secret_files = [\"bot.key\"]\n", "", "claims.bot: no key");
    row("no call", "call = { route = \"shard\", method = \"ask\", args = [\"{scope}\"] }\n", "",
        "a request needs a \"call\"");
    row("no method", ", method = \"ask\"", "",
        R"(x.toml:29:8: relay.dash.event[1].call: "method" is missing)");
    row("bad topic", "topic = \"log.*\"", "topic = \"log.a*\"", "is no topic pattern");
    row("half a restriction", "event = \"log\"", "event = \"log\"\nrestricted_room = \"a\"",
        "\"restricted_room\" and \"open_when\" go together");
    row("namespace", "namespace = \"/dash\"", "namespace = \"dash\"", "begins with \"/\"");
    row("table for a value", "queue = \"rpc\"", "queue = { a = 1 }", "expected a text");
    row("claims that go together", "subject = \"id\"", "subject = \"id\"\nissued = \"iat\"",
        "\"issued\" and \"lifetime\" go together");
}

void TestRelayTables::mistakesAreNamed()
{
    QFETCH(QByteArray, line);
    QFETCH(QByteArray, instead);
    QFETCH(QByteArray, says);
    QVERIFY(good.contains(line));
    QByteArray bad = good;
    bad.replace(bad.indexOf(line), line.size(), instead);
    const QStringList errors = read(bad).errors;
    QVERIFY(!errors.isEmpty());
    const QString all = errors.join(u'\n');
    QVERIFY2(all.contains(QString::fromUtf8(says)), qPrintable(all));
    QVERIFY2(errors.front().startsWith(u"x.toml:"), qPrintable(all));
}

void TestRelayTables::everyMistakeIsNamedAtOnce()
{
    QByteArray bad = good;
    bad.replace("timeout = \"5s\"", "timeout = 5")
        .replace("single = true", "single = 1")
        .replace("topic = \"log.*\"", "topic = 7");
    QCOMPARE(read(bad).errors.size(), 3);
}

void TestRelayTables::twoProfilesNeedTwoNamespaces()
{
    const auto report = read(good + "[relay.other]\nnamespace = \"/dash\"\n");
    QCOMPARE(report.errors.size(), 1);
    QVERIFY(report.errors.front().contains(u"belongs to another profile"));
}

void TestRelayTables::examplesAreGood_data()
{
    QTest::addColumn<QString>("file");
    const QDir examples(QStringLiteral(GATEHOUSE_SOURCE_DIR "/examples"));
    for (const QString& name : examples.entryList(QDir::Dirs | QDir::NoDotAndDotDot)) {
        const QString file = examples.filePath(name + QStringLiteral("/gatehouse.toml"));
        if (QFile::exists(file))
            QTest::newRow(qPrintable(name)) << file;
    }
}

void TestRelayTables::examplesAreGood()
{
    QFETCH(QString, file);
    ConfigurationReader reader;
    reader.readFile(file);
    const auto report = reader.finish();
    QCOMPARE(report.errors, QStringList());
    QCOMPARE(report.warnings, QStringList());
}

void TestRelayTables::decisionsAreExplained_data()
{
    QTest::addColumn<QByteArray>("payload"); // of the token; empty: none
    QTest::addColumn<QStringList>("assumed");
    QTest::addColumn<bool>("allowed");
    QTest::addColumn<QString>("rule");
    const QByteArray anna(R"({"id":7,"exp":1800000100})");
    const QString member = QStringLiteral("member");
    QTest::newRow("nobody") << QByteArray() << QStringList() << false << QStringLiteral("elevated");
    QTest::newRow("ended") << QByteArray(R"({"id":7,"exp":1})") << QStringList() << false
                           << QStringLiteral("elevated");
    QTest::newRow("not assumed") << anna << QStringList() << false << member;
    QTest::newRow("member without the bit")
        << anna << QStringList{member} << false << QStringLiteral("see");
    QTest::newRow("member with the bit") << anna << QStringList{member, QStringLiteral("see")}
                                         << true << QStringLiteral("member and see");
}

void TestRelayTables::decisionsAreExplained()
{
    QFETCH(QByteArray, payload);
    QFETCH(QStringList, assumed);
    QFETCH(bool, allowed);
    QFETCH(QString, rule);
    const ManualClock clock;
    const auto report = read(good);
    const RelayTables& tables = report.configuration.relay;
    const QString bearer = payload.isEmpty() ? QString() : QString::fromLatin1(token(payload));
    const auto answers = explainRelay(
        tables, verifiers(tables, clock), {bearer, QStringLiteral("ask"), {}, assumed});
    QVERIFY(answers);
    QCOMPARE(answers->size(), size_t(1));
    const Explanation& answer = answers->front();
    QCOMPARE(answer.decision.allowed, allowed);
    QCOMPARE(answer.decision.rule, rule);
    QVERIFY2(answer.text().contains(u"event ask (line 22), needs member and see"),
        qPrintable(answer.text()));
}

void TestRelayTables::hearingIsExplainedByTheWayIn()
{
    const ManualClock clock;
    ConfigurationReader reader;
    reader.readFile(QStringLiteral(GATEHOUSE_SOURCE_DIR "/examples/dashboard/gatehouse.toml"));
    const auto report = reader.finish();
    const RelayTables& tables = report.configuration.relay;
    const auto ask = [&](const QString& room, const QStringList& assumed) {
        return explainRelay(tables, verifiers(tables, clock),
            {QString::fromLatin1(
                 token(R"({"id":7,"issued_at":1800000000,"expires_in":60,"permissions":274})")),
                QStringLiteral("log_pool"), room, assumed});
    };
    const auto open = ask(QStringLiteral("guild_42"), {QStringLiteral("member")});
    QVERIFY(open);
    QVERIFY(
        std::all_of(open->begin(), open->end(), [](const auto& a) { return a.decision.allowed; }));
    const auto restricted = ask(QStringLiteral("guild_42_private"), {QStringLiteral("member")});
    QVERIFY(restricted);
    for (const Explanation& answer : *restricted) {
        QVERIFY(!answer.decision.allowed);
        QCOMPARE(answer.decision.rule, QStringLiteral("view_private_logs"));
    }
    QVERIFY(!ask(QStringLiteral("lobby"), {}));
}

void TestRelayTables::anEventWithoutARuleIsSaid()
{
    const ManualClock clock;
    const auto report = read(good);
    const auto answers = explainRelay(report.configuration.relay,
        verifiers(report.configuration.relay, clock), {{}, QStringLiteral("dance"), {}, {}});
    QCOMPARE(answers.error().code, ErrorCode::NotFound);
}

QTEST_GUILESS_MAIN(TestRelayTables)
#include "tst_relaytables.moc"
