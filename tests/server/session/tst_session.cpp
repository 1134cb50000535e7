// SPDX-License-Identifier: Apache-2.0
#include "tests/server/session/fakes.h"

#include <QRegularExpression>
#include <QTest>

using namespace gatehouse;
using namespace gatehouse::session;
using fake::PeerPtr;
using fake::Rig;

namespace {

/// What the reference conformance suite expects of its server.
void behaveAsReference(fake::Namespace& nsp)
{
    nsp.onEvent = [](Socket& socket, const IncomingEvent& event) {
        if (event.name == "message")
            socket.emitEvent("message-back", event.args, event.attachments);
        else if (event.name == "message-with-ack" && event.ackId)
            socket.acknowledge(*event.ackId, event.args, event.attachments);
    };
}

hub::Publication eventFor(const RoomName& room, QByteArray name)
{
    hub::Publication publication;
    publication.nsp = {"/"};
    publication.rooms = {room};
    publication.event = std::move(name);
    return publication;
}

} // namespace

/// Socket.IO 5 above a session: namespaces, events, acks, disconnects.
class TestSession : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theConnectAnswerComesBeforeTheFirstEvent();
    void theConnectPayloadReachesTheHandler();
    void theHandshakeKeepsWhatIsAboutTheClient();
    void anotherNamespaceOnTheSameSession();
    void anUnknownNamespaceIsRefusedInOneWay();
    void tooManyNamespacesAreRefused();
    void aRefusalCarriesThePayloadOfTheHandler();
    void aDecisionMayComeLater();
    void nothingPublishedMeanwhileOvertakesTheConnectAnswer();
    void aClientThatLeavesDuringTheDecisionIsAbandoned();
    void malformedPacketsEndTheWholeSession_data();
    void malformedPacketsEndTheWholeSession();
    void aSessionWithoutNamespaceEnds();
    void leavingTheLastNamespaceStartsTheConnectTimeoutAgain();
    void refusalsDoNotExtendTheConnectTimeout();
    void anUnidentifiedSessionEndsWhenAskedFor();
    void anIdentifiedSessionStays();
    void disconnectIsSilentAndKeepsTheTransport();
    void leavingOneNamespaceKeepsTheOther();
    void aNamespaceCanBeEnteredAgain();
    void argumentsAreRelayedByteForByte();
    void binaryIsRelayedInOrder();
    void anAckGoesBackWithItsId();
    void aBinaryAckGoesBackWithItsAttachments();
    void weGetTheClientsAck();
    void aMissingAckIsATimeout();
    void anAckOfAGoneClientIsUnavailable();
    void tooManyOutstandingAcksAreRefused();
    void aLateAckIsIgnored();
    void disconnectingFromOurSideTellsTheClient();
    void packetsThatCrossedOurDisconnectAreIgnored();
    void roomsAreLeftAfterTheHandlerWasTold();
    void aHandlerMayDisconnectInEveryCallback_data();
    void aHandlerMayDisconnectInEveryCallback();
    void aHandlerMayCloseTheSessionInEveryCallback_data();
    void aHandlerMayCloseTheSessionInEveryCallback();
    void aGoneSocketIgnoresEveryOrder();
    void volatileEventsAreDroppedForAClientBehind();
};

void TestSession::theConnectAnswerComesBeforeTheFirstEvent()
{
    Rig rig;
    rig.root.onConnected = [](Socket& socket) { socket.emitEvent("auth", "{}"); };
    const PeerPtr peer = rig.openWebSocket();
    peer->takeTexts();
    peer->sendText("40");
    QCOMPARE(peer->texts.size(), 2);
    QCOMPARE(peer->texts[0], "40{\"sid\":\"" + rig.root.last->socketId().value + "\"}");
    QCOMPARE(peer->texts[1], "42[\"auth\",{}]");
    QVERIFY(rig.root.last->socketId().value != rig.root.last->sessionId().value);
    QCOMPARE(rig.server.findSocket(rig.root.last->socketId()), rig.root.last);
}

