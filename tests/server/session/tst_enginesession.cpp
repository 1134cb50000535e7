// SPDX-License-Identifier: Apache-2.0
#include "tests/server/session/fakes.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::session;
using fake::ExchangePtr;
using fake::PeerPtr;
using fake::Rig;

/// Engine.IO 4: handshake, polling, WebSocket, upgrade, heartbeat, close.
class TestEngineSession : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theHandshakeHasExactlyItsKeys();
    void badHandshakesAreRefused_data();
    void badHandshakesAreRefused();
    void badUpgradesAreRefused_data();
    void badUpgradesAreRefused();
    void aPollIsAnsweredAtTheEndOfTheTurnWithEverything();
    void queuedPacketsComeWithTheNextPollInOrder();
    void binaryTravelsInAPayload();
    void aBadPayloadEndsTheSession();
    void aSecondPollEndsBoth();
    void anAbortedPollEndsTheSession();
    void otherMethodsOnASessionAreRefused();
    void anOversizedPostIsRefusedAndTheSessionGoesOn();
    void theHeartbeatGoesOverPolling();
    void aSilentPollerIsGoneAtExactlyTheTimeout();
    void aLivePollerIsThereOneMillisecondBefore();
    void theHeartbeatGoesOverWebSocket();
    void aSilentWebSocketIsClosed();
    void aFrozenServerDropsNobody();
    void aCloseByPostFreesThePollWithNoop();
    void aCloseOnWebSocketClosesIt();
    void aBadWebSocketPacketClosesIt_data();
    void aBadWebSocketPacketClosesIt();
    void theUpgradeMovesTheSessionWithoutLossOrReordering();
    void aPollWaitingAtTheProbeIsFreedAtOnce();
    void aPollInMidUpgradeIsFreedSoon();
    void afterTheUpgradePollsAreRefused();
    void aPollInFlightWithTheLastUpgradePacketIsRefused();
    void aSecondWebSocketIsClosedAndTheFirstGoesOn();
    void aFailedProbeLeavesTheSessionPolling();
    void anUpgradeThatStopsIsCutOff();
    void theRoundTripIsMeasured();
    void theRoundTripOfAGoneClientIsAnError();
};

void TestEngineSession::theHandshakeHasExactlyItsKeys()
{
    Rig rig;
    const ExchangePtr polling = rig.get(QStringLiteral("EIO=4&transport=polling"));
    QCOMPARE(polling->status(), 200);
    const QByteArray sid = Rig::sidOf(polling->body());
    QVERIFY(sid.size() >= 22); // 128 bits in base64url
    QCOMPARE(polling->body(),
        "0{\"sid\":\"" + sid
            + "\",\"upgrades\":[\"websocket\"],\"pingInterval\":25000,\"pingTimeout\":60000,"
              "\"maxPayload\":1000000}");
    QCOMPARE(polling->response->headers.value("Content-Type"), "text/plain; charset=UTF-8");
    QCOMPARE(polling->response->headers.value("Cache-Control"), "no-store");
    const PeerPtr peer = rig.openWebSocket();
    QCOMPARE(peer->texts.size(), 1);
    QVERIFY(peer->texts[0].contains("\"upgrades\":[],"));
    QVERIFY(Rig::sidOf(peer->texts[0]) != sid);
}

