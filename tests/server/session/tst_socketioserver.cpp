// SPDX-License-Identifier: Apache-2.0
#include "tests/server/session/fakes.h"

#include <QSet>
#include <QTest>

using namespace gatehouse;
using namespace gatehouse::session;
using fake::ExchangePtr;
using fake::PeerPtr;
using fake::Rig;

namespace {

class Diary final : public SessionObserver
{
public:
    void sessionOpened(const SessionId&) override { lines << "opened"; }
    void sessionChanged(const SessionId&) override { lines << "changed"; }
    void sessionClosed(const SessionId&, const QByteArray& reason) override
    {
        lines << "closed " + reason;
    }
    void eventReceived(const Socket&, const IncomingEvent& event) override
    {
        lines << "event " + event.name;
    }

    QByteArrayList lines;
};

} // namespace

/// The server over its sessions: bounds, views, observers, drain.
class TestSocketIoServer : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void idsDoNotRepeat();
    void aFullServerRefusesNewSessions();
    void aViewTellsWhatASessionIs();
    void theMostPrivilegedPrincipalSpeaksForTheSession();
    void observersHearEveryStep();
    void anObserverMayLeaveWhileCalled();
    void aSessionIsClosedByName();
    void aWaitingPollTellsWhetherToComeBack_data();
    void aWaitingPollTellsWhetherToComeBack();
    void aPollingQueueOverItsBytesIsASlowConsumer();
    void aRevocationOvertakesWhatWaitsForAPoll();
    void aRevocationLeavesAPollerWithoutWaitingEventsAlone();
    void aPollingQueueOverItsAgeIsASlowConsumer();
    void aPollerThatKeepsUpIsNoSlowConsumer();
    void onePacketLargerThanTheBoundStillGoesOut();
    void aWaitingPingAloneIsNoSlowConsumer();
    void aSlowLinkIsCountedAsSuch();
    void aProtocolFaultOfTheLinkIsCountedAsSuch();
    void aSlowConsumerDoesNotHurtTheOthers();
    void drainClosesInBatchesAndRefusesNewcomers();
    void drainWaitsForTheAnswersThatAreOwed();
    void drainTakesWhatNobodyWaitsForUntilTheEnd();
    void drainWaitsNoLongerThanItMay();
    void drainLetsAPollingClientFetchItsAnswer();
    void drainOfAnEmptyServerFinishes();
    void destroyingTheServerTellsHandlersAndPolls();
    void trafficIsCounted();
};

void TestSocketIoServer::idsDoNotRepeat()
{
    SessionOptions options;
    options.maxSessions = 20'000;
    Rig rig(options);
    QSet<QByteArray> seen;
    for (int i = 0; i < 10'000; ++i) {
        const QByteArray sid = rig.openPolling();
        QVERIFY(!seen.contains(sid));
        seen.insert(sid);
    }
    for (const QByteArray& sid : seen) {
        QCOMPARE(sid.size(), 24);
        for (const char c : sid)
            QVERIFY(std::isalnum(uchar(c)) || c == '-' || c == '_');
    }
}

void TestSocketIoServer::aFullServerRefusesNewSessions()
{
    SessionOptions options;
    options.maxSessions = 2;
    Rig rig(options);
    const QByteArray sid = rig.openPolling();
    const PeerPtr peer = rig.openWebSocket();
    QVERIFY(peer);
    const ExchangePtr third = rig.get(QStringLiteral("EIO=4&transport=polling"));
    QCOMPARE(third->status(), 503);
    QVERIFY(third->response->headers.has("Retry-After"));
    QVERIFY(!rig.openWebSocket());
    QCOMPARE(rig.refused->status, 503);
    QCOMPARE(rig.server.counters().refusedSessions, quint64(2));
    QVERIFY(rig.openUpgrade(sid)); // no new session
    rig.post(sid, "1");
    QCOMPARE(rig.get(QStringLiteral("EIO=4&transport=polling"))->status(), 200);
}

