// SPDX-License-Identifier: Apache-2.0
// A broker or a Redis server that does not answer: nobody waits for it at the end, and nobody
// knocks at its door without a pause.
#include "server/bus/amqpbus.h"
#include "server/bus/redislink.h"
#include "tests/support/memoryoutbox.h"
#include "tests/support/wait.h"

#include <QElapsedTimer>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTest>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace gatehouse;
using namespace gatehouse::bus;
using gatehouse::test::holdsFor;
using gatehouse::test::MemoryOutbox;
using gatehouse::test::waitUntil;

class TestStopping : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void endsAtOnce_data();
    void endsAtOnce();
    void makesItsPauses();

private:
    SystemClock m_clock;
    MemoryOutbox m_outbox;
};

namespace {

/// A port that takes a connection and says nothing, or, full, takes none and says nothing.
class SilentPort
{
public:
    explicit SilentPort(bool isFull)
    {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* raw = reinterpret_cast<sockaddr*>(&address);
        m_listening = ::socket(AF_INET, SOCK_STREAM, 0);
        if (::bind(m_listening, raw, size) != 0 || ::listen(m_listening, isFull ? 0 : 100) != 0
            || ::getsockname(m_listening, raw, &size) != 0)
            qFatal("no port");
        m_port = ntohs(address.sin_port);
        for (int i = 0; isFull && i < 4; ++i) {
            m_filling.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
            ::connect(m_filling.back(), raw, size);
        }
    }
    ~SilentPort()
    {
        for (const int one : m_filling)
            ::close(one);
        ::close(m_listening);
    }
    Q_DISABLE_COPY_MOVE(SilentPort)
    quint16 port() const { return m_port; }

private:
    int m_listening = -1;
    std::vector<int> m_filling;
    quint16 m_port = 0;
};

} // namespace

void TestStopping::endsAtOnce_data()
{
    QTest::addColumn<bool>("isRedis");
    QTest::addColumn<bool>("isFull");
    QTest::newRow("a broker that says nothing") << false << false;
    QTest::newRow("a broker that takes no connection") << false << true;
    QTest::newRow("a Redis server that says nothing") << true << false;
    QTest::newRow("a Redis server that takes no connection") << true << true;
}

void TestStopping::endsAtOnce()
{
    QFETCH(bool, isRedis);
    QFETCH(bool, isFull);
    const SilentPort silent(isFull);
    std::unique_ptr<AmqpBus> bus;
    std::unique_ptr<RedisLink> redis;
    if (isRedis) {
        RedisOptions options;
        options.port = silent.port();
        options.password = QStringLiteral("secret");
        options.connectTimeout = Millis{20'000};
        redis = std::make_unique<RedisLink>(options);
        redis->start();
    } else {
        AmqpOptions options;
        options.endpoint.port = silent.port();
        options.connectTimeout = Millis{20'000};
        bus = std::make_unique<AmqpBus>(m_clock, options, m_outbox);
    }
    QVERIFY(holdsFor([] { return true; }, Millis{300}));
    QElapsedTimer timer;
    timer.start();
    bus.reset();
    redis.reset();
    QVERIFY2(timer.elapsed() < 2'000, qPrintable(QString::number(timer.elapsed())));
}

// However often somebody wants something of it meanwhile.
void TestStopping::makesItsPauses()
{
    QTcpServer server;
    QVERIFY(server.listen(QHostAddress::LocalHost));
    int knocks = 0;
    QObject::connect(&server, &QTcpServer::newConnection, &server, [&] {
        while (QTcpSocket* socket = server.nextPendingConnection()) {
            ++knocks;
            socket->abort();
            socket->deleteLater();
        }
    });
    AmqpOptions options;
    options.endpoint.port = server.serverPort();
    options.retryMin = Millis{400};
    options.retryMax = Millis{400};
    AmqpBus bus(m_clock, options, m_outbox);
    QElapsedTimer timer;
    timer.start();
    QVERIFY(waitUntil([&] {
        const Ticket brief
            = bus.subscribe({}, "a", [](const Message&) { return Verdict::Accepted; }, {});
        return timer.elapsed() > 1'300;
    }));
    QVERIFY(knocks >= 2);
    QVERIFY2(knocks <= 2 * 4, qPrintable(QString::number(knocks))); // two connections
}

QTEST_GUILESS_MAIN(TestStopping)
#include "tst_stopping.moc"
