// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/fixtureserver.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

using namespace gatehouse;
using conformance::FixtureServer;
using test::HttpReply;
using test::ScriptedWebSocket;
using test::WireEvent;

/// Black-box requirements of Engine.IO 4, through the real front door: on a plain echo server, and
/// where a namespace does not matter also below Socket.IO.
class TestEngineIo : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase_data() { conformance::addCarriers(); }
    void init();

    void pollingHandshake_data() { servers(); }
    void pollingHandshake();
    void invalidPollingHandshake_data();
    void invalidPollingHandshake();
    void webSocketHandshake_data() { servers(); }
    void webSocketHandshake();
    void invalidWebSocketHandshake_data();
    void invalidWebSocketHandshake();
    void aMessageIsEchoedOverPolling();
    void severalPacketsComeBackInOneGet();
    void textAndBinaryTravelInOnePayload();
    void anInvalidPayloadClosesTheSession();
    void aSecondPollClosesTheSession();
    void aCancelledPollClosesTheSession();
    void aMessageIsEchoedOverWebSocket();
    void binaryIsEchoedOverWebSocket();
    void anInvalidWebSocketPacketClosesTheSession();
    void heartbeatOverPolling_data() { servers(); }
    void heartbeatOverPolling();
    void noPongEndsAPollingSession_data() { servers(); }
    void noPongEndsAPollingSession();
    void heartbeatOverWebSocket_data() { servers(); }
    void heartbeatOverWebSocket();
    void noPongEndsAWebSocket_data() { servers(); }
    void noPongEndsAWebSocket();
    void closeOverPolling_data() { servers(); }
    void closeOverPolling();
    void closeOverWebSocket_data() { servers(); }
    void closeOverWebSocket();
    void upgradeFromPollingToWebSocket_data() { servers(); }
    void upgradeFromPollingToWebSocket();
    void pollsAfterTheUpgradeAreRefused_data() { servers(); }
    void pollsAfterTheUpgradeAreRefused();
    void webSocketsAfterTheUpgradeAreClosed_data() { servers(); }
    void webSocketsAfterTheUpgradeAreClosed();
    void nothingIsLostOrReorderedAcrossManyUpgrades();
    void aPageWithCredentialsMayPreflightAndPoll();

private:
    void servers();
    const FixtureServer& server() const;
    bool answers(ScriptedWebSocket& socket) const;
    static bool expectPing(ScriptedWebSocket& socket) { return socket.receiveText() == "2"; }

    std::unique_ptr<FixtureServer> m_engine;
    std::unique_ptr<FixtureServer> m_socket;
};

void TestEngineIo::init()
{
    QFETCH_GLOBAL(FixtureServer::Adjust, carrier);
    m_engine = std::make_unique<FixtureServer>(QStringLiteral("engine"), "/engine.io/", carrier);
    m_socket = std::make_unique<FixtureServer>(QStringLiteral("socket"), "/socket.io/", carrier);
}

void TestEngineIo::servers()
{
    QTest::addColumn<bool>("isSocketIo");
    QTest::newRow("plain Engine.IO") << false;
    QTest::newRow("below Socket.IO") << true;
}

const FixtureServer& TestEngineIo::server() const
{
    QFETCH(bool, isSocketIo);
    return isSocketIo ? *m_socket : *m_engine;
}

bool TestEngineIo::answers(ScriptedWebSocket& socket) const
{
    if (&server() == m_engine.get()) {
        socket.sendText("4hello");
        return socket.receiveText() == "4hello";
    }
    socket.sendText("40");
    return socket.receiveText().startsWith("40{\"sid\":")
        && socket.receiveText() == "42[\"auth\",{}]";
}

void TestEngineIo::pollingHandshake()
{
    const HttpReply reply = server().request("GET", "EIO=4&transport=polling");
    QCOMPARE(reply.status, 200);
    QVERIFY(reply.body.startsWith('0'));
    const QJsonObject open = QJsonDocument::fromJson(reply.body.mid(1)).object();
    QStringList keys = open.keys();
    keys.sort();
    QCOMPARE(keys,
        QStringList({QStringLiteral("maxPayload"), QStringLiteral("pingInterval"),
            QStringLiteral("pingTimeout"), QStringLiteral("sid"), QStringLiteral("upgrades")}));
    QVERIFY(open[u"sid"].toString().size() >= 20);
    QCOMPARE(open[u"upgrades"].toArray(), QJsonArray({QStringLiteral("websocket")}));
    QCOMPARE(open[u"pingInterval"].toInt(), 300);
    QCOMPARE(open[u"pingTimeout"].toInt(), 200);
    QCOMPARE(open[u"maxPayload"].toInt(), 1'000'000);
    QCOMPARE(reply.headers.value("Content-Type"), "text/plain; charset=UTF-8");
    QCOMPARE(reply.headers.value("Cache-Control"), "no-store");
}

