// SPDX-License-Identifier: Apache-2.0
#include "server/session/plainserver.h"
#include "tests/server/session/fakes.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::session;
using namespace gatehouse::session::fake;

namespace {

const NamespaceName lobby{"/"};

hub::Publication publication(const RoomName& room, QByteArray event, protocol::JsonArgs args)
{
    hub::Publication made;
    made.nsp = lobby;
    if (!room.isEmpty())
        made.rooms.push_back(room);
    made.event = std::move(event);
    made.args = std::move(args);
    return made;
}

class Handler final : public PlainHandler
{
public:
    std::optional<protocol::HttpResponse> refusal(const protocol::HttpRequest&) override
    {
        return refuses ? std::optional(protocol::HttpResponse::text(401, "no")) : std::nullopt;
    }
    void socketOpened(PlainSocket& socket) override
    {
        lines << "opened " + socket.handshake().path.toUtf8();
        last = &socket;
    }
    void textReceived(PlainSocket& socket, QByteArrayView utf8) override
    {
        lines << "text " + utf8.toByteArray();
        if (onText)
            onText(socket);
    }
    void socketClosed(PlainSocket& socket, const QByteArray& reason) override
    {
        lines << "closed " + reason;
        if (&socket == last)
            last = nullptr;
    }
    QByteArrayList takeLines() { return std::exchange(lines, {}); }

    QByteArrayList lines;
    PlainSocket* last = nullptr;
    bool refuses = false;
    std::function<void(PlainSocket&)> onText;
};

class PlainRig
{
public:
    explicit PlainRig(PlainOptions options = roomy())
        : hub(clock), server(std::move(options), hub, clock, handler)
    {
    }

    static PlainOptions roomy()
    {
        PlainOptions options;
        options.name = QStringLiteral("test");
        options.dialect = protocol::JsonDialect::flat();
        options.nsp = lobby;
        return options;
    }

    PeerPtr open(protocol::HttpHeaders headers = {}, const QString& address = {})
    {
        auto wanted = request("GET", {}, {}, std::move(headers));
        wanted.path = QStringLiteral("/x");
        if (!address.isEmpty())
            wanted.peerAddress = address;
        refused = server.refusal(wanted);
        if (refused)
            return nullptr;
        auto peer = std::make_shared<Peer>();
        server.linkOpened(wanted, std::make_unique<Link>(peer));
        return peer;
    }

    void advance(Millis time)
    {
        for (; time > Millis{0}; time -= Millis{10}) {
            clock.advance(Millis{10});
            server.runTimers();
        }
        QCoreApplication::processEvents();
    }

    ManualClock clock;
    hub::Hub hub;
    Handler handler;
    PlainServer server;
    std::optional<protocol::HttpResponse> refused;
};

} // namespace

class TestPlainServer : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void framesGoInAndOutInOrder();
    void aClosedSocketTakesNothing();
    void theHandlerIsToldOnce_data();
    void theHandlerIsToldOnce();
    void binaryMessagesEndTheConnection();
    void silentClientsAreDropped();
    void clientsThatSpeakAreNot();
    void clientsWithAFullQueueAreLeftToItsDeadline();
    void refusals();
    void bounds();
    void ratesEndTheSession();
    void theQueuesOfAllAreBounded();
    void roomsReachPlainClients();
    void aSocketsIdIsItsRoom();
    void attachmentsCannotBeSaid();
    void roomsAreBounded();
    void drainsAndTakesNobodyNew();
    void limitsOfItsLinks();
    void viewsShowTheClient();
};

void TestPlainServer::framesGoInAndOutInOrder()
{
    PlainRig rig;
    const PeerPtr peer = rig.open();
    QVERIFY(peer);
    QCOMPARE(rig.handler.takeLines(), (QByteArrayList{"opened /x"}));
    peer->sendText("one");
    peer->sendText("two");
    QCOMPARE(rig.handler.takeLines(), (QByteArrayList{"text one", "text two"}));
    rig.handler.last->sendText("a");
    rig.handler.last->sendText("b");
    QCOMPARE(peer->takeTexts(), (QByteArrayList{"a", "b"}));
    QCOMPARE(rig.server.counters().framesIn, 2U);
    QCOMPARE(rig.server.counters().bytesIn, 6U);
    QCOMPARE(rig.server.counters().framesOut, 2U);
}

