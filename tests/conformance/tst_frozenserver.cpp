// SPDX-License-Identifier: Apache-2.0
#include "tests/support/scriptedwebsocket.h"

#include <QCoreApplication>
#include <QProcess>
#include <QTest>

#include <csignal>

using namespace gatehouse;
using test::ScriptedWebSocket;
using test::WireEvent;

/// A server process that is stopped for longer than a heartbeat and then goes on (a paused virtual
/// machine, a debugger, heavy swapping) must not hold its own absence against its clients.
class TestFrozenServer : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void nobodyIsDroppedAfterAPause_data();
    void nobodyIsDroppedAfterAPause();
    void aClientThatStaysSilentIsDroppedAllTheSame();

private:
    struct Client
    {
        ScriptedWebSocket socket;
        int pings = 0;
        bool isClosed = false;
    };

    void connectClients(int count);
    void answerPings(Millis duration);
    void pause(Millis duration);

    QProcess m_server;
    quint16 m_port = 0;
    std::vector<std::unique_ptr<Client>> m_clients;
};

void TestFrozenServer::init()
{
    const QString program
        = QCoreApplication::applicationDirPath() + QStringLiteral("/../bin/conformance-server");
    m_server.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    m_server.start(program,
        {QStringLiteral("--fixture"), QStringLiteral("socket"), QStringLiteral("--listen"),
            QStringLiteral("127.0.0.1:0")});
    QVERIFY(test::waitUntil([this] { return m_server.canReadLine(); }));
    const QByteArray line = m_server.readLine().trimmed();
    m_port = line.mid(line.lastIndexOf(' ') + 1).toUShort();
    QVERIFY2(m_port > 0, line.constData());
}

void TestFrozenServer::cleanup()
{
    m_clients.clear();
    m_server.kill();
    QVERIFY(m_server.waitForFinished());
}

void TestFrozenServer::connectClients(int count)
{
    for (int i = 0; i < count; ++i) {
        auto client = std::make_unique<Client>();
        QVERIFY(client->socket.open(m_port));
        QVERIFY(client->socket.receiveText().startsWith("0{"));
        client->socket.sendText("40");
        QVERIFY(client->socket.receiveText().startsWith("40{"));
        QCOMPARE(client->socket.receiveText(), "42[\"auth\",{}]");
        m_clients.push_back(std::move(client));
    }
}

void TestFrozenServer::answerPings(Millis duration)
{
    test::holdsFor(
        [this] {
            for (const auto& client : m_clients) {
                const WireEvent event = client->socket.receive(Millis{0});
                if (event.kind == WireEvent::Kind::Text && event.payload == "2") {
                    ++client->pings;
                    client->socket.sendText("3");
                } else if (event.kind != WireEvent::Kind::Nothing) {
                    client->isClosed = true;
                }
            }
            return true;
        },
        duration);
}

void TestFrozenServer::pause(Millis duration)
{
    ::kill(pid_t(m_server.processId()), SIGSTOP);
    answerPings(duration);
    ::kill(pid_t(m_server.processId()), SIGCONT);
}

void TestFrozenServer::nobodyIsDroppedAfterAPause_data()
{
    QTest::addColumn<int>("beforeMs");
    QTest::newRow("right after connecting") << 0;
    QTest::newRow("between ping and ping") << 150;
    QTest::newRow("about when the pings go out") << 295;
}

void TestFrozenServer::nobodyIsDroppedAfterAPause()
{
    QFETCH(int, beforeMs);
    connectClients(20);
    answerPings(Millis{beforeMs});
    pause(Millis{1'500}); // three times what a silent client gets
    answerPings(Millis{1'000});
    for (const auto& client : m_clients) {
        QVERIFY(!client->isClosed);
        QVERIFY(client->pings >= 2);
    }
}

void TestFrozenServer::aClientThatStaysSilentIsDroppedAllTheSame()
{
    connectClients(1);
    pause(Millis{1'500});
    ScriptedWebSocket& socket = m_clients.front()->socket;
    const WireEvent ping = socket.receive();
    QCOMPARE(ping.kind, WireEvent::Kind::Text);
    QCOMPARE(ping.payload, "2");
    QCOMPARE(socket.receive(Millis{2'000}).kind, WireEvent::Kind::Close);
}

QTEST_GUILESS_MAIN(TestFrozenServer)
#include "tst_frozenserver.moc"