void TestSocketIoServer::aViewTellsWhatASessionIs()
{
    Rig rig;
    const PeerPtr peer = rig.openWebSocket(
        QStringLiteral("EIO=4&transport=websocket"), {{"User-Agent", "probe/1"}});
    peer->sendText("40");
    peer->sendText("40/custom,");
    peer->queuedBytes = 77;
    const SessionView view = rig.server.sessions().at(0);
    QCOMPARE(view.transport, TransportKind::WebSocket);
    QCOMPARE(view.peerAddress, QStringLiteral("192.0.2.7"));
    QCOMPARE(view.userAgent, "probe/1");
    QCOMPARE(view.connectedAt, rig.clock.wall());
    QCOMPARE(view.queuedBytes, 77);
    QCOMPARE(view.packetsIn, quint64(2));
    QCOMPARE(view.packetsOut, quint64(3));
    QCOMPARE(view.sockets.size(), size_t(2));
    QCOMPARE(rig.server.session(view.id)->id, view.id);
    QVERIFY(!rig.server.session({"nobody"}));
}

void TestSocketIoServer::theMostPrivilegedPrincipalSpeaksForTheSession()
{
    Rig rig;
    const PeerPtr peer = rig.openConnected();
    peer->sendText("40/custom,");
    access::Principal principal;
    principal.kind = access::PrincipalKind::Admin;
    rig.root.last->setPrincipal(principal);
    principal.kind = access::PrincipalKind::User;
    rig.custom.last->setPrincipal(principal);
    QCOMPARE(rig.server.sessions().at(0).principal.kind, access::PrincipalKind::Admin);
}

void TestSocketIoServer::observersHearEveryStep()
{
    Diary diary; // outlives the rig, whose end tells it
    Rig rig;
    rig.server.addObserver(&diary);
    const QByteArray sid = rig.openPolling();
    rig.post(sid, "40");
    rig.post(sid, "42[\"x\"]");
    const PeerPtr peer = rig.openUpgrade(sid);
    peer->sendText("2probe");
    peer->sendText("5");
    peer->sendText("41");
    peer->end();
    QCOMPARE(diary.lines,
        QByteArrayList(
            {"opened", "changed", "event x", "changed", "changed", "closed transport close"}));
}

void TestSocketIoServer::anObserverMayLeaveWhileCalled()
{
    class Shy final : public SessionObserver
    {
    public:
        explicit Shy(SocketIoServer& s) : server(s) { }
        void sessionOpened(const SessionId&) override
        {
            ++calls;
            server.removeObserver(this);
        }
        SocketIoServer& server;
        int calls = 0;
    };
    Diary diary;
    Rig rig;
    Shy shy(rig.server);
    rig.server.addObserver(&shy);
    rig.server.addObserver(&diary);
    rig.openPolling();
    rig.openPolling();
    QCOMPARE(shy.calls, 1);
    QCOMPARE(diary.lines.size(), 2);
}

void TestSocketIoServer::aSessionIsClosedByName()
{
    Rig rig;
    const PeerPtr peer = rig.openConnected();
    const SessionId id = rig.server.sessions().at(0).id;
    QVERIFY(rig.server.closeSession(id, CloseCode::Kicked, QLatin1StringView("kicked")));
    QCOMPARE(peer->closeCode, std::optional(CloseCode::Kicked));
    QCOMPARE(peer->closeReason, "kicked");
    QCOMPARE(rig.root.lines, QByteArrayList({"disconnected kicked"}));
    QVERIFY(!rig.server.closeSession(id, CloseCode::Kicked, QLatin1StringView("kicked")));

    const QByteArray sid = rig.openPolling();
    const ExchangePtr waiting = rig.poll(sid);
    rig.server.closeSession({sid}, CloseCode::Kicked, QLatin1StringView("kicked"));
    QCOMPARE(waiting->body(), "1");
}