void TestSession::theConnectPayloadReachesTheHandler()
{
    Rig rig;
    rig.openWebSocket()->sendText("40{\"token\":\"123\"}");
    QCOMPARE(rig.root.lines, QByteArrayList({"request {\"token\":\"123\"}", "connected"}));
    QCOMPARE(rig.root.last->handshake().peerAddress, QStringLiteral("192.0.2.7"));
}

void TestSession::theHandshakeKeepsWhatIsAboutTheClient()
{
    Rig rig;
    rig.openWebSocket(QStringLiteral("EIO=4&transport=websocket&token=t"),
           {{"Authorization", "Bearer t"}, {"Upgrade", "websocket"}, {"User-Agent", "node"}})
        ->sendText("40");
    const Handshake& handshake = rig.root.last->handshake();
    QCOMPARE(handshake.headers.value("authorization"), "Bearer t");
    QCOMPARE(handshake.headers.value("User-Agent"), "node");
    QVERIFY(!handshake.headers.has("Upgrade"));
    QCOMPARE(handshake.query.toString(), QStringLiteral("token=t"));
}

void TestSession::anotherNamespaceOnTheSameSession()
{
    Rig rig;
    const PeerPtr peer = rig.openConnected();
    peer->sendText("40/custom,{\"a\":1}");
    QVERIFY(peer->texts.at(0).startsWith("40/custom,{\"sid\":\""));
    QCOMPARE(rig.custom.lines, QByteArrayList({"request {\"a\":1}", "connected"}));
    QCOMPARE(rig.server.sessions().at(0).sockets.size(), size_t(2));
    peer->sendText("42/custom,[\"x\"]");
    QCOMPARE(rig.custom.lines.last(), "event x ");
    QVERIFY(rig.root.lines.isEmpty());
}

void TestSession::anUnknownNamespaceIsRefusedInOneWay()
{
    Rig rig;
    const PeerPtr peer = rig.openWebSocket();
    peer->takeTexts();
    peer->sendText("40/random");
    QCOMPARE(peer->texts, QByteArrayList({"44/random,{\"message\":\"Invalid namespace\"}"}));
    QVERIFY(!peer->isClosed());
    QCOMPARE(rig.server.counters().refusedNamespaces, quint64(1));
}

void TestSession::tooManyNamespacesAreRefused()
{
    SessionOptions options;
    options.maxNamespacesPerSession = 1;
    Rig rig(options);
    const PeerPtr peer = rig.openConnected();
    peer->sendText("40/custom,");
    QCOMPARE(peer->texts, QByteArrayList({"44/custom,{\"message\":\"Too many namespaces\"}"}));
    peer->sendText("41");
    peer->takeTexts();
    peer->sendText("40/custom,");
    QVERIFY(peer->texts.at(0).startsWith("40/custom,"));
}

void TestSession::aRefusalCarriesThePayloadOfTheHandler()
{
    Rig rig;
    rig.root.onRequest = [](Socket& socket) {
        socket.refuse("{\"message\":\"not you\",\"data\":{\"code\":7}}");
        socket.accept(); // too late, and harmless
    };
    const PeerPtr peer = rig.openWebSocket();
    peer->takeTexts();
    peer->sendText("40");
    QCOMPARE(peer->texts, QByteArrayList({"44{\"message\":\"not you\",\"data\":{\"code\":7}}"}));
    QCOMPARE(rig.root.lines.size(), 1);
    QCOMPARE(rig.hub.subscriberCount({"/"}), 0);
    rig.root.onRequest = nullptr;
    peer->takeTexts();
    peer->sendText("40");
    QVERIFY(peer->texts.at(0).startsWith("40{"));
}

