// SPDX-License-Identifier: Apache-2.0
#include "common/protocol/engineio3.h"
#include "tests/conformance/fixtureserver.h"
#include "tests/conformance/requirements.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

using namespace gatehouse;
using conformance::FixtureServer;
using test::HttpReply;
using test::ScriptedWebSocket;
using test::WireEvent;

namespace {

const protocol::HttpHeaders octetStream{{"Content-Type", "application/octet-stream"}};

/// Texts behind their lengths in UTF-16 code units.
QByteArray payloadOf(const QStringList& packets)
{
    QByteArray payload;
    for (const QString& packet : packets)
        payload += QByteArray::number(packet.size()) + ':' + packet.toUtf8();
    return payload;
}

} // namespace

/// Black-box requirements of Engine.IO 3, through the real front door, on a plain echo server.
class TestEngineIo3 : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase_data() { conformance::addCarriers(); }
    void init();

    void pollingHandshake();
    void invalidPollingHandshake_data();
    void invalidPollingHandshake();
    void webSocketHandshake();
    void invalidWebSocketHandshake_data();
    void invalidWebSocketHandshake();
    void version4IsServedAllTheSame();
    void messagesAreEchoedOverPolling_data();
    void messagesAreEchoedOverPolling();
    void binaryIsEchoedAsOctets();
    void binaryIsEchoedAsBase64();
    void octetBodiesAreRead();
    void anInvalidPayloadClosesTheSession_data();
    void anInvalidPayloadClosesTheSession();
    void tooManyPacketsCloseTheSession();
    void anOversizedBodyIsRefusedAndTheSessionGoesOn();
    void aSecondPollClosesTheSession();
    void aCancelledPollClosesTheSession();
    void otherMethodsAreNotAllowed();
    void aMessageIsEchoedOverWebSocket();
    void binaryIsEchoedOverWebSocket();
    void base64IsEchoedOverWebSocket();
    void anInvalidWebSocketPacketClosesTheSession_data();
    void anInvalidWebSocketPacketClosesTheSession();
    void heartbeatOverPolling();
    void noPingEndsAPollingSession();
    void pingsKeepAPollingSession();
    void heartbeatOverWebSocket();
    void noPingEndsAWebSocket();
    void pingsKeepAWebSocket();
    void closeOverPolling();
    void closeOverWebSocket();
    void upgradeFromPollingToWebSocket();
    void pollsAfterTheUpgradeAreRefused();
    void webSocketsAfterTheUpgradeAreClosed();
    void nothingIsLostOrReorderedAcrossManyUpgrades();
    void aPageSeesWhatWentWrong_data();
    void aPageSeesWhatWentWrong();
    void everyRequirementHasItsTest();

private:
    /// A session of a client without binary of its own.
    QByteArray openBase64Polling() const;
    bool answers(ScriptedWebSocket& socket) const;

    std::unique_ptr<FixtureServer> m_server;
};

void TestEngineIo3::init()
{
    QFETCH_GLOBAL(FixtureServer::Adjust, carrier);
    // The door lets larger bodies through than a session takes.
    const auto adjust = [carrier](transport::TransportOptions& options) {
        carrier(options);
        options.http.maxBodyBytes = 2'000'000;
    };
    m_server
        = std::make_unique<FixtureServer>(QStringLiteral("engine3"), "/engine.io/", adjust, "3");
}

QByteArray TestEngineIo3::openBase64Polling() const
{
    return FixtureServer::sidOf(m_server->request("GET", "EIO=3&transport=polling&b64=1").body);
}

bool TestEngineIo3::answers(ScriptedWebSocket& socket) const
{
    socket.sendText("4hello");
    return socket.receiveText() == "4hello";
}

void TestEngineIo3::pollingHandshake()
{
    const HttpReply reply = m_server->request("GET", "EIO=3&transport=polling");
    QCOMPARE(reply.status, 200);
    QCOMPARE(reply.headers.value("Content-Type"), "text/plain; charset=UTF-8");
    QCOMPARE(reply.headers.value("Cache-Control"), "no-store");
    const qsizetype colon = reply.body.indexOf(':');
    const QByteArray packet = reply.body.mid(colon + 1);
    QCOMPARE(reply.body.first(colon), QByteArray::number(packet.size()));
    QVERIFY(packet.startsWith('0'));
    const QJsonObject open = QJsonDocument::fromJson(packet.mid(1)).object();
    QVERIFY(open[u"sid"].toString().size() >= 20);
    QCOMPARE(open[u"upgrades"].toArray(), QJsonArray({QStringLiteral("websocket")}));
    QCOMPARE(open[u"pingInterval"].toInt(), 300);
    QCOMPARE(open[u"pingTimeout"].toInt(), 200);
    QCOMPARE(open[u"maxPayload"].toInt(), 1'000'000);
}