void TestEngineIo::invalidPollingHandshake_data()
{
    QTest::addColumn<bool>("isSocketIo");
    QTest::addColumn<QByteArray>("method");
    QTest::addColumn<QByteArray>("query");
    for (const bool isSocketIo : {false, true}) {
        const auto row = [isSocketIo](const char* name, const char* method, const char* query) {
            QTest::addRow("%s%s", name, isSocketIo ? ", below Socket.IO" : "")
                << isSocketIo << QByteArray(method) << QByteArray(query);
        };
        row("no version", "GET", "transport=polling");
        row("version abc", "GET", "EIO=abc&transport=polling");
        row("no transport", "GET", "EIO=4");
        row("transport abc", "GET", "EIO=4&transport=abc");
        row("POST without a session", "POST", "EIO=4&transport=polling");
        row("PUT without a session", "PUT", "EIO=4&transport=polling");
    }
}

void TestEngineIo::invalidPollingHandshake()
{
    QFETCH(QByteArray, method);
    QFETCH(QByteArray, query);
    QCOMPARE(server().request(method, query).status, 400);
}

void TestEngineIo::webSocketHandshake()
{
    ScriptedWebSocket socket;
    QVERIFY(server().open(socket, "EIO=4&transport=websocket"));
    const QByteArray text = socket.receiveText();
    QVERIFY(text.startsWith('0'));
    const QJsonObject open = QJsonDocument::fromJson(text.mid(1)).object();
    QCOMPARE(open.size(), 5);
    QVERIFY(open[u"upgrades"].isArray());
    QVERIFY(open[u"upgrades"].toArray().isEmpty());
    QCOMPARE(open[u"maxPayload"].toInt(), 1'000'000);
}

void TestEngineIo::invalidWebSocketHandshake_data()
{
    QTest::addColumn<bool>("isSocketIo");
    QTest::addColumn<QByteArray>("query");
    for (const bool isSocketIo : {false, true}) {
        const auto row = [isSocketIo](const char* name, const char* query) {
            QTest::addRow("%s%s", name, isSocketIo ? ", below Socket.IO" : "")
                << isSocketIo << QByteArray(query);
        };
        row("no version", "transport=websocket");
        row("version abc", "EIO=abc&transport=websocket");
        row("no transport", "EIO=4");
        row("transport abc", "EIO=4&transport=abc");
        row("transport polling", "EIO=4&transport=polling");
        row("unknown session", "EIO=4&transport=websocket&sid=nobody");
    }
}

void TestEngineIo::invalidWebSocketHandshake()
{
    QFETCH(QByteArray, query);
    ScriptedWebSocket socket;
    QVERIFY(!server().open(socket, query));
    QCOMPARE(socket.handshake().status, 400);
}

void TestEngineIo::aMessageIsEchoedOverPolling()
{
    const QByteArray sid = m_engine->openPolling();
    const HttpReply posted = m_engine->post(sid, "4hello");
    QCOMPARE(posted.status, 200);
    QCOMPARE(posted.body, "ok");
    const HttpReply polled = m_engine->poll(sid);
    QCOMPARE(polled.status, 200);
    QCOMPARE(polled.body, "4hello");
}

void TestEngineIo::severalPacketsComeBackInOneGet()
{
    const QByteArray sid = m_engine->openPolling();
    const QByteArray payload("4test1\x1e"
                             "4test2\x1e"
                             "4test3");
    QCOMPARE(m_engine->post(sid, payload).status, 200);
    QCOMPARE(m_engine->poll(sid).body, payload);
}

void TestEngineIo::textAndBinaryTravelInOnePayload()
{
    const QByteArray sid = m_engine->openPolling();
    const QByteArray payload("4hello\x1e"
                             "bAQIDBA==");
    QCOMPARE(m_engine->post(sid, payload).status, 200);
    QCOMPARE(m_engine->poll(sid).body, payload);
}

