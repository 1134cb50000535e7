// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/fixtureserver.h"
#include "tests/conformance/requirements.h"

using namespace gatehouse;
using conformance::FixtureServer;
using test::ScriptedWebSocket;
using test::WireEvent;

/// Black-box requirements of Socket.IO 5, through the real front door.
class TestSocketIo : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase_data() { conformance::addCarriers(); }
    void init();

    void connectToMain_data();
    void connectToMain();
    void anUnknownNamespaceIsRefused_data() { requirement("S21"); }
    void anUnknownNamespaceIsRefused();
    void rubbishBeforeConnectCloses_data() { requirement("S22"); }
    void rubbishBeforeConnectCloses();
    void noConnectAtAllCloses_data() { requirement("S23"); }
    void noConnectAtAllCloses();
    void noConnectButPongsCloses_data() { requirement("S23"); }
    void noConnectButPongsCloses();
    void disconnectIsFollowedByThePingOnly_data() { requirement("S24"); }
    void disconnectIsFollowedByThePingOnly();
    void leavingOneNamespaceKeepsTheOther_data() { requirement("S25"); }
    void leavingOneNamespaceKeepsTheOther();
    void plainTextEvent_data() { requirement("S26"); }
    void plainTextEvent();
    void binaryEvent_data() { requirement("S27"); }
    void binaryEvent();
    void plainTextAck_data() { requirement("S28"); }
    void plainTextAck();
    void binaryAck_data() { requirement("S29"); }
    void binaryAck();
    void binaryEventAndAckOverPolling_data();
    void binaryEventAndAckOverPolling();
    void binaryStaysInItsNamespace_data() { requirement("S27"); }
    void binaryStaysInItsNamespace();
    void malformedPacketsClose_data();
    void malformedPacketsClose();
    void malformedPacketsEndAPollingSession_data() { malformedPacketsClose_data(); }
    void malformedPacketsEndAPollingSession();
    void octetsThatAreNoTextClose();
    void payloadsAreRelayedByteForByte_data();
    void payloadsAreRelayedByteForByte();
    void pollingAndWebSocketClientsMeetInOneNamespace();
    void everyRequirementHasItsTest();

private:
    static void requirement(const char* number);
    void enter();
    bool isClosed();

    std::unique_ptr<FixtureServer> m_server;
    std::unique_ptr<ScriptedWebSocket> m_client;
};

void TestSocketIo::init()
{
    QFETCH_GLOBAL(FixtureServer::Adjust, carrier);
    m_server = std::make_unique<FixtureServer>(QStringLiteral("socket"), "/socket.io/", carrier);
    m_client = std::make_unique<ScriptedWebSocket>();
    QVERIFY(m_server->openSession(*m_client));
}

void TestSocketIo::requirement(const char* number)
{
    QTest::addColumn<bool>("unused");
    QTest::newRow(number) << true;
}

void TestSocketIo::enter()
{
    m_client->sendText("40");
    QVERIFY(m_client->receiveText().startsWith("40{"));
    QCOMPARE(m_client->receiveText(), "42[\"auth\",{}]");
}

/// Nothing but pings comes before the server's close frame.
bool TestSocketIo::isClosed()
{
    WireEvent event;
    while ((event = m_client->receive()).kind == WireEvent::Kind::Text && event.payload == "2") { }
    return event.kind == WireEvent::Kind::Close;
}

void TestSocketIo::connectToMain_data()
{
    QTest::addColumn<QByteArray>("packet");
    QTest::addColumn<QByteArray>("answer");
    QTest::addColumn<QByteArray>("event");
    const auto row
        = [](const char* name, const char* packet, const char* answer, const char* event) {
              QTest::newRow(name) << QByteArray(packet) << QByteArray(answer) << QByteArray(event);
          };
    row("S17 main namespace", "40", "40{\"sid\":\"", "42[\"auth\",{}]");
    row("S18 main namespace with a payload", "40{\"token\":\"123\"}", "40{\"sid\":\"",
        "42[\"auth\",{\"token\":\"123\"}]");
    row("S19 custom namespace", "40/custom,", "40/custom,{\"sid\":\"", "42/custom,[\"auth\",{}]");
    row("S19 custom namespace without a comma", "40/custom", "40/custom,{\"sid\":\"",
        "42/custom,[\"auth\",{}]");
    row("S20 custom namespace with a payload", "40/custom,{\"token\":\"abc\"}",
        "40/custom,{\"sid\":\"", "42/custom,[\"auth\",{\"token\":\"abc\"}]");
}

void TestSocketIo::connectToMain()
{
    QFETCH(QByteArray, packet);
    QFETCH(QByteArray, answer);
    QFETCH(QByteArray, event);
    m_client->sendText(packet);
    const QByteArray got = m_client->receiveText();
    QVERIFY2(got.startsWith(answer), got.constData());
    // The one key, and nothing after it.
    QCOMPARE(got.mid(answer.size()).indexOf('"'), got.size() - answer.size() - 2);
    QVERIFY(got.endsWith("\"}"));
    QCOMPARE(m_client->receiveText(), event);
}