void TestEngineSession::badHandshakesAreRefused_data()
{
    QTest::addColumn<QByteArray>("method");
    QTest::addColumn<QString>("query");
    QTest::addColumn<QByteArray>("body");
    const QByteArray unknownTransport = "{\"code\":0,\"message\":\"Transport unknown\"}";
    const QByteArray unknownSession = "{\"code\":1,\"message\":\"Session ID unknown\"}";
    const QByteArray badMethod = "{\"code\":2,\"message\":\"Bad handshake method\"}";
    const QByteArray badRequest = "{\"code\":3,\"message\":\"Bad request\"}";
    const QByteArray badVersion = "{\"code\":5,\"message\":\"Unsupported protocol version\"}";
    const auto row = [](const char* name, const char* method, const char* query, QByteArray body) {
        QTest::newRow(name) << QByteArray(method) << QString::fromLatin1(query) << body;
    };
    row("no version", "GET", "transport=polling", badVersion);
    row("version abc", "GET", "EIO=abc&transport=polling", badVersion);
    row("version 3", "GET", "EIO=3&transport=polling", badVersion);
    row("two versions", "GET", "EIO=4&EIO=4&transport=polling", badVersion);
    row("no transport", "GET", "EIO=4", unknownTransport);
    row("unknown transport", "GET", "EIO=4&transport=abc", unknownTransport);
    row("inherited name as transport", "GET", "EIO=4&transport=constructor", unknownTransport);
    row("two transports", "GET", "EIO=4&transport=polling&transport=polling", unknownTransport);
    row("websocket without upgrade", "GET", "EIO=4&transport=websocket", badRequest);
    row("post without sid", "POST", "EIO=4&transport=polling", badMethod);
    row("put without sid", "PUT", "EIO=4&transport=polling", badMethod);
    row("unknown sid", "GET", "EIO=4&transport=polling&sid=nobody", unknownSession);
    row("empty sid", "GET", "EIO=4&transport=polling&sid=", unknownSession);
    row("two sids", "GET", "EIO=4&transport=polling&sid=a&sid=b", badRequest);
}

void TestEngineSession::badHandshakesAreRefused()
{
    QFETCH(QByteArray, method);
    QFETCH(QString, query);
    QFETCH(QByteArray, body);
    Rig rig;
    const ExchangePtr exchange = rig.send(fake::request(method, query));
    QCOMPARE(exchange->status(), 400);
    QCOMPARE(exchange->body(), body);
    QCOMPARE(rig.server.counters().refusedRequests, quint64(1));
    QCOMPARE(rig.server.counters().opened, quint64(0));
}

void TestEngineSession::badUpgradesAreRefused_data()
{
    QTest::addColumn<QString>("query");
    QTest::newRow("no version") << QStringLiteral("transport=websocket");
    QTest::newRow("bad version") << QStringLiteral("EIO=abc&transport=websocket");
    QTest::newRow("no transport") << QStringLiteral("EIO=4");
    QTest::newRow("bad transport") << QStringLiteral("EIO=4&transport=abc");
    QTest::newRow("polling over an upgrade") << QStringLiteral("EIO=4&transport=polling");
    QTest::newRow("unknown sid") << QStringLiteral("EIO=4&transport=websocket&sid=nobody");
}

void TestEngineSession::badUpgradesAreRefused()
{
    QFETCH(QString, query);
    Rig rig;
    QVERIFY(!rig.openWebSocket(query));
    QCOMPARE(rig.refused->status, 400);
}

void TestEngineSession::aPollIsAnsweredAtTheEndOfTheTurnWithEverything()
{
    Rig rig;
    const QByteArray sid = rig.openPolling();
    rig.post(sid, "40");
    Rig::settle();
    rig.poll(sid);
    const ExchangePtr waiting = rig.poll(sid);
    QCOMPARE(waiting->status(), 0);
    rig.root.last->emitEvent("a");
    rig.root.last->emitEvent("b");
    QCOMPARE(waiting->status(), 0);
    Rig::settle();
    QCOMPARE(waiting->body(),
        "42[\"a\"]\x1e"
        "42[\"b\"]");
}

void TestEngineSession::queuedPacketsComeWithTheNextPollInOrder()
{
    Rig rig;
    rig.root.onEvent = [](Socket& socket, const IncomingEvent& event) {
        socket.emitEvent(event.name, event.args);
    };
    const QByteArray sid = rig.openPolling();
    QCOMPARE(rig.post(sid, "40")->body(), "ok");
    rig.poll(sid);
    const ExchangePtr post = rig.post(sid,
        "42[\"x\",1]\x1e"
        "42[\"x\",2]\x1e"
        "42[\"x\",3]");
    QCOMPARE(post->status(), 200);
    QCOMPARE(post->body(), "ok");
    QCOMPARE(rig.poll(sid)->body(),
        "42[\"x\",1]\x1e"
        "42[\"x\",2]\x1e"
        "42[\"x\",3]");
}

