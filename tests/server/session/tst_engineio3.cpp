// SPDX-License-Identifier: Apache-2.0
#include "tests/server/session/fakes.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::session;
using fake::ExchangePtr;
using fake::PeerPtr;
using fake::Rig;

namespace {

/// What a new WebSocket waits before it is sent anything.
constexpr Millis gentleStart{50};

SessionOptions oldClientsToo(SessionOptions options = {})
{
    options.allowEngineIo3 = true;
    return options;
}

/// A server that lets clients of Engine.IO 3 in, and such clients.
class OldRig : public Rig
{
public:
    explicit OldRig(SessionOptions options = oldClientsToo()) : Rig(std::move(options)) { }

    static QString pollingQuery(const QByteArray& sid = {}, const QString& more = {})
    {
        const QString query = QStringLiteral("EIO=3&transport=polling") + more;
        return sid.isEmpty() ? query : query + QStringLiteral("&sid=") + QString::fromLatin1(sid);
    }

    /// A polling session with its first answer read.
    QByteArray openPolling3(const QString& more = {})
    {
        const ExchangePtr opening = get(pollingQuery({}, more));
        settle();
        root.takeLines();
        return sidOf(opening->body());
    }
    ExchangePtr poll3(const QByteArray& sid) { return get(pollingQuery(sid)); }
    ExchangePtr post3(const QByteArray& sid, QByteArray body, protocol::HttpHeaders headers = {})
    {
        return send(fake::request("POST", pollingQuery(sid), std::move(body), std::move(headers)));
    }
    /// A WebSocket that has been sent what it opens with.
    PeerPtr openWebSocket3(const QString& more = {})
    {
        PeerPtr peer = openWebSocket(QStringLiteral("EIO=3&transport=websocket") + more);
        advance(gentleStart);
        return peer;
    }
    PeerPtr openConnected3()
    {
        PeerPtr peer = openWebSocket3();
        peer->takeTexts();
        root.takeLines();
        return peer;
    }
};

} // namespace

/// Engine.IO 3 with Socket.IO 4 where it differs from 4 with 5.
class TestEngineIo3 : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theyAreRefusedUnlessAllowed_data();
    void theyAreRefusedUnlessAllowed();
    void jsonpIsRefused();
    void theFirstAnswerBringsOpenAndConnect();
    void aWebSocketOpensWithBoth();
    void whatClosesAWebSocketAtOnceComesBehindItsOpening();
    void aRootThatThinksIsConnectedLater();
    void theHandlerHearsOfTheRootAfterTheSession();
    void aClientThatGoesWhileItOpensIsForgotten();
    void packetsOfATurnStandBehindTheirLengths();
    void binaryOfAPollIsOctets();
    void binaryOfAPollIsBase64IfAskedFor();
    void textsStayTextsBesideBinaryQueuesOfBefore();
    void postsAreReadByTheirContentType_data();
    void postsAreReadByTheirContentType();
    void badPostsEndTheSession_data();
    void badPostsEndTheSession();
    void binaryOverWebSocketCarriesItsType();
    void base64OverWebSocketIsForWhoAskedForIt();
    void badWebSocketPacketsCloseIt_data();
    void badWebSocketPacketsCloseIt();
    void pingsAreAnswered();
    void manyPingsWithoutAPollGetOneAnswer();
    void aSilentClientIsGoneAtExactlyBothTimes();
    void everyPacketKeepsAClientAlive_data();
    void everyPacketKeepsAClientAlive();
    void aFrozenServerDropsNobody();
    void theRoundTripCannotBeMeasured();
    void theUpgradeChangesTheDialect_data();
    void theUpgradeChangesTheDialect();
    void closingSaysSoInItsFraming();
    void aFullQueueEndsTheSession();
    void aPongStaysWhenARightIsRevoked();
    void namespacesAreEnteredWithAQuery();
    void refusalsAreTexts_data();
    void refusalsAreTexts();
    void socketIdsAreThoseTheClientKnows();
    void aSecondConnectToTheRootEndsTheSession();
    void oldAndNewClientsShareARoom();
    void acknowledgementsGoBothWays();
    void leavingAndDisconnectingAreTheSame();
};

void TestEngineIo3::theyAreRefusedUnlessAllowed_data()
{
    QTest::addColumn<bool>("isWebSocket");
    QTest::newRow("polling") << false;
    QTest::newRow("WebSocket") << true;
}