void TestEngineIo3::invalidPollingHandshake_data()
{
    QTest::addColumn<QByteArray>("method");
    QTest::addColumn<QByteArray>("query");
    QTest::addColumn<int>("code");
    const auto row = [](const char* name, const char* method, const char* query, int code) {
        QTest::newRow(name) << QByteArray(method) << QByteArray(query) << code;
    };
    row("no transport", "GET", "EIO=3", 0);
    row("transport abc", "GET", "EIO=3&transport=abc", 0);
    row("JSONP", "GET", "EIO=3&transport=polling&j=0", 0);
    row("unknown session", "GET", "EIO=3&transport=polling&sid=nobody", 1);
    row("POST without a session", "POST", "EIO=3&transport=polling", 2);
    row("PUT without a session", "PUT", "EIO=3&transport=polling", 2);
    row("websocket without an upgrade", "GET", "EIO=3&transport=websocket", 3);
    row("no version", "GET", "transport=polling", 5);
    row("version abc", "GET", "EIO=abc&transport=polling", 5);
    row("version 2", "GET", "EIO=2&transport=polling", 5);
    row("two versions", "GET", "EIO=3&EIO=3&transport=polling", 5);
}

void TestEngineIo3::invalidPollingHandshake()
{
    QFETCH(QByteArray, method);
    QFETCH(QByteArray, query);
    QFETCH(int, code);
    const HttpReply reply = m_server->request(method, query);
    QCOMPARE(reply.status, 400);
    QCOMPARE(QJsonDocument::fromJson(reply.body)[u"code"].toInt(-1), code);
}

void TestEngineIo3::webSocketHandshake()
{
    ScriptedWebSocket socket;
    QVERIFY(m_server->open(socket, "EIO=3&transport=websocket"));
    const QByteArray text = socket.receiveText();
    QVERIFY(text.startsWith('0'));
    const QJsonObject open = QJsonDocument::fromJson(text.mid(1)).object();
    QVERIFY(open[u"upgrades"].isArray());
    QVERIFY(open[u"upgrades"].toArray().isEmpty());
    QCOMPARE(open[u"pingInterval"].toInt(), 300);
    QVERIFY(answers(socket));
}

void TestEngineIo3::invalidWebSocketHandshake_data()
{
    QTest::addColumn<QByteArray>("query");
    QTest::newRow("no version") << QByteArray("transport=websocket");
    QTest::newRow("version abc") << QByteArray("EIO=abc&transport=websocket");
    QTest::newRow("no transport") << QByteArray("EIO=3");
    QTest::newRow("transport abc") << QByteArray("EIO=3&transport=abc");
    QTest::newRow("transport polling") << QByteArray("EIO=3&transport=polling");
    QTest::newRow("unknown session") << QByteArray("EIO=3&transport=websocket&sid=nobody");
}

void TestEngineIo3::invalidWebSocketHandshake()
{
    QFETCH(QByteArray, query);
    ScriptedWebSocket socket;
    QVERIFY(!m_server->open(socket, query));
    QCOMPARE(socket.handshake().status, 400);
}

void TestEngineIo3::version4IsServedAllTheSame()
{
    const HttpReply opening = m_server->request("GET", "EIO=4&transport=polling");
    QVERIFY(opening.body.startsWith("0{"));
    const QByteArray session = "EIO=4&transport=polling&sid=" + FixtureServer::sidOf(opening.body);
    QCOMPARE(m_server
                 ->request("POST", session,
                     "4a\x1e"
                     "4b")
                 .status,
        200);
    QCOMPARE(m_server->request("GET", session).body,
        "4a\x1e"
        "4b");
}