void TestPlainServer::aClosedSocketTakesNothing()
{
    PlainRig rig;
    const PeerPtr peer = rig.open();
    rig.handler.onText = [](PlainSocket& socket) {
        socket.close(CloseCode::PolicyViolation, QLatin1StringView("enough"));
        socket.sendText("late");
        socket.close(CloseCode::Normal, QLatin1StringView("again"));
        QVERIFY(!socket.join({"r"}));
        QVERIFY(socket.settle());
        socket.setPrincipal({});
    };
    peer->sendText("x");
    peer->sendText("y");
    QCOMPARE(rig.handler.takeLines(), (QByteArrayList{"opened /x", "text x", "closed enough"}));
    QCOMPARE(peer->closeCode, std::optional(CloseCode::PolicyViolation));
    QCOMPARE(peer->closeReason, "enough");
    QVERIFY(peer->takeTexts().isEmpty());
    peer->end();
    QCoreApplication::processEvents();
    QVERIFY(peer->isDestroyed);
    QCOMPARE(rig.server.counters().closed, 1U);
}

void TestPlainServer::theHandlerIsToldOnce_data()
{
    QTest::addColumn<quint16>("code");
    QTest::addColumn<QByteArray>("reason");
    QTest::newRow("closed by the client") << quint16(1000) << QByteArray("transport close");
    QTest::newRow("reset") << quint16(1006) << QByteArray("transport close");
    QTest::newRow("protocol error") << quint16(1002) << QByteArray("transport error");
    QTest::newRow("not UTF-8") << quint16(1007) << QByteArray("transport error");
    QTest::newRow("too big") << quint16(1009) << QByteArray("transport error");
    QTest::newRow("slow") << quint16(4008) << QByteArray("slow consumer");
    QTest::newRow("pings") << quint16(4029) << QByteArray("rate limited");
}