void TestEngineIo3::theyAreRefusedUnlessAllowed()
{
    QFETCH(bool, isWebSocket);
    Rig rig;
    QByteArray body;
    if (isWebSocket) {
        QVERIFY(!rig.openWebSocket(QStringLiteral("EIO=3&transport=websocket")));
        body = rig.refused->body;
    } else {
        body = rig.get(QStringLiteral("EIO=3&transport=polling"))->body();
    }
    QCOMPARE(body, "{\"code\":5,\"message\":\"Unsupported protocol version\"}");
    QCOMPARE(rig.server.counters().opened, quint64(0));
}

void TestEngineIo3::jsonpIsRefused()
{
    OldRig rig;
    const ExchangePtr exchange = rig.get(OldRig::pollingQuery({}, QStringLiteral("&j=0")));
    QCOMPARE(exchange->status(), 400);
    QCOMPARE(exchange->body(), "{\"code\":0,\"message\":\"Transport unknown\"}");
}

void TestEngineIo3::theFirstAnswerBringsOpenAndConnect()
{
    OldRig rig;
    const ExchangePtr opening = rig.get(OldRig::pollingQuery());
    Rig::settle();
    QCOMPARE(opening->status(), 200);
    const QByteArray sid = Rig::sidOf(opening->body());
    const QByteArray open = "0{\"sid\":\"" + sid
        + "\",\"upgrades\":[\"websocket\"],\"pingInterval\":25000,\"pingTimeout\":60000,"
          "\"maxPayload\":1000000}";
    QCOMPARE(opening->body(), QByteArray::number(open.size()) + ':' + open + "2:40");
    QCOMPARE(opening->response->headers.value("Content-Type"), "text/plain; charset=UTF-8");
    QCOMPARE(rig.root.lines, QByteArrayList({"request ", "connected"}));
    QCOMPARE(rig.server.counters().openedEngineIo3, quint64(1));
    // It is in a namespace, so it may stay.
    rig.advance(Millis{46'000});
    QCOMPARE(rig.server.sessions().size(), size_t(1));
}

void TestEngineIo3::aWebSocketOpensWithBoth()
{
    OldRig rig;
    const PeerPtr peer = rig.openWebSocket(QStringLiteral("EIO=3&transport=websocket"));
    rig.advance(gentleStart - Millis{1});
    QVERIFY(peer->texts.isEmpty()); // the client may not listen yet
    rig.advance(Millis{1});
    QCOMPARE(peer->texts.size(), 2);
    QVERIFY(peer->texts[0].startsWith("0{\"sid\":\""));
    QVERIFY(peer->texts[0].contains("\"upgrades\":[],"));
    QCOMPARE(peer->texts[1], "40");
}

void TestEngineIo3::whatClosesAWebSocketAtOnceComesBehindItsOpening()
{
    OldRig rig;
    const PeerPtr peer = rig.openWebSocket(QStringLiteral("EIO=3&transport=websocket"));
    peer->sendText("abc");
    QCOMPARE(peer->closeCode, std::optional(CloseCode::ProtocolError));
    QCOMPARE(peer->texts.size(), 2);
    QCOMPARE(peer->texts[1], "40");
}

void TestEngineIo3::aRootThatThinksIsConnectedLater()
{
    OldRig rig;
    rig.root.onRequest = [](Socket&) {};
    const ExchangePtr opening = rig.get(OldRig::pollingQuery());
    Rig::settle();
    QVERIFY(!opening->body().endsWith("2:40"));
    const ExchangePtr waiting = rig.poll3(Rig::sidOf(opening->body()));
    QCOMPARE(waiting->status(), 0);
    rig.root.last->accept();
    Rig::settle();
    QCOMPARE(waiting->body(), "2:40");
}

void TestEngineIo3::theHandlerHearsOfTheRootAfterTheSession()
{
    struct Watcher : SessionObserver
    {
        void sessionOpened(const SessionId&) override { *lines << "opened"; }
        void sessionChanged(const SessionId&) override { *lines << "changed"; }
        QByteArrayList* lines = nullptr;
    };
    OldRig rig;
    Watcher watcher;
    watcher.lines = &rig.root.lines;
    rig.server.addObserver(&watcher);
    rig.openWebSocket3();
    QCOMPARE(rig.root.lines, QByteArrayList({"opened", "request ", "changed", "connected"}));
    rig.server.removeObserver(&watcher);
}

void TestEngineIo3::aClientThatGoesWhileItOpensIsForgotten()
{
    OldRig rig;
    const ExchangePtr opening = rig.get(OldRig::pollingQuery());
    opening->abort();
    Rig::settle();
    QVERIFY(rig.server.sessions().empty());
    QCOMPARE(rig.root.lines.last(), "disconnected transport close");
}

void TestEngineIo3::packetsOfATurnStandBehindTheirLengths()
{
    OldRig rig;
    const QByteArray sid = rig.openPolling3();
    const ExchangePtr waiting = rig.poll3(sid);
    rig.root.last->emitEvent("a", "1");
    rig.root.last->emitEvent("b", "\"\xF0\x9F\x98\x80\"");
    QCOMPARE(waiting->status(), 0);
    Rig::settle();
    QCOMPARE(waiting->body(), "9:42[\"a\",1]12:42[\"b\",\"\xF0\x9F\x98\x80\"]");
}

void TestEngineIo3::binaryOfAPollIsOctets()
{
    OldRig rig;
    const QByteArray sid = rig.openPolling3();
    rig.root.last->emitEvent("t", "\"\xC3\xA9\"");
    rig.root.last->emitEvent("b", "{\"_placeholder\":true,\"num\":0}", {"\x01\x02"});
    const ExchangePtr answer = rig.poll3(sid);
    QCOMPARE(answer->response->headers.value("Content-Type"), "application/octet-stream");
    QByteArray expected;
    expected += QByteArray("\0\1\2\xff", 4) + "42[\"t\",\"\xC3\xA9\"]";
    const QByteArray event = "451-[\"b\",{\"_placeholder\":true,\"num\":0}]";
    QCOMPARE(event.size(), 39);
    expected += QByteArray("\0\3\11\xff", 4) + event;
    expected += "\1\3\xff\4\1\2";
    QCOMPARE(answer->body(), expected);
}

void TestEngineIo3::binaryOfAPollIsBase64IfAskedFor()
{
    OldRig rig;
    const QByteArray sid = rig.openPolling3(QStringLiteral("&b64=1"));
    rig.root.last->emitEvent("b", "{\"_placeholder\":true,\"num\":0}", {"\x01\x02\x03"});
    const ExchangePtr answer = rig.poll3(sid); // does not say b64 again
    QCOMPARE(answer->response->headers.value("Content-Type"), "text/plain; charset=UTF-8");
    QCOMPARE(answer->body(), "39:451-[\"b\",{\"_placeholder\":true,\"num\":0}]6:b4AQID");
}

void TestEngineIo3::textsStayTextsBesideBinaryQueuesOfBefore()
{
    OldRig rig;
    const QByteArray sid = rig.openPolling3();
    rig.root.last->emitEvent("b", "{\"_placeholder\":true,\"num\":0}", {"\x01"});
    QCOMPARE(rig.poll3(sid)->response->headers.value("Content-Type"), "application/octet-stream");
    rig.root.last->emitEvent("t", "1");
    QCOMPARE(rig.poll3(sid)->body(), "9:42[\"t\",1]");
}

void TestEngineIo3::postsAreReadByTheirContentType_data()
{
    QTest::addColumn<QByteArray>("contentType");
    QTest::addColumn<QByteArray>("body");
    const QByteArray event = "451-[\"b\",{\"_placeholder\":true,\"num\":0}]";
    QTest::newRow("text") << QByteArray("text/plain;charset=UTF-8")
                          << QByteArray("39:" + event + "6:b4AQID");
    QTest::newRow("none") << QByteArray() << QByteArray("39:" + event + "6:b4AQID");
    QTest::newRow("octets") << QByteArray("application/octet-stream")
                            << QByteArray("\0\3\11\xff", 4) + event + "\1\4\xff\4\1\2\3";
}

void TestEngineIo3::postsAreReadByTheirContentType()
{
    QFETCH(QByteArray, contentType);
    QFETCH(QByteArray, body);
    OldRig rig;
    const QByteArray sid = rig.openPolling3();
    protocol::HttpHeaders headers;
    if (!contentType.isEmpty())
        headers.add("Content-Type", contentType);
    const ExchangePtr posted = rig.post3(sid, body, headers);
    QCOMPARE(posted->status(), 200);
    QCOMPARE(posted->body(), "ok");
    QCOMPARE(rig.root.events.size(), size_t(1));
    QCOMPARE(rig.root.events[0].name, "b");
    QCOMPARE(rig.root.events[0].attachments, QList<QByteArray>{"\1\2\3"});
}

void TestEngineIo3::badPostsEndTheSession_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::newRow("rubbish") << QByteArray("abc");
    QTest::newRow("packet of version 4") << QByteArray("2");
    QTest::newRow("length that does not fit") << QByteArray("9:42[\"a\"]");
    QTest::newRow("pong, the server's direction") << QByteArray("1:3");
    QTest::newRow("open") << QByteArray("3:0{}");
    QTest::newRow("payload for a Socket.IO packet that is none") << QByteArray("4:4abc");
}

void TestEngineIo3::badPostsEndTheSession()
{
    QFETCH(QByteArray, body);
    OldRig rig;
    const QByteArray sid = rig.openPolling3();
    const ExchangePtr waiting = rig.poll3(sid);
    rig.post3(sid, body);
    QCOMPARE(waiting->body(), "1:1");
    QCOMPARE(rig.poll3(sid)->status(), 400);
    QCOMPARE(rig.root.lines.last(), "disconnected parse error");
    QCOMPARE(rig.server.counters().protocolErrors, quint64(1));
}

void TestEngineIo3::binaryOverWebSocketCarriesItsType()
{
    OldRig rig;
    const PeerPtr peer = rig.openConnected3();
    peer->sendText("451-[\"b\",{\"_placeholder\":true,\"num\":0}]");
    peer->sendBinary("\4\1\2\3");
    QCOMPARE(rig.root.events.size(), size_t(1));
    QCOMPARE(rig.root.events[0].attachments, QList<QByteArray>{"\1\2\3"});
    rig.root.last->emitEvent("b", "{\"_placeholder\":true,\"num\":0}", {"\1\2"});
    QCOMPARE(peer->texts, QByteArrayList({"451-[\"b\",{\"_placeholder\":true,\"num\":0}]"}));
    QCOMPARE(peer->binaries, QList<QByteArray>{"\4\1\2"});
}

void TestEngineIo3::base64OverWebSocketIsForWhoAskedForIt()
{
    OldRig rig;
    const PeerPtr peer = rig.openWebSocket3(QStringLiteral("&b64=1"));
    peer->sendText("451-[\"b\",{\"_placeholder\":true,\"num\":0}]");
    peer->sendText("b4AQID");
    QCOMPARE(rig.root.events.size(), size_t(1));
    QCOMPARE(rig.root.events[0].attachments, QList<QByteArray>{"\1\2\3"});
    QVERIFY(!peer->isClosed());
}

void TestEngineIo3::badWebSocketPacketsCloseIt_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("binary");
    QTest::newRow("unknown type") << QByteArray("abc") << QByteArray();
    QTest::newRow("empty") << QByteArray("") << QByteArray();
    QTest::newRow("pong, the server's direction") << QByteArray("3") << QByteArray();
    QTest::newRow("base64 of a ping") << QByteArray("b2AQID") << QByteArray();
    QTest::newRow("base64 that is not exact") << QByteArray("b4AQI") << QByteArray();
    QTest::newRow("binary without its type") << QByteArray() << QByteArray("\1\2\3");
    QTest::newRow("empty binary") << QByteArray() << QByteArray("");
}