void TestEngineSession::binaryTravelsInAPayload()
{
    Rig rig;
    rig.root.onEvent = [](Socket& socket, const IncomingEvent& event) {
        socket.emitEvent(event.name, event.args, event.attachments);
    };
    const QByteArray sid = rig.openPolling();
    rig.post(sid, "40");
    rig.poll(sid);
    const QByteArray payload = "451-[\"bin\",{\"_placeholder\":true,\"num\":0}]\x1e"
                               "bAQIDBA==";
    rig.post(sid, payload);
    QCOMPARE(rig.root.events.at(0).attachments, QList<QByteArray>({QByteArray("\1\2\3\4")}));
    QCOMPARE(rig.poll(sid)->body(), payload);
}

void TestEngineSession::aBadPayloadEndsTheSession()
{
    Rig rig;
    const QByteArray sid = rig.openPolling();
    QCOMPARE(rig.post(sid, "abc")->status(), 400);
    QCOMPARE(rig.poll(sid)->status(), 400);
    QCOMPARE(rig.server.counters().protocolErrors, quint64(1));
}

void TestEngineSession::aSecondPollEndsBoth()
{
    Rig rig;
    const QByteArray sid = rig.openPolling();
    const ExchangePtr first = rig.poll(sid);
    const ExchangePtr second = rig.poll(sid);
    QCOMPARE(first->status(), 200);
    QCOMPARE(first->body(), "1");
    QCOMPARE(second->status(), 400);
    QCOMPARE(rig.poll(sid)->status(), 400);
}

void TestEngineSession::anAbortedPollEndsTheSession()
{
    Rig rig;
    const QByteArray sid = rig.openPolling();
    rig.post(sid, "40");
    rig.poll(sid);
    rig.root.takeLines();
    rig.poll(sid)->abort();
    QCOMPARE(rig.root.lines, QByteArrayList({"disconnected transport close"}));
    QCOMPARE(rig.poll(sid)->status(), 400);
}

void TestEngineSession::otherMethodsOnASessionAreRefused()
{
    Rig rig;
    const QByteArray sid = rig.openPolling();
    const ExchangePtr put = rig.send(fake::request(
        "PUT", QStringLiteral("EIO=4&transport=polling&sid=") + QString::fromLatin1(sid)));
    QCOMPARE(put->status(), 405);
    QCOMPARE(put->response->headers.value("Allow"), "GET, POST, OPTIONS");
    QCOMPARE(rig.post(sid, "40")->status(), 200);
}

void TestEngineSession::anOversizedPostIsRefusedAndTheSessionGoesOn()
{
    SessionOptions options;
    options.maxPayloadBytes = 40;
    Rig rig(options);
    const QByteArray sid = rig.openPolling();
    const QByteArray exact = "40{\"a\":\"" + QByteArray(40 - 10, 'x') + "\"}";
    QCOMPARE(exact.size(), 40);
    QCOMPARE(rig.post(sid, exact + ' ')->status(), 413);
    QCOMPARE(rig.server.counters().refusedBodies, quint64(1));
    QCOMPARE(rig.post(sid, exact)->status(), 200);
    QCOMPARE(rig.root.lines.size(), 2);
}

void TestEngineSession::theHeartbeatGoesOverPolling()
{
    Rig rig(Rig::quick());
    const QByteArray sid = rig.openPolling();
    rig.post(sid, "40");
    rig.poll(sid);
    for (int i = 0; i < 3; ++i) {
        const ExchangePtr waiting = rig.poll(sid);
        rig.advance(Millis{299});
        QCOMPARE(waiting->status(), 0);
        rig.advance(Millis{1});
        QCOMPARE(waiting->body(), "2");
        QCOMPARE(rig.post(sid, "3")->status(), 200);
    }
}

