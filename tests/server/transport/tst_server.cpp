// SPDX-License-Identifier: Apache-2.0
#include "common/protocol/websocketframe.h"
#include "server/transport/epolldispatcher.h"
#include "tests/server/transport/doorfixture.h"
#include "tests/support/httpcall.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QLoggingCategory>
#include <QTest>
#include <QTimer>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>

using namespace gatehouse;
using namespace gatehouse::test;
using protocol::HttpResponse;
using transport::StreamKind;
using transport::TransportOptions;

namespace {

const QByteArray Get = "GET /h/x HTTP/1.1\r\nHost: a\r\n\r\n";

/// The defaults, over the stream of the test run's turn.
TransportOptions defaults()
{
    QFETCH_GLOBAL(StreamKind, stream);
    TransportOptions options;
    options.webSocket.stream = stream;
    return options;
}

const QByteArray upgradeFields("Upgrade: websocket\r\nConnection: Upgrade\r\n"
                               "Sec-WebSocket-Version: 13\r\n"
                               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");

QByteArray upgradeOf(const QByteArray& path)
{
    return "GET " + path + " HTTP/1.1\r\nHost: a\r\n" + upgradeFields;
}

TransportOptions shortDeadlines()
{
    TransportOptions options = defaults();
    options.deadlines.header = Millis{300};
    options.deadlines.idle = Millis{300};
    options.deadlines.body = Millis{300};
    options.deadlines.linger = Millis{200};
    return options;
}

} // namespace

class TestServer : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase_data(); ///< every test below runs over each stream
    void requestReachesItsHandler();
    void octetsAreCountedOnce();
    void refusalsAreProperAnswers_data();
    void refusalsAreProperAnswers();
    void pipelinedRequestsAreAnsweredInOrder();
    void keepAliveIsHonoured();
    void closeIsHonoured_data();
    void closeIsHonoured();
    void headGetsNoBody();
    void expectationIsAnswered();
    void largeBodyAndAnswerPassWhole();
    void forgottenExchangeBecomes500();
    void aDroppedExchangeEndsItsConnectionWithoutAnAnswer();
    void answeringTwiceCountsOnce();
    void abortedPollIsNoticedBeforeTheNextRequest();
    void answeringAGonePeerDoesNothing();
    void peerGoneIsNotToldAfterTheAnswer();
    void handlerMayCloseTheServer();
    void slowHeaderIsCut();
    void silentConnectionIsCut();
    void slowBodyIsCut();
    void bodyAboveTheMinimumRateMayTakeLonger();
    void idleConnectionIsClosed();
    void answerNobodyReadsIsCut();
    void refusedUploadIsNotReadToItsEnd();
    void connectionsAreCappedInAll();
    void connectionsAreCappedPerAddress();
    void forwardedAddressIsBelievedFromProxiesOnly();
    void shortageOfDescriptorsDoesNotSpin();
    void stopListeningLeavesOpenConnections();
    void closeEndsEverything();
    void portInUseIsAnError();
    void badOptionsAreErrors();
    void gatesHavePathsOfTheirOwn();
    void aGateWithoutTlsBesideTls();
    void anAcceptorsLimitsAreItsLinks();
    void manyConnectionsAtOnce();
};

void TestServer::initTestCase_data()
{
    QTest::addColumn<StreamKind>("stream");
    QTest::newRow("descriptor") << StreamKind::Descriptor;
    QTest::newRow("socket") << StreamKind::Socket;
}

