// SPDX-License-Identifier: Apache-2.0
#include "common/protocol/jsonframe.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::protocol;

namespace {

JsonDialect dialectOf(const QByteArray& name)
{
    JsonDialect dialect = name == "typed" ? JsonDialect::typed() : JsonDialect::flat();
    if (name == "renaming") {
        dialect.eventsIn = {{"ping", "mock_user_event"}};
        dialect.eventsOut = {{"mock_bot_event", "bot"}};
        dialect.membersIn = {{"_seq", "_id"}, {"guild_id", "guildId"}};
        dialect.membersOut = {{"_id", "seq"}, {"nonexistant", "nonexistent"}};
    }
    return dialect;
}

} // namespace

class TestJsonFrame : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void takesFramesApart_data();
    void takesFramesApart();
    void refusesWhatIsNoEvent_data();
    void refusesWhatIsNoEvent();
    void putsFramesTogether_data();
    void putsFramesTogether();
    void whatIsPutTogetherComesApartAgain();
    void findsMembersInOneWalk();
    void tellsMembersThatAreThereTwice();
    void fillsTemplates_data();
    void fillsTemplates();
    void refusesTemplates_data();
    void refusesTemplates();
};

void TestJsonFrame::takesFramesApart_data()
{
    QTest::addColumn<QByteArray>("dialect");
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<QByteArray>("payload");
    const auto row = [](const char* tag, const char* dialect, const char* text, const char* name,
                         const char* payload) {
        QTest::newRow(tag) << QByteArray(dialect) << QByteArray(text) << QByteArray(name)
                           << QByteArray(payload);
    };
    row("flat", "flat", R"({"_event":"pool","_seq":3,"type":"guild"})", "pool",
        R"({"_seq":3,"type":"guild"})");
    row("flat, the name last", "flat", R"({"type":"guild","_event":"pool"})", "pool",
        R"({"type":"guild"})");
    row("flat, the name alone", "flat", R"({"_event":"ping"})", "ping", "{}");
    row("flat, numbers and white space stay", "flat",
        R"( { "a" : 214037134477230080 , "_event":"x", "b":1.50 ,"c":[ 1 ] } )", "x",
        R"({"a" : 214037134477230080,"b":1.50,"c":[ 1 ]})");
    row("flat, duplicates of others stay", "flat", R"({"a":1,"a":2,"_event":"x"})", "x",
        R"({"a":1,"a":2})");
    row("flat, the name's key deeper is payload", "flat", R"({"_event":"x","o":{"_event":"y"}})",
        "x", R"({"o":{"_event":"y"}})");
    row("flat, escaped key and name", "flat", R"({"\u005fevent":"a\u00e9\n"})", "a\xC3\xA9\n",
        "{}");
    row("renamed event and members", "renaming",
        R"({"_event":"ping","_seq":5,"guild_id":7,"o":{"_seq":1}})", "mock_user_event",
        R"({"_id":5,"guildId":7,"o":{"_seq":1}})");
    row("renaming keeps what it does not know", "renaming", R"({"_event":"x","y":1})", "x",
        R"({"y":1})");
    row("typed", "typed",
        R"({"type":"file-join","uuid":"u","sender":"CLIENT","pref_def":null,"content":{"p":1}})",
        "file-join", R"({"p":1})");
    row("typed, content before type", "typed", R"({"content":[1, 2],"type":"x"})", "x", "[1, 2]");
    row("typed, content null", "typed", R"({"type":"x","content":null})", "x", "null");
}

void TestJsonFrame::takesFramesApart()
{
    QFETCH(QByteArray, dialect);
    QFETCH(QByteArray, text);
    const auto event = decodeJsonEvent(dialectOf(dialect), text);
    QVERIFY2(event, event ? "" : qPrintable(event.error().detail));
    QTEST(event->name, "name");
    QTEST(event->payload, "payload");
}