void TestEngineSession::aSilentPollerIsGoneAtExactlyTheTimeout()
{
    Rig rig(Rig::quick());
    const QByteArray sid = rig.openPolling();
    rig.clock.advance(Millis{500}); // no timer has run meanwhile: the request has to see to it
    QCOMPARE(rig.poll(sid)->status(), 400);
    QCOMPARE(rig.server.counters().pingTimeouts, quint64(1));
}

void TestEngineSession::aLivePollerIsThereOneMillisecondBefore()
{
    Rig rig(Rig::quick());
    const QByteArray sid = rig.openPolling();
    rig.clock.advance(Millis{499});
    const ExchangePtr poll = rig.poll(sid);
    QCOMPARE(poll->status(), 200);
    QCOMPARE(poll->body(), "2");
}

void TestEngineSession::theHeartbeatGoesOverWebSocket()
{
    Rig rig(Rig::quick());
    const PeerPtr peer = rig.openConnected();
    for (int i = 0; i < 3; ++i) {
        rig.advance(Millis{300});
        QCOMPARE(peer->takeTexts(), QByteArrayList({"2"}));
        peer->sendText("3");
    }
    QVERIFY(!peer->isClosed());
}

void TestEngineSession::aSilentWebSocketIsClosed()
{
    Rig rig(Rig::quick());
    const PeerPtr peer = rig.openConnected();
    rig.advance(Millis{499});
    QVERIFY(!peer->isClosed());
    rig.advance(Millis{1});
    QVERIFY(peer->isClosed());
    QCOMPARE(rig.root.lines, QByteArrayList({"disconnected ping timeout"}));
    peer->end();
    Rig::settle();
    QVERIFY(peer->isDestroyed);
}