void TestSocketIo::anUnknownNamespaceIsRefused()
{
    m_client->sendText("40/random");
    QCOMPARE(m_client->receiveText(), "44/random,{\"message\":\"Invalid namespace\"}");
    // A refusal is of that namespace alone.
    enter();
}

void TestSocketIo::rubbishBeforeConnectCloses()
{
    m_client->sendText("4abc");
    QVERIFY(isClosed());
}

void TestSocketIo::noConnectAtAllCloses()
{
    QVERIFY(isClosed());
}

void TestSocketIo::noConnectButPongsCloses()
{
    WireEvent event;
    int pings = 0;
    while ((event = m_client->receive()).kind == WireEvent::Kind::Text) {
        QCOMPARE(event.payload, "2");
        ++pings;
        m_client->sendText("3");
    }
    QCOMPARE(event.kind, WireEvent::Kind::Close);
    QVERIFY2(pings >= 2 && pings <= 3, qPrintable(QString::number(pings)));
}

void TestSocketIo::disconnectIsFollowedByThePingOnly()
{
    enter();
    m_client->sendText("41");
    QCOMPARE(m_client->receiveText(), "2");
    // The transport is still there, and the namespace can be entered again.
    m_client->sendText("3");
    enter();
}

void TestSocketIo::leavingOneNamespaceKeepsTheOther()
{
    enter();
    m_client->sendText("40/custom");
    QVERIFY(m_client->receiveText().startsWith("40/custom,{"));
    QCOMPARE(m_client->receiveText(), "42/custom,[\"auth\",{}]");
    m_client->sendText("41/custom");
    m_client->sendText("42[\"message\",\"message to main namespace\"]");
    QCOMPARE(m_client->receiveText(), "42[\"message-back\",\"message to main namespace\"]");
}

void TestSocketIo::plainTextEvent()
{
    enter();
    m_client->sendText("42[\"message\",1,\"2\",{\"3\":[true]}]");
    QCOMPARE(m_client->receiveText(), "42[\"message-back\",1,\"2\",{\"3\":[true]}]");
}

void TestSocketIo::binaryEvent()
{
    enter();
    const QByteArray args = "{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}";
    m_client->sendText(QByteArray("452-[\"message\"," + args + ']'));
    m_client->sendBinary("\1\2\3");
    m_client->sendBinary("\4\5\6");
    QCOMPARE(m_client->receiveText(), "452-[\"message-back\"," + args + ']');
    QCOMPARE(m_client->receiveBinary(), "\1\2\3");
    QCOMPARE(m_client->receiveBinary(), "\4\5\6");
}

void TestSocketIo::plainTextAck()
{
    enter();
    m_client->sendText("42456[\"message-with-ack\",1,\"2\",{\"3\":[false]}]");
    QCOMPARE(m_client->receiveText(), "43456[1,\"2\",{\"3\":[false]}]");
}

void TestSocketIo::binaryAck()
{
    enter();
    const QByteArray args = "{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}";
    m_client->sendText(QByteArray("452-789[\"message-with-ack\"," + args + ']'));
    m_client->sendBinary("\1\2\3");
    m_client->sendBinary("\4\5\6");
    QCOMPARE(m_client->receiveText(), "462-789[" + args + ']');
    QCOMPARE(m_client->receiveBinary(), "\1\2\3");
    QCOMPARE(m_client->receiveBinary(), "\4\5\6");
}

void TestSocketIo::binaryEventAndAckOverPolling_data()
{
    QTest::addColumn<QByteArray>("sent");
    QTest::addColumn<QByteArray>("answer");
    QTest::newRow("S27 event") << QByteArray("452-[\"message\",")
                               << QByteArray("452-[\"message-back\",");
    QTest::newRow("S29 ack") << QByteArray("452-789[\"message-with-ack\",")
                             << QByteArray("462-789[");
}

void TestSocketIo::binaryEventAndAckOverPolling()
{
    QFETCH(QByteArray, sent);
    QFETCH(QByteArray, answer);
    const QByteArray sid = m_server->openPolling();
    QCOMPARE(m_server->post(sid, "40").status, 200);
    QVERIFY(m_server->poll(sid).body.startsWith("40{"));
    const QByteArray rest = "{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]"
                            "\x1e"
                            "bAQID\x1e"
                            "bBAUG";
    QCOMPARE(m_server->post(sid, sent + rest).status, 200);
    QCOMPARE(m_server->poll(sid).body, answer + rest);
}

/// Between a packet and its attachments nothing of another namespace gets in.
void TestSocketIo::binaryStaysInItsNamespace()
{
    enter();
    m_client->sendText("40/custom");
    QVERIFY(m_client->receiveText().startsWith("40/custom,{"));
    QCOMPARE(m_client->receiveText(), "42/custom,[\"auth\",{}]");
    m_client->sendText("451-[\"message\",{\"_placeholder\":true,\"num\":0}]");
    m_client->sendText("41/custom");
    QVERIFY(isClosed());
}

