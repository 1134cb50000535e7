// SPDX-License-Identifier: Apache-2.0
#include "common/core/strictjson.h"
#include "server/relay/scope.h"
#include "server/relay/template.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::relay;

Q_DECLARE_METATYPE(gatehouse::ConfigNode)

namespace {

const QByteArray payload = R"({"id":214037134477230080,"name":"b\u00f6b \"x\"",)"
                           R"("deep":{"list":[1,{"a":-0.50}]},"none":null,"evil":"a.)"
                           "\x23\",\"flag\":true}";

Facts facts()
{
    Facts facts;
    facts.payload = payload;
    facts.scope = "607637793107345431";
    return facts;
}

ConfigNode text(const char* value)
{
    return {QString::fromUtf8(value), {1, 1}};
}

} // namespace

/// Templates: values go from JSON to JSON untouched, and into names only when they are plain.
class TestTemplate : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void jsonIsFilled_data();
    void jsonIsFilled();
    void textsAreFilled_data();
    void textsAreFilled();
    void mistakesAreSaid_data();
    void mistakesAreSaid();
    void aNameGivesItsValueBack();
    void scopesAreExact_data();
    void scopesAreExact();
    void shardsFollowTheId();
};

void TestTemplate::jsonIsFilled_data()
{
    QTest::addColumn<ConfigNode>("node");
    QTest::addColumn<QByteArray>("filled"); // empty: refused
    const ConfigPlace here{1, 1};
    const auto object = [&](const char* name, ConfigNode value) {
        return ConfigNode(ConfigMembers{{QString::fromUtf8(name), here, std::move(value)}}, here);
    };
    QTest::newRow("exact digits") << text("{payload.id}") << QByteArray("214037134477230080");
    QTest::newRow("spelling") << text("{payload.deep.list.1.a}") << QByteArray("-0.50");
    QTest::newRow("escapes") << text("{payload.name}") << QByteArray(R"("b\u00f6b \"x\"")");
    QTest::newRow("within a text") << text("<{payload.name}|{payload.id}>")
                                   << QByteArray(R"("<böb \"x\"|214037134477230080>")");
    QTest::newRow("braces") << text("{{x}}") << QByteArray(R"("{x}")");
    QTest::newRow("plain") << text("a\"b") << QByteArray(R"("a\"b")");
    QTest::newRow("missing") << text("{payload.nothing}") << QByteArray();
    QTest::newRow("optional") << text("{payload.nothing?}") << QByteArray("null");
    QTest::newRow("null counts as absent") << text("{payload.none?}") << QByteArray("null");
    QTest::newRow("optional in a table")
        << object("a", text("{payload.nothing?}")) << QByteArray("{}");
    QTest::newRow("optional in a list")
        << ConfigNode(ConfigArray{text("{payload.nothing?}"), text("{scope}")}, here)
        << QByteArray("[null,607637793107345431]");
    QTest::newRow("constants") << ConfigNode(
        ConfigArray{{true, here}, {qint64{7}, here}, {0.5, here}}, here)
                               << QByteArray("[true,7,0.5]");
    QTest::newRow("a number below an array is an index")
        << text("{payload.deep.list.0}") << QByteArray("1");
    QTest::newRow("an object within a text") << text("x{payload.deep}") << QByteArray();
}

void TestTemplate::jsonIsFilled()
{
    QFETCH(ConfigNode, node);
    QFETCH(QByteArray, filled);
    ConfigMistakes mistakes(QStringLiteral("file"));
    const JsonTemplate json = JsonTemplate::read(node, mistakes);
    QVERIFY(mistakes.isEmpty());
    const auto result = json.fill(facts());
    QCOMPARE(result.value_or(QByteArray()), filled);
    if (result)
        QVERIFY(checkJson(*result).has_value());
}

void TestTemplate::textsAreFilled_data()
{
    QTest::addColumn<QString>("written");
    QTest::addColumn<QByteArray>("filled"); // empty: refused
    QTest::newRow("plain") << QStringLiteral("room") << QByteArray("room");
    QTest::newRow("id") << QStringLiteral("guild_{payload.id}")
                        << QByteArray("guild_214037134477230080");
    QTest::newRow("two") << QStringLiteral("{scope}.{payload.flag}")
                         << QByteArray("607637793107345431.true");
    QTest::newRow("optional") << QStringLiteral("a{payload.nothing?}b") << QByteArray("ab");
    QTest::newRow("dots and wildcards") << QStringLiteral("x.{payload.evil}") << QByteArray();
    QTest::newRow("quotes and spaces") << QStringLiteral("{payload.name}") << QByteArray();
    QTest::newRow("missing") << QStringLiteral("{payload.nothing}") << QByteArray();
    QTest::newRow("object") << QStringLiteral("{payload.deep}") << QByteArray();
    QTest::newRow("fraction") << QStringLiteral("{payload.deep.list.1.a}") << QByteArray();
}

