// SPDX-License-Identifier: Apache-2.0
// The tools of other tests, tried on each other.
#include "tests/support/scriptedserver.h"
#include "tests/support/scriptedwebsocket.h"

#include <QElapsedTimer>
#include <QTcpServer>
#include <QTest>
#include <QTimer>

using namespace gatehouse;
using namespace gatehouse::test;

class TestScriptedWebSocket : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void messagesGoBothWays();
    void controlFramesAreSeen();
    void closeAndEndAreSeen();
    void anyOctetsCanBeSent();
    void refusedHandshakeIsKept();
    void silenceIsMeasured();
    void secureConnectionTrustsOneCertificate();
    void httpAnswerIsReadByLength();
    void httpAnswerIsReadToTheEndOfTheConnection();
    void httpCallWithoutAnswerHasStatusZero();
    void waitingEndsAtItsDeadline();
};

namespace {

/// Answers every connection with the same octets.
class Parrot : public QTcpServer
{
public:
    explicit Parrot(const QByteArray& answer, bool closes)
    {
        listen(QHostAddress(QHostAddress::LocalHost));
        connect(this, &QTcpServer::newConnection, this, [this, answer, closes] {
            QTcpSocket* const socket = nextPendingConnection();
            connect(socket, &QTcpSocket::readyRead, socket, [socket, answer, closes] {
                if (!socket->readAll().contains("\r\n\r\n"))
                    return;
                socket->write(answer);
                if (closes)
                    socket->disconnectFromHost();
            });
        });
    }
};

} // namespace

void TestScriptedWebSocket::messagesGoBothWays()
{
    ScriptedServer server;
    ScriptedWebSocket client;
    QVERIFY(client.open(server.port()));
    QCOMPARE(client.handshake().status, 101);
    QCOMPARE(client.receiveText(), ScriptedServer::defaultOpenPacket());
    client.sendText("40");
    QCOMPARE(server.receive(), "40");
    client.sendBinary(QByteArray(70'000, '\xFF'));
    QCOMPARE(server.receive(), QByteArray(70'000, '\xFF'));
    server.send("2");
    server.sendBinary("\x01\x02");
    QCOMPARE(client.receiveText(), "2");
    QCOMPARE(client.receiveBinary(), "\x01\x02");
}

void TestScriptedWebSocket::controlFramesAreSeen()
{
    ScriptedServer server;
    ScriptedWebSocket client;
    QVERIFY(client.open(server.port()));
    client.receiveText();
    client.sendFrame(protocol::WebSocketOpcode::Ping, "are you there");
    const WireEvent pong = client.receive();
    QVERIFY(pong.kind == WireEvent::Kind::Pong);
    QCOMPARE(pong.payload, "are you there");
}

void TestScriptedWebSocket::closeAndEndAreSeen()
{
    ScriptedServer server;
    ScriptedWebSocket client;
    QVERIFY(client.open(server.port()));
    client.receiveText();
    server.close(QWebSocketProtocol::CloseCodeGoingAway, QStringLiteral("bye"));
    const WireEvent close = client.receive();
    QVERIFY(close.kind == WireEvent::Kind::Close);
    QCOMPARE(close.payload, "bye");
    QCOMPARE(client.closeCode(), std::optional<quint16>(1001));
    server.abort();
    QVERIFY(client.waitForEnd());
    QVERIFY(client.receive().kind == WireEvent::Kind::End);
}

void TestScriptedWebSocket::anyOctetsCanBeSent()
{
    ScriptedServer server;
    ScriptedWebSocket client;
    QVERIFY(client.open(server.port()));
    client.receiveText();
    client.sendRaw(QByteArray::fromHex("f18000000000")); // reserved bits
    QVERIFY(client.waitForEnd());
    QCOMPARE(client.closeCode(), std::optional<quint16>(1002));
}

void TestScriptedWebSocket::refusedHandshakeIsKept()
{
    Parrot parrot("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno", true);
    ScriptedWebSocket client;
    QVERIFY(!client.open(parrot.serverPort()));
    QCOMPARE(client.handshake().status, 403);
    QVERIFY(client.waitForEnd());
    QCOMPARE(client.handshake().body, "no");
}

void TestScriptedWebSocket::silenceIsMeasured()
{
    ScriptedServer server;
    ScriptedWebSocket client;
    QVERIFY(client.open(server.port()));
    client.receiveText();
    QVERIFY(client.staysSilentFor(Millis{20}));
    QTimer::singleShot(10, this, [&] { server.send("2"); });
    QVERIFY(!client.staysSilentFor(Patience));
}

void TestScriptedWebSocket::secureConnectionTrustsOneCertificate()
{
    const SelfSigned identity = makeSelfSigned();
    ScriptedServer server(identity);
    ScriptedWebSocket client;
    QVERIFY(client.openSecure(server.port(), identity.certificate()));
    QCOMPARE(client.receiveText(), ScriptedServer::defaultOpenPacket());
    ScriptedWebSocket stranger;
    QVERIFY(!stranger.openSecure(server.port(), makeSelfSigned().certificate()));
}

void TestScriptedWebSocket::httpAnswerIsReadByLength()
{
    Parrot parrot("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Test: a: b\r\n\r\nhello", false);
    const HttpReply reply = httpRequest(parrot.serverPort(), "GET", "/");
    QCOMPARE(reply.status, 200);
    QCOMPARE(reply.headers.value("x-test"), "a: b");
    QCOMPARE(reply.body, "hello");
}

void TestScriptedWebSocket::httpAnswerIsReadToTheEndOfTheConnection()
{
    Parrot parrot("HTTP/1.1 400 Bad Request\r\n\r\nwrong", true);
    HttpCall call(parrot.serverPort(), "POST", "/", {}, "body");
    const HttpReply reply = call.wait();
    QCOMPARE(reply.status, 400);
    QCOMPARE(reply.body, "wrong");
}

void TestScriptedWebSocket::httpCallWithoutAnswerHasStatusZero()
{
    Parrot parrot("", true);
    QCOMPARE(httpRequest(parrot.serverPort(), "GET", "/").status, 0);
    Parrot silent("", false);
    HttpCall call(silent.serverPort(), "GET", "/");
    QCOMPARE(call.wait(Millis{20}).status, 0);
    QVERIFY(!call.isFinished());
    call.abort();
    QVERIFY(call.isFinished());
}

void TestScriptedWebSocket::waitingEndsAtItsDeadline()
{
    QElapsedTimer elapsed;
    elapsed.start();
    QVERIFY(!waitUntil([] { return false; }, Millis{30}));
    QCOMPARE_GE(elapsed.elapsed(), 30);
    QVERIFY(waitUntil([] { return true; }, Millis{0}));
}

QTEST_GUILESS_MAIN(TestScriptedWebSocket)
#include "tst_scriptedwebsocket.moc"