void TestPlainServer::theHandlerIsToldOnce()
{
    QFETCH(quint16, code);
    QFETCH(QByteArray, reason);
    PlainRig rig;
    const PeerPtr peer = rig.open();
    rig.handler.takeLines();
    peer->end(code);
    QCoreApplication::processEvents();
    rig.advance(Millis{60'000});
    QCOMPARE(rig.handler.takeLines(), (QByteArrayList{"closed " + reason}));
    QVERIFY(peer->isDestroyed);
    QVERIFY(rig.server.sessions().empty());
    QCOMPARE(rig.hub.subscriberCount(lobby), 0);
}

void TestPlainServer::binaryMessagesEndTheConnection()
{
    PlainRig rig;
    const PeerPtr peer = rig.open();
    peer->sendBinary("x");
    QCOMPARE(peer->closeCode, std::optional(CloseCode::UnsupportedData));
    QCOMPARE(rig.server.counters().protocolErrors, 1U);
}

void TestPlainServer::silentClientsAreDropped()
{
    PlainRig rig;
    const PeerPtr peer = rig.open();
    rig.advance(Millis{19'990});
    QCOMPARE(peer->pings, 0);
    rig.advance(Millis{10});
    QCOMPARE(peer->pings, 1);
    rig.advance(Millis{19'990});
    QVERIFY(!peer->isClosed());
    rig.advance(Millis{10});
    QCOMPARE(peer->closeCode, std::optional(CloseCode::GoingAway));
    QCOMPARE(peer->closeReason, "ping timeout");
    QCOMPARE(rig.server.counters().pingTimeouts, 1U);
}

void TestPlainServer::clientsThatSpeakAreNot()
{
    PlainRig rig;
    const PeerPtr answers = rig.open();
    const PeerPtr talks = rig.open();
    for (int round = 1; round <= 6; ++round) {
        rig.advance(Millis{20'000});
        answers->sendPong();
        talks->sendText("still here");
    }
    QVERIFY(!answers->isClosed());
    QVERIFY(!talks->isClosed());
    QCOMPARE(answers->pings, 6);
    QCOMPARE(talks->pings, 3); // what it said was taken for the answer
}

void TestPlainServer::clientsWithAFullQueueAreLeftToItsDeadline()
{
    PlainRig rig;
    const PeerPtr peer = rig.open();
    peer->queuedBytes = 60 << 20;
    rig.advance(Millis{90'000});
    QVERIFY(!peer->isClosed());
    peer->queuedBytes = 0;
    rig.advance(Millis{41'000});
    QCOMPARE(peer->closeReason, "ping timeout");
}

void TestPlainServer::refusals()
{
    PlainOptions options = PlainRig::roomy();
    options.allowedOrigins = QStringList{QStringLiteral("https://archit.us")};
    PlainRig rig(options);
    QVERIFY(rig.open()); // not a browser
    QVERIFY(rig.open({{"Origin", "https://archit.us"}}));
    QVERIFY(!rig.open({{"Origin", "https://evil.example"}}));
    QCOMPARE(rig.refused->status, 403);
    rig.handler.refuses = true;
    QVERIFY(!rig.open());
    QCOMPARE(rig.refused->status, 401);
    QCOMPARE(rig.server.counters().refusedOrigins, 1U);
    QCOMPARE(rig.server.counters().refusedByHandler, 1U);
}

void TestPlainServer::bounds()
{
    PlainOptions options = PlainRig::roomy();
    options.maxSessions = 3;
    options.perAddress.maxSessions = 2;
    PlainRig rig(options);
    const PeerPtr first = rig.open();
    QVERIFY(first && rig.open());
    QVERIFY(!rig.open());
    QCOMPARE(rig.refused->status, 429);
    QVERIFY(rig.open({}, QStringLiteral("192.0.2.8")));
    QVERIFY(!rig.open({}, QStringLiteral("192.0.2.9")));
    QCOMPARE(rig.refused->status, 503);
    first->end();
    QCoreApplication::processEvents();
    QVERIFY(rig.open());
    QCOMPARE(rig.server.counters().refusedAddresses, 1U);
    QCOMPARE(rig.server.counters().refusedSessions, 1U);
}

void TestPlainServer::ratesEndTheSession()
{
    PlainOptions options = PlainRig::roomy();
    options.messages = {10, 20};
    options.bytes = {100, 100};
    PlainRig rig(options);
    const PeerPtr many = rig.open();
    for (int i = 0; i < 100 && !many->isClosed(); ++i)
        many->sendText("x");
    QCOMPARE(many->closeCode, std::optional(CloseCode::RateLimited));
    const PeerPtr large = rig.open();
    large->sendText(QByteArray(301, 'x'));
    QCOMPARE(large->closeCode, std::optional(CloseCode::RateLimited));
    QCOMPARE(rig.server.counters().limitedMessages, 1U);
    QCOMPARE(rig.server.counters().limitedBytes, 1U);
}

void TestPlainServer::theQueuesOfAllAreBounded()
{
    PlainOptions options = PlainRig::roomy();
    options.maxTotalQueuedBytes = 1'000;
    PlainRig rig(options);
    const PeerPtr quick = rig.open();
    PlainSocket* quickSocket = rig.handler.last;
    const PeerPtr slow = rig.open();
    PlainSocket* slowSocket = rig.handler.last;
    quick->queuedBytes = 400;
    slow->queuedBytes = 601;
    slowSocket->sendText("x");
    quickSocket->sendText("x");
    rig.advance(Millis{20});
    QCOMPARE(slow->closeCode, std::optional(CloseCode::SlowConsumer));
    QVERIFY(!quick->isClosed());
    QCOMPARE(rig.server.counters().totalQueueFull, 1U);
    quickSocket->sendText("y");
    rig.advance(Millis{20});
    QVERIFY(!quick->isClosed());
}

void TestPlainServer::roomsReachPlainClients()
{
    PlainRig rig;
    const PeerPtr in = rig.open();
    QVERIFY(rig.handler.last->join({"guild_7"}));
    const PeerPtr out = rig.open();
    rig.hub.publish(
        publication({"guild_7"}, "log_pool", R"({"id":214037134477230080, "a":[1.0]},"more")"));
    QCOMPARE(in->takeTexts(),
        (QByteArrayList{R"({"_event":"log_pool","id":214037134477230080,"a":[1.0]})"}));
    QVERIFY(out->takeTexts().isEmpty());
    rig.hub.publish(publication({}, "all", {}));
    QCOMPARE(in->takeTexts(), (QByteArrayList{R"({"_event":"all"})"}));
    QCOMPARE(out->takeTexts(), (QByteArrayList{R"({"_event":"all"})"}));
}

void TestPlainServer::aSocketsIdIsItsRoom()
{
    PlainRig rig;
    const PeerPtr peer = rig.open();
    rig.hub.publish(publication({rig.handler.last->socketId().value}, "e", "5"));
    QCOMPARE(peer->takeTexts(), (QByteArrayList{R"({"_event":"e","data":5})"}));
}

void TestPlainServer::attachmentsCannotBeSaid()
{
    PlainRig rig;
    const PeerPtr peer = rig.open();
    hub::Publication picture = publication({}, "picture", R"({"_placeholder":true,"num":0})");
    picture.attachments = {"x"};
    rig.hub.publish(picture);
    QVERIFY(peer->takeTexts().isEmpty());
    QVERIFY(!peer->isClosed());
    QCOMPARE(rig.server.counters().notForPlain, 1U);
}

void TestPlainServer::roomsAreBounded()
{
    PlainOptions options = PlainRig::roomy();
    options.maxRoomsPerSocket = 1;
    PlainRig rig(options);
    const PeerPtr peer = rig.open();
    PlainSocket& socket = *rig.handler.last;
    QVERIFY(socket.join({"a"}));
    QVERIFY(!socket.join({"b"}));
    socket.leave({"a"});
    QVERIFY(socket.join({"b"}));
    QCOMPARE(rig.server.counters().refusedRooms, 1U);
    PlainOptions withoutRooms = PlainRig::roomy();
    withoutRooms.nsp = {};
    PlainRig other(withoutRooms);
    const PeerPtr alone = other.open();
    QVERIFY(!other.handler.last->join({"a"}));
}

void TestPlainServer::drainsAndTakesNobodyNew()
{
    PlainRig rig;
    std::vector<PeerPtr> peers;
    for (int i = 0; i < 4; ++i)
        peers.push_back(rig.open());
    bool isDone = false;
    rig.server.drain(Millis{100}, [&] { isDone = true; });
    rig.advance(Millis{60});
    QVERIFY(!rig.open());
    QCOMPARE(rig.refused->status, 503);
    rig.advance(Millis{100});
    for (const PeerPtr& peer : peers) {
        QCOMPARE(peer->closeCode, std::optional(CloseCode::GoingAway));
        QCOMPARE(peer->closeReason, "server shutting down");
        QVERIFY(!isDone);
        peer->end();
    }
    rig.advance(Millis{100});
    QVERIFY(isDone);
}

void TestPlainServer::limitsOfItsLinks()
{
    PlainOptions options = PlainRig::roomy();
    options.maxMessageBytes = 5;
    options.maxQueuedBytes = 6;
    options.maxQueueAge = Millis{7};
    PlainRig rig(options);
    const LinkLimits limits = rig.server.linkLimits();
    QCOMPARE(limits.maxMessageBytes, std::optional(qint64(5)));
    QCOMPARE(limits.maxQueuedBytes, std::optional(qsizetype(6)));
    QCOMPARE(limits.maxQueueAge, std::optional(Millis{7}));
}

void TestPlainServer::viewsShowTheClient()
{
    PlainRig rig;
    const PeerPtr peer = rig.open({{"User-Agent", "ws"}, {"Upgrade", "websocket"}});
    access::Principal bob;
    bob.name = QStringLiteral("bob");
    rig.handler.last->setPrincipal(bob);
    peer->sendText("x");
    const std::vector<SessionView> views = rig.server.sessions();
    QCOMPARE(views.size(), 1U);
    QCOMPARE(views[0].dialect, QStringLiteral("flat-json"));
    QCOMPARE(views[0].principal.name, QStringLiteral("bob"));
    QCOMPARE(views[0].userAgent, "ws");
    QCOMPARE(views[0].packetsIn, 1U);
    QCOMPARE(rig.server.sessionOf({views[0].id.value}), std::optional(views[0].id));
    QVERIFY(!rig.handler.last->handshake().headers.has("Upgrade"));
    QVERIFY(rig.server.closeSession(views[0].id, CloseCode::Kicked, QLatin1StringView("kicked")));
    QVERIFY(!rig.server.closeSession(views[0].id, CloseCode::Kicked, QLatin1StringView("kicked")));
    QCOMPARE(peer->closeCode, std::optional(CloseCode::Kicked));
}

QTEST_GUILESS_MAIN(TestPlainServer)
#include "tst_plainserver.moc"
