// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/fixtureserver.h"
#include "tests/conformance/requirements.h"

#include <QElapsedTimer>
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

    void pollingHandshake_data() { servers("E1", "S1"); }
    void pollingHandshake();
    void invalidPollingHandshake_data();
    void invalidPollingHandshake();
    void webSocketHandshake_data() { servers("E5", "S5"); }
    void webSocketHandshake();
    void invalidWebSocketHandshake_data();
    void invalidWebSocketHandshake();
    void aMessageIsEchoedOverPolling_data() { requirement("E8"); }
    void aMessageIsEchoedOverPolling();
    void severalPacketsComeBackInOneGet_data() { requirement("E9"); }
    void severalPacketsComeBackInOneGet();
    void textAndBinaryTravelInOnePayload_data() { requirement("E10"); }
    void textAndBinaryTravelInOnePayload();
    void anInvalidPayloadClosesTheSession_data() { requirement("E11"); }
    void anInvalidPayloadClosesTheSession();
    void aSecondPollClosesTheSession_data() { requirement("E12"); }
    void aSecondPollClosesTheSession();
    void aCancelledPollClosesTheSession_data() { requirement("E13"); }
    void aCancelledPollClosesTheSession();
    void aMessageIsEchoedOverWebSocket_data() { requirement("E14"); }
    void aMessageIsEchoedOverWebSocket();
    void binaryIsEchoedOverWebSocket_data() { requirement("E15"); }
    void binaryIsEchoedOverWebSocket();
    void anInvalidWebSocketPacketClosesTheSession_data() { requirement("E16"); }
    void anInvalidWebSocketPacketClosesTheSession();
    void heartbeatOverPolling_data() { servers("E17", "S8"); }
    void heartbeatOverPolling();
    void noPongEndsAPollingSession_data() { servers("E18", "S9"); }
    void noPongEndsAPollingSession();
    void heartbeatOverWebSocket_data() { servers("E19", "S10"); }
    void heartbeatOverWebSocket();
    void noPongEndsAWebSocket_data() { servers("E20", "S11"); }
    void noPongEndsAWebSocket();
    void closeOverPolling_data() { servers("E21", "S12"); }
    void closeOverPolling();
    void closeOverWebSocket_data() { servers("E22", "S13"); }
    void closeOverWebSocket();
    void upgradeFromPollingToWebSocket_data() { servers("E23", "S14"); }
    void upgradeFromPollingToWebSocket();
    void anUpgradeFreesTheWaitingPoll_data() { servers("E23", "S14"); }
    void anUpgradeFreesTheWaitingPoll();
    void pollsAfterTheUpgradeAreRefused_data() { servers("E24", "S15"); }
    void pollsAfterTheUpgradeAreRefused();
    void webSocketsAfterTheUpgradeAreClosed_data() { servers("E25", "S16"); }
    void webSocketsAfterTheUpgradeAreClosed();
    void nothingIsLostOrReorderedAcrossManyUpgrades();
    void aPageWithCredentialsMayPreflightAndPoll();
    void everyRequirementHasItsTest();

private:
    static void servers(const char* engine, const char* socket);
    static void requirement(const char* engine);
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

/// The requirement's number on the plain server, and where it comes again below Socket.IO.
void TestEngineIo::servers(const char* engine, const char* socket)
{
    requirement(engine);
    QTest::addRow("%s below Socket.IO", socket) << true;
}

void TestEngineIo::requirement(const char* engine)
{
    QTest::addColumn<bool>("isSocketIo");
    QTest::newRow(engine) << false;
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
    QTest::addColumn<QByteArray>("body");
    for (const bool isSocketIo : {false, true}) {
        const auto row = [isSocketIo](const char* name, const char* method, const char* query,
                             const char* body) {
            QTest::addRow("%c%s", isSocketIo ? 'S' : 'E', name)
                << isSocketIo << QByteArray(method) << QByteArray(query) << QByteArray(body);
        };
        const char* const version = R"({"code":5,"message":"Unsupported protocol version"})";
        const char* const transport = R"({"code":0,"message":"Transport unknown"})";
        const char* const method = R"({"code":2,"message":"Bad handshake method"})";
        row("2 no version", "GET", "transport=polling", version);
        row("2 version abc", "GET", "EIO=abc&transport=polling", version);
        row("2 empty version", "GET", "EIO=&transport=polling", version);
        row("2 version 4 and more", "GET", "EIO=4.0&transport=polling", version);
        row("2 two versions", "GET", "EIO=4&EIO=4&transport=polling", version);
        row("3 no transport", "GET", "EIO=4", transport);
        row("3 transport abc", "GET", "EIO=4&transport=abc", transport);
        row("3 empty transport", "GET", "EIO=4&transport=", transport);
        row("3 transport of JavaScript", "GET", "EIO=4&transport=constructor", transport);
        row("3 transport in upper case", "GET", "EIO=4&transport=POLLING", transport);
        row("4 POST without a session", "POST", "EIO=4&transport=polling", method);
        row("4 PUT without a session", "PUT", "EIO=4&transport=polling", method);
        row("4 DELETE without a session", "DELETE", "EIO=4&transport=polling", method);
    }
}