void TestServer::requestReachesItsHandler()
{
    DoorFixture door(defaults());
    QVERIFY(door.listening);
    const HttpReply reply = httpRequest(door.port(), "POST", "/h/path?a=b", {{"X-Y", "z"}}, "body");
    QCOMPARE(reply.status, 200);
    QCOMPARE(reply.body, QByteArray("fine"));
    QCOMPARE(door.handler.exchanges.size(), size_t(1));
    const protocol::HttpRequest& request = door.handler.exchanges[0]->request();
    QCOMPARE(request.method, QByteArray("POST"));
    QCOMPARE(request.path, QStringLiteral("/h/path"));
    QCOMPARE(request.queryItem(QStringLiteral("a")), QStringLiteral("b"));
    QCOMPARE(request.headers.value("x-y"), QByteArray("z"));
    QCOMPARE(request.body, QByteArray("body"));
    QCOMPARE(request.peerAddress, QStringLiteral("127.0.0.1"));
    QVERIFY(request.peerPort != 0);
    QVERIFY(!request.secure);
    QCOMPARE(door.counters().requests, quint64(1));
    QCOMPARE(door.counters().accepted, quint64(1));
    QCOMPARE(door.counters().answers[2], quint64(1));
}

void TestServer::octetsAreCountedOnce()
{
    DoorFixture door(defaults());
    RawClient client(door.port());
    const QByteArray post = "POST /h/ HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody";
    const QByteArray upgrade = upgradeOf("/ws");
    client.send(post);
    QVERIFY(client.waitFor("fine"));
    client.send(upgrade);
    QVERIFY(client.waitFor("\r\n\r\n", 2));
    QCOMPARE(door.counters().bytesIn, quint64(post.size() + upgrade.size()));
    QCOMPARE(door.counters().bytesOut, quint64(client.received().size()));
}

