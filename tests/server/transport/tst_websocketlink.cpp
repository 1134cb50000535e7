// SPDX-License-Identifier: Apache-2.0
#include "server/transport/epolldispatcher.h"
#include "tests/server/transport/doorfixture.h"
#include "tests/support/certificate.h"
#include "tests/support/httpcall.h"
#include "tests/support/scriptedwebsocket.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QLoggingCategory>
#include <QTemporaryDir>
#include <QTest>
#include <QTimer>

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>

using namespace gatehouse;
using namespace gatehouse::test;
using protocol::HttpResponse;
using protocol::WebSocketOpcode;
using session::CloseCode;
using transport::RingUse;
using transport::StreamKind;
using transport::TransportOptions;
using Kind = WireEvent::Kind;

namespace {

/// The defaults, over the stream of the test run's turn.
TransportOptions defaults()
{
    QFETCH_GLOBAL(StreamKind, stream);
    QFETCH_GLOBAL(RingUse, ring);
    QFETCH_GLOBAL(int, ioThreads);
    TransportOptions options;
    options.ioThreads = ioThreads;
    options.webSocket.stream = stream;
    options.webSocket.ring = ring;
    return options;
}

TransportOptions shortDeadlines()
{
    TransportOptions options = defaults();
    options.deadlines.tlsHandshake = Millis{300};
    options.deadlines.linger = Millis{200};
    options.webSocket.stall = Millis{300};
    options.webSocket.messageTotal = Millis{700};
    options.webSocket.close = Millis{300};
    options.webSocket.maxQueueAge = Millis{300};
    return options;
}

QByteArray upgradeRequest(
    const QByteArray& extra = {}, const QByteArray& key = "MDEyMzQ1Njc4OWFiY2RlZg==")
{
    return "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
        + key + "\r\n" + extra + "\r\n";
}

/// Our end of the connection whose other end has this port; the client is in the same process.
int descriptorOf(quint16 peerPort)
{
    for (int descriptor = 0; descriptor < 1'024; ++descriptor) {
        sockaddr_in address{};
        socklen_t size = sizeof address;
        if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&address), &size) == 0
            && address.sin_family == AF_INET && ntohs(address.sin_port) == peerPort)
            return descriptor;
    }
    return -1;
}

int sendBufferOf(int descriptor)
{
    int size = 0;
    socklen_t length = sizeof size;
    ::getsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &size, &length);
    return size;
}

void addSecureRows()
{
    QTest::addColumn<bool>("secure");
    QTest::newRow("plain") << false;
    QTest::newRow("tls") << true;
}

/// A client whose every text is answered with a longer one, and that does not read at first.
class AskingPeer
{
public:
    static constexpr qsizetype QueueBytes = 200'000;

    explicit AskingPeer(bool isSecure, const TransportOptions& options = defaults())
        : secure(isSecure), door(withBounds(options))
    {
        if (!open(client))
            return;
        RecordingLink& first = link();
        first.onText = [this, &first] {
            const QByteArray& request = first.texts.last();
            first.send(request.left(request.indexOf('.') + 1) + QByteArray(20'000, 'a'));
            if (first.link)
                largestQueue = std::max(largestQueue, first.link->queuedBytes());
        };
        client.tcp().setReadBufferSize(1);
    }
    bool open(ScriptedWebSocket& socket)
    {
        return secure ? socket.openSecure(door.port(), tls.current.certificate(), "/ws")
                      : socket.open(door.port(), "/ws");
    }
    bool isOpen() const { return !door.acceptor.links.empty(); }
    RecordingLink& link() { return *door.acceptor.links.at(0); }

    const bool secure;
    const TlsFiles tls;
    DoorFixture door;
    ScriptedWebSocket client;
    qsizetype largestQueue = 0;

private:
    TransportOptions withBounds(TransportOptions options) const
    {
        options.webSocket.maxQueuedBytes = QueueBytes;
        options.webSocket.sendBufferBytes = 16'384;
        if (secure)
            options.tls = tls.options();
        return options;
    }
};

} // namespace

class TestWebSocketLink : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase_data(); ///< every test below runs over each stream
    void messagesPassBothWays_data();
    void messagesPassBothWays();
    void acceptorSeesTheRequest();
    void acceptorMayRefuse();
    void badUpgradesAreAnswered_data();
    void badUpgradesAreAnswered();
    void goodUpgradesAreAccepted_data();
    void goodUpgradesAreAccepted();
    void nothingFromTheRequestIsEchoed();
    void earlyMessagesAreKept();
    void messagesOfOneTurnLeaveTogether();
    void packetIsEncodedOnceForAll();
    void oneTurnReachesManyOfAllConditions();
    void linkClosedDuringTheFlushMayDestroyOthers();
    void pingIsAnswered();
    void peerClosesFirst();
    void weCloseFirst();
    void closeAfterQueuedMessages();
    void closeDeliversItsFrameAfterTheLinkIsGone();
    void peerThatNeverAnswersTheCloseIsCut();
    void destroyedLinkEndsAtOnce();
    void lostPeerIsTold();
    void protocolErrorIsAnsweredThoughMoreIsUnderWay();
    void tooLargeIsRefused();
    void receiverMayDestroyTheLinkInACall();
    void writingInACallLeavesWhatFollowsAlone_data();
    void writingInACallLeavesWhatFollowsAlone();
    void anEndFoundWhileWritingIsToldAfterwards_data();
    void anEndFoundWhileWritingIsToldAfterwards();
    void stalledMessageIsEnded();
    void drippingMessageIsEnded();
    void pauseBetweenMessagesIsFine();
    void slowConsumerByBytes();
    void theRestOfAMessageAndTheCloseFrameArrive_data();
    void theRestOfAMessageAndTheCloseFrameArrive();
    void whatThePeerDoesNotTakeAtOnceCanBeDropped();
    void slowConsumerByAge();
    void noMoreIsReadThanThePeerTakes_data();
    void noMoreIsReadThanThePeerTakes();
    void pausedPeerThatTakesNothingIsSlow();
    void pausedPeerThatIsGoneIsNoticed_data();
    void pausedPeerThatIsGoneIsNoticed();
    void weCloseWhileReadingIsPaused();
    void burstWithinOneTurnIsNoSlowConsumer();
    void oneLargeMessageIsNoSlowConsumer();
    void pongsOfAFloodAreBounded();
    void linkOutlivesTheServer();
    void tlsHandshakeHasADeadline();
    void plainHttpOnATlsPortFails();
    void oldTlsIsRefused();
    void certificateIsReloaded();
    void badCertificateFilesAreErrors();
    void sendBufferIsFixed_data();
    void sendBufferIsFixed();
    void thousandLinksLeaveNothingBehind();
};

void TestWebSocketLink::initTestCase_data()
{
    QTest::addColumn<StreamKind>("stream");
    QTest::addColumn<RingUse>("ring");
    QTest::addColumn<int>("ioThreads");
    QTest::newRow("descriptor") << StreamKind::Descriptor << RingUse::Auto << 1;
    QTest::newRow("descriptor, three threads") << StreamKind::Descriptor << RingUse::Auto << 3;
    QTest::newRow("descriptor, no ring") << StreamKind::Descriptor << RingUse::Off << 1;
    QTest::newRow("socket") << StreamKind::Socket << RingUse::Off << 1;
}

