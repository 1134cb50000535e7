// SPDX-License-Identifier: Apache-2.0
#include "server/transport/epolldispatcher.h"
#include "tests/server/transport/doorfixture.h"

#include <QCoreApplication>
#include <QSslSocket>
#include <QTest>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <thread>

using namespace gatehouse;
using namespace gatehouse::test;
using protocol::HttpResponse;
using transport::StreamKind;

namespace {

/// A door that speaks TLS over the stream of the test run's turn.
class TlsDoor
{
public:
    explicit TlsDoor(transport::TransportOptions chosen = {}) : door(completed(std::move(chosen)))
    {
    }
    TlsFiles files;
    DoorFixture door;

private:
    transport::TransportOptions completed(transport::TransportOptions chosen) const
    {
        QFETCH_GLOBAL(StreamKind, stream);
        chosen.webSocket.stream = stream;
        chosen.tls = files.options();
        return chosen;
    }
};

/// A TLS client that sends what it is told and keeps what comes.
class TlsClient
{
public:
    explicit TlsClient(const TlsDoor& door)
    {
        socket.setPeerVerifyMode(QSslSocket::VerifyNone);
        socket.connectToHostEncrypted(QStringLiteral("127.0.0.1"), door.door.port());
        waitUntil([this] { return socket.isEncrypted(); });
    }
    const QByteArray& received()
    {
        m_received += socket.readAll();
        return m_received;
    }
    bool waitFor(const QByteArray& text, int count = 1)
    {
        return waitUntil([&] { return received().count(text) >= count; });
    }

    QSslSocket socket;

private:
    QByteArray m_received;
};

const QByteArray Get = "GET /h/ HTTP/1.1\r\nHost: a\r\n\r\n";

/// Connects, asks once and closes, on a thread of its own; whether the session it was given was
/// resumed. Keeps the session the server gave.
bool isResumed(
    SSL_CTX* context, quint16 port, std::unique_ptr<SSL_SESSION, void (*)(SSL_SESSION*)>& session)
{
    const int descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const std::unique_ptr<SSL, void (*)(SSL*)> tls(SSL_new(context), SSL_free);
    bool resumed = false;
    if (::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
        SSL_set_fd(tls.get(), descriptor);
        SSL_set_session(tls.get(), session.get());
        char answer[1024];
        if (SSL_connect(tls.get()) == 1
            && SSL_write(tls.get(), Get.constData(), int(Get.size())) == int(Get.size())
            && SSL_read(tls.get(), answer, sizeof answer) > 0) {
            resumed = SSL_session_reused(tls.get()) == 1;
            session.reset(SSL_get1_session(tls.get())); // the ticket came before the answer
        }
        SSL_shutdown(tls.get());
    }
    ::close(descriptor);
    return resumed;
}

} // namespace

class TestTlsStream : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase_data();

    void requestsFollowEachOtherOnOneConnection();
    void octetsAreCountedOnce();
    void requestsInOneRecordAreAllAnswered();
    void aBodyLargerThanWhatMayWaitArrives();
    void anAnswerLargerThanTheKernelTakesArrives();
    void whatComesBehindAnUpgradeRequestIsNotLost();
    void aClientThatGoesAwayIsNoticedWhileItsAnswerIsPending();
    void theLastAnswerEndsTheConnection();
    void theLastAnswerWaitsForASlowReader_data();
    void theLastAnswerWaitsForASlowReader();
    void clientsThatComeBackResumeTheirSession();
};

void TestTlsStream::initTestCase_data()
{
    QTest::addColumn<StreamKind>("stream");
    QTest::newRow("descriptor") << StreamKind::Descriptor;
    QTest::newRow("socket") << StreamKind::Socket;
}

void TestTlsStream::requestsFollowEachOtherOnOneConnection()
{
    TlsDoor tls;
    TlsClient client(tls);
    for (int i = 1; i <= 3; ++i) {
        client.socket.write(Get);
        QVERIFY(client.waitFor("fine", i));
    }
    QCOMPARE(tls.door.counters().accepted, quint64(1));
    QCOMPARE(tls.door.counters().tlsHandshakes, quint64(1));
}

void TestTlsStream::octetsAreCountedOnce()
{
    TlsDoor tls;
    TlsClient client(tls);
    client.socket.write(Get);
    QVERIFY(client.waitFor("fine"));
    QCOMPARE(tls.door.counters().bytesIn, quint64(Get.size()));
    QCOMPARE(tls.door.counters().bytesOut, quint64(client.received().size()));
}

void TestTlsStream::requestsInOneRecordAreAllAnswered()
{
    TlsDoor tls;
    TlsClient client(tls);
    client.socket.write(Get.repeated(20));
    QVERIFY(client.waitFor("fine", 20));
}