void TestEngineIo3::badWebSocketPacketsCloseIt()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, binary);
    OldRig rig;
    const PeerPtr peer = rig.openConnected3();
    if (text.isNull())
        peer->sendBinary(binary);
    else
        peer->sendText(text);
    QCOMPARE(peer->closeCode, std::optional(CloseCode::ProtocolError));
    QCOMPARE(rig.root.lines, QByteArrayList({"disconnected parse error"}));
}

void TestEngineIo3::pingsAreAnswered()
{
    OldRig rig;
    const PeerPtr peer = rig.openConnected3();
    peer->sendText("2");
    QCOMPARE(peer->takeTexts(), QByteArrayList({"3"}));
    const QByteArray sid = rig.openPolling3();
    const ExchangePtr waiting = rig.poll3(sid);
    QCOMPARE(rig.post3(sid, "1:2")->body(), "ok");
    Rig::settle();
    QCOMPARE(waiting->body(), "1:3");
    QVERIFY(rig.root.lines.isEmpty());
}

void TestEngineIo3::manyPingsWithoutAPollGetOneAnswer()
{
    OldRig rig;
    const QByteArray sid = rig.openPolling3();
    for (int i = 0; i < 100; ++i)
        rig.post3(sid, "1:21:2");
    QCOMPARE(rig.poll3(sid)->body(), "1:3");
    // And it is no packet the client has to fetch in time: that is the heartbeat's business.
    rig.post3(sid, "1:2");
    rig.advance(Millis{31'000});
    QCOMPARE(rig.server.sessions().size(), size_t(1));
}

void TestEngineIo3::aSilentClientIsGoneAtExactlyBothTimes()
{
    OldRig rig(oldClientsToo(Rig::quick()));
    const PeerPtr peer = rig.openConnected3();
    const QByteArray sid = rig.openPolling3();
    rig.advance(Millis{499} - gentleStart); // the WebSocket is that much older
    QVERIFY(!peer->isClosed());
    rig.advance(Millis{1});
    QCOMPARE(peer->closeCode, std::optional(CloseCode::GoingAway));
    rig.advance(gentleStart - Millis{1});
    QCOMPARE(rig.server.sessions().size(), size_t(1));
    rig.advance(Millis{1});
    QCOMPARE(rig.poll3(sid)->status(), 400);
    QCOMPARE(
        rig.root.lines, QByteArrayList({"disconnected ping timeout", "disconnected ping timeout"}));
    QCOMPARE(rig.server.counters().pingTimeouts, quint64(2));
    QVERIFY(peer->texts.isEmpty()); // never pinged
}

void TestEngineIo3::everyPacketKeepsAClientAlive_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("ping") << QByteArray("2");
    QTest::newRow("event") << QByteArray("42[\"x\"]");
}

void TestEngineIo3::everyPacketKeepsAClientAlive()
{
    QFETCH(QByteArray, text);
    OldRig rig(oldClientsToo(Rig::quick()));
    const PeerPtr peer = rig.openConnected3();
    for (int i = 0; i < 3; ++i) {
        rig.advance(Millis{499} - (i == 0 ? gentleStart : Millis{0}));
        peer->sendText(text);
    }
    rig.advance(Millis{499});
    QVERIFY(!peer->isClosed());
    rig.advance(Millis{1});
    QVERIFY(peer->isClosed());
}

void TestEngineIo3::aFrozenServerDropsNobody()
{
    OldRig rig;
    const PeerPtr peer = rig.openConnected3();
    rig.advance(Millis{84'000} - gentleStart);
    rig.clock.advance(Millis{120'000});
    rig.server.runTimers();
    Rig::settle();
    QVERIFY(!peer->isClosed());
    rig.advance(Millis{1'000});
    QVERIFY(peer->isClosed());
}

void TestEngineIo3::theRoundTripCannotBeMeasured()
{
    OldRig rig;
    const PeerPtr peer = rig.openConnected3();
    std::optional<Result<Millis>> measured;
    rig.server.measureRoundTrip(rig.server.sessions().at(0).id,
        [&measured](const Result<Millis>& result) { measured = result; });
    QVERIFY(measured);
    QCOMPARE(measured->error().code, ErrorCode::Unavailable);
    QVERIFY(peer->texts.isEmpty());
    QVERIFY(!peer->isClosed());
}

void TestEngineIo3::theUpgradeChangesTheDialect_data()
{
    QTest::addColumn<QString>("polling");
    QTest::addColumn<QString>("webSocket");
    QTest::addColumn<QByteArray>("binary");
    QTest::newRow("neither is base64")
        << QString() << QStringLiteral("EIO=3") << QByteArray("\4\1");
    QTest::newRow("only polling is base64")
        << QStringLiteral("&b64=1") << QStringLiteral("EIO=3") << QByteArray("\4\1");
    QTest::newRow("the version is the session's")
        << QString() << QStringLiteral("EIO=4") << QByteArray("\4\1");
}

void TestEngineIo3::theUpgradeChangesTheDialect()
{
    QFETCH(QString, polling);
    QFETCH(QString, webSocket);
    QFETCH(QByteArray, binary);
    OldRig rig;
    const QByteArray sid = rig.openPolling3(polling);
    const ExchangePtr waiting = rig.poll3(sid);
    const PeerPtr peer = rig.openWebSocket(
        webSocket + QStringLiteral("&transport=websocket&sid=") + QString::fromLatin1(sid));
    peer->sendText("2probe");
    QCOMPARE(peer->takeTexts(), QByteArrayList({"3probe"}));
    QCOMPARE(waiting->body(), "1:6");
    const ExchangePtr again = rig.poll3(sid);
    rig.advance(Millis{20});
    QCOMPARE(again->body(), "1:6");
    rig.root.last->emitEvent("b", "{\"_placeholder\":true,\"num\":0}", {"\1"});
    peer->sendText("5");
    QCOMPARE(peer->binaries, QList<QByteArray>{binary});
    peer->takeTexts();
    peer->sendText("2");
    QCOMPARE(peer->takeTexts(), QByteArrayList({"3"}));
    QCOMPARE(rig.poll3(sid)->status(), 400);
    QVERIFY(!peer->isClosed());
}

void TestEngineIo3::closingSaysSoInItsFraming()
{
    OldRig rig;
    const QByteArray sid = rig.openPolling3();
    const ExchangePtr waiting = rig.poll3(sid);
    QCOMPARE(rig.post3(sid, "2:41")->body(), "ok");
    QCOMPARE(rig.post3(sid, "1:1")->body(), "ok");
    QCOMPARE(waiting->body(), "1:6");
    QCOMPARE(rig.root.lines, QByteArrayList({"disconnected client namespace disconnect"}));

    const QByteArray other = rig.openPolling3();
    rig.root.last->emitEvent("b", "{\"_placeholder\":true,\"num\":0}", {"\1"});
    const ExchangePtr first = rig.poll3(other);
    QCOMPARE(first->status(), 200);
    const ExchangePtr second = rig.poll3(other);
    const ExchangePtr third = rig.poll3(other);
    QCOMPARE(second->body(), "1:1");
    QCOMPARE(third->status(), 400);
}

void TestEngineIo3::aFullQueueEndsTheSession()
{
    SessionOptions options = oldClientsToo();
    options.maxQueuedBytes = 1'000;
    OldRig rig(options);
    const QByteArray sid = rig.openPolling3();
    const QByteArray text = '"' + QByteArray(600, 'x') + '"';
    rig.root.last->emitEvent("t", text);
    rig.root.last->emitEvent("t", text);
    Rig::settle();
    QCOMPARE(rig.root.lines, QByteArrayList({"disconnected slow consumer"}));
    QCOMPARE(rig.poll3(sid)->status(), 400);
}

void TestEngineIo3::aPongStaysWhenARightIsRevoked()
{
    OldRig rig;
    const QByteArray sid = rig.openPolling3();
    rig.post3(sid, "1:2");
    QVERIFY(rig.server.settleBeforeRevocation({sid}));
    QCOMPARE(rig.poll3(sid)->body(), "1:3");
    const PeerPtr opening = rig.openWebSocket(QStringLiteral("EIO=3&transport=websocket"));
    QVERIFY(rig.server.settleBeforeRevocation(rig.root.last->sessionId()));
    QCOMPARE(opening->texts.size(), 2);
    rig.root.last->emitEvent("a", "1");
    QCOMPARE(opening->texts.last(), "42[\"a\",1]");
}

void TestEngineIo3::namespacesAreEnteredWithAQuery()
{
    OldRig rig;
    const PeerPtr peer = rig.openConnected3();
    peer->sendText("40/custom?token=a%20b,");
    QCOMPARE(rig.custom.lines, QByteArrayList({"request {\"token\":\"a b\"}", "connected"}));
    QCOMPARE(peer->takeTexts(), QByteArrayList({"40/custom,"}));
    rig.custom.last->emitEvent("n", "1");
    QCOMPARE(peer->takeTexts(), QByteArrayList({"42/custom,[\"n\",1]"}));
}

void TestEngineIo3::refusalsAreTexts_data()
{
    QTest::addColumn<QByteArray>("packet");
    QTest::addColumn<QByteArray>("refusal");
    QTest::addColumn<QByteArray>("answer");
    QTest::newRow("unknown namespace") << QByteArray("40/random,") << QByteArray()
                                       << QByteArray("44/random,\"Invalid namespace\"");
    QTest::newRow("message") << QByteArray("40/custom,") << QByteArray("{\"message\":\"no\"}")
                             << QByteArray("44/custom,\"no\"");
    QTest::newRow("data") << QByteArray("40/custom,")
                          << QByteArray("{\"message\":\"no\",\"data\":[1]}")
                          << QByteArray("44/custom,[1]");
}

void TestEngineIo3::refusalsAreTexts()
{
    QFETCH(QByteArray, packet);
    QFETCH(QByteArray, refusal);
    QFETCH(QByteArray, answer);
    OldRig rig;
    rig.custom.onRequest = [refusal](Socket& socket) { socket.refuse(refusal); };
    const PeerPtr peer = rig.openConnected3();
    peer->sendText(packet);
    QCOMPARE(peer->takeTexts(), QByteArrayList({answer}));
    QVERIFY(!peer->isClosed());
}

void TestEngineIo3::socketIdsAreThoseTheClientKnows()
{
    OldRig rig;
    const PeerPtr peer = rig.openWebSocket3();
    const QByteArray sid = Rig::sidOf(peer->takeTexts().first());
    QCOMPARE(rig.root.last->socketId().value, sid);
    peer->sendText("40/custom,");
    QCOMPARE(rig.custom.last->socketId().value, "/custom#" + sid);
    peer->sendText("41/custom,");
    QVERIFY(!rig.server.findSocket({"/custom#" + sid}));
    peer->sendText("40/custom,");
    Rig::settle();
    QCOMPARE(rig.server.findSocket({"/custom#" + sid}), rig.custom.last);
    QCOMPARE(rig.hub.subscriberCount({"/custom"}), 1);
}

void TestEngineIo3::aSecondConnectToTheRootEndsTheSession()
{
    OldRig rig;
    const PeerPtr peer = rig.openConnected3();
    peer->sendText("40");
    QCOMPARE(peer->closeCode, std::optional(CloseCode::ProtocolError));
}

void TestEngineIo3::oldAndNewClientsShareARoom()
{
    OldRig rig;
    const auto join = [](Socket& socket) { socket.join({"room"}); };
    rig.root.onConnected = join;
    const PeerPtr newer = rig.openConnected();
    const PeerPtr old = rig.openConnected3();
    const QByteArray sid = rig.openPolling3();
    const auto publish = [&rig](QByteArray args, QList<QByteArray> attachments) {
        return rig.hub.publish({{"/"}, {{"room"}}, "n", std::move(args), std::move(attachments), {},
            hub::Urgency::Reliable});
    };
    QCOMPARE(publish("1", {}).recipients, 3);
    const QByteArray event = "42[\"n\",1]";
    QCOMPARE(newer->takeTexts(), QByteArrayList{event});
    QCOMPARE(old->takeTexts(), QByteArrayList{event});
    // One encoding for both WebSockets.
    QCOMPARE(rig.poll3(sid)->body(), "9:" + event);
    QCOMPARE(publish("{\"_placeholder\":true,\"num\":0}", {"\1"}).recipients, 3);
    QCOMPARE(newer->binaries, QList<QByteArray>{"\1"});
    QCOMPARE(old->binaries, QList<QByteArray>{"\4\1"});
    QVERIFY(rig.poll3(sid)->body().endsWith("\1\2\xff\4\1"));
}

void TestEngineIo3::acknowledgementsGoBothWays()
{
    OldRig rig;
    rig.root.onEvent = [](Socket& socket, const IncomingEvent& event) {
        socket.acknowledge(*event.ackId, event.args);
    };
    const PeerPtr peer = rig.openConnected3();
    peer->sendText("427[\"q\",1,\"a\"]");
    QCOMPARE(peer->takeTexts(), QByteArrayList({"437[1,\"a\"]"}));
    std::optional<Result<AckReply>> reply;
    rig.root.last->emitWithAck("ask", "1", Millis{1'000},
        [&reply](Result<AckReply> answer) { reply = std::move(answer); });
    QCOMPARE(peer->takeTexts(), QByteArrayList({"420[\"ask\",1]"}));
    peer->sendText("430[2]");
    QVERIFY(reply && *reply);
    QCOMPARE((*reply)->args, "2");
}

void TestEngineIo3::leavingAndDisconnectingAreTheSame()
{
    OldRig rig;
    const PeerPtr peer = rig.openConnected3();
    peer->sendText("40/custom,");
    peer->takeTexts();
    rig.custom.last->disconnect();
    QCOMPARE(peer->takeTexts(), QByteArrayList({"41/custom,"}));
    peer->sendText("41");
    QCOMPARE(rig.root.lines, QByteArrayList({"disconnected client namespace disconnect"}));
    QVERIFY(!peer->isClosed());
}

QTEST_GUILESS_MAIN(TestEngineIo3)
#include "tst_engineio3.moc"