void TestSocketIoServer::aWaitingPollTellsWhetherToComeBack_data()
{
    QTest::addColumn<CloseCode>("code");
    QTest::addColumn<QByteArray>("answer"); ///< empty: 400
    const QByteArray forGood = "1";
    QTest::newRow("server going down") << CloseCode::GoingAway << QByteArray();
    QTest::newRow("server at fault") << CloseCode::InternalError << QByteArray();
    QTest::newRow("slow consumer") << CloseCode::SlowConsumer << QByteArray();
    QTest::newRow("rights changed") << CloseCode::RightsChanged << QByteArray();
    QTest::newRow("rate limited") << CloseCode::RateLimited << QByteArray();
    QTest::newRow("superseded") << CloseCode::Normal << forGood;
    QTest::newRow("kicked") << CloseCode::Kicked << forGood;
    QTest::newRow("unidentified") << CloseCode::Unidentified << forGood;
    QTest::newRow("protocol error") << CloseCode::ProtocolError << forGood;
    QTest::newRow("message too big") << CloseCode::MessageTooBig << forGood;
    QTest::newRow("connect timeout") << CloseCode::PolicyViolation << forGood;
}

void TestSocketIoServer::aWaitingPollTellsWhetherToComeBack()
{
    QFETCH(CloseCode, code);
    QFETCH(QByteArray, answer);
    Rig rig;
    const QByteArray sid = rig.openPolling();
    const ExchangePtr waiting = rig.poll(sid);
    QVERIFY(rig.server.closeSession({sid}, code, QLatin1StringView("over")));
    QCOMPARE(waiting->status(), answer.isEmpty() ? 400 : 200);
    if (!answer.isEmpty())
        QCOMPARE(waiting->body(), answer);
    QCOMPARE(rig.poll(sid)->status(), 400);
}

void TestSocketIoServer::aRevocationOvertakesWhatWaitsForAPoll()
{
    Rig rig;
    const QByteArray sid = rig.openPolling();
    rig.post(sid, "40");
    rig.poll(sid);
    rig.root.takeLines();
    rig.root.last->emitEvent("secret");
    Rig::settle();
    QVERIFY(!rig.server.settleBeforeRevocation({sid}));
    QCOMPARE(rig.root.takeLines(), QByteArrayList{"disconnected rights changed"});
    const ExchangePtr late = rig.poll(sid);
    QCOMPARE(late->status(), 400);
    QVERIFY(!late->body().contains("secret"));
    QCOMPARE(rig.server.counters().revoked, quint64(1));
}