void TestEngineIo3::messagesAreEchoedOverPolling_data()
{
    QTest::addColumn<QStringList>("packets");
    QTest::newRow("one") << QStringList{QStringLiteral("4hello")};
    QTest::newRow("three") << QStringList{
        QStringLiteral("4test1"), QStringLiteral("4test2"), QStringLiteral("4test3")};
    QTest::newRow("an empty one") << QStringList{QStringLiteral("4"), QStringLiteral("4a")};
    QTest::newRow("beyond ASCII") << QStringList{
        QStringLiteral("4größer €"), QStringLiteral("4てすと"), QStringLiteral("4a")};
    QTest::newRow("emoji") << QStringList{QStringLiteral("4\U0001F600\U0001F469\u200D\U0001F4BB"),
        QStringLiteral("4a"), QStringLiteral("4\U0010FFFF")};
    const QString large = QStringLiteral("4") + QStringLiteral("é€\U0001F600a").repeated(30'000);
    QTest::newRow("large") << QStringList{large, QStringLiteral("4a"), large};
}

void TestEngineIo3::messagesAreEchoedOverPolling()
{
    QFETCH(QStringList, packets);
    const QByteArray payload = payloadOf(packets);
    const QByteArray sid = m_server->openPolling();
    const HttpReply posted = m_server->post(sid, payload);
    QCOMPARE(posted.status, 200);
    QCOMPARE(posted.body, "ok");
    const HttpReply polled = m_server->poll(sid);
    QCOMPARE(polled.headers.value("Content-Type"), "text/plain; charset=UTF-8");
    QVERIFY(polled.body == payload); // not shown: up to half a megabyte
}

void TestEngineIo3::binaryIsEchoedAsOctets()
{
    const QByteArray sid = m_server->openPolling();
    QCOMPARE(m_server->post(sid, "6:4hello10:b4AQIDBA==").status, 200);
    const HttpReply polled = m_server->poll(sid);
    QCOMPARE(polled.headers.value("Content-Type"), "application/octet-stream");
    QCOMPARE(polled.body,
        QByteArray("\0\6\xff"
                   "4hello"
                   "\1\5\xff\4\1\2\3\4",
            17));
    // Texts alone are text again.
    QCOMPARE(m_server->post(sid, "6:4hello").status, 200);
    QCOMPARE(m_server->poll(sid).body, "6:4hello");
}

void TestEngineIo3::binaryIsEchoedAsBase64()
{
    const QByteArray sid = openBase64Polling();
    QCOMPARE(m_server->post(sid, "6:4hello10:b4AQIDBA==").status, 200);
    const HttpReply polled = m_server->poll(sid);
    QCOMPARE(polled.headers.value("Content-Type"), "text/plain; charset=UTF-8");
    QCOMPARE(polled.body, "6:4hello10:b4AQIDBA==");
}

void TestEngineIo3::octetBodiesAreRead()
{
    const QByteArray sid = m_server->openPolling();
    QByteArray body("\0\4\xff"
                    "4\xE2\x82\xAC"
                    "\1\5\xff\4\1\2\3\4",
        15);
    const QByteArray large = QByteArray("\0\xff\1\x1e", 4).repeated(50'000);
    protocol::appendEngine3Octets(
        body, protocol::EngineContent::Binary, protocol::encodeEngine3Binary(large));
    QCOMPARE(m_server->post(sid, body, octetStream).status, 200);
    QVERIFY(m_server->poll(sid).body == body);
}

void TestEngineIo3::anInvalidPayloadClosesTheSession_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<bool>("areOctets");
    const auto row = [](const char* name, QByteArray body, bool areOctets = false) {
        QTest::newRow(name) << body << areOctets;
    };
    row("rubbish", "abc");
    row("empty", "");
    row("payload of version 4",
        "4a\x1e"
        "4b");
    row("length beyond the body", "7:4hello");
    row("length within the packet", "3:4hello");
    row("length within a character", "2:4\xF0\x9F\x98\x80");
    row("length in octets", "5:4\xF0\x9F\x98\x80");
    row("not UTF-8", "3:4\xFF\xFF");
    row("unknown type", "2:9a");
    row("rubbish in an octet body", "abc", true);
    row("text in an octet body", "6:4hello", true);
    row("octet length beyond the body", QByteArray("\1\7\xff\4\1", 5), true);
}

void TestEngineIo3::anInvalidPayloadClosesTheSession()
{
    QFETCH(QByteArray, body);
    QFETCH(bool, areOctets);
    const QByteArray sid = m_server->openPolling();
    const HttpReply posted
        = m_server->post(sid, body, areOctets ? octetStream : protocol::HttpHeaders());
    QCOMPARE(posted.status, 400);
    QCOMPARE(m_server->poll(sid).status, 400);
}

void TestEngineIo3::tooManyPacketsCloseTheSession()
{
    const QByteArray sid = m_server->openPolling();
    QCOMPARE(m_server->post(sid, QByteArray("0:").repeated(65'537)).status, 400);
    QCOMPARE(m_server->poll(sid).status, 400);
}

void TestEngineIo3::anOversizedBodyIsRefusedAndTheSessionGoesOn()
{
    const QByteArray sid = m_server->openPolling();
    QByteArray body = "1000000:4" + QByteArray(999'999, 'x');
    QCOMPARE(m_server->post(sid, body).status, 413);
    QCOMPARE(m_server->post(sid, "6:4hello").status, 200);
    QCOMPARE(m_server->poll(sid).body, "6:4hello");
}

void TestEngineIo3::aSecondPollClosesTheSession()
{
    const QByteArray sid = m_server->openPolling();
    test::HttpCall first = m_server->startPoll(sid);
    QVERIFY(test::holdsFor([&first] { return !first.isFinished(); }, Millis{5}));
    const HttpReply second = m_server->poll(sid);
    const HttpReply closed = first.wait();
    QCOMPARE(closed.status, 200);
    QCOMPARE(closed.body, "1:1");
    QCOMPARE(second.status, 400);
    QCOMPARE(m_server->poll(sid).status, 400);
}

void TestEngineIo3::aCancelledPollClosesTheSession()
{
    const QByteArray sid = m_server->openPolling();
    test::HttpCall poll = m_server->startPoll(sid);
    QVERIFY(test::holdsFor([&poll] { return !poll.isFinished(); }, Millis{5}));
    poll.abort();
    QCOMPARE(m_server->poll(sid).status, 400);
}

void TestEngineIo3::otherMethodsAreNotAllowed()
{
    const QByteArray sid = m_server->openPolling();
    for (const char* method : {"PUT", "DELETE", "PATCH"}) {
        const HttpReply reply = m_server->request(method, m_server->pollingQuery(sid));
        QCOMPARE(reply.status, 405);
        QCOMPARE(reply.headers.value("Allow"), "GET, POST, OPTIONS");
    }
    QCOMPARE(m_server->post(sid, "6:4hello").status, 200);
    QCOMPARE(m_server->poll(sid).body, "6:4hello");
}

void TestEngineIo3::aMessageIsEchoedOverWebSocket()
{
    ScriptedWebSocket socket;
    QVERIFY(m_server->openSession(socket));
    QVERIFY(answers(socket));
}

void TestEngineIo3::binaryIsEchoedOverWebSocket()
{
    ScriptedWebSocket socket;
    QVERIFY(m_server->openSession(socket));
    socket.sendBinary("\4\1\2\3\4");
    QCOMPARE(socket.receiveBinary(), "\4\1\2\3\4");
}

void TestEngineIo3::base64IsEchoedOverWebSocket()
{
    ScriptedWebSocket socket;
    QVERIFY(m_server->open(socket, "EIO=3&transport=websocket&b64=1"));
    QVERIFY(socket.receiveText().startsWith("0{"));
    socket.sendText("b4AQIDBA==");
    QCOMPARE(socket.receiveText(), "b4AQIDBA==");
}

void TestEngineIo3::anInvalidWebSocketPacketClosesTheSession_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("binary");
    QTest::newRow("unknown type") << QByteArray("abc") << QByteArray();
    QTest::newRow("pong of a client") << QByteArray("3") << QByteArray();
    QTest::newRow("base64 of version 4") << QByteArray("bAQIDBA==") << QByteArray();
    QTest::newRow("binary without its type") << QByteArray() << QByteArray("\1\2\3");
}

void TestEngineIo3::anInvalidWebSocketPacketClosesTheSession()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, binary);
    ScriptedWebSocket socket;
    QVERIFY(m_server->openSession(socket));
    if (text.isEmpty())
        socket.sendBinary(binary);
    else
        socket.sendText(text);
    QCOMPARE(socket.receive().kind, WireEvent::Kind::Close);
    QCOMPARE(socket.closeCode(), std::optional<quint16>(1002));
}

void TestEngineIo3::heartbeatOverPolling()
{
    const QByteArray sid = m_server->openPolling();
    for (int i = 0; i < 3; ++i) {
        QCOMPARE(m_server->post(sid, "1:2").status, 200);
        const HttpReply polled = m_server->poll(sid);
        QCOMPARE(polled.status, 200);
        QCOMPARE(polled.body, "1:3");
    }
}

void TestEngineIo3::noPingEndsAPollingSession()
{
    const QByteArray sid = m_server->openPolling();
    // Exactly the two times together, and not a millisecond of slack.
    QVERIFY(test::holdsFor([] { return true; }, Millis{500}));
    QCOMPARE(m_server->post(sid, "1:2").status, 400);
}

void TestEngineIo3::pingsKeepAPollingSession()
{
    const QByteArray sid = m_server->openPolling();
    for (int i = 0; i < 3; ++i) {
        QVERIFY(test::holdsFor([] { return true; }, Millis{250}));
        QCOMPARE(m_server->post(sid, "1:2").status, 200);
    }
    QCOMPARE(m_server->poll(sid).body, "1:3");
}

void TestEngineIo3::heartbeatOverWebSocket()
{
    ScriptedWebSocket socket;
    QVERIFY(m_server->openSession(socket));
    for (int i = 0; i < 3; ++i) {
        socket.sendText("2");
        QCOMPARE(socket.receiveText(), "3");
    }
}

void TestEngineIo3::noPingEndsAWebSocket()
{
    ScriptedWebSocket socket;
    QVERIFY(m_server->openSession(socket));
    QCOMPARE(socket.receive().kind, WireEvent::Kind::Close); // and no ping before
    QCOMPARE(socket.closeCode(), std::optional<quint16>(1001));
}

void TestEngineIo3::pingsKeepAWebSocket()
{
    ScriptedWebSocket socket;
    QVERIFY(m_server->openSession(socket));
    for (int i = 0; i < 3; ++i) {
        QVERIFY(socket.staysSilentFor(Millis{250}));
        socket.sendText("2");
        QCOMPARE(socket.receiveText(), "3");
    }
}

void TestEngineIo3::closeOverPolling()
{
    const QByteArray sid = m_server->openPolling();
    test::HttpCall waiting = m_server->startPoll(sid);
    QVERIFY(test::holdsFor([&waiting] { return !waiting.isFinished(); }, Millis{5}));
    QCOMPARE(m_server->post(sid, "1:1").status, 200);
    const HttpReply freed = waiting.wait();
    QCOMPARE(freed.status, 200);
    QCOMPARE(freed.body, "1:6");
    QCOMPARE(m_server->poll(sid).status, 400);
}

void TestEngineIo3::closeOverWebSocket()
{
    ScriptedWebSocket socket;
    QVERIFY(m_server->openSession(socket));
    socket.sendText("1");
    QCOMPARE(socket.receive().kind, WireEvent::Kind::Close);
    QCOMPARE(socket.closeCode(), std::optional<quint16>(1000));
}

void TestEngineIo3::upgradeFromPollingToWebSocket()
{
    const QByteArray sid = m_server->openPolling();
    ScriptedWebSocket socket;
    QVERIFY(m_server->openUpgrade(socket, sid));
    socket.sendText("2probe");
    QCOMPARE(socket.receiveText(), "3probe");
    const HttpReply freed = m_server->poll(sid);
    QCOMPARE(freed.status, 200);
    QCOMPARE(freed.body, "1:6");
    socket.sendText("5");
    QVERIFY(answers(socket));
}

void TestEngineIo3::pollsAfterTheUpgradeAreRefused()
{
    const QByteArray sid = m_server->openPolling();
    ScriptedWebSocket socket;
    QVERIFY(m_server->openUpgrade(socket, sid));
    socket.sendText("2probe");
    QCOMPARE(socket.receiveText(), "3probe");
    socket.sendText("5");
    QCOMPARE(m_server->poll(sid).status, 400);
    QCOMPARE(m_server->post(sid, "1:2").status, 400);
    QVERIFY(answers(socket));
}

void TestEngineIo3::webSocketsAfterTheUpgradeAreClosed()
{
    const QByteArray sid = m_server->openPolling();
    ScriptedWebSocket socket;
    QVERIFY(m_server->openUpgrade(socket, sid));
    socket.sendText("2probe");
    QCOMPARE(socket.receiveText(), "3probe");
    socket.sendText("5");
    ScriptedWebSocket second;
    QVERIFY(m_server->openUpgrade(second, sid));
    QCOMPARE(second.receive().kind, WireEvent::Kind::Close);
    QVERIFY(answers(socket));
}

void TestEngineIo3::nothingIsLostOrReorderedAcrossManyUpgrades()
{
    for (int round = 0; round < 20; ++round) {
        const QByteArray sid = openBase64Polling();
        QByteArrayList echoed;
        int sent = 0;
        const auto next = [&sent] { return QStringLiteral("4n\U0001F600%1").arg(sent++); };
        const auto take = [&echoed](const HttpReply& reply) {
            const auto packets = protocol::splitEngine3Text(reply.body);
            QVERIFY(packets);
            for (const protocol::EnginePacket& packet : *packets) {
                if (packet.type == protocol::EnginePacketType::Message)
                    echoed << packet.data;
            }
        };
        QCOMPARE(m_server->post(sid, payloadOf({next(), next()})).status, 200);
        ScriptedWebSocket socket;
        QVERIFY(m_server->openUpgrade(socket, sid));
        QCOMPARE(m_server->post(sid, payloadOf({next()})).status, 200);
        socket.sendText("2probe");
        QCOMPARE(m_server->post(sid, payloadOf({next()})).status, 200);
        QCOMPARE(socket.receiveText(), "3probe");
        if (round % 2)
            take(m_server->poll(sid));
        QCOMPARE(m_server->post(sid, payloadOf({next()})).status, 200);
        socket.sendText("5");
        for (int i = 0; i < 5; ++i)
            socket.sendText(next().toUtf8());
        while (echoed.size() < sent) {
            const QByteArray packet = socket.receiveText();
            QVERIFY2(packet.startsWith('4'), "an echo is missing");
            echoed << packet.mid(1);
        }
        for (int i = 0; i < sent; ++i)
            QCOMPARE(echoed[i], QStringLiteral("n\U0001F600%1").arg(i).toUtf8());
    }
}

void TestEngineIo3::aPageSeesWhatWentWrong_data()
{
    QTest::addColumn<QByteArray>("method");
    QTest::addColumn<QByteArray>("query");
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<int>("status");
    const auto row
        = [](const char* name, const char* method, QByteArray query, QByteArray body, int status) {
              QTest::newRow(name) << QByteArray(method) << query << body << status;
          };
    row("handshake", "GET", "EIO=3&transport=polling", "", 200);
    row("unknown transport", "GET", "EIO=3&transport=abc", "", 400);
    row("unknown session", "GET", "EIO=3&transport=polling&sid=nobody", "", 400);
    row("unknown version", "GET", "EIO=7&transport=polling", "", 400);
    row("bad method", "PUT", "EIO=3&transport=polling&sid=SID", "", 405);
    row("bad payload", "POST", "EIO=3&transport=polling&sid=SID", "abc", 400);
    row("payload too large for the session", "POST", "EIO=3&transport=polling&sid=SID",
        "1000000:4" + QByteArray(999'999, 'x'), 413);
    row("payload too large for the door", "POST", "EIO=3&transport=polling&sid=SID",
        QByteArray(2'000'001, 'x'), 413);
}

void TestEngineIo3::aPageSeesWhatWentWrong()
{
    QFETCH(QByteArray, method);
    QFETCH(QByteArray, query);
    QFETCH(QByteArray, body);
    QFETCH(int, status);
    const QByteArray target = m_server->target(query.replace("SID", m_server->openPolling()));
    const protocol::HttpHeaders page{{"Origin", "http://localhost:7600"}};
    const HttpReply reply = test::httpRequest(m_server->port(), method, target, page, body);
    QCOMPARE(reply.status, status);
    QCOMPARE(reply.headers.value("Access-Control-Allow-Origin"), "http://localhost:7600");
    QCOMPARE(reply.headers.value("Access-Control-Allow-Credentials"), "true");
}

void TestEngineIo3::everyRequirementHasItsTest()
{
    const QStringList faults = conformance::requirementsWithoutTest(
        staticMetaObject, QStringLiteral("tst_engineio3"), u'O', 24);
    QVERIFY2(faults.isEmpty(), qPrintable(faults.join(u'\n')));
}

int main(int argc, char* argv[])
{
    return conformance::runOnEpoll<TestEngineIo3>(argc, argv);
}
#include "tst_engineio3.moc"
