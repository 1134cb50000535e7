// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/fixtureserver.h"

using namespace gatehouse;
using conformance::FixtureServer;
using test::HttpReply;
using test::ScriptedWebSocket;
using test::WireEvent;

/// Black-box requirements of Socket.IO 4 over Engine.IO 3, through the real front door.
class TestSocketIo4 : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase_data() { conformance::addCarriers(); }
    void init();

    void theRootIsEnteredUnasked();
    void theFirstPollBringsTheRoot();
    void namespaces_data();
    void namespaces();
    void leavingOneNamespaceKeepsTheOther();
    void theServerMayPutASocketOut();
    void textEvent();
    void binaryEvent();
    void acknowledgements();
    void binaryAcknowledgement();
    void theServerAsks();
    void eventsOverPolling();
    void oldAndNewClientsMeetInOneRoom();
    void malformedPacketsClose_data();
    void malformedPacketsClose();

private:
    bool isClosed();

    std::unique_ptr<FixtureServer> m_server;
    std::unique_ptr<ScriptedWebSocket> m_client;
};

void TestSocketIo4::init()
{
    QFETCH_GLOBAL(FixtureServer::Adjust, carrier);
    m_server
        = std::make_unique<FixtureServer>(QStringLiteral("socket4"), "/socket.io/", carrier, "3");
    m_client = std::make_unique<ScriptedWebSocket>();
    QVERIFY(m_server->openSession(*m_client));
    QCOMPARE(m_client->receiveText(), "40");
    QCOMPARE(m_client->receiveText(), "42[\"auth\",{}]");
}

bool TestSocketIo4::isClosed()
{
    return m_client->receive().kind == WireEvent::Kind::Close;
}

void TestSocketIo4::theRootIsEnteredUnasked()
{
    m_client->sendText("42[\"echo\",1]");
    QCOMPARE(m_client->receiveText(), "42[\"echo\",1]");
    QVERIFY(m_client->staysSilentFor(Millis{50}));
}

void TestSocketIo4::theFirstPollBringsTheRoot()
{
    const HttpReply opening = m_server->request("GET", "EIO=3&transport=polling");
    QVERIFY(opening.body.endsWith("}2:4013:42[\"auth\",{}]"));
}

void TestSocketIo4::namespaces_data()
{
    QTest::addColumn<QByteArray>("packet");
    QTest::addColumn<QByteArrayList>("answers");
    const auto row = [](const char* name, const char* packet, QByteArrayList answers) {
        QTest::newRow(name) << QByteArray(packet) << answers;
    };
    row("custom", "40/custom,", {"40/custom,", "42/custom,[\"auth\",{}]"});
    row("custom without a comma", "40/custom", {"40/custom,", "42/custom,[\"auth\",{}]"});
    row("custom with a query", "40/custom?token=123&n=%C3%A9,",
        {"40/custom,", "42/custom,[\"auth\",{\"n\":\"\xC3\xA9\",\"token\":\"123\"}]"});
    row("unknown", "40/random,", {"44/random,\"Invalid namespace\""});
    row("unknown with a query", "40/random?token=1,", {"44/random,\"Invalid namespace\""});
    row("closed", "40/closed,", {"44/closed,\"Not for you\""});
    row("closed, with data", "40/coded,", {"44/coded,{\"code\":7}"});
}

void TestSocketIo4::namespaces()
{
    QFETCH(QByteArray, packet);
    QFETCH(QByteArrayList, answers);
    m_client->sendText(packet);
    for (const QByteArray& answer : answers)
        QCOMPARE(m_client->receiveText(), answer);
    m_client->sendText("42[\"echo\",1]");
    QCOMPARE(m_client->receiveText(), "42[\"echo\",1]");
}

void TestSocketIo4::leavingOneNamespaceKeepsTheOther()
{
    m_client->sendText("40/custom,");
    QCOMPARE(m_client->receiveText(), "40/custom,");
    QCOMPARE(m_client->receiveText(), "42/custom,[\"auth\",{}]");
    m_client->sendText("41/custom,");
    m_client->sendText("42[\"echo\",1]");
    QCOMPARE(m_client->receiveText(), "42[\"echo\",1]");
    m_client->sendText("40/custom,");
    QCOMPARE(m_client->receiveText(), "40/custom,");
}

void TestSocketIo4::theServerMayPutASocketOut()
{
    m_client->sendText("40/custom,");
    QCOMPARE(m_client->receiveText(), "40/custom,");
    QCOMPARE(m_client->receiveText(), "42/custom,[\"auth\",{}]");
    m_client->sendText("42/custom,[\"leave\"]");
    QCOMPARE(m_client->receiveText(), "41/custom,");
}