void TestServer::refusalsAreProperAnswers_data()
{
    QTest::addColumn<QByteArray>("octets");
    QTest::addColumn<int>("status");
    QTest::newRow("nothing there") << QByteArray("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n") << 404;
    QTest::newRow("garbage") << QByteArray("\x16\x03\x01\x01\x01\x01") << 400;
    QTest::newRow("no host") << QByteArray("GET /h/ HTTP/1.1\r\n\r\n") << 400;
    QTest::newRow("smuggling") << QByteArray("POST /h/ HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
                                             "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
                               << 400;
    QTest::newRow("huge target") << "GET /" + QByteArray(100'000, 'a') << 414;
    QTest::newRow("huge field") << "GET /h/ HTTP/1.1\r\nX: " + QByteArray(1'000'000, 'a') << 431;
    QTest::newRow("many fields") << "GET /h/ HTTP/1.1\r\nHost: a\r\n"
            + QByteArray("A: b\r\n").repeated(200)
            + "\r\n" << 431;
    QTest::newRow("huge body announced")
        << QByteArray("POST /h/ HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000000\r\n\r\n")
        << 413;
    QTest::newRow("huge body announced, then sent")
        << "POST /h/ HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n"
            + QByteArray(2'000'000, 'b')
        << 413;
    QTest::newRow("unknown version") << QByteArray("GET /h/ HTTP/9.9\r\nHost: a\r\n\r\n") << 505;
    QTest::newRow("unknown method") << QByteArray("BREW /h/ HTTP/1.1\r\nHost: a\r\n\r\n") << 501;
    QTest::newRow("unknown expectation")
        << QByteArray("POST /h/ HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nContent-Length: 1\r\n\r\n")
        << 417;
    QTest::newRow("web socket path without upgrade")
        << QByteArray("GET /ws HTTP/1.1\r\nHost: a\r\n\r\n") << 426;
}

void TestServer::refusalsAreProperAnswers()
{
    QFETCH(QByteArray, octets);
    QFETCH(int, status);
    DoorFixture door(shortDeadlines());
    RawClient client(door.port());
    client.send(octets);
    QVERIFY(client.waitFor("\r\n\r\n{"));
    QVERIFY2(client.statusLine().startsWith(QByteArray("HTTP/1.1 " + QByteArray::number(status))),
        client.statusLine().constData());
    QVERIFY(client.received().contains("Content-Type: application/json\r\n"));
    QVERIFY(client.received().contains("Connection: close\r\n"));
    QVERIFY(client.waitForEnd());
    QVERIFY(door.handler.exchanges.empty());
    QTRY_COMPARE(door.counters().openConnections, quint64(0));
    const auto& counters = door.counters();
    QCOMPARE(counters.badRequests + counters.notFound + counters.targetTooLong
            + counters.headerTooLarge + counters.bodyTooLarge + counters.otherRefusals,
        quint64(1));
}

void TestServer::pipelinedRequestsAreAnsweredInOrder()
{
    DoorFixture door(defaults());
    door.handler.answerAtOnce.reset();
    RawClient client(door.port());
    client.send("GET /h/1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /h/2 HTTP/1.1\r\nHost: a\r\n"
                "Content-Length: 2\r\n\r\nxyGET /h/3 HTTP/1.1\r\nHost: a\r\n\r\n");
    QVERIFY(waitUntil([&] { return door.handler.exchanges.size() == 1; }));
    // One in flight: the second is not even read.
    QVERIFY(holdsFor([&] { return door.handler.exchanges.size() == 1; }, Millis{50}));
    door.handler.exchanges[0]->respond(HttpResponse::text(200, "one"));
    QVERIFY(waitUntil([&] { return door.handler.exchanges.size() == 2; }));
    QCOMPARE(door.handler.exchanges[1]->request().body, QByteArray("xy"));
    door.handler.exchanges[1]->respond(HttpResponse::text(200, "two"));
    QVERIFY(waitUntil([&] { return door.handler.exchanges.size() == 3; }));
    door.handler.exchanges[2]->respond(HttpResponse::text(200, "three"));
    QVERIFY(client.waitFor("three"));
    QVERIFY(client.received().indexOf("one") < client.received().indexOf("two"));
    QVERIFY(client.received().indexOf("two") < client.received().indexOf("three"));
}

void TestServer::keepAliveIsHonoured()
{
    DoorFixture door(defaults());
    RawClient client(door.port());
    for (int i = 1; i <= 20; ++i) {
        client.send(i % 2 ? Get : "\r\n" + Get); // an empty line in front is forgiven
        QVERIFY(client.waitFor("fine", i));
    }
    QVERIFY(client.isOpen());
    QCOMPARE(door.counters().accepted, quint64(1));
    QCOMPARE(door.counters().requests, quint64(20));
}

void TestServer::closeIsHonoured_data()
{
    QTest::addColumn<QByteArray>("octets");
    QTest::newRow("http/1.0") << QByteArray("GET /h/ HTTP/1.0\r\n\r\n");
    QTest::newRow("connection: close")
        << QByteArray("GET /h/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    QTest::newRow("what is pipelined behind is dropped")
        << QByteArray("GET /h/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n") + Get;
}

void TestServer::closeIsHonoured()
{
    QFETCH(QByteArray, octets);
    DoorFixture door(defaults());
    RawClient client(door.port());
    client.send(octets);
    QVERIFY(client.waitForEnd());
    QCOMPARE(client.received().count("HTTP/1.1 200 OK"), 1);
    QVERIFY(client.received().contains("Connection: close\r\n"));
    QVERIFY(client.received().endsWith("fine"));
}

void TestServer::headGetsNoBody()
{
    DoorFixture door(defaults());
    RawClient client(door.port());
    client.send("HEAD /h/ HTTP/1.1\r\nHost: a\r\n\r\n" + Get);
    QVERIFY(client.waitFor("fine"));
    QCOMPARE(client.received().count("Content-Length: 4\r\n"), 2);
    QCOMPARE(client.received().count("fine"), 1);
}

void TestServer::expectationIsAnswered()
{
    DoorFixture door(defaults());
    RawClient client(door.port());
    client.send(
        "POST /h/ HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
    QVERIFY(client.waitFor("HTTP/1.1 100 Continue\r\n\r\n"));
    QVERIFY(door.handler.exchanges.empty());
    client.send("body");
    QVERIFY(client.waitFor("fine"));
    QCOMPARE(door.handler.exchanges[0]->request().body, QByteArray("body"));

    RawClient tooLarge(door.port());
    tooLarge.send(
        "POST /h/ HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9000000\r\n\r\n");
    QVERIFY(tooLarge.waitForEnd());
    QVERIFY(tooLarge.statusLine().startsWith("HTTP/1.1 413"));
}

void TestServer::largeBodyAndAnswerPassWhole()
{
    DoorFixture door(defaults());
    door.handler.answerAtOnce.reset();
    QByteArray body;
    for (int i = 0; body.size() < 990'000; ++i)
        body += QByteArray::number(i) + ' ';
    HttpCall call(door.port(), "POST", "/h/", {}, body);
    QVERIFY(waitUntil([&] { return !door.handler.exchanges.empty(); }));
    QCOMPARE(door.handler.exchanges[0]->request().body, body);
    const QByteArray answer = body.repeated(8);
    door.handler.exchanges[0]->respond(HttpResponse::text(200, answer));
    QCOMPARE(call.wait().body, answer);
}

void TestServer::forgottenExchangeBecomes500()
{
    DoorFixture door(defaults());
    door.handler.answerAtOnce.reset();
    HttpCall call(door.port(), "GET", "/h/");
    QVERIFY(waitUntil([&] { return !door.handler.exchanges.empty(); }));
    door.handler.exchanges.clear();
    QCOMPARE(call.wait().status, 500);
    QCOMPARE(door.handler.peersGone, 0);
}

void TestServer::aDroppedExchangeEndsItsConnectionWithoutAnAnswer()
{
    DoorFixture door(defaults());
    door.handler.answerAtOnce.reset();
    RawClient client(door.port());
    client.send("GET /h/ HTTP/1.1\r\nHost: h\r\n\r\n");
    QVERIFY(waitUntil([&] { return !door.handler.exchanges.empty(); }));
    door.handler.exchanges.back()->drop();
    QVERIFY(client.waitForEnd());
    QCOMPARE(client.received(), QByteArray());
    QCOMPARE(door.handler.peersGone, 0);
}

void TestServer::answeringTwiceCountsOnce()
{
    DoorFixture door(defaults());
    door.handler.answerAtOnce.reset();
    RawClient client(door.port());
    client.send(Get);
    QVERIFY(waitUntil([&] { return !door.handler.exchanges.empty(); }));
    door.handler.exchanges[0]->respond(HttpResponse::text(200, "first"));
    door.handler.exchanges[0]->respond(HttpResponse::text(200, "second"));
    client.send(Get);
    QVERIFY(waitUntil([&] { return door.handler.exchanges.size() == 2; }));
    door.handler.exchanges[0]->respond(HttpResponse::text(200, "third"));
    door.handler.exchanges[1]->respond(HttpResponse::text(200, "fourth"));
    QVERIFY(client.waitFor("fourth"));
    QVERIFY(!client.received().contains("second"));
    QVERIFY(!client.received().contains("third"));
}

void TestServer::abortedPollIsNoticedBeforeTheNextRequest()
{
    // A client gives up its long poll and asks again at once on another, already open connection.
    // The second request must find the first gone (Engine.IO conformance).
    for (int i = 0; i < 20; ++i) {
        DoorFixture door(defaults());
        door.handler.answerAtOnce.reset();
        RawClient next(door.port());
        HttpCall poll(door.port(), "GET", "/h/poll");
        QVERIFY(waitUntil([&] { return door.handler.exchanges.size() == 1; }));
        poll.abort();
        next.send(Get);
        QVERIFY(waitUntil([&] { return door.handler.exchanges.size() == 2; }));
        QCOMPARE(door.handler.peersGone, 1);
        QVERIFY(door.handler.exchanges[0]->isPeerGone());
        QCOMPARE(door.counters().peersGone, quint64(1));
    }
}

void TestServer::answeringAGonePeerDoesNothing()
{
    DoorFixture door(defaults());
    door.handler.answerAtOnce.reset();
    {
        HttpCall call(door.port(), "GET", "/h/");
        QVERIFY(waitUntil([&] { return !door.handler.exchanges.empty(); }));
        call.abort();
    }
    QVERIFY(waitUntil([&] { return door.handler.exchanges[0]->isPeerGone(); }));
    QCOMPARE(door.handler.peersGone, 1);
    door.handler.exchanges[0]->respond(HttpResponse::text(200, "too late"));
    QCOMPARE(httpRequest(door.port(), "GET", "/nowhere").status, 404);
}

void TestServer::peerGoneIsNotToldAfterTheAnswer()
{
    DoorFixture door(defaults());
    {
        RawClient client(door.port());
        client.send(Get);
        QVERIFY(client.waitFor("fine"));
    }
    QTRY_COMPARE(door.counters().openConnections, quint64(0));
    QCOMPARE(door.handler.peersGone, 0);
    QVERIFY(!door.handler.exchanges[0]->isPeerGone());
}

void TestServer::handlerMayCloseTheServer()
{
    DoorFixture door(defaults());
    door.handler.answerAtOnce.reset();
    struct Closing : session::HttpHandler
    {
        transport::Server* server = nullptr;
        void handleRequest(const session::HttpExchangePtr& exchange) override
        {
            server->close();
            exchange->respond(HttpResponse::text(200, "gone"));
        }
    } closing;
    closing.server = &door.server;
    door.server.addHandler("/h/close", &closing);
    QCOMPARE(httpRequest(door.port(), "GET", "/h/close").status, 0);
    QVERIFY(!door.server.isListening());
}

void TestServer::slowHeaderIsCut()
{
    DoorFixture door(shortDeadlines());
    RawClient client(door.port());
    QElapsedTimer clock;
    clock.start();
    // An octet now and then does not extend the deadline.
    client.send("GET /h/ HTTP/1.1\r\nHost: a\r\n");
    QTimer drip;
    connect(&drip, &QTimer::timeout, this, [&] { client.send("X"); });
    drip.start(20);
    QVERIFY(client.waitFor("\r\n\r\n"));
    drip.stop();
    QVERIFY2(clock.elapsed() < 2'000, qPrintable(QString::number(clock.elapsed())));
    QVERIFY(client.statusLine().startsWith("HTTP/1.1 408"));
    QVERIFY(client.waitForEnd());
    QCOMPARE(door.counters().requestTimeouts, quint64(1));
}

void TestServer::silentConnectionIsCut()
{
    DoorFixture door(shortDeadlines());
    RawClient client(door.port());
    QVERIFY(client.waitForEnd());
    QVERIFY(client.received().isEmpty());
}

void TestServer::slowBodyIsCut()
{
    DoorFixture door(shortDeadlines());
    RawClient client(door.port());
    client.send("POST /h/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nbegin");
    QVERIFY(client.waitForEnd());
    QVERIFY(client.statusLine().startsWith("HTTP/1.1 408"));
    QVERIFY(door.handler.exchanges.empty());
}

void TestServer::bodyAboveTheMinimumRateMayTakeLonger()
{
    TransportOptions options = shortDeadlines();
    options.deadlines.minBytesPerSecond = 1'000;
    DoorFixture door(options);
    RawClient client(door.port());
    // 900 octets buy 900 ms more than the 300 ms.
    client.send(
        "POST /h/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n" + QByteArray(900, 'b'));
    QVERIFY(holdsFor([&] { return client.isOpen(); }, Millis{700}));
    client.send(QByteArray(100, 'b'));
    QVERIFY(client.waitFor("fine"));
}

void TestServer::idleConnectionIsClosed()
{
    DoorFixture door(shortDeadlines());
    RawClient client(door.port());
    client.send(Get);
    QVERIFY(client.waitForEnd());
    QVERIFY(client.received().endsWith("fine"));
}

void TestServer::answerNobodyReadsIsCut()
{
    TransportOptions options = shortDeadlines();
    options.deadlines.minBytesPerSecond = 1'000'000'000;
    DoorFixture door(options);
    door.handler.answerAtOnce = HttpResponse::text(200, QByteArray(40'000'000, 'a'));
    RawClient client(door.port());
    client.socket.setReadBufferSize(1); // so that TCP's window closes
    client.send(Get);
    QVERIFY(waitUntil([&] { return door.counters().answerTimeouts == 1; }));
    QTRY_COMPARE(door.counters().openConnections, quint64(0));
}

void TestServer::refusedUploadIsNotReadToItsEnd()
{
    DoorFixture door(defaults());
    RawClient client(door.port());
    client.send("POST /h/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    const QByteArray chunk = "10000\r\n" + QByteArray(65'536, 'c') + "\r\n";
    int sent = 0;
    QVERIFY(waitUntil([&] {
        if (client.isOpen() && client.socket.bytesToWrite() < 1'000'000 && sent < 2'000) {
            client.send(chunk);
            ++sent;
        }
        return client.received().contains("HTTP/1.1 413") || !client.isOpen();
    }));
    QVERIFY(sent < 2'000);
    QVERIFY(client.statusLine().startsWith("HTTP/1.1 413"));
}

void TestServer::connectionsAreCappedInAll()
{
    TransportOptions options = defaults();
    options.maxConnections = 3;
    DoorFixture door(options);
    QCOMPARE(door.server.connectionLimit(), 3);
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 3; ++i)
        clients.push_back(std::make_unique<RawClient>(door.port()));
    QTRY_COMPARE(door.counters().openConnections, quint64(3));
    RawClient refused(door.port());
    QVERIFY(refused.waitForEnd());
    QVERIFY(refused.statusLine().startsWith("HTTP/1.1 503"));
    QCOMPARE(door.counters().refusedTotalCap, quint64(1));
    clients.pop_back();
    QTRY_COMPARE(door.counters().openConnections, quint64(2));
    QCOMPARE(httpRequest(door.port(), "GET", "/h/").status, 200);
}

void TestServer::connectionsAreCappedPerAddress()
{
    TransportOptions options = defaults();
    options.maxConnectionsPerAddress = 2;
    DoorFixture door(options);
    const RawClient first(door.port());
    const RawClient second(door.port());
    QTRY_COMPARE(door.counters().openConnections, quint64(2));
    RawClient refused(door.port());
    QVERIFY(refused.waitForEnd());
    QVERIFY(refused.statusLine().startsWith("HTTP/1.1 503"));
    QCOMPARE(door.counters().refusedAddressCap, quint64(1));
    RawClient elsewhere(door.port(), QHostAddress(QStringLiteral("127.0.0.2")));
    elsewhere.send(Get);
    QVERIFY(elsewhere.waitFor("fine"));
}

void TestServer::forwardedAddressIsBelievedFromProxiesOnly()
{
    TransportOptions options = defaults();
    options.trustedProxies = {QStringLiteral("127.0.0.1")};
    options.maxConnectionsPerAddress = 1; // does not hold for the proxy itself
    DoorFixture door(options);
    const QByteArray request = "GET /h/ HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.9\r\n"
                               "X-Forwarded-Proto: https\r\n\r\n";
    RawClient proxy(door.port());
    RawClient proxyAgain(door.port());
    RawClient stranger(door.port(), QHostAddress(QStringLiteral("127.0.0.2")));
    proxy.send(request);
    QVERIFY(proxy.waitFor("fine"));
    proxyAgain.send(request);
    QVERIFY(proxyAgain.waitFor("fine"));
    stranger.send(request);
    QVERIFY(stranger.waitFor("fine"));
    const auto& exchanges = door.handler.exchanges;
    QCOMPARE(exchanges[0]->request().peerAddress, QStringLiteral("192.0.2.9"));
    QVERIFY(exchanges[0]->request().secure);
    QCOMPARE(exchanges[2]->request().peerAddress, QStringLiteral("127.0.0.2"));
    QVERIFY(!exchanges[2]->request().secure);
}

void TestServer::shortageOfDescriptorsDoesNotSpin()
{
    DoorFixture door(defaults());
    RawClient established(door.port());
    established.send(Get);
    QVERIFY(established.waitFor("fine"));
    // The client has its descriptor; the server finds none for it.
    const int waiting = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    std::vector<int> hoarded;
    rlimit old{};
    QCOMPARE(::getrlimit(RLIMIT_NOFILE, &old), 0);
    rlimit small = old;
    small.rlim_cur = 256;
    ::setrlimit(RLIMIT_NOFILE, &small);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(door.port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    QCOMPARE(::connect(waiting, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    // Take all that is left before the event loop can accept.
    for (int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC); fd >= 0;
         fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC))
        hoarded.push_back(fd);
    auto* dispatcher
        = static_cast<transport::EpollDispatcher*>(QAbstractEventDispatcher::instance());
    const bool isNoticed = waitUntil([&] { return door.counters().acceptErrors > 0; });
    dispatcher->takeUsage();
    const bool hasRested = holdsFor([&] { return door.counters().acceptErrors < 20; }, Millis{500});
    const quint64 turns = dispatcher->takeUsage().turns;
    established.send(Get); // who is inside is served
    const bool isServed = established.waitFor("fine", 2);
    for (int fd : hoarded)
        ::close(fd);
    ::setrlimit(RLIMIT_NOFILE, &old);
    QVERIFY(isNoticed);
    QVERIFY(hasRested);
    QVERIFY(isServed);
    QVERIFY2(turns < 500, qPrintable(QString::number(turns)));
    // And service returns by itself.
    QCOMPARE(::send(waiting, Get.constData(), size_t(Get.size()), 0), ssize_t(Get.size()));
    std::array<char, 12> start{};
    QVERIFY(waitUntil([&] {
        return ::recv(waiting, start.data(), start.size(), MSG_DONTWAIT) == ssize_t(start.size());
    }));
    QCOMPARE(QByteArray(start.data(), 12), QByteArray("HTTP/1.1 200"));
    ::close(waiting);
}

void TestServer::stopListeningLeavesOpenConnections()
{
    DoorFixture door(defaults());
    RawClient client(door.port());
    client.send(Get);
    QVERIFY(client.waitFor("fine"));
    const quint16 port = door.port();
    door.server.stopListening();
    QVERIFY(!door.server.isListening());
    QCOMPARE(httpRequest(port, "GET", "/h/").status, 0);
    client.send(Get);
    QVERIFY(client.waitFor("fine", 2));
}

void TestServer::closeEndsEverything()
{
    DoorFixture door(defaults());
    door.handler.answerAtOnce.reset();
    RawClient idle(door.port());
    RawClient polling(door.port());
    polling.send(Get);
    QVERIFY(waitUntil([&] { return !door.handler.exchanges.empty(); }));
    door.server.close();
    QVERIFY(idle.waitForEnd());
    QVERIFY(polling.waitForEnd());
    QCOMPARE(door.handler.peersGone, 1);
    QCOMPARE(door.counters().openConnections, quint64(0));
}

void TestServer::portInUseIsAnError()
{
    const DoorFixture first;
    const SystemClock clock;
    transport::Server second({}, clock);
    const auto listening = second.listen(QHostAddress(QHostAddress::LocalHost), first.port());
    QVERIFY(!listening);
    QCOMPARE(listening.error().code, ErrorCode::Unavailable);
}

void TestServer::badOptionsAreErrors()
{
    TransportOptions proxies;
    proxies.trustedProxies = {QStringLiteral("everybody")};
    TransportOptions tls;
    tls.tls.certificateFile = QStringLiteral("/nonexistent/cert.pem");
    const SystemClock clock;
    for (const TransportOptions& options : {proxies, tls}) {
        transport::Server server(options, clock);
        const auto listening = server.listen(QHostAddress(QHostAddress::LocalHost), 0);
        QVERIFY(!listening);
        QCOMPARE(listening.error().code, ErrorCode::BadRequest);
        QVERIFY(!listening.error().detail.isEmpty());
    }
}

void TestServer::gatesHavePathsOfTheirOwn()
{
    DoorFixture door(defaults());
    RecordingAcceptor any;
    const transport::Gate gate = door.server.addGate(transport::Encryption::AsConfigured);
    door.server.setFallbackAcceptor(&any, gate);
    QVERIFY(door.server.listen(gate, QHostAddress(QHostAddress::LocalHost), 0));
    const quint16 port = door.server.port(gate);
    QVERIFY(port != 0 && port != door.port());

    QCOMPARE(httpRequest(port, "GET", "/h/").status, 426);
    QCOMPARE(httpRequest(door.port(), "GET", "/h/").status, 200);
    for (const QByteArray path : {"/", "/x", "/ws"}) {
        RawClient client(port);
        client.send(upgradeOf(path));
        QVERIFY(client.waitFor("101 Switching"));
    }
    QVERIFY(waitUntil([&] { return any.links.size() == 3; }));
    QVERIFY(door.acceptor.links.empty());
    RawClient main(door.port());
    main.send(upgradeOf("/x"));
    QVERIFY(main.waitFor(" 404 "));

    door.server.stopListening();
    QCOMPARE(door.server.port(gate), quint16(0));
    QCOMPARE(httpRequest(port, "GET", "/").status, 0);
}

void TestServer::aGateWithoutTlsBesideTls()
{
    const TlsFiles files;
    TransportOptions options = defaults();
    options.tls = files.options();
    DoorFixture door(options);
    RecordingAcceptor any;
    const transport::Gate gate = door.server.addGate(transport::Encryption::None);
    door.server.setFallbackAcceptor(&any, gate);
    QVERIFY(door.server.listen(gate, QHostAddress(QHostAddress::LocalHost), 0));
    RawClient client(door.server.port(gate));
    client.send(upgradeOf("/"));
    QVERIFY(client.waitFor("101 Switching"));
    QVERIFY(!any.asked.front().secure);
    RawClient main(door.port());
    main.send(upgradeOf("/ws"));
    QVERIFY(main.waitForEnd());
    QVERIFY(!main.received().contains("101"));
}

void TestServer::anAcceptorsLimitsAreItsLinks()
{
    class Small final : public session::WebSocketAcceptor
    {
    public:
        std::optional<protocol::HttpResponse> refusal(const protocol::HttpRequest&) override
        {
            return std::nullopt;
        }
        void linkOpened(
            const protocol::HttpRequest&, std::unique_ptr<session::WebSocketLink> link) override
        {
            opened = std::make_unique<RecordingLink>(std::move(link));
        }
        session::LinkLimits linkLimits() const override { return {5, 64 << 20, Millis{60'000}}; }
        std::unique_ptr<RecordingLink> opened;
    };
    DoorFixture door(defaults());
    Small small;
    door.server.addAcceptor("/small", &small);
    RawClient client(door.port());
    client.send(upgradeOf("/small"));
    QVERIFY(client.waitFor("101 Switching"));
    // Far over the main bound of a queue, and nobody reads.
    small.opened->send(QByteArray(20 << 20, 'x'));
    small.opened->send(QByteArray(20 << 20, 'y'));
    QCoreApplication::processEvents();
    QVERIFY(small.opened->link);
    QVERIFY(small.opened->link->isBusy());
    client.send(protocol::maskedWebSocketFrame(protocol::WebSocketOpcode::Text, "123456", 1));
    QVERIFY(waitUntil([&] { return small.opened->closedCount == 1; }));
    QCOMPARE(small.opened->closeCode, quint16(1009));
}

void TestServer::manyConnectionsAtOnce()
{
    DoorFixture door(defaults());
    std::vector<std::unique_ptr<HttpCall>> calls;
    for (int i = 0; i < 500; ++i)
        calls.push_back(std::make_unique<HttpCall>(door.port(), "GET", "/h/"));
    for (const auto& call : calls)
        QCOMPARE(call->wait().status, 200);
    calls.clear();
    QTRY_COMPARE(door.counters().openConnections, quint64(0));
}

int main(int argc, char** argv)
{
    QCoreApplication::setEventDispatcher(new transport::EpollDispatcher);
    QCoreApplication application(argc, argv);
    transport::raiseDescriptorLimit();
    QLoggingCategory::setFilterRules(QStringLiteral("gh.transport.info=false"));
    TestServer test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_server.moc"