void TestWebSocketLink::messagesPassBothWays_data()
{
    QTest::addColumn<bool>("secure");
    QTest::addColumn<int>("size");
    for (const bool secure : {false, true}) {
        for (const int size : {1, 125, 126, 65'535, 65'536, 999'999})
            QTest::newRow(
                qPrintable(QStringLiteral("%1, %2 octets")
                               .arg(secure ? QStringLiteral("tls") : QStringLiteral("plain"))
                               .arg(size)))
                << secure << size;
    }
}

void TestWebSocketLink::messagesPassBothWays()
{
    QFETCH(bool, secure);
    QFETCH(int, size);
    const TlsFiles tls;
    TransportOptions options = defaults();
    if (secure)
        options.tls = tls.options();
    DoorFixture door(options);
    ScriptedWebSocket client;
    QVERIFY(secure ? client.openSecure(door.port(), tls.current.certificate(), "/ws")
                   : client.open(door.port(), "/ws"));
    QVERIFY(waitUntil([&] { return door.acceptor.links.size() == 1; }));
    RecordingLink& link = *door.acceptor.links[0];
    const QByteArray text(size, 't');
    client.sendText(text);
    client.sendBinary(text);
    QVERIFY(waitUntil([&] { return link.texts.size() == 1 && link.binaries.size() == 1; }));
    QCOMPARE(link.texts[0], text);
    QCOMPARE(link.binaries[0], text);
    link.send(text);
    QCOMPARE(client.receiveText(), text);
    QCOMPARE(door.acceptor.asked[0].secure, secure);
    QCOMPARE(door.counters().openWebSockets, quint64(1));
}

void TestWebSocketLink::acceptorSeesTheRequest()
{
    DoorFixture door(defaults());
    ScriptedWebSocket client;
    QVERIFY(client.open(door.port(), "/ws/?EIO=4&sid=x", {{"Origin", "https://o.example"}}));
    const protocol::HttpRequest& request = door.acceptor.asked.at(0);
    QCOMPARE(request.path, QStringLiteral("/ws/"));
    QCOMPARE(request.queryItem(QStringLiteral("sid")), QStringLiteral("x"));
    QCOMPARE(request.headers.value("Origin"), QByteArray("https://o.example"));
    QCOMPARE(request.peerAddress, QStringLiteral("127.0.0.1"));
}

void TestWebSocketLink::acceptorMayRefuse()
{
    DoorFixture door(defaults());
    door.acceptor.refuseWith = HttpResponse::json(403, R"({"code":4})");
    ScriptedWebSocket client;
    QVERIFY(!client.open(door.port(), "/ws"));
    QCOMPARE(client.handshake().status, 403);
    QVERIFY(door.acceptor.links.empty());
    QCOMPARE(door.counters().upgradesRefused, quint64(1));
}

void TestWebSocketLink::badUpgradesAreAnswered_data()
{
    QTest::addColumn<QByteArray>("octets");
    QTest::addColumn<int>("status");
    const auto without = [](const QByteArray& line) -> QByteArray {
        QByteArray octets = upgradeRequest();
        return octets.replace(QByteArray(line + "\r\n"), QByteArray());
    };
    const auto with = [](const QByteArray& old, const QByteArray& now) -> QByteArray {
        QByteArray octets = upgradeRequest();
        return octets.replace(old, now);
    };
    QTest::newRow("no key") << without("Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==") << 400;
    QTest::newRow("short key") << upgradeRequest({}, "c2hvcnQ=") << 400;
    QTest::newRow("long key") << upgradeRequest({}, "MDEyMzQ1Njc4OWFiY2RlZmc=") << 400;
    QTest::newRow("key that is not base64")
        << upgradeRequest({}, "!!!!not-base64-at-all!!!") << 400;
    QTest::newRow("key with unused bits set")
        << upgradeRequest({}, "MDEyMzQ1Njc4OWFiY2RlZh==") << 400;
    QTest::newRow("two keys") << upgradeRequest("Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n")
                              << 400;
    QTest::newRow("no version") << without("Sec-WebSocket-Version: 13") << 426;
    QTest::newRow("version 12") << with("Version: 13", "Version: 12") << 426;
    QTest::newRow("two versions") << upgradeRequest("Sec-WebSocket-Version: 8\r\n") << 426;
    QTest::newRow("no connection") << without("Connection: Upgrade") << 426;
    QTest::newRow("post") << with("GET", "POST") << 405;
    QTest::newRow("http/1.0") << with("HTTP/1.1", "HTTP/1.0") << 400;
    QTest::newRow("with a body") << upgradeRequest("Content-Length: 3\r\n") + "abc" << 400;
    QTest::newRow("two hosts") << upgradeRequest("Host: b\r\n") << 400;
    QTest::newRow("elsewhere") << with("/ws", "/other") << 404;
}

void TestWebSocketLink::badUpgradesAreAnswered()
{
    QFETCH(QByteArray, octets);
    QFETCH(int, status);
    DoorFixture door(shortDeadlines());
    RawClient client(door.port());
    client.send(octets);
    QVERIFY(client.waitForEnd());
    QVERIFY2(client.statusLine().startsWith(QByteArray("HTTP/1.1 " + QByteArray::number(status))),
        client.statusLine().constData());
    if (status == 426)
        QVERIFY(client.received().contains("Sec-WebSocket-Version: 13\r\n"));
    QVERIFY(door.acceptor.links.empty());
    QVERIFY(door.acceptor.asked.empty());
}

void TestWebSocketLink::goodUpgradesAreAccepted_data()
{
    QTest::addColumn<QByteArray>("octets");
    const auto with = [](const QByteArray& old, const QByteArray& now) -> QByteArray {
        QByteArray octets = upgradeRequest();
        return octets.replace(old, now);
    };
    QTest::newRow("plain") << upgradeRequest();
    QTest::newRow("list") << with("Connection: Upgrade", "Connection: keep-alive, Upgrade");
    QTest::newRow("second connection field")
        << with("Connection: Upgrade", "Connection: keep-alive\r\nConnection: upgrade");
    QTest::newRow("other case") << with("Upgrade: websocket", "uPGRADE: WebSocket");
    QTest::newRow("long query") << with("/ws", "/ws?q=" + QByteArray(8'100, 'q'));
    QTest::newRow("long field") << upgradeRequest("Cookie: " + QByteArray(12'000, 'c') + "\r\n");
    QTest::newRow("many fields") << upgradeRequest(QByteArray("X: y\r\n").repeated(90));
    QTest::newRow("extensions offered")
        << upgradeRequest("Sec-WebSocket-Extensions: permessage-deflate\r\n");
    QTest::newRow("subprotocol offered") << upgradeRequest("Sec-WebSocket-Protocol: chat\r\n");
}

void TestWebSocketLink::goodUpgradesAreAccepted()
{
    QFETCH(QByteArray, octets);
    DoorFixture door(defaults());
    RawClient client(door.port());
    client.send(octets);
    QVERIFY(client.waitFor("\r\n\r\n"));
    QVERIFY2(client.statusLine().startsWith("HTTP/1.1 101"), client.statusLine().constData());
    // RFC 6455 section 4.2.2: SHA-1 of key and GUID.
    QVERIFY(client.received().contains("BACScCJPNqyz+UBoqMH89VmURoA="));
    QVERIFY(!client.received().toLower().contains("sec-websocket-extensions"));
    QVERIFY(!client.received().toLower().contains("sec-websocket-protocol"));
    QCOMPARE(door.acceptor.links.size(), size_t(1));
}

void TestWebSocketLink::nothingFromTheRequestIsEchoed()
{
    DoorFixture door(defaults());
    RawClient client(door.port());
    client.send(upgradeRequest("Origin: https://evil.example\r\nX-Mark: evil\r\n"));
    QVERIFY(client.waitFor("\r\n\r\n"));
    QVERIFY(!client.received().contains("evil"));
    QVERIFY(!client.received().contains("Access-Control-"));
}

void TestWebSocketLink::earlyMessagesAreKept()
{
    DoorFixture door(defaults());
    RawClient client(door.port());
    QByteArray octets = upgradeRequest();
    for (int i = 0; i < 3; ++i)
        octets += protocol::maskedWebSocketFrame(
            WebSocketOpcode::Text, QByteArray::number(i), 0x12345678);
    octets += protocol::maskedWebSocketFrame(WebSocketOpcode::Ping, "early", 0x12345678);
    client.send(octets);
    QVERIFY(waitUntil([&] {
        return door.acceptor.links.size() == 1 && door.acceptor.links[0]->texts.size() == 3;
    }));
    QCOMPARE(door.acceptor.links[0]->texts, (QList<QByteArray>{"0", "1", "2"}));
    QVERIFY(client.waitFor(protocol::webSocketFrame(WebSocketOpcode::Pong, "early")));
}

void TestWebSocketLink::messagesOfOneTurnLeaveTogether()
{
    DoorFixture door(defaults());
    ScriptedWebSocket client;
    QVERIFY(client.open(door.port(), "/ws"));
    RecordingLink& link = *door.acceptor.links.at(0);
    const quint64 before = door.counters().bytesOut;
    for (int i = 0; i < 200; ++i)
        link.send("4message " + QByteArray::number(i));
    // Nothing has left, all of it waits, and one turn of the loop sends it.
    QCOMPARE(door.counters().bytesOut, before);
    QVERIFY(link.link->queuedBytes() > 200 * 10);
    for (int i = 0; i < 200; ++i)
        QCOMPARE(client.receiveText(), QByteArray("4message " + QByteArray::number(i)));
    QTRY_COMPARE(link.link->queuedBytes(), qsizetype(0));
}

void TestWebSocketLink::packetIsEncodedOnceForAll()
{
    DoorFixture door(defaults());
    ScriptedWebSocket a;
    ScriptedWebSocket b;
    QVERIFY(a.open(door.port(), "/ws"));
    QVERIFY(b.open(door.port(), "/ws"));
    const auto packet = protocol::EncodedPacket::create("42[\"x\"]", {QByteArray("\x01\x02", 2)});
    for (const auto& link : door.acceptor.links)
        link->link->send(packet);
    for (ScriptedWebSocket* client : {&a, &b}) {
        QCOMPARE(client->receiveText(), QByteArray("42[\"x\"]"));
        QCOMPARE(client->receiveBinary(), QByteArray("\x01\x02", 2));
    }
}

/// A fan-out among whom some are slow, some gone and some closing: each gets what is its due, in
/// order.
void TestWebSocketLink::oneTurnReachesManyOfAllConditions()
{
    TransportOptions options = defaults();
    options.webSocket.maxQueuedBytes = 8 << 20;
    options.webSocket.sendBufferBytes = 16'384;
    DoorFixture door(options);
    std::vector<std::unique_ptr<ScriptedWebSocket>> clients;
    for (int i = 0; i < 300; ++i) { // more than one batch
        clients.push_back(std::make_unique<ScriptedWebSocket>());
        QVERIFY(clients.back()->open(door.port(), "/ws"));
    }
    const auto kindOf = [](size_t i) { return i % 10; }; // 1: reset, 2: closing, 3: reads late
    for (size_t i = 0; i < clients.size(); ++i) {
        if (kindOf(i) == 1) {
            clients[i]->abort();
        } else if (kindOf(i) == 2) {
            door.acceptor.links[i]->send("last");
            door.acceptor.links[i]->link->close(CloseCode::GoingAway, QLatin1StringView("over"));
        } else if (kindOf(i) == 3) {
            clients[i]->tcp().setReadBufferSize(1);
        }
    }
    const QByteArray large(200'000, 'l');
    for (const QByteArray& text : {QByteArray("first"), large, QByteArray("last of all")}) {
        const auto packet = protocol::EncodedPacket::create(text);
        for (size_t i = 0; i < clients.size(); ++i) {
            if (kindOf(i) <= 3 && door.acceptor.links[i]->link)
                door.acceptor.links[i]->link->send(packet);
        }
    }
    for (size_t i = 0; i < clients.size(); ++i) {
        ScriptedWebSocket& client = *clients[i];
        client.tcp().setReadBufferSize(0);
        if (kindOf(i) == 2) {
            QCOMPARE(client.receiveText(), QByteArray("last"));
            QCOMPARE(client.receive().code, quint16(1001));
        } else if (kindOf(i) == 0 || kindOf(i) == 3) {
            QCOMPARE(client.receiveText(), QByteArray("first"));
            QCOMPARE(client.receiveText(), large);
            QCOMPARE(client.receiveText(), QByteArray("last of all"));
        } else if (kindOf(i) == 1) {
            QTRY_COMPARE(door.acceptor.links[i]->closedCount, 1);
        }
    }
    QCOMPARE(door.counters().ringBatches > 0, door.counters().hasRing);
    QFETCH_GLOBAL(RingUse, ring);
    if (ring == RingUse::Off)
        QVERIFY(!door.counters().hasRing);
}

void TestWebSocketLink::linkClosedDuringTheFlushMayDestroyOthers()
{
    TransportOptions options = defaults();
    options.webSocket.maxQueuedBytes = 100'000;
    options.webSocket.sendBufferBytes = 16'384;
    DoorFixture door(options);
    std::vector<std::unique_ptr<ScriptedWebSocket>> clients;
    for (int i = 0; i < 20; ++i) {
        clients.push_back(std::make_unique<ScriptedWebSocket>());
        QVERIFY(clients.back()->open(door.port(), "/ws"));
    }
    // Every second one is over its bound, and when it is told takes its neighbour along.
    auto& links = door.acceptor.links;
    for (size_t i = 0; i < links.size(); i += 2) {
        clients[i]->tcp().setReadBufferSize(1);
        links[i]->onClosed = [&links, i] { links[i + 1]->link.reset(); };
    }
    const auto packet = protocol::EncodedPacket::create(QByteArray(90'000, 'p'));
    const auto sendSome = [&] {
        for (const auto& link : links) {
            if (link->link)
                link->link->send(packet);
        }
        QCoreApplication::postEvent(this, new QEvent(QEvent::User)); // keep turning
    };
    QVERIFY(waitUntil([&] {
        sendSome();
        return std::ranges::all_of(links, [](const auto& link) { return !link->link; });
    }));
    QVERIFY(door.counters().slowConsumers >= quint64(10));
}

void TestWebSocketLink::pingIsAnswered()
{
    DoorFixture door(defaults());
    ScriptedWebSocket client;
    QVERIFY(client.open(door.port(), "/ws"));
    for (int i = 0; i < 10; ++i)
        client.sendFrame(WebSocketOpcode::Ping, QByteArray::number(i));
    for (int i = 0; i < 10; ++i) {
        const WireEvent event = client.receive();
        QCOMPARE(event.kind, Kind::Pong);
        QCOMPARE(event.payload, QByteArray::number(i));
    }
}

void TestWebSocketLink::peerClosesFirst()
{
    DoorFixture door(defaults());
    ScriptedWebSocket client;
    QVERIFY(client.open(door.port(), "/ws"));
    client.sendFrame(WebSocketOpcode::Close, QByteArray("\x0F\xA0why", 5)); // 4000
    const WireEvent event = client.receive();
    QCOMPARE(event.kind, Kind::Close);
    QCOMPARE(event.code, quint16(4000));
    QVERIFY(client.waitForEnd());
    QTRY_COMPARE(door.acceptor.links[0]->closedCount, 1);
    QCOMPARE(door.acceptor.links[0]->closeCode, quint16(4000));
    QTRY_COMPARE(door.counters().openConnections, quint64(0));
}

void TestWebSocketLink::weCloseFirst()
{
    DoorFixture door(defaults());
    ScriptedWebSocket client;
    QVERIFY(client.open(door.port(), "/ws"));
    RecordingLink& link = *door.acceptor.links.at(0);
    link.link->close(CloseCode::Kicked, QLatin1StringView("kicked"));
    const WireEvent event = client.receive();
    QCOMPARE(event.kind, Kind::Close);
    QCOMPARE(event.code, quint16(4003));
    QCOMPARE(event.payload, QByteArray("kicked"));
    // Messages that cross our close frame are no longer delivered.
    client.sendText("late");
    client.sendFrame(WebSocketOpcode::Close, QByteArray("\x0F\xA3", 2));
    QVERIFY(client.waitForEnd());
    QVERIFY(waitUntil([&] { return link.closedCount == 1; }));
    QCOMPARE(link.closeCode, quint16(4003));
    QVERIFY(link.texts.isEmpty());
    QCOMPARE(door.counters().closeTimeouts, quint64(0));
}

void TestWebSocketLink::closeAfterQueuedMessages()
{
    DoorFixture door(defaults());
    ScriptedWebSocket client;
    QVERIFY(client.open(door.port(), "/ws"));
    RecordingLink& link = *door.acceptor.links.at(0);
    link.send("last words");
    link.link->close(CloseCode::GoingAway, QLatin1StringView("drain"));
    link.send("never");
    QCOMPARE(client.receiveText(), QByteArray("last words"));
    QCOMPARE(client.receive().code, quint16(1001));
}

void TestWebSocketLink::closeDeliversItsFrameAfterTheLinkIsGone()
{
    const TlsFiles tls;
    for (const bool secure : {false, true}) {
        TransportOptions options = defaults();
        if (secure)
            options.tls = tls.options();
        DoorFixture door(options);
        ScriptedWebSocket client;
        QVERIFY(secure ? client.openSecure(door.port(), tls.current.certificate(), "/ws")
                       : client.open(door.port(), "/ws"));
        RecordingLink& link = *door.acceptor.links.at(0);
        link.send("last words");
        link.link->close(CloseCode::Normal, QLatin1StringView("bye"));
        link.link.reset();
        QCOMPARE(client.receiveText(), QByteArray("last words"));
        QCOMPARE(client.receive().code, quint16(1000));
        QVERIFY(client.waitForEnd());
        QTRY_COMPARE(door.counters().openConnections, quint64(0));
        QCOMPARE(link.closedCount, 0);
    }
}

void TestWebSocketLink::peerThatNeverAnswersTheCloseIsCut()
{
    DoorFixture door(shortDeadlines());
    ScriptedWebSocket client;
    QVERIFY(client.open(door.port(), "/ws"));
    RecordingLink& link = *door.acceptor.links.at(0);
    link.link->close(CloseCode::Kicked, QLatin1StringView("kicked"));
    QVERIFY(client.waitForEnd());
    QTRY_COMPARE(link.closedCount, 1);
    QCOMPARE(link.closeCode, quint16(4003));
    QCOMPARE(door.counters().closeTimeouts, quint64(1));
}

void TestWebSocketLink::destroyedLinkEndsAtOnce()
{
    DoorFixture door(defaults());
    ScriptedWebSocket client;
    QVERIFY(client.open(door.port(), "/ws"));
    door.acceptor.links[0]->link.reset();
    QVERIFY(client.waitForEnd());
    // In particular no frame of QWebSocket's own.
    QVERIFY(!client.closeCode());
    QTRY_COMPARE(door.counters().openConnections, quint64(0));
    QTRY_COMPARE(door.counters().openWebSockets, quint64(0));
}

void TestWebSocketLink::lostPeerIsTold()
{
    DoorFixture door(defaults());
    ScriptedWebSocket aborting;
    ScriptedWebSocket leaving;
    QVERIFY(aborting.open(door.port(), "/ws"));
    QVERIFY(leaving.open(door.port(), "/ws"));
    aborting.abort();
    leaving.disconnectFromHost();
    for (const auto& link : door.acceptor.links) {
        QVERIFY(waitUntil([&] { return link->closedCount == 1; }));
        QCOMPARE(link->closeCode, quint16(1006));
    }
}

void TestWebSocketLink::protocolErrorIsAnsweredThoughMoreIsUnderWay()
{
    DoorFixture door(defaults());
    ScriptedWebSocket client;
    QVERIFY(client.open(door.port(), "/ws"));
    client.sendFrame(WebSocketOpcode(3), "bad");
    client.sendBinary(QByteArray(300'000, 'z'));
    client.sendBinary(QByteArray(300'000, 'z'));
    const WireEvent event = client.receive();
    QCOMPARE(event.kind, Kind::Close);
    QCOMPARE(event.code, quint16(1002));
    QTRY_COMPARE(door.acceptor.links[0]->closedCount, 1);
    QCOMPARE(door.counters().webSocketProtocolErrors, quint64(1));
}

void TestWebSocketLink::tooLargeIsRefused()
{
    TransportOptions options = defaults();
    options.webSocket.maxMessageBytes = 1'000;
    DoorFixture door(options);
    ScriptedWebSocket client;
    QVERIFY(client.open(door.port(), "/ws"));
    client.sendText(QByteArray(1'000, 'x'));
    QVERIFY(waitUntil([&] { return door.acceptor.links[0]->texts.size() == 1; }));
    client.sendText(QByteArray(1'001, 'x'));
    QCOMPARE(client.receive().code, quint16(1009));
    QCOMPARE(door.counters().webSocketTooBig, quint64(1));
}

void TestWebSocketLink::receiverMayDestroyTheLinkInACall()
{
    DoorFixture door(defaults());
    RawClient client(door.port());
    client.send(upgradeRequest());
    QVERIFY(client.waitFor("\r\n\r\n"));
    RecordingLink& link = *door.acceptor.links.at(0);
    link.onText = [&] { link.link.reset(); };
    const QByteArray frame = protocol::maskedWebSocketFrame(WebSocketOpcode::Text, "x", 1);
    client.send(frame + frame + frame);
    QVERIFY(client.waitForEnd());
    QCOMPARE(link.texts.size(), 1);
    QCOMPARE(link.closedCount, 0);
}

namespace {

void plainAndSecure()
{
    QTest::addColumn<bool>("secure");
    QTest::newRow("plain") << false;
    QTest::newRow("tls") << true;
}

bool open(ScriptedWebSocket& client, const DoorFixture& door, const TlsFiles* tls)
{
    return tls ? client.openSecure(door.port(), tls->current.certificate(), "/ws")
               : client.open(door.port(), "/ws");
}

} // namespace

void TestWebSocketLink::writingInACallLeavesWhatFollowsAlone_data()
{
    plainAndSecure();
}

/// An encrypted socket that is written to decrypts what has arrived meanwhile.
void TestWebSocketLink::writingInACallLeavesWhatFollowsAlone()
{
    QFETCH(bool, secure);
    const TlsFiles tls;
    TransportOptions options = defaults();
    if (secure)
        options.tls = tls.options();
    DoorFixture door(options);
    ScriptedWebSocket client;
    QVERIFY(open(client, door, secure ? &tls : nullptr));
    QTRY_COMPARE(door.acceptor.links.size(), size_t(1));
    RecordingLink& link = *door.acceptor.links.at(0);
    link.onText = [&] {
        link.send("answer");
        link.link->flushOrDrop();
    };
    QByteArrayList sent;
    for (int record = 0; record < 8; ++record) {
        QByteArray octets;
        for (int i = 0; i < 20; ++i) {
            sent << QByteArray(40, char('a' + record)) + QByteArray::number(i);
            octets += protocol::maskedWebSocketFrame(
                WebSocketOpcode::Text, sent.back(), quint32(0x01020304 * (record + 1)));
        }
        client.sendRaw(octets);
        client.tcp().flush();
    }
    QTRY_COMPARE(link.texts.size(), sent.size());
    QCOMPARE(link.texts, sent);
    for (qsizetype i = 0; i < sent.size(); ++i)
        QCOMPARE(client.receiveText(), QByteArray("answer"));
    QCOMPARE(link.closedCount, 0);
}

void TestWebSocketLink::anEndFoundWhileWritingIsToldAfterwards_data()
{
    plainAndSecure();
}

void TestWebSocketLink::anEndFoundWhileWritingIsToldAfterwards()
{
    QFETCH(bool, secure);
    const TlsFiles tls;
    TransportOptions options = defaults();
    if (secure)
        options.tls = tls.options();
    DoorFixture door(options);
    ScriptedWebSocket client;
    QVERIFY(open(client, door, secure ? &tls : nullptr));
    QTRY_COMPARE(door.acceptor.links.size(), size_t(1));
    RecordingLink& link = *door.acceptor.links.at(0);
    bool isTold = false;
    link.onText = [&] {
        link.send(QByteArray(100'000, 'x'));
        link.isSending = true;
        link.link->flushOrDrop();
        link.isSending = false;
        isTold = link.closedCount > 0;
    };
    client.sendText("the last one");
    client.tcp().flush();
    client.abort(); // the message is read first, and writing then fails
    QTRY_COMPARE(link.closedCount, 1);
    QCOMPARE(link.texts, QByteArrayList({"the last one"}));
    QVERIFY(!isTold);
    QVERIFY(!link.wasClosedInsideSend);
}

void TestWebSocketLink::stalledMessageIsEnded()
{
    DoorFixture door(shortDeadlines());
    ScriptedWebSocket client;
    QVERIFY(client.open(door.port(), "/ws"));
    const QByteArray frame = protocol::maskedWebSocketFrame(WebSocketOpcode::Text, "unfinished", 7);
    client.sendRaw(frame.first(6));
    QVERIFY(client.waitForEnd());
    QCOMPARE(client.closeCode(), quint16(1008));
    QCOMPARE(door.counters().webSocketStalls, quint64(1));
    QTRY_COMPARE(door.acceptor.links[0]->closedCount, 1);
}

void TestWebSocketLink::drippingMessageIsEnded()
{
    DoorFixture door(shortDeadlines());
    ScriptedWebSocket client;
    QVERIFY(client.open(door.port(), "/ws"));
    const QByteArray frame
        = protocol::maskedWebSocketFrame(WebSocketOpcode::Text, QByteArray(100, 'd'), 7);
    qsizetype sent = 0;
    QTimer drip;
    connect(&drip, &QTimer::timeout, this, [&] {
        if (sent < frame.size())
            client.sendRaw(QByteArrayView(frame).sliced(sent++, 1));
    });
    drip.start(100); // never silent for long, never done
    QElapsedTimer clock;
    clock.start();
    QVERIFY(client.waitForEnd());
    QVERIFY2(clock.elapsed() >= 600 && clock.elapsed() < 3'000,
        qPrintable(QString::number(clock.elapsed())));
    QCOMPARE(client.closeCode(), quint16(1008));
}

void TestWebSocketLink::pauseBetweenMessagesIsFine()
{
    DoorFixture door(shortDeadlines());
    ScriptedWebSocket client;
    QVERIFY(client.open(door.port(), "/ws"));
    client.sendText("one");
    QVERIFY(holdsFor([&] { return door.acceptor.links[0]->closedCount == 0; }, Millis{900}));
    client.sendText("two");
    QVERIFY(waitUntil([&] { return door.acceptor.links[0]->texts.size() == 2; }));
}

void TestWebSocketLink::slowConsumerByBytes()
{
    const TlsFiles tls;
    for (const bool secure : {false, true}) {
        TransportOptions options = defaults();
        options.webSocket.maxQueuedBytes = 100'000;
        options.webSocket.sendBufferBytes = 16'384;
        if (secure)
            options.tls = tls.options();
        DoorFixture door(options);
        ScriptedWebSocket client;
        QVERIFY(secure ? client.openSecure(door.port(), tls.current.certificate(), "/ws")
                       : client.open(door.port(), "/ws"));
        RecordingLink& link = *door.acceptor.links.at(0);
        client.tcp().setReadBufferSize(1); // stops reading
        const int smallWindow = 4'096;
        ::setsockopt(int(client.tcp().socketDescriptor()), SOL_SOCKET, SO_RCVBUF, &smallWindow,
            sizeof smallWindow);
        qsizetype largest = 0;
        QVERIFY(waitUntil([&] {
            for (int i = 0; i < 10 && link.link; ++i) {
                link.send(QByteArray(4'000, 's'));
                largest = std::max(largest, link.link->queuedBytes());
            }
            QCoreApplication::postEvent(this, new QEvent(QEvent::User)); // keep turning
            return link.closedCount == 1;
        }));
        QCOMPARE(link.closeCode, quint16(CloseCode::SlowConsumer));
        QVERIFY(!link.wasClosedInsideSend);
        // As much again may be on its way to the thread that keeps the bound.
        QFETCH_GLOBAL(int, ioThreads);
        const qsizetype allowed = ioThreads > 1 ? 220'000 : 120'000;
        QVERIFY2(largest <= allowed, qPrintable(QString::number(largest)));
        QCOMPARE(door.counters().slowConsumers, quint64(1));
        // Who reads on finds out why, behind whole frames only.
        client.tcp().setReadBufferSize(0);
        QVERIFY(client.waitForEnd());
        QCOMPARE(client.closeCode(), quint16(4008));
    }
}

void TestWebSocketLink::theRestOfAMessageAndTheCloseFrameArrive_data()
{
    QTest::addColumn<bool>("secure");
    QTest::addColumn<QByteArray>("lastFrame"); // of the client, while we send
    QTest::addColumn<int>("code");
    const QByteArray close
        = protocol::maskedWebSocketFrame(WebSocketOpcode::Close, QByteArray::fromHex("03e8"), 5);
    for (const bool secure : {false, true}) {
        const QByteArray over = secure ? "tls" : "plain";
        QTest::newRow(QByteArray(over + ", slow consumer").constData())
            << secure << QByteArray() << int(CloseCode::SlowConsumer);
        QTest::newRow(QByteArray(over + ", protocol error").constData())
            << secure << QByteArray::fromHex("8100") << 1002; // not masked
        QTest::newRow(QByteArray(over + ", close of the peer").constData())
            << secure << close << 1000;
    }
}

void TestWebSocketLink::theRestOfAMessageAndTheCloseFrameArrive()
{
    QFETCH(bool, secure);
    QFETCH(QByteArray, lastFrame);
    QFETCH(int, code);
    const TlsFiles tls;
    TransportOptions options = defaults();
    options.webSocket.maxQueuedBytes = 100'000;
    options.webSocket.sendBufferBytes = 16'384;
    if (secure)
        options.tls = tls.options();
    DoorFixture door(options);
    ScriptedWebSocket client;
    QVERIFY(secure ? client.openSecure(door.port(), tls.current.certificate(), "/ws")
                   : client.open(door.port(), "/ws"));
    RecordingLink& link = *door.acceptor.links.at(0);
    client.tcp().setReadBufferSize(1); // stops reading
    const QByteArray message = QByteArray("0123456789abcdef").repeated(60'000);
    link.send(message);
    if (lastFrame.isEmpty())
        link.send(QByteArray(150'000, 'x')); // too much behind it
    else
        client.sendRaw(lastFrame);
    QVERIFY(waitUntil([&] { return link.closedCount == 1; }));
    QCOMPARE(link.closeCode, quint16(code));
    client.tcp().setReadBufferSize(0);
    QCOMPARE(client.receiveText(), message);
    const WireEvent last = client.receive();
    QCOMPARE(last.kind, Kind::Close);
    QCOMPARE(last.code, quint16(code));
    QCOMPARE(door.counters().closeTimeouts, quint64(0));
}

void TestWebSocketLink::whatThePeerDoesNotTakeAtOnceCanBeDropped()
{
    TransportOptions options = defaults();
    options.webSocket.maxQueuedBytes = 100'000'000;
    options.webSocket.sendBufferBytes = 16'384;
    DoorFixture door(options);
    ScriptedWebSocket client;
    QVERIFY(client.open(door.port(), "/ws"));
    RecordingLink& link = *door.acceptor.links.at(0);
    link.send("early");
    QVERIFY(link.link->flushOrDrop()); // nothing is left, nothing is dropped
    QCOMPARE(client.receiveText(), QByteArray("early"));
    client.tcp().setReadBufferSize(1);
    for (int i = 0; i < 3'000; ++i)
        link.send(QByteArray(4'000, 's'));
    link.send("secret");
    QVERIFY(!link.link->flushOrDrop());
    QVERIFY(link.link->queuedBytes() <= 4'100); // the rest of the message under way
    link.send("after");
    client.tcp().setReadBufferSize(0);
    QByteArray text = client.receiveText();
    int whole = 0;
    for (; text == QByteArray(4'000, 's'); text = client.receiveText())
        ++whole;
    QCOMPARE(text, QByteArray("after"));
    QVERIFY2(whole > 0 && whole < 3'000, qPrintable(QString::number(whole)));
}

void TestWebSocketLink::slowConsumerByAge()
{
    TransportOptions options = shortDeadlines();
    options.webSocket.maxQueuedBytes = 100'000'000;
    options.webSocket.sendBufferBytes = 16'384;
    DoorFixture door(options);
    ScriptedWebSocket client;
    QVERIFY(client.open(door.port(), "/ws"));
    client.tcp().setReadBufferSize(1);
    RecordingLink& link = *door.acceptor.links.at(0);
    QElapsedTimer clock;
    clock.start(); // the first message's age begins here
    for (int i = 0; i < 2'000; ++i)
        link.send(QByteArray(4'000, 's'));
    QVERIFY(waitUntil([&] { return link.closedCount == 1; }));
    QVERIFY(clock.elapsed() >= 250);
    QCOMPARE(link.closeCode, quint16(CloseCode::SlowConsumer));
    QCOMPARE(door.counters().slowConsumers, quint64(1));
}

void TestWebSocketLink::noMoreIsReadThanThePeerTakes_data()
{
    addSecureRows();
}

void TestWebSocketLink::noMoreIsReadThanThePeerTakes()
{
    QFETCH(bool, secure);
    const int count = 300;
    AskingPeer peer(secure);
    QVERIFY(peer.isOpen());
    ScriptedWebSocket other;
    QVERIFY(peer.open(other));
    QList<QByteArray> requests;
    for (int i = 0; i < count; ++i) {
        // Of a size that no reading ends between two of them.
        requests.append(QByteArray::number(i) + '.' + QByteArray(1'777, char('a' + i % 26)));
        peer.client.sendText(requests.last());
    }
    // It takes nothing: it is asked no more, and nobody else feels it.
    QVERIFY(waitUntil([&] { return peer.door.counters().readingPauses > 0; }));
    QVERIFY(peer.link().texts.size() < count / 2);
    peer.door.acceptor.links.at(1)->send("to the other");
    QCOMPARE(other.receiveText(), QByteArray("to the other"));
    // What others send it is not held back.
    peer.link().send("to all");
    QVERIFY(peer.link().link->queuedBytes() > 0);

    // It takes everything: all answers come, in order, and every request was read as it was sent.
    peer.client.tcp().setReadBufferSize(0);
    int answers = 0;
    bool heardTheBroadcast = false;
    while (answers < count) {
        const QByteArray text = peer.client.receiveText();
        QVERIFY2(!text.isNull(), qPrintable(QString::number(answers)));
        if (text == "to all")
            heardTheBroadcast = true;
        else
            QCOMPARE(text.left(text.indexOf('.')).toInt(), answers++);
    }
    QVERIFY(heardTheBroadcast);
    QCOMPARE(peer.link().texts, requests);
    QCOMPARE(peer.link().closedCount, 0);
    QVERIFY2(peer.largestQueue <= AskingPeer::QueueBytes / 2,
        qPrintable(QString::number(peer.largestQueue)));
    peer.client.sendText("one more");
    QVERIFY(waitUntil([&] { return peer.link().texts.size() == count + 1; }));
}

void TestWebSocketLink::pausedPeerThatTakesNothingIsSlow()
{
    TransportOptions options = defaults();
    options.webSocket.maxQueueAge = Millis{300};
    AskingPeer peer(false, options);
    QVERIFY(peer.isOpen());
    for (int i = 0; i < 300; ++i)
        peer.client.sendText(QByteArray(1'777, 'r'));
    QVERIFY(waitUntil([&] { return peer.link().closedCount == 1; }));
    QCOMPARE(peer.link().closeCode, quint16(CloseCode::SlowConsumer));
    QVERIFY(peer.link().texts.size() < 300);
    peer.client.tcp().setReadBufferSize(0);
    QVERIFY(peer.client.waitForEnd());
    QCOMPARE(peer.client.closeCode(), quint16(4008));
}

void TestWebSocketLink::pausedPeerThatIsGoneIsNoticed_data()
{
    addSecureRows();
}

void TestWebSocketLink::pausedPeerThatIsGoneIsNoticed()
{
    QFETCH(bool, secure);
    AskingPeer peer(secure);
    QVERIFY(peer.isOpen());
    for (int i = 0; i < 300; ++i)
        peer.client.sendText(QByteArray(1'777, 'r'));
    QVERIFY(waitUntil([&] { return peer.door.counters().readingPauses > 0; }));
    peer.client.abort();
    QVERIFY(waitUntil([&] { return peer.link().closedCount == 1; }, Millis{5'000}));
    QVERIFY(waitUntil([&] { return peer.door.counters().openConnections == 0; }));
}

void TestWebSocketLink::weCloseWhileReadingIsPaused()
{
    AskingPeer peer(false);
    QVERIFY(peer.isOpen());
    for (int i = 0; i < 300; ++i)
        peer.client.sendText(QByteArray(1'777, 'r'));
    QVERIFY(waitUntil([&] { return peer.door.counters().readingPauses > 0; }));
    const qsizetype heard = peer.link().texts.size();
    peer.link().link->close(CloseCode::GoingAway, QLatin1StringView("bye"));
    peer.client.tcp().setReadBufferSize(0);
    WireEvent event;
    while (event.kind != Kind::Close && event.kind != Kind::End)
        event = peer.client.receive();
    QCOMPARE(event.code, quint16(CloseCode::GoingAway));
    peer.client.sendFrame(WebSocketOpcode::Close, QByteArray::fromHex("03e9"));
    QVERIFY(waitUntil([&] { return peer.link().closedCount == 1; }));
    QCOMPARE(peer.link().texts.size(), heard); // nothing was acted on after the close
    QCOMPARE(peer.door.counters().closeTimeouts, quint64(0));
}

void TestWebSocketLink::burstWithinOneTurnIsNoSlowConsumer()
{
    TransportOptions options = defaults();
    options.webSocket.maxQueuedBytes = 60'000;
    DoorFixture door(options);
    ScriptedWebSocket client;
    QVERIFY(client.open(door.port(), "/ws"));
    RecordingLink& link = *door.acceptor.links.at(0);
    for (int i = 0; i < 100; ++i)
        link.send(QByteArray(1'000, 'b')); // more than the bound, but the kernel takes it
    for (int i = 0; i < 100; ++i)
        QCOMPARE(client.receiveText().size(), 1'000);
    QCOMPARE(link.closedCount, 0);
}

void TestWebSocketLink::oneLargeMessageIsNoSlowConsumer()
{
    TransportOptions options = defaults();
    options.webSocket.maxQueuedBytes = 100'000;
    DoorFixture door(options);
    ScriptedWebSocket client;
    QVERIFY(client.open(door.port(), "/ws"));
    RecordingLink& link = *door.acceptor.links.at(0);
    link.send(QByteArray(20'000'000, 'l'));
    link.send("and one more");
    QCOMPARE(client.receiveText().size(), 20'000'000);
    QCOMPARE(client.receiveText(), QByteArray("and one more"));
    QCOMPARE(link.closedCount, 0);
}

void TestWebSocketLink::pongsOfAFloodAreBounded()
{
    TransportOptions options = defaults();
    options.webSocket.maxQueuedBytes = 50'000;
    options.webSocket.sendBufferBytes = 8'192;
    options.webSocket.maxQueueAge = Millis{300};
    DoorFixture door(options);
    RawClient client(door.port());
    client.send(upgradeRequest());
    QVERIFY(client.waitFor("\r\n\r\n"));
    client.socket.setReadBufferSize(1);
    const QByteArray pings
        = protocol::maskedWebSocketFrame(WebSocketOpcode::Ping, QByteArray(100, 'p'), 3)
              .repeated(2'000);
    RecordingLink& link = *door.acceptor.links.at(0);
    qsizetype largest = 0;
    QVERIFY(waitUntil([&] {
        if (link.link)
            largest = std::max(largest, link.link->queuedBytes());
        if (client.socket.bytesToWrite() < 100'000)
            client.send(pings);
        QCoreApplication::postEvent(this, new QEvent(QEvent::User));
        return link.closedCount == 1;
    }));
    QCOMPARE(link.closeCode, quint16(CloseCode::SlowConsumer));
    QVERIFY2(largest <= 20'000, qPrintable(QString::number(largest)));
}

void TestWebSocketLink::linkOutlivesTheServer()
{
    const SystemClock clock; // it alone has to be there longer
    RecordingAcceptor acceptor;
    ScriptedWebSocket client;
    {
        transport::Server server(defaults(), clock);
        server.addAcceptor("/ws", &acceptor);
        QVERIFY(server.listen(QHostAddress(QHostAddress::LocalHost), 0));
        QVERIFY(client.open(server.port(), "/ws"));
    }
    std::unique_ptr<RecordingLink> link = std::move(acceptor.links.at(0));
    link->send("still here");
    QCOMPARE(client.receiveText(), QByteArray("still here"));
    client.sendText("me too");
    QVERIFY(waitUntil([&] { return link->texts.size() == 1; }));
    link->link->close(CloseCode::Normal, QLatin1StringView("bye"));
    link.reset();
    QCOMPARE(client.receive().code, quint16(1000));
}

void TestWebSocketLink::tlsHandshakeHasADeadline()
{
    const TlsFiles tls;
    TransportOptions options = shortDeadlines();
    options.tls = tls.options();
    options.maxPendingTlsHandshakes = 3;
    DoorFixture door(options);
    RawClient silent(door.port());
    RawClient half(door.port());
    half.send(QByteArray::fromHex("1603010200010001fc0303"));
    RawClient third(door.port());
    QTRY_COMPARE(door.counters().openConnections, quint64(3));
    RawClient refused(door.port());
    QVERIFY(refused.waitForEnd());
    QCOMPARE(door.counters().refusedTlsCap, quint64(1));
    QVERIFY(silent.waitForEnd());
    QVERIFY(half.waitForEnd());
    QVERIFY(third.waitForEnd());
    QCOMPARE(door.counters().tlsFailures, quint64(3));
    QTRY_COMPARE(door.counters().openConnections, quint64(0));
    ScriptedWebSocket client;
    QVERIFY(client.openSecure(door.port(), tls.current.certificate(), "/ws"));
}

void TestWebSocketLink::plainHttpOnATlsPortFails()
{
    const TlsFiles tls;
    TransportOptions options = defaults();
    options.tls = tls.options();
    DoorFixture door(options);
    RawClient client(door.port());
    client.send("GET /h/ HTTP/1.1\r\nHost: a\r\n\r\n");
    QVERIFY(client.waitForEnd());
    QVERIFY(!client.received().contains("HTTP/1.1 200"));
    QCOMPARE(door.counters().tlsFailures, quint64(1));
    QVERIFY(door.handler.exchanges.empty());
}

void TestWebSocketLink::oldTlsIsRefused()
{
    const TlsFiles tls;
    TransportOptions options = defaults();
    options.tls = tls.options();
    DoorFixture door(options);
    QSslSocket old;
    old.setPeerVerifyMode(QSslSocket::VerifyNone);
    QT_WARNING_PUSH
    QT_WARNING_DISABLE_DEPRECATED
    old.setProtocol(QSsl::TlsV1_1);
    QT_WARNING_POP
    old.connectToHostEncrypted(QStringLiteral("127.0.0.1"), door.port());
    QVERIFY(waitUntil([&] { return old.state() == QAbstractSocket::UnconnectedState; }));
    QVERIFY(!old.isEncrypted());
}

void TestWebSocketLink::certificateIsReloaded()
{
    TlsFiles tls;
    TransportOptions options = defaults();
    options.tls = tls.options();
    DoorFixture door(options);
    const SelfSigned first = tls.current;
    ScriptedWebSocket before;
    QVERIFY(before.openSecure(door.port(), first.certificate(), "/ws"));

    tls.write(makeSelfSigned());
    QVERIFY(door.server.reloadTls());
    ScriptedWebSocket after;
    QVERIFY(after.openSecure(door.port(), tls.current.certificate(), "/ws"));
    before.sendText("not disturbed");
    QVERIFY(waitUntil([&] { return door.acceptor.links[0]->texts.size() == 1; }));

    TlsFiles::writeFile(tls.options().certificateFile, "broken");
    QVERIFY(!door.server.reloadTls());
    ScriptedWebSocket still;
    QVERIFY(still.openSecure(door.port(), tls.current.certificate(), "/ws"));
}

void TestWebSocketLink::badCertificateFilesAreErrors()
{
    TlsFiles tls;
    const auto detail = [&] {
        TransportOptions options = defaults();
        options.tls = tls.options();
        DoorFixture door(options);
        return door.listening ? QString() : door.listening.error().detail;
    };
    QVERIFY(detail().isEmpty());
    TlsFiles::writeFile(tls.options().keyFile, makeSelfSigned().keyPem);
    QVERIFY(detail().contains(QStringLiteral("does not belong")));
    TlsFiles::writeFile(tls.options().keyFile, "nonsense");
    QVERIFY(detail().contains(QStringLiteral("holds no RSA or EC key")));
    TlsFiles::writeFile(tls.options().certificateFile, "nonsense");
    QVERIFY(detail().contains(QStringLiteral("holds no PEM certificate")));
    QFile::remove(tls.options().certificateFile);
    QVERIFY(detail().contains(QStringLiteral("cannot read")));
}

void TestWebSocketLink::sendBufferIsFixed_data()
{
    QTest::addColumn<int>("configured");
    QTest::addColumn<bool>("isFixed");
    QTest::newRow("64 KiB") << 64 * 1024 << true;
    QTest::newRow("128 KiB") << 128 * 1024 << true;
    QTest::newRow("left to the kernel") << 0 << false;
}

void TestWebSocketLink::sendBufferIsFixed()
{
    QFETCH(int, configured);
    QFETCH(bool, isFixed);
    TransportOptions options = defaults();
    options.webSocket.sendBufferBytes = configured;
    options.webSocket.maxQueuedBytes = 64 << 20;
    DoorFixture door(options);
    ScriptedWebSocket client;
    QVERIFY(client.open(door.port(), "/ws"));
    const int descriptor = descriptorOf(client.tcp().localPort());
    QVERIFY(descriptor >= 0);
    QCOMPARE(sendBufferOf(descriptor) == 2 * configured, isFixed); // the kernel doubles it
    // And it does not grow with what is sent.
    const int before = sendBufferOf(descriptor);
    for (int i = 0; i < 1'000; ++i)
        door.acceptor.links.at(0)->send(QByteArray(16'000, 'b'));
    for (int i = 0; i < 1'000; ++i)
        QCOMPARE(client.receiveText().size(), 16'000);
    if (isFixed)
        QCOMPARE(sendBufferOf(descriptor), before);
}

void TestWebSocketLink::thousandLinksLeaveNothingBehind()
{
    DoorFixture door(defaults());
    for (int round = 0; round < 10; ++round) {
        std::vector<std::unique_ptr<ScriptedWebSocket>> clients;
        for (int i = 0; i < 100; ++i) {
            clients.push_back(std::make_unique<ScriptedWebSocket>());
            QVERIFY(clients.back()->open(door.port(), "/ws"));
        }
        QCOMPARE(door.counters().openWebSockets, quint64(100));
        clients.clear();
        QTRY_COMPARE(door.counters().openWebSockets, quint64(0));
        QTRY_COMPARE(door.counters().openConnections, quint64(0));
    }
    QCOMPARE(door.counters().upgradesAccepted, quint64(1'000));
    QCOMPARE(door.counters().upgradesFailed, quint64(0));
}

int main(int argc, char** argv)
{
    QCoreApplication::setEventDispatcher(new transport::EpollDispatcher);
    QCoreApplication application(argc, argv);
    transport::raiseDescriptorLimit();
    QLoggingCategory::setFilterRules(QStringLiteral("gh.transport.info=false"));
    TestWebSocketLink test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_websocketlink.moc"