void TestSocketIo::malformedPacketsClose_data()
{
    QTest::addColumn<QByteArray>("packet");
    const auto row
        = [](const char* name, const char* packet) { QTest::newRow(name) << QByteArray(packet); };
    row("S30 unknown type", "4abc");
    row("S30 type 7", "47");
    row("S31 payload of the wrong kind", "42{}");
    row("S31 event without a payload", "42");
    row("S31 empty array", "42[]");
    row("S31 name that is no text", "42[{}]");
    row("S31 ack that is no array", "431{}");
    row("S31 text behind the payload", "42[\"message\"]x");
    row("S32 invalid ack id", "42abc[\"message-with-ack\",1]");
    row("S32 negative ack id", "42-1[\"message-with-ack\",1]");
    row("S32 ack id with a point", "421.0[\"message-with-ack\",1]");
    row("S32 ack id of 23 digits", "4212345678901234567890123[\"message\"]");
    row("S32 ack without id", "43[1]");
    row("CONNECT with an id", "401");
    row("second CONNECT", "40");
    row("namespace that was not entered", "42/custom,[\"message\"]");
    row("exponent as the attachment count", "451e1-[\"message\"]");
    row("hexadecimal attachment count", "450x1-[\"message\"]");
    row("attachment count with a sign", "45+1-[\"message\"]");
    row("too many attachments", "4511-[\"message\"]");
    row("placeholder out of range", "450-[\"message\",{\"_placeholder\":true,\"num\":7}]");
    row("placeholder without a number", "450-[\"message\",{\"_placeholder\":true}]");
    row("negative placeholder", "451-[\"message\",{\"_placeholder\":true,\"num\":-1}]");
    row("event of a reserved name", "42[\"connect\"]");
    row("event of a reserved name, escaped", "42[\"\\u0063onnect\"]");
}

void TestSocketIo::malformedPacketsClose()
{
    QFETCH(QByteArray, packet);
    enter();
    m_client->sendText(packet);
    QVERIFY(isClosed());
    QCOMPARE(m_client->closeCode(), std::optional<quint16>(1002));
}

/// The whole Engine.IO session ends, whatever carries it and however many namespaces it is in.
void TestSocketIo::malformedPacketsEndAPollingSession()
{
    QFETCH(QByteArray, packet);
    const QByteArray sid = m_server->openPolling();
    QCOMPARE(m_server->post(sid, "40").status, 200);
    QVERIFY(m_server->poll(sid).body.startsWith("40{"));
    m_server->post(sid, packet);
    const test::HttpReply last = m_server->poll(sid);
    QVERIFY2((last.status == 200 && last.body == "1") || last.status == 400, last.body.constData());
    QCOMPARE(m_server->poll(sid).status, 400);
}

void TestSocketIo::octetsThatAreNoTextClose()
{
    enter();
    m_client->sendText("42[\"message\",\"\xed\xa0\x80\"]");
    QVERIFY(isClosed());
    QCOMPARE(m_client->closeCode(), std::optional<quint16>(1007));
}

void TestSocketIo::payloadsAreRelayedByteForByte_data()
{
    QTest::addColumn<QByteArray>("args");
    QTest::newRow("64-bit integer") << QByteArray("9223372036854775807,-9223372036854775808");
    QTest::newRow("number spelling") << QByteArray("1.0,1e3,0.10,-0");
    QTest::newRow("key order") << QByteArray("{\"z\":1,\"a\":2,\"m\":{\"b\":0,\"a\":0}}");
    QTest::newRow("escapes") << QByteArray("\"\\u00e9\\/\\ud83d\\ude00\"");
    QTest::newRow("UTF-8") << QByteArray("\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"");
    QTest::newRow("no argument") << QByteArray();
}

void TestSocketIo::payloadsAreRelayedByteForByte()
{
    QFETCH(QByteArray, args);
    enter();
    const QByteArray tail = args.isEmpty() ? QByteArray("]") : ',' + args + ']';
    m_client->sendText(QByteArray("42[\"message\"" + tail));
    QCOMPARE(m_client->receiveText(), "42[\"message-back\"" + tail);
}

void TestSocketIo::pollingAndWebSocketClientsMeetInOneNamespace()
{
    enter();
    const QByteArray sid = m_server->openPolling();
    QCOMPARE(m_server->post(sid, "40").status, 200);
    const QByteArray answer = m_server->poll(sid).body;
    QVERIFY(answer.startsWith("40{\"sid\":\""));
    QVERIFY(answer.endsWith("\x1e"
                            "42[\"auth\",{}]"));
    QCOMPARE(m_server->post(sid, "42[\"message\",1]").status, 200);
    QCOMPARE(m_server->poll(sid).body, "42[\"message-back\",1]");
    m_client->sendText("42[\"message\",2]");
    QCOMPARE(m_client->receiveText(), "42[\"message-back\",2]");
}

void TestSocketIo::everyRequirementHasItsTest()
{
    const QStringList faults = conformance::requirementsWithoutTest(
        staticMetaObject, QStringLiteral("tst_socketio"), u'S', 32);
    QVERIFY2(faults.isEmpty(), qPrintable(faults.join(u'\n')));
}

int main(int argc, char* argv[])
{
    return conformance::runOnEpoll<TestSocketIo>(argc, argv);
}
#include "tst_socketio.moc"