void TestJsonFrame::refusesWhatIsNoEvent_data()
{
    QTest::addColumn<QByteArray>("dialect");
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<JsonEventFault>("fault");
    const auto row
        = [](const char* tag, const char* dialect, QByteArray text, JsonEventFault fault) {
              QTest::newRow(tag) << QByteArray(dialect) << std::move(text) << fault;
          };
    using Fault = JsonEventFault;
    row("empty", "typed", "", Fault::NotJson);
    row("single quotes", "typed", "{'a':1}", Fault::NotJson);
    row("text after the object", "typed", R"({"type":"x","content":1} 2)", Fault::NotJson);
    row("control character", "flat", "{\"_event\":\"a\nb\"}", Fault::NotJson);
    row("too deep", "typed",
        R"({"type":"x","content":)" + QByteArray(64, '[') + QByteArray(64, ']') + '}',
        Fault::NotJson);
    row("list", "typed", "[]", Fault::NotAnObject);
    row("number", "typed", "7", Fault::NotAnObject);
    row("text", "flat", "\"x\"", Fault::NotAnObject);
    row("null", "flat", "null", Fault::NotAnObject);
    row("no name", "flat", R"({"a":1})", Fault::NoEvent);
    row("number for a name", "flat", R"({"_event":7})", Fault::NoEvent);
    row("object for a name", "typed", R"({"type":{},"content":1})", Fault::NoEvent);
    row("empty name", "flat", R"({"_event":""})", Fault::NoEvent);
    row("half a pair for a name", "flat", R"({"_event":"\ud800"})", Fault::NoEvent);
    row("long name", "flat", R"({"_event":")" + QByteArray(129, 'x') + "\"}", Fault::NameTooLong);
    row("no content", "typed", R"({"type":"x"})", Fault::NoPayload);
    row("two names", "flat", R"({"_event":"a","_event":"a"})", Fault::Ambiguous);
    row("two names, one escaped", "flat", R"({"_event":"a","_ev\u0065nt":"b"})", Fault::Ambiguous);
    row("two types", "typed", R"({"type":"a","type":"b","content":1})", Fault::Ambiguous);
    row("two contents", "typed", R"({"type":"a","content":2,"content":1})", Fault::Ambiguous);
    row("renamed to one that is there", "renaming", R"({"_event":"a","_seq":2,"_id":1})",
        Fault::Ambiguous);
    row("renamed twice", "renaming", R"({"_event":"a","_seq":2,"_seq":1})", Fault::Ambiguous);
}

void TestJsonFrame::refusesWhatIsNoEvent()
{
    QFETCH(QByteArray, dialect);
    QFETCH(QByteArray, text);
    const auto event = decodeJsonEvent(dialectOf(dialect), text);
    QVERIFY(!event);
    QTEST(event.error().fault, "fault");
    QVERIFY(!event.error().detail.isEmpty());
}

void TestJsonFrame::putsFramesTogether_data()
{
    QTest::addColumn<QByteArray>("dialect");
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<QByteArray>("payload");
    QTest::addColumn<QByteArray>("text");
    const auto row = [](const char* tag, const char* dialect, const char* name, const char* payload,
                         const char* text) {
        QTest::newRow(tag) << QByteArray(dialect) << QByteArray(name) << QByteArray(payload)
                           << QByteArray(text);
    };
    row("flat", "flat", "pool_response", R"({"finished":true,"data":[1.0,2e3]})",
        R"({"_event":"pool_response","finished":true,"data":[1.0,2e3]})");
    row("flat, nothing", "flat", "x", "", R"({"_event":"x"})");
    row("flat, empty object", "flat", "x", "{ }", R"({"_event":"x"})");
    row("flat, no object", "flat", "x", "607637793107345431",
        R"({"_event":"x","data":607637793107345431})");
    row("flat, the payload cannot name itself", "flat", "x", R"({"_event":"y","\u005fevent":1})",
        R"({"_event":"x"})");
    row("flat, name with quotes", "flat", "a\"\\\n", "", R"({"_event":"a\"\\\n"})");
    row("renamed", "renaming", "mock_bot_event", R"({"_id" : 3,"nonexistant":["a"],"x":{"_id":1}})",
        R"({"_event":"bot","seq" : 3,"nonexistent":["a"],"x":{"_id":1}})");
    row("typed", "typed", "login-response", R"({"succeed":true})",
        R"({"type":"login-response","content":{"succeed":true}})");
    row("typed, nothing", "typed", "x", "", R"({"type":"x","content":null})");
}