void TestEngineIo::invalidPollingHandshake()
{
    QFETCH(QByteArray, method);
    QFETCH(QByteArray, query);
    const HttpReply reply = server().request(method, query);
    QCOMPARE(reply.status, 400);
    QTEST(reply.body, "body");
}

void TestEngineIo::webSocketHandshake()
{
    ScriptedWebSocket socket;
    QVERIFY(server().open(socket, "EIO=4&transport=websocket"));
    const QByteArray text = socket.receiveText();
    QVERIFY(text.startsWith('0'));
    const QJsonObject open = QJsonDocument::fromJson(text.mid(1)).object();
    QCOMPARE(open.size(), 5);
    QVERIFY(open[u"sid"].toString().size() >= 20);
    QVERIFY(open[u"upgrades"].isArray());
    QVERIFY(open[u"upgrades"].toArray().isEmpty());
    QCOMPARE(open[u"pingInterval"].toInt(), 300);
    QCOMPARE(open[u"pingTimeout"].toInt(), 200);
    QCOMPARE(open[u"maxPayload"].toInt(), 1'000'000);
}

void TestEngineIo::invalidWebSocketHandshake_data()
{
    QTest::addColumn<bool>("isSocketIo");
    QTest::addColumn<QByteArray>("query");
    for (const bool isSocketIo : {false, true}) {
        const auto row = [isSocketIo](const char* name, const char* query) {
            QTest::addRow("%c%s", isSocketIo ? 'S' : 'E', name) << isSocketIo << QByteArray(query);
        };
        row("6 no version", "transport=websocket");
        row("6 version abc", "EIO=abc&transport=websocket");
        row("6 two versions", "EIO=4&EIO=4&transport=websocket");
        row("7 no transport", "EIO=4");
        row("7 transport abc", "EIO=4&transport=abc");
        row("7 transport polling", "EIO=4&transport=polling");
        row("7 two transports", "EIO=4&transport=websocket&transport=websocket");
        row("7 unknown session", "EIO=4&transport=websocket&sid=nobody");
        row("7 empty session", "EIO=4&transport=websocket&sid=");
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
    QCOMPARE(m_engine->post(sid, "4hello").status, 400);
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
    QElapsedTimer sinceBefore;
    sinceBefore.start();
    ScriptedWebSocket socket;
    QVERIFY(server().openSession(socket));
    QVERIFY(expectPing(socket));
    QCOMPARE(socket.receive().kind, WireEvent::Kind::Close);
    QCOMPARE(socket.closeCode(), std::optional<quint16>(1001));
    // 300 ms to the ping and 200 ms for the pong, but for what rounding to milliseconds takes.
    QVERIFY2(sinceBefore.elapsed() >= 498, "closed before the pong was due");
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

void TestEngineIo::anUpgradeFreesTheWaitingPoll()
{
    const QByteArray sid = server().openPolling();
    test::HttpCall waiting = server().startPoll(sid);
    ScriptedWebSocket socket;
    QVERIFY(server().openUpgrade(socket, sid));
    socket.sendText("2probe");
    QCOMPARE(socket.receiveText(), "3probe");
    HttpReply freed = waiting.wait();
    if (freed.body == "2") { // a busy machine took longer than the ping's interval
        QCOMPARE(server().post(sid, "3").status, 200);
        freed = server().poll(sid);
    }
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
    QCOMPARE(server().post(sid, "4hello").status, 400);
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
    QCOMPARE(second.closeCode(), std::optional<quint16>(1008));
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

void TestEngineIo::everyRequirementHasItsTest()
{
    const QString file = QStringLiteral("tst_engineio");
    const QStringList faults
        = conformance::requirementsWithoutTest(staticMetaObject, file, u'E', 25)
        + conformance::requirementsWithoutTest(staticMetaObject, file, u'S', 32);
    QVERIFY2(faults.isEmpty(), qPrintable(faults.join(u'\n')));
}

int main(int argc, char* argv[])
{
    return conformance::runOnEpoll<TestEngineIo>(argc, argv);
}
#include "tst_engineio.moc"