void TestSocketIo4::textEvent()
{
    const QByteArray args = "1,\"2\",{\"3\":[true]},9223372036854775807,\"\xF0\x9F\x98\x80\"";
    m_client->sendText(QByteArray("42[\"echo\"," + args + ']'));
    QCOMPARE(m_client->receiveText(), "42[\"echo\"," + args + ']');
}

void TestSocketIo4::binaryEvent()
{
    const QByteArray args = "{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}";
    m_client->sendText(QByteArray("452-[\"echo\"," + args + ']'));
    m_client->sendBinary("\4\1\2\3");
    m_client->sendBinary("\4\4\5\6");
    QCOMPARE(m_client->receiveText(), "452-[\"echo\"," + args + ']');
    QCOMPARE(m_client->receiveBinary(), "\4\1\2\3");
    QCOMPARE(m_client->receiveBinary(), "\4\4\5\6");
}

void TestSocketIo4::acknowledgements()
{
    m_client->sendText("42456[\"ack\",1,\"2\"]");
    QCOMPARE(m_client->receiveText(), "43456[1,\"2\"]");
}

void TestSocketIo4::binaryAcknowledgement()
{
    m_client->sendText("451-789[\"ack\",{\"_placeholder\":true,\"num\":0}]");
    m_client->sendBinary("\4\1\2\3");
    QCOMPARE(m_client->receiveText(), "461-789[{\"_placeholder\":true,\"num\":0}]");
    QCOMPARE(m_client->receiveBinary(), "\4\1\2\3");
}

void TestSocketIo4::theServerAsks()
{
    m_client->sendText("42[\"ask\",\"why\"]");
    QCOMPARE(m_client->receiveText(), "420[\"question\",\"why\"]");
    m_client->sendText("461-0[{\"_placeholder\":true,\"num\":0}]");
    m_client->sendBinary("\4\7");
    QCOMPARE(m_client->receiveText(), "451-[\"answered\",{\"_placeholder\":true,\"num\":0}]");
    QCOMPARE(m_client->receiveBinary(), "\4\7");
}

void TestSocketIo4::eventsOverPolling()
{
    const HttpReply opening = m_server->request("GET", "EIO=3&transport=polling&b64=1");
    const QByteArray sid = FixtureServer::sidOf(opening.body);
    QCOMPARE(
        m_server->post(sid, "15:42[\"echo\",\"\xF0\x9F\x98\x80\"]10:427[\"ack\"]").status, 200);
    QCOMPARE(m_server->poll(sid).body, "15:42[\"echo\",\"\xF0\x9F\x98\x80\"]5:437[]");
}

void TestSocketIo4::oldAndNewClientsMeetInOneRoom()
{
    m_client->sendText("42[\"join\",\"r\"]");
    ScriptedWebSocket newer;
    QVERIFY(m_server->open(newer, "EIO=4&transport=websocket"));
    QVERIFY(newer.receiveText().startsWith("0{"));
    newer.sendText("40");
    QVERIFY(newer.receiveText().startsWith("40{\"sid\":"));
    QCOMPARE(newer.receiveText(), "42[\"auth\",{}]");
    newer.sendText("42[\"join\",\"r\"]");
    newer.sendText("451-[\"pub\",{\"_placeholder\":true,\"num\":0}]");
    newer.sendBinary("\1\2\3");
    for (ScriptedWebSocket* client : {m_client.get(), &newer})
        QCOMPARE(client->receiveText(), "451-[\"msg\",{\"_placeholder\":true,\"num\":0}]");
    QCOMPARE(m_client->receiveBinary(), "\4\1\2\3");
    QCOMPARE(newer.receiveBinary(), "\1\2\3");
    m_client->sendText("42[\"pub\",\"\xC3\xA9\"]");
    for (ScriptedWebSocket* client : {m_client.get(), &newer})
        QCOMPARE(client->receiveText(), "42[\"msg\",\"\xC3\xA9\"]");
}

void TestSocketIo4::malformedPacketsClose_data()
{
    QTest::addColumn<QByteArray>("packet");
    QTest::newRow("unknown type") << QByteArray("4abc");
    QTest::newRow("payload of the wrong kind") << QByteArray("42{}");
    QTest::newRow("invalid ack id") << QByteArray("42abc[\"echo\",1]");
    QTest::newRow("second CONNECT to the root") << QByteArray("40");
    QTest::newRow("event of a reserved name") << QByteArray("42[\"connect\"]");
    QTest::newRow("namespace that was not entered") << QByteArray("42/custom,[\"echo\"]");
}

void TestSocketIo4::malformedPacketsClose()
{
    QFETCH(QByteArray, packet);
    m_client->sendText(packet);
    QVERIFY(isClosed());
}

int main(int argc, char* argv[])
{
    return conformance::runOnEpoll<TestSocketIo4>(argc, argv);
}
#include "tst_socketio4.moc"