void TestTemplate::textsAreFilled()
{
    QFETCH(QString, written);
    QFETCH(QByteArray, filled);
    const auto parsed = TextTemplate::parse(written);
    QVERIFY(parsed);
    QCOMPARE(parsed->toText(), written);
    QCOMPARE(parsed->fill(facts()).value_or(QByteArray()), filled);
}

void TestTemplate::mistakesAreSaid_data()
{
    QTest::addColumn<QString>("written");
    QTest::newRow("open") << QStringLiteral("a{payload");
    QTest::newRow("closed") << QStringLiteral("a}b");
    QTest::newRow("unknown root") << QStringLiteral("{pay.load}");
    QTest::newRow("empty") << QStringLiteral("{}");
    QTest::newRow("empty name") << QStringLiteral("{payload..a}");
    QTest::newRow("space") << QStringLiteral("{payload. a}");
}

void TestTemplate::mistakesAreSaid()
{
    QFETCH(QString, written);
    QVERIFY(!TextTemplate::parse(written));
    ConfigMistakes mistakes(QStringLiteral("x.toml"));
    JsonTemplate::read(ConfigNode(written, {3, 9}), mistakes);
    QCOMPARE(mistakes.texts().size(), 1);
    QVERIFY(mistakes.texts().front().startsWith(u"x.toml:3:9: "));
}

void TestTemplate::aNameGivesItsValueBack()
{
    const TextTemplate name = TextTemplate::parse(QStringLiteral("guild_{scope}_logs")).value();
    QCOMPARE(name.valueIn("guild_42_logs").value_or(""), QByteArray("42"));
    QCOMPARE(name.withValue("42"), QByteArray("guild_42_logs"));
    for (const char* other : {"guild__logs", "guild_42", "guild_4.2_logs", "xguild_42_logs"})
        QVERIFY2(!name.valueIn(other), other);
}

void TestTemplate::scopesAreExact_data()
{
    QTest::addColumn<QByteArray>("raw");
    QTest::addColumn<QByteArray>("text"); // empty: none
    QTest::newRow("number") << QByteArray("607637793107345431") << QByteArray("607637793107345431");
    QTest::newRow("text") << QByteArray(R"("607637793107345431")")
                          << QByteArray("607637793107345431");
    QTest::newRow("leading zeros") << QByteArray(R"("0042")") << QByteArray("42");
    QTest::newRow("largest") << QByteArray("18446744073709551615")
                             << QByteArray("18446744073709551615");
    QTest::newRow("too large") << QByteArray("18446744073709551616") << QByteArray();
    QTest::newRow("too large in a text")
        << QByteArray(R"("18446744073709551616")") << QByteArray("18446744073709551616"); // a word
    QTest::newRow("negative") << QByteArray("-1") << QByteArray();
    QTest::newRow("exponent") << QByteArray("1e3") << QByteArray();
    QTest::newRow("word") << QByteArray(R"("main-file_1")") << QByteArray("main-file_1");
    QTest::newRow("wildcard") << QByteArray(R"("#")") << QByteArray();
    QTest::newRow("object") << QByteArray("{}") << QByteArray();
    QTest::newRow("nothing") << QByteArray() << QByteArray();
}

void TestTemplate::scopesAreExact()
{
    QFETCH(QByteArray, raw);
    QFETCH(QByteArray, text);
    const auto scope = Scope::read(raw);
    QCOMPARE(scope ? scope->text : QByteArray(), text);
}

void TestTemplate::shardsFollowTheId()
{
    QCOMPARE(shardOf(607637793107345431ULL, 22, 2), int((607637793107345431ULL >> 22) % 2));
    QCOMPARE(shardOf(19, 22, 2), 0);
    QCOMPARE(shardOf(18446744073709551615ULL, 0, 7), int(18446744073709551615ULL % 7));
}

QTEST_GUILESS_MAIN(TestTemplate)
#include "tst_template.moc"