void TestSession::aDecisionMayComeLater()
{
    Rig rig;
    rig.root.onRequest = [](Socket&) {};
    const PeerPtr peer = rig.openWebSocket();
    peer->takeTexts();
    peer->sendText("40");
    Rig::settle();
    QVERIFY(peer->texts.isEmpty());
    QVERIFY(rig.server.sessions().at(0).sockets.empty());
    rig.root.last->accept();
    QVERIFY(peer->texts.at(0).startsWith("40{"));
    QCOMPARE(rig.root.lines, QByteArrayList({"request ", "connected"}));
}

void TestSession::nothingPublishedMeanwhileOvertakesTheConnectAnswer()
{
    Rig rig;
    rig.root.onRequest = [](Socket& socket) {
        socket.join({"room"});
        socket.emitEvent("held");
    };
    const PeerPtr peer = rig.openWebSocket();
    peer->takeTexts();
    peer->sendText("40");
    rig.hub.publish(eventFor({"room"}, "early"));
    rig.hub.publish({{"/"}, {}, "to all", {}, {}, {}, {}});
    QVERIFY(peer->texts.isEmpty());
    rig.root.last->accept();
    rig.hub.publish(eventFor({"room"}, "after"));
    QCOMPARE(peer->texts.size(), 3);
    QVERIFY(peer->texts[0].startsWith("40{"));
    QCOMPARE(peer->texts[1], "42[\"held\"]");
    QCOMPARE(peer->texts[2], "42[\"after\"]");
}

void TestSession::aClientThatLeavesDuringTheDecisionIsAbandoned()
{
    Rig rig;
    rig.root.onRequest = [](Socket&) {};
    const PeerPtr peer = rig.openWebSocket();
    peer->sendText("40");
    peer->end();
    QCOMPARE(rig.root.lines, QByteArrayList({"request ", "abandoned"}));
    const PeerPtr other = rig.openWebSocket();
    other->sendText("40");
    other->sendText("41");
    QCOMPARE(rig.root.lines.last(), "abandoned");
    QVERIFY(!other->isClosed());
}

void TestSession::malformedPacketsEndTheWholeSession_data()
{
    QTest::addColumn<QByteArrayList>("packets");
    const auto row = [](const char* name, QByteArrayList packets) {
        QTest::newRow(name) << std::move(packets);
    };
    row("text before CONNECT", {"4abc"});
    row("event before CONNECT", {"42[\"x\"]"});
    row("event for a namespace not entered", {"40", "42/custom,[\"x\"]"});
    row("unknown packet type", {"40", "4abc"});
    row("event that is an object", {"40", "42{}"});
    row("event with a bad ack id", {"40", "42abc[\"x\"]"});
    row("event without a name", {"40", "42[]"});
    row("event with a number as its name", {"40", "42[1]"});
    row("reserved event name", {"40", "42[\"disconnect\"]"});
    row("event without a payload", {"40", "42"});
    row("truncated JSON", {"40", "42[\"x\""});
    row("ack without an id", {"40", "43[]"});
    row("connect error from a client", {"40", "44{\"message\":\"x\"}"});
    row("second CONNECT", {"40", "40"});
    row("CONNECT payload that is no object", {"401"});
    row("too many attachments", {"40", "4511-[\"x\"]"});
    row("text between attachments",
        {"40", "451-[\"x\",{\"_placeholder\":true,\"num\":0}]", "42[\"y\"]"});
}

void TestSession::malformedPacketsEndTheWholeSession()
{
    QFETCH(QByteArrayList, packets);
    Rig rig;
    const PeerPtr peer = rig.openWebSocket();
    const QByteArray last = packets.takeLast();
    for (const QByteArray& packet : packets)
        peer->sendText(packet);
    QVERIFY(!peer->isClosed());
    peer->sendText(last);
    QVERIFY(peer->isClosed());
    QCOMPARE(rig.server.counters().protocolErrors, quint64(1));
    QVERIFY(rig.server.sessions().empty());
    if (!packets.isEmpty())
        QCOMPARE(rig.root.lines.last(), "disconnected parse error");
}