void TestTlsStream::aBodyLargerThanWhatMayWaitArrives()
{
    TlsDoor tls;
    TlsClient client(tls);
    const QByteArray body = QByteArray("0123456789abcdef").repeated(60'000);
    client.socket.write("POST /h/ HTTP/1.1\r\nHost: a\r\nContent-Length: "
        + QByteArray::number(body.size()) + "\r\n\r\n" + body);
    QVERIFY(client.waitFor("fine"));
    QCOMPARE(tls.door.handler.exchanges.back()->request().body, body);
}

void TestTlsStream::anAnswerLargerThanTheKernelTakesArrives()
{
    TlsDoor tls;
    const QByteArray body = QByteArray("0123456789abcdef").repeated(500'000);
    tls.door.handler.answerAtOnce = HttpResponse::text(200, body);
    TlsClient client(tls);
    client.socket.setReadBufferSize(16 * 1024);
    client.socket.write(Get);
    QVERIFY(waitUntil([&] { return client.socket.bytesAvailable() > 0; }));
    client.socket.setReadBufferSize(0);
    QVERIFY(waitUntil([&] { return client.received().size() > body.size(); }));
    QVERIFY(client.received().endsWith(body));
    client.socket.write(Get); // and the connection goes on
    QVERIFY(client.waitFor("HTTP/1.1 200", 2));
}

void TestTlsStream::whatComesBehindAnUpgradeRequestIsNotLost()
{
    TlsDoor tls;
    TlsClient client(tls);
    client.socket.write(
        "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        + QByteArray::fromHex("818500000000") + "early");
    QVERIFY(client.waitFor("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    QVERIFY(waitUntil([&] { return !tls.door.acceptor.links.empty(); }));
    QVERIFY(waitUntil([&] { return !tls.door.acceptor.links.front()->texts.isEmpty(); }));
    QCOMPARE(tls.door.acceptor.links.front()->texts, QList<QByteArray>{"early"});
}

void TestTlsStream::aClientThatGoesAwayIsNoticedWhileItsAnswerIsPending()
{
    TlsDoor tls;
    tls.door.handler.answerAtOnce.reset();
    TlsClient client(tls);
    client.socket.write(Get);
    QVERIFY(waitUntil([&] { return !tls.door.handler.exchanges.empty(); }));
    client.socket.disconnectFromHost();
    QVERIFY(waitUntil([&] { return tls.door.handler.peersGone == 1; }));
}

void TestTlsStream::theLastAnswerEndsTheConnection()
{
    TlsDoor tls;
    TlsClient client(tls);
    client.socket.write("GET /h/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    QVERIFY(client.waitFor("fine"));
    QVERIFY(waitUntil([&] { return client.socket.state() == QAbstractSocket::UnconnectedState; }));
    QCOMPARE(client.received().count("HTTP/1.1 200"), 1);
}

void TestTlsStream::theLastAnswerWaitsForASlowReader_data()
{
    QTest::addColumn<int>("records"); // in which of them the kernel is full differs
    for (const int records : {300, 301, 302, 303, 304, 305})
        QTest::addRow("%d records", records) << records;
}

/// It stops reading as soon as the last record has left our queue, and goes on when the time to
/// linger is over.
void TestTlsStream::theLastAnswerWaitsForASlowReader()
{
    QFETCH(int, records);
    transport::TransportOptions options;
    options.deadlines.linger = Millis{1};
    options.webSocket.sendBufferBytes = 16'384;
    TlsDoor tls(options);
    const QByteArray body(records * 16'384 - 1'000, 'b');
    tls.door.handler.answerAtOnce = HttpResponse::text(200, body);
    TlsClient client(tls);
    client.socket.setReadBufferSize(4'096);
    client.socket.write("GET /h/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    QByteArray received;
    QVERIFY(waitUntil([&] {
        if (tls.door.counters().bytesOut < quint64(body.size()))
            received += client.socket.read(4'096);
        QCoreApplication::postEvent(this, new QEvent(QEvent::User)); // keep turning
        return tls.door.counters().bytesOut > quint64(body.size());
    }));
    holdsFor([] { return true; }, Millis{150});
    client.socket.setReadBufferSize(0);
    QVERIFY(waitUntil([&] {
        received += client.socket.readAll();
        return client.socket.state() == QAbstractSocket::UnconnectedState;
    }));
    received += client.socket.readAll();
    QCOMPARE(received.size() - received.indexOf("\r\n\r\n") - 4, body.size());
}

void TestTlsStream::clientsThatComeBackResumeTheirSession()
{
    TlsDoor tls;
    const quint16 port = tls.door.port();
    std::atomic<bool> isDone{false};
    bool first = true;
    bool second = false;
    std::thread client([&] {
        const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context(
            SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
        std::unique_ptr<SSL_SESSION, void (*)(SSL_SESSION*)> session(nullptr, SSL_SESSION_free);
        first = isResumed(context.get(), port, session);
        second = isResumed(context.get(), port, session);
        isDone = true;
    });
    const bool finished = waitUntil([&] { return isDone.load(); });
    client.join();
    QVERIFY(finished);
    QVERIFY(!first);
    // A QSslSocket has a context, and with it ticket keys, of its own for each connection.
    QFETCH_GLOBAL(StreamKind, stream);
    QCOMPARE(second, stream == StreamKind::Descriptor);
}

int main(int argc, char* argv[])
{
    QCoreApplication::setEventDispatcher(new transport::EpollDispatcher);
    QCoreApplication application(argc, argv);
    TestTlsStream test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_tlsstream.moc"