void TestEngineSession::aFrozenServerDropsNobody()
{
    Rig rig;
    const PeerPtr idle = rig.openConnected();
    rig.advance(Millis{10'000});
    const PeerPtr pinged = rig.openConnected();
    rig.advance(Millis{15'000}); // the first got its ping just now and has not answered
    QCOMPARE(idle->takeTexts(), QByteArrayList({"2"}));
    const PeerPtr fresh = rig.openConnected();
    rig.clock.advance(Millis{120'000});
    rig.server.runTimers();
    Rig::settle();
    for (const PeerPtr& peer : {idle, pinged, fresh})
        QVERIFY(!peer->isClosed());
    QCOMPARE(pinged->takeTexts(), QByteArrayList({"2"}));
    QCOMPARE(rig.server.counters().stalls, quint64(1));
    // One round of grace, not a life insurance.
    for (const PeerPtr& peer : {idle, fresh})
        peer->sendText("3");
    rig.advance(Millis{61'000});
    QVERIFY(pinged->isClosed());
    QVERIFY(!idle->isClosed());
}

void TestEngineSession::aCloseByPostFreesThePollWithNoop()
{
    Rig rig;
    const QByteArray sid = rig.openPolling();
    const ExchangePtr waiting = rig.poll(sid);
    QCOMPARE(rig.post(sid, "1")->status(), 200);
    QCOMPARE(waiting->status(), 200);
    QCOMPARE(waiting->body(), "6");
    QCOMPARE(rig.poll(sid)->status(), 400);
}

void TestEngineSession::aCloseOnWebSocketClosesIt()
{
    Rig rig;
    const PeerPtr peer = rig.openConnected();
    peer->sendText("1");
    QCOMPARE(peer->closeCode, std::optional(CloseCode::Normal));
    QCOMPARE(rig.root.lines, QByteArrayList({"disconnected transport close"}));
}

void TestEngineSession::aBadWebSocketPacketClosesIt_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("unknown type") << QByteArray("abc");
    QTest::newRow("empty") << QByteArray("");
    QTest::newRow("open") << QByteArray("0{}");
    QTest::newRow("ping, the client's direction") << QByteArray("2");
    QTest::newRow("probe on an established socket") << QByteArray("2probe");
}

void TestEngineSession::aBadWebSocketPacketClosesIt()
{
    QFETCH(QByteArray, text);
    Rig rig;
    const PeerPtr peer = rig.openConnected();
    peer->sendText(text);
    QCOMPARE(peer->closeCode, std::optional(CloseCode::ProtocolError));
    QCOMPARE(rig.root.lines, QByteArrayList({"disconnected parse error"}));
    QCOMPARE(rig.server.counters().protocolErrors, quint64(1));
}

void TestEngineSession::theUpgradeMovesTheSessionWithoutLossOrReordering()
{
    Rig rig;
    const QByteArray sid = rig.openPolling();
    rig.post(sid, "40");
    rig.poll(sid);
    QByteArrayList seen;
    int sent = 0;
    const auto emitNext = [&] {
        rig.root.last->emitEvent("n", QByteArray::number(sent++));
        Rig::settle();
    };
    const auto takePoll = [&](const ExchangePtr& poll) { seen << poll->body().split('\x1e'); };

    ExchangePtr waiting = rig.poll(sid);
    emitNext(); // answers the poll
    takePoll(waiting);
    emitNext(); // waits for a poll
    const PeerPtr peer = rig.openUpgrade(sid);
    emitNext();
    peer->sendText("2probe");
    QCOMPARE(peer->takeTexts(), QByteArrayList({"3probe"}));
    emitNext();
    takePoll(rig.poll(sid)); // the client's loop asks once more
    emitNext(); // nobody asks any more: must wait for the WebSocket
    emitNext();
    QVERIFY(peer->texts.isEmpty());
    peer->sendText("5");
    emitNext();
    seen << peer->takeTexts();
    QByteArrayList expected;
    for (int i = 0; i < sent; ++i)
        expected << "42[\"n\"," + QByteArray::number(i) + ']';
    QCOMPARE(seen, expected);
    peer->sendText("42[\"x\"]");
    QCOMPARE(rig.root.lines.last(), "event x ");
    QCOMPARE(rig.server.sessions().at(0).transport, TransportKind::WebSocket);
    QCOMPARE(rig.server.counters().upgraded, quint64(1));
}

void TestEngineSession::aPollWaitingAtTheProbeIsFreedAtOnce()
{
    Rig rig;
    const QByteArray sid = rig.openPolling();
    const ExchangePtr waiting = rig.poll(sid);
    const PeerPtr peer = rig.openUpgrade(sid);
    QCOMPARE(waiting->status(), 0);
    peer->sendText("2probe");
    QCOMPARE(waiting->body(), "6");
}

void TestEngineSession::aPollInMidUpgradeIsFreedSoon()
{
    Rig rig;
    const QByteArray sid = rig.openPolling();
    const PeerPtr peer = rig.openUpgrade(sid);
    peer->sendText("2probe");
    const ExchangePtr poll = rig.poll(sid);
    rig.advance(Millis{100});
    QCOMPARE(poll->status(), 200);
    QCOMPARE(poll->body(), "6");
    peer->sendText("5");
    QVERIFY(!peer->isClosed());
}

void TestEngineSession::afterTheUpgradePollsAreRefused()
{
    Rig rig;
    const QByteArray sid = rig.openPolling();
    const PeerPtr peer = rig.openUpgrade(sid);
    peer->sendText("2probe");
    peer->sendText("5");
    QCOMPARE(rig.poll(sid)->status(), 400);
    QCOMPARE(rig.post(sid, "40")->status(), 400);
    peer->takeTexts();
    peer->sendText("40");
    QCOMPARE(peer->texts.size(), 1);
}

void TestEngineSession::aPollInFlightWithTheLastUpgradePacketIsRefused()
{
    Rig rig;
    const QByteArray sid = rig.openPolling();
    const PeerPtr peer = rig.openUpgrade(sid);
    peer->sendText("2probe");
    const ExchangePtr late = rig.poll(sid);
    peer->sendText("5");
    QCOMPARE(late->status(), 400);
}

void TestEngineSession::aSecondWebSocketIsClosedAndTheFirstGoesOn()
{
    Rig rig;
    const QByteArray sid = rig.openPolling();
    const PeerPtr first = rig.openUpgrade(sid);
    const PeerPtr rival = rig.openUpgrade(sid); // while the first is still probing
    QVERIFY(rival->isClosed());
    first->sendText("2probe");
    first->sendText("5");
    const PeerPtr second = rig.openUpgrade(sid);
    QVERIFY(second->isClosed());
    first->takeTexts();
    first->sendText("40");
    QCOMPARE(first->texts.size(), 1);
}

void TestEngineSession::aFailedProbeLeavesTheSessionPolling()
{
    Rig rig;
    const QByteArray sid = rig.openPolling();
    const PeerPtr wrong = rig.openUpgrade(sid);
    wrong->sendText("5");
    QVERIFY(wrong->isClosed());
    const PeerPtr gone = rig.openUpgrade(sid);
    gone->sendText("2probe");
    const ExchangePtr poll = rig.poll(sid);
    gone->end(1006);
    QCOMPARE(poll->body(), "6");
    rig.post(sid, "40");
    QVERIFY(rig.poll(sid)->body().startsWith("40{"));
    const PeerPtr good = rig.openUpgrade(sid);
    good->sendText("2probe");
    good->sendText("5");
    good->sendText("42[\"x\"]");
    QCOMPARE(rig.root.lines.last(), "event x ");
}

void TestEngineSession::anUpgradeThatStopsIsCutOff()
{
    Rig rig;
    const QByteArray sid = rig.openPolling();
    const PeerPtr peer = rig.openUpgrade(sid);
    peer->sendText("2probe");
    rig.advance(Millis{10'000});
    QVERIFY(peer->isClosed());
    QCOMPARE(rig.post(sid, "40")->status(), 200);
}

void TestEngineSession::theRoundTripIsMeasured()
{
    Rig rig;
    const PeerPtr peer = rig.openConnected();
    const SessionId id = rig.server.sessions().at(0).id;
    std::vector<Result<Millis>> results;
    const auto note = [&results](Result<Millis> result) { results.push_back(std::move(result)); };
    rig.server.measureRoundTrip(id, note);
    rig.server.measureRoundTrip(id, note);
    QCOMPARE(peer->takeTexts(), QByteArrayList({"2"}));
    rig.advance(Millis{42});
    peer->sendText("3");
    QCOMPARE(results.size(), size_t(2));
    QCOMPARE(results[0].value(), Millis{42});
    QCOMPARE(results[1].value(), Millis{42});
}

void TestEngineSession::theRoundTripOfAGoneClientIsAnError()
{
    Rig rig(Rig::quick());
    std::vector<ErrorCode> errors;
    const auto note
        = [&errors](const Result<Millis>& result) { errors.push_back(result.error().code); };
    rig.server.measureRoundTrip({"nobody"}, note);
    const PeerPtr silent = rig.openConnected();
    rig.server.measureRoundTrip(rig.server.sessions().at(0).id, note);
    rig.advance(Millis{200});
    const PeerPtr leaving = rig.openConnected();
    rig.server.measureRoundTrip(rig.server.sessions().at(0).id, note);
    leaving->sendText("1");
    QCOMPARE(errors,
        std::vector<ErrorCode>(
            {ErrorCode::Unavailable, ErrorCode::Timeout, ErrorCode::Unavailable}));
}

QTEST_GUILESS_MAIN(TestEngineSession)
#include "tst_enginesession.moc"