void TestJsonFrame::putsFramesTogether()
{
    QFETCH(QByteArray, dialect);
    QFETCH(QByteArray, name);
    QFETCH(QByteArray, payload);
    const QByteArray made = encodeJsonEvent(dialectOf(dialect), name, payload);
    QTEST(made, "text");
    QVERIFY(checkJson(made).has_value());
}

void TestJsonFrame::whatIsPutTogetherComesApartAgain()
{
    const QByteArray payload = R"({"z":1,"a":[ 9223372036854775807, "\u00e9\ud800" ],"b":-0.0})";
    for (const JsonDialect& dialect : {JsonDialect::flat(), JsonDialect::typed()}) {
        const auto event
            = decodeJsonEvent(dialect, encodeJsonEvent(dialect, "n\"\xE2\x82\xAC", payload));
        QVERIFY(event.has_value());
        QCOMPARE(event->name, "n\"\xE2\x82\xAC");
        QCOMPARE(event->payload, payload);
    }
}

void TestJsonFrame::findsMembersInOneWalk()
{
    const std::array<QByteArrayView, 3> names{"type", "missing", "content"};
    std::array<QByteArrayView, 3> values;
    QVERIFY(findJsonMembers(R"({"content":{"type":1},"x":2,"typ\u0065":"a"})", names, values));
    QCOMPARE(values[0], "\"a\"");
    QVERIFY(values[1].isEmpty());
    QCOMPARE(values[2], R"({"type":1})");
}

void TestJsonFrame::tellsMembersThatAreThereTwice()
{
    const std::array<QByteArrayView, 1> names{"type"};
    std::array<QByteArrayView, 1> values;
    QVERIFY(!findJsonMembers(R"({"type":1,"type":2})", names, values));
}

void TestJsonFrame::fillsTemplates_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("filled");
    const auto row = [](const char* tag, const char* text, const char* filled) {
        QTest::newRow(tag) << QByteArray(text) << QByteArray(filled);
    };
    row("envelope", R"({"type":"$type","uuid":"$uuid","pref_dest":null,"content":"$content"})",
        R"({"type":"login-response","uuid":null,"pref_dest":null,"content":{"a":1}})");
    row("slot first and last", R"({"a":"$content","b":"$type"})",
        R"({"a":{"a":1},"b":"login-response"})");
    row("a slot twice", R"({"a":"$type","b":"$type"})",
        R"({"a":"login-response","b":"login-response"})");
    row("no slot", R"({ "a" : [1, "$type"] })", R"({"a":[1, "$type"]})");
    row("nothing", "{}", "{}");
}

void TestJsonFrame::fillsTemplates()
{
    QFETCH(QByteArray, text);
    const auto made = JsonTemplate::parse(text, {"type", "uuid", "content"});
    QVERIFY(made.has_value());
    const std::array<QByteArrayView, 3> values{R"("login-response")", {}, R"({"a":1})"};
    QTEST(made->fill(values), "filled");
}

void TestJsonFrame::refusesTemplates_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("not JSON") << QByteArray("{type}");
    QTest::newRow("a list") << QByteArray("[]");
    QTest::newRow("an unknown slot") << QByteArray(R"({"a":"$nothing"})");
    QTest::newRow("a member twice") << QByteArray(R"({"a":1,"a":2})");
}

void TestJsonFrame::refusesTemplates()
{
    QFETCH(QByteArray, text);
    const auto made = JsonTemplate::parse(text, {"type"});
    QVERIFY(!made);
    QVERIFY(!made.error().detail.isEmpty());
}

QTEST_APPLESS_MAIN(TestJsonFrame)
#include "tst_jsonframe.moc"