void TestEngineIo::anInvalidPayloadClosesTheSession()
{
    const QByteArray sid = m_engine->openPolling();
    QCOMPARE(m_engine->post(sid, "abc").status, 400);
    QCOMPARE(m_engine->poll(sid).status, 400);
}

void TestEngineIo::aSecondPollClosesTheSession()
{
    const QByteArray sid = m_engine->openPolling();
    test::HttpCall first = m_engine->startPoll(sid);
    QVERIFY(test::holdsFor([&first] { return !first.isFinished(); }, Millis{5}));
    const HttpReply second = m_engine->poll(sid);
    const HttpReply closed = first.wait();
    QCOMPARE(closed.status, 200);
    QCOMPARE(closed.body, "1");
    QCOMPARE(second.status, 400);
    QCOMPARE(m_engine->poll(sid).status, 400);
}

void TestEngineIo::aCancelledPollClosesTheSession()
{
    const QByteArray sid = m_engine->openPolling();
    test::HttpCall poll = m_engine->startPoll(sid);
    QVERIFY(test::holdsFor([&poll] { return !poll.isFinished(); }, Millis{5}));
    poll.abort();
    QCOMPARE(m_engine->poll(sid).status, 400);
}

void TestEngineIo::aMessageIsEchoedOverWebSocket()
{
    ScriptedWebSocket socket;
    QVERIFY(m_engine->openSession(socket));
    socket.sendText("4hello");
    QCOMPARE(socket.receiveText(), "4hello");
}

void TestEngineIo::binaryIsEchoedOverWebSocket()
{
    ScriptedWebSocket socket;
    QVERIFY(m_engine->openSession(socket));
    socket.sendBinary("\1\2\3\4");
    QCOMPARE(socket.receiveBinary(), "\1\2\3\4");
}

void TestEngineIo::anInvalidWebSocketPacketClosesTheSession()
{
    ScriptedWebSocket socket;
    QVERIFY(m_engine->openSession(socket));
    socket.sendText("abc");
    QCOMPARE(socket.receive().kind, WireEvent::Kind::Close);
    QCOMPARE(socket.closeCode(), std::optional<quint16>(1002));
}

void TestEngineIo::heartbeatOverPolling()
{
    const QByteArray sid = server().openPolling();
    for (int i = 0; i < 3; ++i) {
        const HttpReply polled = server().poll(sid);
        QCOMPARE(polled.status, 200);
        QCOMPARE(polled.body, "2");
        QCOMPARE(server().post(sid, "3").status, 200);
    }
}

void TestEngineIo::noPongEndsAPollingSession()
{
    const QByteArray sid = server().openPolling();
    // Exactly the two times together, and not a millisecond of slack.
    QVERIFY(test::holdsFor([] { return true; }, Millis{500}));
    QCOMPARE(server().poll(sid).status, 400);
}

void TestEngineIo::heartbeatOverWebSocket()
{
    ScriptedWebSocket socket;
    QVERIFY(server().openSession(socket));
    for (int i = 0; i < 3; ++i) {
        QVERIFY(expectPing(socket));
        socket.sendText("3");
    }
}

void TestEngineIo::noPongEndsAWebSocket()
{
    ScriptedWebSocket socket;
    QVERIFY(server().openSession(socket));
    QVERIFY(expectPing(socket));
    QCOMPARE(socket.receive().kind, WireEvent::Kind::Close);
}

void TestEngineIo::closeOverPolling()
{
    const QByteArray sid = server().openPolling();
    test::HttpCall waiting = server().startPoll(sid);
    QVERIFY(test::holdsFor([&waiting] { return !waiting.isFinished(); }, Millis{5}));
    QCOMPARE(server().post(sid, "1").status, 200);
    const HttpReply freed = waiting.wait();
    QCOMPARE(freed.status, 200);
    QCOMPARE(freed.body, "6");
    QCOMPARE(server().poll(sid).status, 400);
}

void TestEngineIo::closeOverWebSocket()
{
    ScriptedWebSocket socket;
    QVERIFY(server().openSession(socket));
    socket.sendText("1");
    QCOMPARE(socket.receive().kind, WireEvent::Kind::Close);
    QCOMPARE(socket.closeCode(), std::optional<quint16>(1000));
}