void TestSession::aSessionWithoutNamespaceEnds()
{
    SessionOptions options;
    options.connectTimeout = Millis{1'000};
    Rig rig(options);
    const PeerPtr peer = rig.openWebSocket();
    rig.advance(Millis{999});
    QVERIFY(!peer->isClosed());
    rig.advance(Millis{1});
    QVERIFY(peer->isClosed());
    QCOMPARE(peer->closeReason, "connect timeout");
    QCOMPARE(rig.server.counters().connectTimeouts, quint64(1));
}

void TestSession::leavingTheLastNamespaceStartsTheConnectTimeoutAgain()
{
    SessionOptions options;
    options.connectTimeout = Millis{1'000};
    Rig rig(options);
    const PeerPtr peer = rig.openConnected();
    rig.advance(Millis{5'000});
    QVERIFY(!peer->isClosed());
    peer->sendText("41");
    rig.advance(Millis{999});
    QVERIFY(!peer->isClosed());
    rig.advance(Millis{1});
    QVERIFY(peer->isClosed());
}

void TestSession::refusalsDoNotExtendTheConnectTimeout()
{
    SessionOptions options;
    options.connectTimeout = Millis{1'000};
    Rig rig(options);
    rig.root.onRequest = [](Socket& socket) { socket.refuse("{\"message\":\"no\"}"); };
    const PeerPtr peer = rig.openWebSocket();
    for (int i = 0; i < 9; ++i) {
        peer->sendText("40");
        rig.advance(Millis{100});
    }
    QVERIFY(!peer->isClosed());
    rig.advance(Millis{100});
    QVERIFY(peer->isClosed());
}

void TestSession::anUnidentifiedSessionEndsWhenAskedFor()
{
    SessionOptions options;
    options.identifyTimeout = Millis{10'000};
    Rig rig(options);
    const PeerPtr peer = rig.openConnected();
    rig.advance(Millis{9'999});
    QVERIFY(!peer->isClosed());
    rig.advance(Millis{1});
    QCOMPARE(peer->closeCode, std::optional(CloseCode::Unidentified));
    QCOMPARE(rig.root.lines, QByteArrayList({"disconnected unidentified"}));
}

void TestSession::anIdentifiedSessionStays()
{
    SessionOptions options;
    options.identifyTimeout = Millis{10'000};
    Rig rig(options);
    const PeerPtr peer = rig.openConnected();
    access::Principal node;
    node.kind = access::PrincipalKind::Node;
    node.id = 3;
    rig.root.last->setPrincipal(node);
    QCOMPARE(rig.server.sessions().at(0).principal.id, qint64(3));
    rig.advance(Millis{20'000});
    QVERIFY(!peer->isClosed());
}

void TestSession::disconnectIsSilentAndKeepsTheTransport()
{
    Rig rig(Rig::quick());
    const PeerPtr peer = rig.openConnected();
    peer->sendText("41");
    QCOMPARE(rig.root.lines, QByteArrayList({"disconnected client namespace disconnect"}));
    QVERIFY(peer->texts.isEmpty());
    rig.advance(Millis{300});
    QCOMPARE(peer->texts, QByteArrayList({"2"}));
}

void TestSession::leavingOneNamespaceKeepsTheOther()
{
    Rig rig;
    behaveAsReference(rig.root);
    const PeerPtr peer = rig.openConnected();
    peer->sendText("40/custom");
    peer->sendText("41/custom");
    peer->takeTexts();
    peer->sendText("42[\"message\",\"hi\"]");
    QCOMPARE(peer->texts, QByteArrayList({"42[\"message-back\",\"hi\"]"}));
}

void TestSession::aNamespaceCanBeEnteredAgain()
{
    Rig rig;
    const PeerPtr peer = rig.openConnected();
    const SocketId before = rig.root.last->socketId();
    peer->sendText("41");
    peer->sendText("40");
    QCOMPARE(rig.root.takeLines(),
        QByteArrayList({"disconnected client namespace disconnect", "request ", "connected"}));
    QVERIFY(rig.root.last->socketId() != before);
    QVERIFY(!rig.server.findSocket(before));
}

void TestSession::argumentsAreRelayedByteForByte()
{
    Rig rig;
    behaveAsReference(rig.root);
    const PeerPtr peer = rig.openConnected();
    const QByteArray args
        = "1,\"2\",{\"3\":[true]},9007199254740993,{\"z\":1.50,\"a\":\"\\u00e9\"}";
    peer->sendText(QByteArray("42[\"message\"," + args + ']'));
    QCOMPARE(peer->texts, QByteArrayList({"42[\"message-back\"," + args + ']'}));
}

void TestSession::binaryIsRelayedInOrder()
{
    Rig rig;
    behaveAsReference(rig.root);
    const PeerPtr peer = rig.openConnected();
    const QByteArray args = "{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}";
    peer->sendText(QByteArray("452-[\"message\"," + args + ']'));
    QVERIFY(peer->texts.isEmpty());
    peer->sendBinary("\1\2\3");
    peer->sendBinary("\4\5\6");
    QCOMPARE(peer->texts, QByteArrayList({"452-[\"message-back\"," + args + ']'}));
    QCOMPARE(peer->binaries, QList<QByteArray>({"\1\2\3", "\4\5\6"}));
}

void TestSession::anAckGoesBackWithItsId()
{
    Rig rig;
    behaveAsReference(rig.root);
    const PeerPtr peer = rig.openConnected();
    peer->sendText("42456[\"message-with-ack\",1,\"2\",{\"3\":[false]}]");
    QCOMPARE(peer->texts, QByteArrayList({"43456[1,\"2\",{\"3\":[false]}]"}));
}

void TestSession::aBinaryAckGoesBackWithItsAttachments()
{
    Rig rig;
    behaveAsReference(rig.root);
    const PeerPtr peer = rig.openConnected();
    peer->sendText("451-789[\"message-with-ack\",{\"_placeholder\":true,\"num\":0}]");
    peer->sendBinary("\1\2");
    QCOMPARE(peer->texts, QByteArrayList({"461-789[{\"_placeholder\":true,\"num\":0}]"}));
    QCOMPARE(peer->binaries, QList<QByteArray>({"\1\2"}));
}

void TestSession::weGetTheClientsAck()
{
    Rig rig;
    const PeerPtr peer = rig.openConnected();
    QByteArray got;
    rig.root.last->emitWithAck("q", "1", Millis{1'000},
        [&got](const Result<AckReply>& reply) { got = reply.value().args; });
    QCOMPARE(peer->texts, QByteArrayList({"420[\"q\",1]"}));
    peer->sendText("430[ {\"ok\":true} , 2 ]");
    QCOMPARE(got, "{\"ok\":true} , 2");
}

void TestSession::aMissingAckIsATimeout()
{
    Rig rig;
    const PeerPtr peer = rig.openConnected();
    std::optional<ErrorCode> got;
    rig.root.last->emitWithAck("q", {}, Millis{1'000},
        [&got](const Result<AckReply>& reply) { got = reply.error().code; });
    rig.advance(Millis{999});
    QVERIFY(!got);
    rig.advance(Millis{1});
    QCOMPARE(got, std::optional(ErrorCode::Timeout));
}

void TestSession::anAckOfAGoneClientIsUnavailable()
{
    Rig rig;
    const PeerPtr peer = rig.openConnected();
    std::vector<ErrorCode> got;
    const auto note = [&got](const Result<AckReply>& reply) { got.push_back(reply.error().code); };
    rig.root.last->emitWithAck("q", {}, Millis{1'000}, note);
    rig.root.onDisconnected
        = [&](Socket& socket) { socket.emitWithAck("late", {}, Millis{1'000}, note); };
    peer->end();
    rig.advance(Millis{10});
    QCOMPARE(got, std::vector<ErrorCode>({ErrorCode::Unavailable, ErrorCode::Unavailable}));
}

void TestSession::tooManyOutstandingAcksAreRefused()
{
    std::vector<ErrorCode> got; // outlives the rig, whose end calls back
    SessionOptions options;
    options.maxPendingAcks = 2;
    Rig rig(options);
    const PeerPtr peer = rig.openConnected();
    const auto note = [&got](const Result<AckReply>& reply) { got.push_back(reply.error().code); };
    for (int i = 0; i < 3; ++i)
        rig.root.last->emitWithAck("q", {}, Millis{1'000}, note);
    QCOMPARE(peer->texts.size(), 2);
    QVERIFY(got.empty());
    rig.advance(Millis{1});
    QCOMPARE(got, std::vector<ErrorCode>({ErrorCode::RateLimited}));
    QCOMPARE(rig.server.counters().refusedAcks, quint64(1));
}

void TestSession::aLateAckIsIgnored()
{
    Rig rig;
    const PeerPtr peer = rig.openConnected();
    int calls = 0;
    rig.root.last->emitWithAck(
        "q", {}, Millis{100}, [&calls](const Result<AckReply>&) { ++calls; });
    rig.advance(Millis{200});
    peer->sendText("430[]");
    peer->sendText("430[]");
    peer->sendText("4399[]");
    QCOMPARE(calls, 1);
    QVERIFY(!peer->isClosed());
}

void TestSession::disconnectingFromOurSideTellsTheClient()
{
    Rig rig;
    const PeerPtr peer = rig.openConnected();
    rig.root.last->disconnect();
    QCOMPARE(peer->texts, QByteArrayList({"41"}));
    QCOMPARE(rig.root.lines, QByteArrayList({"disconnected server namespace disconnect"}));
    QVERIFY(!peer->isClosed());
    QCOMPARE(rig.hub.subscriberCount({"/"}), 0);
}

void TestSession::packetsThatCrossedOurDisconnectAreIgnored()
{
    Rig rig;
    const PeerPtr peer = rig.openConnected();
    rig.root.last->disconnect();
    rig.root.takeLines();
    peer->sendText("42[\"x\"]");
    peer->sendText("430[]");
    peer->sendText("41");
    QVERIFY(!peer->isClosed());
    QVERIFY(rig.root.lines.isEmpty());
    peer->sendText("40");
    QCOMPARE(rig.root.takeLines(), QByteArrayList({"request ", "connected"}));
    peer->sendText("41");
    peer->sendText("42[\"x\"]"); // its own leave: no excuse
    QVERIFY(peer->isClosed());
}

void TestSession::roomsAreLeftAfterTheHandlerWasTold()
{
    Rig rig;
    const PeerPtr peer = rig.openConnected();
    rig.root.last->join({"room"});
    QVERIFY(rig.hub.isMember({"/"}, {"room"}, rig.root.last->socketId()));
    std::vector<RoomName> rooms;
    rig.root.onDisconnected = [&](Socket& socket) {
        rooms = rig.hub.roomsOf({"/"}, socket.socketId());
        rig.hub.publish(eventFor({"room"}, "bye")); // does not reach the one who goes
    };
    peer->end();
    QCOMPARE(rooms, std::vector<RoomName>({{"room"}}));
    QVERIFY(rig.hub.rooms().empty());
    QVERIFY(peer->texts.isEmpty());
}

void TestSession::aHandlerMayDisconnectInEveryCallback_data()
{
    QTest::addColumn<QByteArray>("callback");
    for (const char* name : {"request", "connected", "event", "disconnected", "ack"})
        QTest::newRow(name) << QByteArray(name);
}

namespace {

/// Lets `act` happen inside one of the callbacks, and walks a client through all of them.
void actInside(Rig& rig, const QByteArray& callback, const std::function<void(Socket&)>& act)
{
    if (callback == "request")
        rig.root.onRequest = act;
    if (callback == "connected")
        rig.root.onConnected = act;
    if (callback == "disconnected")
        rig.root.onDisconnected = act;
    rig.root.onEvent = [callback, act](Socket& socket, const IncomingEvent&) {
        if (callback == "event")
            act(socket);
        if (callback == "ack") {
            Socket* s = &socket;
            socket.emitWithAck("q", {}, Millis{1'000}, [s, act](const Result<AckReply>& reply) {
                if (reply)
                    act(*s);
            });
        }
    };
    const PeerPtr peer = rig.openWebSocket();
    for (const char* packet : {"40", "40/custom,", "42[\"x\"]", "430[]", "42[\"x\"]", "41"})
        peer->sendText(packet);
    Rig::settle();
    peer->end();
    Rig::settle();
}

} // namespace

void TestSession::aHandlerMayDisconnectInEveryCallback()
{
    QFETCH(QByteArray, callback);
    Rig rig;
    int calls = 0;
    actInside(rig, callback, [&calls](Socket& socket) {
        ++calls;
        socket.disconnect();
        socket.emitEvent("into the void");
        socket.disconnect();
    });
    QVERIFY(calls > 0);
    QVERIFY(rig.server.sessions().empty());
    QCOMPARE(rig.hub.subscriberCount({"/"}), 0);
}

void TestSession::aHandlerMayCloseTheSessionInEveryCallback_data()
{
    aHandlerMayDisconnectInEveryCallback_data();
}

void TestSession::aHandlerMayCloseTheSessionInEveryCallback()
{
    QFETCH(QByteArray, callback);
    Rig rig;
    int calls = 0;
    actInside(rig, callback, [&](Socket& socket) {
        ++calls;
        rig.server.closeSession(
            SessionId(socket.sessionId()), CloseCode::Kicked, QLatin1StringView("kicked"));
        socket.emitEvent("into the void");
        socket.disconnect();
    });
    QVERIFY(calls > 0);
    QVERIFY(rig.server.sessions().empty());
    QCOMPARE(rig.hub.subscriberCount({"/"}), 0);
    QCOMPARE(rig.hub.subscriberCount({"/custom"}), 0);
}

void TestSession::aGoneSocketIgnoresEveryOrder()
{
    Rig rig;
    const PeerPtr peer = rig.openConnected();
    rig.root.onDisconnected = [](Socket& socket) {
        socket.accept();
        socket.refuse("{}");
        socket.emitEvent("x");
        socket.acknowledge(1, {});
        socket.join({"ghost"});
        socket.leave({"ghost"});
        socket.setPrincipal({});
        socket.disconnect();
    };
    peer->sendText("41");
    QVERIFY(peer->texts.isEmpty());
    QVERIFY(rig.hub.rooms().empty());
}

void TestSession::volatileEventsAreDroppedForAClientBehind()
{
    Rig rig;
    const PeerPtr peer = rig.openConnected();
    hub::Publication publication{{"/"}, {}, "tick", {}, {}, {}, hub::Urgency::Volatile};
    rig.hub.publish(publication);
    QCOMPARE(peer->takeTexts(), QByteArrayList({"42[\"tick\"]"}));
    peer->queuedBytes = 1;
    rig.hub.publish(publication);
    QVERIFY(peer->texts.isEmpty());
    QCOMPARE(rig.server.counters().volatileDropped, quint64(1));

    const QByteArray sid = rig.openPolling();
    rig.post(sid, "40");
    rig.poll(sid);
    rig.hub.publish(publication); // no GET is waiting
    QCOMPARE(rig.poll(sid)->status(), 0);
    peer->end();
    rig.hub.publish(publication);
    Rig::settle();
    QCOMPARE(rig.server.counters().volatileDropped, quint64(3));
}

QTEST_GUILESS_MAIN(TestSession)
#include "tst_session.moc"