void TestSocketIoServer::aRevocationLeavesAPollerWithoutWaitingEventsAlone()
{
    Rig rig;
    const QByteArray sid = rig.openPolling();
    rig.post(sid, "40");
    rig.poll(sid);
    rig.root.takeLines();
    QVERIFY(rig.server.settleBeforeRevocation({sid})); // between two polls, nothing waits
    const ExchangePtr waiting = rig.poll(sid);
    rig.root.last->emitEvent("before");
    QVERIFY(rig.server.settleBeforeRevocation({sid})); // in the turn of the event, a poll waits
    QVERIFY(waiting->body().contains("before"));
    rig.advance(Millis{25'000}); // a ping waits for the next poll
    QVERIFY(rig.server.settleBeforeRevocation({sid}));
    QCOMPARE(rig.root.takeLines(), QByteArrayList());
    QCOMPARE(rig.poll(sid)->body(), QByteArray("2"));
}

void TestSocketIoServer::aPollingQueueOverItsBytesIsASlowConsumer()
{
    SessionOptions options;
    options.maxQueuedBytes = 1'000;
    Rig rig(options);
    const QByteArray sid = rig.openPolling();
    rig.post(sid, "40");
    rig.poll(sid);
    rig.root.takeLines();
    const QByteArray text = '"' + QByteArray(490, 'x') + '"'; // 500 octets with 42["e",…]
    rig.root.last->emitEvent("e", text);
    rig.root.last->emitEvent("e", text);
    Rig::settle();
    QCOMPARE(rig.server.session({sid})->queuedBytes, 1'000);
    rig.root.last->emitEvent("e");
    QVERIFY(rig.root.lines.isEmpty()); // never from inside a delivery
    Rig::settle();
    QCOMPARE(rig.root.lines, QByteArrayList({"disconnected slow consumer"}));
    QCOMPARE(rig.server.counters().slowConsumers, quint64(1));
    QCOMPARE(rig.poll(sid)->status(), 400);
}

void TestSocketIoServer::aPollingQueueOverItsAgeIsASlowConsumer()
{
    SessionOptions options;
    options.maxQueueAge = Millis{2'000};
    Rig rig(options);
    const QByteArray sid = rig.openPolling();
    rig.post(sid, "40");
    rig.poll(sid);
    rig.root.takeLines();
    rig.root.last->emitEvent("e");
    rig.advance(Millis{1'999});
    QVERIFY(rig.root.lines.isEmpty());
    rig.advance(Millis{1});
    QCOMPARE(rig.root.lines, QByteArrayList({"disconnected slow consumer"}));
}

void TestSocketIoServer::aPollerThatKeepsUpIsNoSlowConsumer()
{
    SessionOptions options;
    options.maxQueueAge = Millis{2'000};
    Rig rig(options);
    const QByteArray sid = rig.openPolling();
    rig.post(sid, "40");
    rig.poll(sid);
    for (int i = 0; i < 10; ++i) {
        rig.root.last->emitEvent("e");
        rig.advance(Millis{1'900});
        QCOMPARE(rig.poll(sid)->status(), 200);
    }
    const ExchangePtr waiting = rig.poll(sid);
    rig.root.last->emitEvent("e");
    rig.advance(Millis{3'000});
    QCOMPARE(waiting->status(), 200);
    QCOMPARE(rig.server.counters().slowConsumers, quint64(0));
}

void TestSocketIoServer::onePacketLargerThanTheBoundStillGoesOut()
{
    SessionOptions options;
    options.maxQueuedBytes = 100;
    Rig rig(options);
    const QByteArray sid = rig.openPolling();
    rig.post(sid, "40");
    rig.poll(sid);
    const ExchangePtr waiting = rig.poll(sid);
    rig.root.last->emitEvent("e", '"' + QByteArray(500, 'x') + '"');
    Rig::settle();
    QVERIFY(waiting->body().size() > 500);
    QCOMPARE(rig.server.counters().slowConsumers, quint64(0));
}

void TestSocketIoServer::aWaitingPingAloneIsNoSlowConsumer()
{
    SessionOptions options;
    options.maxQueueAge = Millis{2'000};
    Rig rig(options);
    const QByteArray sid = rig.openPolling();
    rig.post(sid, "40");
    rig.poll(sid);
    rig.root.takeLines();
    rig.advance(Millis{85'000}); // never asks again: the heartbeat's case
    QCOMPARE(rig.root.lines, QByteArrayList({"disconnected ping timeout"}));
    QCOMPARE(rig.server.counters().slowConsumers, quint64(0));
}

void TestSocketIoServer::aSlowLinkIsCountedAsSuch()
{
    Rig rig;
    const PeerPtr peer = rig.openConnected();
    peer->end(quint16(CloseCode::SlowConsumer), QLatin1StringView("slow"));
    QCOMPARE(rig.root.lines, QByteArrayList({"disconnected slow consumer"}));
    QCOMPARE(rig.server.counters().slowConsumers, quint64(1));
}

void TestSocketIoServer::aProtocolFaultOfTheLinkIsCountedAsSuch()
{
    Rig rig;
    const PeerPtr peer = rig.openConnected();
    peer->end(quint16(CloseCode::InvalidPayload), QLatin1StringView("not UTF-8"));
    QCOMPARE(rig.root.lines, QByteArrayList({"disconnected transport error"}));
    QCOMPARE(rig.server.counters().protocolErrors, quint64(1));
}

void TestSocketIoServer::aSlowConsumerDoesNotHurtTheOthers()
{
    SessionOptions options;
    options.maxQueuedBytes = 200;
    Rig rig(options);
    const QByteArray slow = rig.openPolling();
    rig.post(slow, "40");
    rig.poll(slow);
    const PeerPtr fast = rig.openConnected();
    for (int i = 0; i < 20; ++i)
        rig.hub.publish({{"/"}, {}, "tick", "\"0123456789\"", {}, {}, {}});
    Rig::settle();
    QCOMPARE(fast->texts.size(), 20);
    QCOMPARE(rig.hub.subscriberCount({"/"}), 1);
    QCOMPARE(rig.server.counters().slowConsumers, quint64(1));
}

void TestSocketIoServer::drainClosesInBatchesAndRefusesNewcomers()
{
    Rig rig;
    std::vector<PeerPtr> peers;
    for (int i = 0; i < 20; ++i)
        peers.push_back(rig.openConnected());
    const QByteArray sid = rig.openPolling();
    const ExchangePtr waiting = rig.poll(sid);
    int finished = 0;
    rig.server.drain({Millis{1'000}, Millis{0}}, [&finished] { ++finished; });
    QCOMPARE(rig.get(QStringLiteral("EIO=4&transport=polling"))->status(), 503);
    QVERIFY(!rig.openWebSocket());
    rig.advance(Millis{500});
    const auto closed = std::count_if(
        peers.begin(), peers.end(), [](const PeerPtr& peer) { return peer->isClosed(); });
    QVERIFY2(closed >= 8 && closed <= 14, qPrintable(QString::number(closed)));
    rig.advance(Millis{600});
    for (const PeerPtr& peer : peers)
        QCOMPARE(peer->closeCode, std::optional(CloseCode::GoingAway));
    QCOMPARE(waiting->status(), 400);
    QCOMPARE(rig.root.lines.last(), "disconnected server shutting down");
    QCOMPARE(rig.poll(sid)->status(), 400);
    QVERIFY(rig.post(sid, "3")->isDropped);
    QCOMPARE(finished, 0); // the last goodbyes are still on their way
    for (const PeerPtr& peer : peers)
        peer->end();
    rig.advance(Millis{100});
    QCOMPARE(finished, 1);
}

namespace {

/// Answers nothing before it is told to.
void oweAnswers(fake::Namespace& handler)
{
    handler.onEvent
        = [](Socket& socket, const IncomingEvent& event) { socket.owesAnswer(*event.ackId); };
}

} // namespace

void TestSocketIoServer::drainWaitsForTheAnswersThatAreOwed()
{
    Rig rig;
    oweAnswers(rig.root);
    const PeerPtr owed = rig.openConnected();
    owed->sendText("421[\"a\"]");
    owed->sendText("422[\"b\"]");
    Socket* socket = rig.root.last;
    const PeerPtr idle = rig.openConnected();
    rig.server.drain({Millis{0}, Millis{1'000}}, {});
    rig.advance(Millis{60});
    QVERIFY(idle->isClosed());
    QVERIFY(!owed->isClosed());
    socket->acknowledge(1, "\"one\"");
    rig.advance(Millis{100});
    QVERIFY(!owed->isClosed());
    // Nothing new is begun that could not be ended.
    owed->sendText("423[\"c\"]");
    QCOMPARE(rig.root.events.size(), size_t(2));
    socket->acknowledge(2, "\"two\"");
    rig.advance(Millis{60});
    QCOMPARE(owed->closeCode, std::optional(CloseCode::GoingAway));
    QCOMPARE(owed->takeTexts(), QByteArrayList({"431[\"one\"]", "432[\"two\"]"}));
}

void TestSocketIoServer::drainTakesWhatNobodyWaitsForUntilTheEnd()
{
    Rig rig;
    rig.root.onEvent = [](Socket& socket, const IncomingEvent& event) {
        if (event.ackId)
            socket.owesAnswer(*event.ackId);
    };
    const QByteArray sid = rig.openPolling();
    rig.post(sid, "40");
    Rig::settle();
    rig.poll(sid);
    rig.post(sid, "421[\"a\"]");
    rig.server.drain({Millis{0}, Millis{1'000}}, {});
    rig.advance(Millis{100});
    QCOMPARE(rig.post(sid, "42[\"b\"]")->status(), 200);
    QCOMPARE(rig.root.events.size(), size_t(2));
    rig.post(sid, "422[\"c\"]"); // would hold up the end; its sender hears nothing of it
    QCOMPARE(rig.root.events.size(), size_t(2));
}

void TestSocketIoServer::drainWaitsNoLongerThanItMay()
{
    Rig rig;
    oweAnswers(rig.root);
    const PeerPtr peer = rig.openConnected();
    peer->sendText("421[\"a\"]");
    rig.server.drain({Millis{0}, Millis{500}}, {});
    rig.advance(Millis{490});
    QVERIFY(!peer->isClosed());
    rig.advance(Millis{70});
    QCOMPARE(peer->closeCode, std::optional(CloseCode::GoingAway));
    QCOMPARE(peer->takeTexts(), QByteArrayList());
}

void TestSocketIoServer::drainLetsAPollingClientFetchItsAnswer()
{
    Rig rig;
    oweAnswers(rig.root);
    const QByteArray sid = rig.openPolling();
    rig.post(sid, "40");
    Rig::settle();
    rig.poll(sid);
    rig.post(sid, "421[\"a\"]");
    rig.server.drain({Millis{0}, Millis{1'000}}, {});
    rig.advance(Millis{100});
    rig.root.last->acknowledge(1, "\"done\"");
    rig.advance(Millis{100});
    const ExchangePtr poll = rig.poll(sid);
    QCOMPARE(poll->status(), 200);
    QCOMPARE(poll->body(), "431[\"done\"]");
    const ExchangePtr next = rig.poll(sid);
    rig.advance(Millis{60});
    QCOMPARE(next->status(), 400);
}

void TestSocketIoServer::drainOfAnEmptyServerFinishes()
{
    Rig rig;
    int finished = 0;
    rig.server.drain({Millis{5'000}, Millis{0}}, [&finished] { ++finished; });
    QCOMPARE(finished, 0);
    rig.advance(Millis{1});
    QCOMPARE(finished, 1);
}

void TestSocketIoServer::destroyingTheServerTellsHandlersAndPolls()
{
    ManualClock clock;
    hub::Hub hub(clock);
    fake::Namespace root;
    auto server = std::make_unique<SocketIoServer>(SessionOptions{}, hub, clock);
    server->addNamespace({"/"}, &root);
    const auto call = [&server](const QByteArray& method, const QByteArray& sid, QByteArray body) {
        QString query = QStringLiteral("EIO=4&transport=polling");
        if (!sid.isEmpty())
            query += QStringLiteral("&sid=") + QString::fromLatin1(sid);
        auto exchange = std::make_shared<fake::Exchange>(fake::request(method, query, body));
        server->handleRequest(exchange);
        return exchange;
    };
    const QByteArray sid = Rig::sidOf(call("GET", {}, {})->body());
    call("POST", sid, "40");
    call("GET", sid, {});
    const auto waiting = call("GET", sid, {});
    const auto peer = std::make_shared<fake::Peer>();
    server->linkOpened(fake::request("GET", QStringLiteral("EIO=4&transport=websocket")),
        std::make_unique<fake::Link>(peer));
    server.reset();
    QCOMPARE(waiting->status(), 400);
    QCOMPARE(root.lines.last(), "disconnected server shutting down");
    QVERIFY(peer->isDestroyed);
    QCOMPARE(hub.subscriberCount({"/"}), 0);
}

void TestSocketIoServer::trafficIsCounted()
{
    Rig rig;
    const PeerPtr peer = rig.openConnected();
    const SessionCounters before = rig.server.counters();
    peer->sendText("42[\"x\"]");
    rig.root.last->emitEvent("y");
    const SessionCounters after = rig.server.counters();
    QCOMPARE(after.packetsIn - before.packetsIn, quint64(1));
    QCOMPARE(after.bytesIn - before.bytesIn, quint64(7));
    QCOMPARE(after.packetsOut - before.packetsOut, quint64(1));
    QCOMPARE(after.bytesOut - before.bytesOut, quint64(7));
}

QTEST_GUILESS_MAIN(TestSocketIoServer)
#include "tst_socketioserver.moc"
