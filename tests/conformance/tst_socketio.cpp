// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/fixtureserver.h"

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
    void anUnknownNamespaceIsRefused();
    void rubbishBeforeConnectCloses();
    void noConnectAtAllCloses();
    void noConnectButPongsCloses();
    void disconnectIsFollowedByThePingOnly();
    void leavingOneNamespaceKeepsTheOther();
    void plainTextEvent();
    void binaryEvent();
    void plainTextAck();
    void binaryAck();
    void malformedPacketsClose_data();
    void malformedPacketsClose();
    void payloadsAreRelayedByteForByte_data();
    void payloadsAreRelayedByteForByte();
    void pollingAndWebSocketClientsMeetInOneNamespace();

private:
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
    row("main namespace", "40", "40{\"sid\":\"", "42[\"auth\",{}]");
    row("main namespace with a payload", "40{\"token\":\"123\"}", "40{\"sid\":\"",
        "42[\"auth\",{\"token\":\"123\"}]");
    row("custom namespace", "40/custom,", "40/custom,{\"sid\":\"", "42/custom,[\"auth\",{}]");
    row("custom namespace without a comma", "40/custom", "40/custom,{\"sid\":\"",
        "42/custom,[\"auth\",{}]");
    row("custom namespace with a payload", "40/custom,{\"token\":\"abc\"}", "40/custom,{\"sid\":\"",
        "42/custom,[\"auth\",{\"token\":\"abc\"}]");
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

void TestSocketIo::malformedPacketsClose_data()
{
    QTest::addColumn<QByteArray>("packet");
    QTest::newRow("unknown type") << QByteArray("4abc");
    QTest::newRow("payload of the wrong kind") << QByteArray("42{}");
    QTest::newRow("invalid ack id") << QByteArray("42abc[\"message-with-ack\",1]");
    QTest::newRow("event without a payload") << QByteArray("42");
    QTest::newRow("CONNECT with an id") << QByteArray("401");
    QTest::newRow("ack id of 23 digits") << QByteArray("4212345678901234567890123[\"message\"]");
    QTest::newRow("exponent as the attachment count") << QByteArray("451e1-[\"message\"]");
    QTest::newRow("placeholder out of range")
        << QByteArray("451-[\"message\",{\"_placeholder\":true,\"num\":7}]");
    QTest::newRow("event of a reserved name") << QByteArray("42[\"connect\"]");
    QTest::newRow("lone surrogate in UTF-8") << QByteArray("42[\"message\",\"\xed\xa0\x80\"]");
}

void TestSocketIo::malformedPacketsClose()
{
    QFETCH(QByteArray, packet);
    enter();
    m_client->sendText(packet);
    if (QByteArray(QTest::currentDataTag()) == "placeholder out of range")
        m_client->sendBinary("x");
    QVERIFY(isClosed());
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

int main(int argc, char* argv[])
{
    return conformance::runOnEpoll<TestSocketIo>(argc, argv);
}
#include "tst_socketio.moc"