void TestEngineIo::upgradeFromPollingToWebSocket()
{
    const QByteArray sid = server().openPolling();
    ScriptedWebSocket socket;
    QVERIFY(server().openUpgrade(socket, sid));
    socket.sendText("2probe");
    QCOMPARE(socket.receiveText(), "3probe");
    const HttpReply freed = server().poll(sid);
    QCOMPARE(freed.status, 200);
    QCOMPARE(freed.body, "6");
    socket.sendText("5");
    QVERIFY(answers(socket));
}

void TestEngineIo::pollsAfterTheUpgradeAreRefused()
{
    const QByteArray sid = server().openPolling();
    ScriptedWebSocket socket;
    QVERIFY(server().openUpgrade(socket, sid));
    socket.sendText("2probe");
    QCOMPARE(socket.receiveText(), "3probe");
    socket.sendText("5");
    QCOMPARE(server().poll(sid).status, 400);
    QVERIFY(answers(socket));
}

void TestEngineIo::webSocketsAfterTheUpgradeAreClosed()
{
    const QByteArray sid = server().openPolling();
    ScriptedWebSocket socket;
    QVERIFY(server().openUpgrade(socket, sid));
    socket.sendText("2probe");
    QCOMPARE(socket.receiveText(), "3probe");
    socket.sendText("5");
    ScriptedWebSocket second;
    QVERIFY(server().openUpgrade(second, sid));
    QCOMPARE(second.receive().kind, WireEvent::Kind::Close);
    QVERIFY(answers(socket));
}

void TestEngineIo::nothingIsLostOrReorderedAcrossManyUpgrades()
{
    for (int round = 0; round < 20; ++round) {
        const QByteArray sid = m_engine->openPolling();
        QByteArrayList echoed;
        int sent = 0;
        const auto next = [&sent]() -> QByteArray { return "4n" + QByteArray::number(sent++); };
        const auto take = [&echoed](const HttpReply& reply) {
            for (const QByteArray& packet : reply.body.split('\x1e')) {
                if (packet.startsWith("4n"))
                    echoed << packet;
            }
        };
        const QByteArray first = next();
        QCOMPARE(m_engine->post(sid, first + '\x1e' + next()).status, 200);
        ScriptedWebSocket socket;
        QVERIFY(m_engine->openUpgrade(socket, sid));
        QCOMPARE(m_engine->post(sid, next()).status, 200);
        socket.sendText("2probe");
        QCOMPARE(m_engine->post(sid, next()).status, 200);
        QCOMPARE(socket.receiveText(), "3probe");
        if (round % 2)
            take(m_engine->poll(sid));
        QCOMPARE(m_engine->post(sid, next()).status, 200);
        socket.sendText("5");
        for (int i = 0; i < 5; ++i)
            socket.sendText(next());
        while (echoed.size() < sent) {
            const QByteArray packet = socket.receiveText();
            QVERIFY2(!packet.isNull(), "an echo is missing");
            if (packet == "2")
                socket.sendText("3");
            else
                echoed << packet;
        }
        for (int i = 0; i < sent; ++i)
            QCOMPARE(echoed[i], "4n" + QByteArray::number(i));
    }
}

void TestEngineIo::aPageWithCredentialsMayPreflightAndPoll()
{
    const protocol::HttpHeaders page{{"Origin", "http://localhost:7600"},
        {"Access-Control-Request-Method", "GET"},
        {"Access-Control-Request-Headers", "authorization"}};
    const QByteArray target = m_socket->target("EIO=4&transport=polling");
    const HttpReply preflight = test::httpRequest(m_socket->port(), "OPTIONS", target, page);
    QCOMPARE(preflight.status, 204);
    QCOMPARE(preflight.headers.value("Access-Control-Allow-Headers"), "authorization");
    const HttpReply reply = test::httpRequest(m_socket->port(), "GET", target, page);
    QCOMPARE(reply.status, 200);
    QCOMPARE(reply.headers.value("Access-Control-Allow-Origin"), "http://localhost:7600");
    QCOMPARE(reply.headers.value("Access-Control-Allow-Credentials"), "true");
}

int main(int argc, char* argv[])
{
    return conformance::runOnEpoll<TestEngineIo>(argc, argv);
}
#include "tst_engineio.moc"
