// SPDX-License-Identifier: Apache-2.0
#include "tests/support/httpcall.h"
#include "tests/support/scriptedwebsocket.h"
#include "tests/support/servedprogram.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QSqlDatabase>
#include <QSqlError>
#include <QSqlQuery>
#include <QTest>

#include <sys/socket.h>

#include <csignal>

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

/// Another process with the database's write lock, as far as the server can tell.
class DiskHolder
{
public:
    explicit DiskHolder(const QString& dataPath)
        : m_database(QSqlDatabase::addDatabase(QStringLiteral("QSQLITE"), QStringLiteral("holder")))
    {
        m_database.setDatabaseName(dataPath + QStringLiteral("/gatehouse.sqlite"));
        m_holds = m_database.open()
            && !m_database.exec(QStringLiteral("BEGIN IMMEDIATE")).lastError().isValid();
    }
    ~DiskHolder()
    {
        release();
        m_database = {};
        QSqlDatabase::removeDatabase(QStringLiteral("holder"));
    }
    bool holds() const { return m_holds; }
    void release()
    {
        if (std::exchange(m_holds, false))
            m_database.exec(QStringLiteral("ROLLBACK"));
        m_database.close();
    }

private:
    QSqlDatabase m_database;
    bool m_holds = false;
};

} // namespace

/// What SIGTERM owes those who were served at that moment. The disk is slow on purpose: a
/// DiskHolder makes every commit wait.
class tst_Drain : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void anAcceptedWriteIsAnswered();
    void aWriteAskedForByEventIsAcknowledged();
    void anAcknowledgementIsWaitedForNoLongerThanAllowed();
    void aConnectionServesItsLastRequestAndIsClosed();
    void newcomersAreToldInWordsUntilTheLastSessionIsGone();
    void aRequestThatIsNotAnsweredHoldsUpTheEndNoLongerThanTheDeadline();

private:
    /// An administrator's console, connected, and a task of its own to be killed.
    bool openConsole(ScriptedWebSocket& console, qint64& task);
    static bool askForAKill(ScriptedWebSocket& console, qint64 task);
    bool startWith(const QStringList& settings = {});
    double answers() const;
    QByteArray postTask() const;
    HttpCall call(const QByteArray& method, const QByteArray& target, const QByteArray& body) const;

    std::unique_ptr<ServedProgram> m_server;
    QByteArray m_token;
};

void tst_Drain::init()
{
    m_server = std::make_unique<ServedProgram>(QStringLiteral(GATEHOUSE_BINARY));
    QVERIFY(m_server->command({QStringLiteral("import"), QStringLiteral(FEDERATION_FILE)}));
    const auto token = m_server->command(
        {QStringLiteral("token"), QStringLiteral("mint"), QStringLiteral("--kind"),
            QStringLiteral("user"), QStringLiteral("--id"), QStringLiteral("4")}); // ada
    QVERIFY(token);
    m_token = token->trimmed();
}

bool tst_Drain::startWith(const QStringList& settings)
{
    return m_server->start(settings
        + QStringList{
            QStringLiteral("storage.group_time=1s"), QStringLiteral("server.drain_spread=0ms")});
}

HttpCall tst_Drain::call(
    const QByteArray& method, const QByteArray& target, const QByteArray& body) const
{
    protocol::HttpHeaders headers;
    headers.add("Authorization", "Bearer " + m_token);
    headers.add("Content-Type", "application/json");
    return HttpCall(m_server->port(), method, target, headers, body);
}

double tst_Drain::answers() const
{
    return m_server->metric(R"(gatehouse_http_requests_total{status="2xx"})").value_or(0);
}

QByteArray tst_Drain::postTask() const
{
    return R"({"name":"last","image":"x","collaboration_id":1,)"
           R"("organizations":[{"id":1,"input":"e30="}]})";
}

void tst_Drain::anAcceptedWriteIsAnswered()
{
    QVERIFY(startWith());
    DiskHolder holder(m_server->dataPath());
    QVERIFY(holder.holds());
    HttpCall task = call("POST", "/api/task", postTask());
    QVERIFY(answers() >= 0); // who came later is answered: the task has been read
    QVERIFY(!task.isFinished());
    m_server->signal(SIGTERM);
    QVERIFY(m_server->waitForLog("no new clients"));
    QVERIFY(holdsFor([&] { return !task.isFinished() && m_server->isRunning(); }, Millis{100}));
    holder.release();
    const HttpReply reply = task.wait();
    QCOMPARE(reply.status, 201);
    QCOMPARE(reply.headers.value("Connection"), QByteArray("close"));
    QCOMPARE(m_server->waitForEnd(), std::optional(0));

    // Answered means on the disk.
    const int id = QJsonDocument::fromJson(reply.body).object().value(QStringLiteral("id")).toInt();
    QVERIFY(startWith());
    QCOMPARE(call("GET", "/api/task/" + QByteArray::number(id), {}).wait().status, 200);
}

bool tst_Drain::openConsole(ScriptedWebSocket& console, qint64& task)
{
    const HttpReply created = call("POST", "/api/task", postTask()).wait();
    task = QJsonDocument::fromJson(created.body).object().value(QStringLiteral("id")).toInteger();
    const auto token = m_server->command(
        {QStringLiteral("token"), QStringLiteral("mint"), QStringLiteral("--kind"),
            QStringLiteral("admin"), QStringLiteral("--id"), QStringLiteral("1")});
    if (created.status != 201 || !token || !console.open(m_server->port())
        || !console.receiveText().startsWith("0{"))
        return false;
    console.sendText(QByteArray("40/gh-admin,{\"token\":\"" + token->trimmed() + "\"}"));
    return console.receiveText().startsWith("40/gh-admin,{")
        && console.receiveText().startsWith("42/gh-admin,[\"hello\"");
}

/// By event, and waits until the server has read it: what is asked for behind it is answered.
bool tst_Drain::askForAKill(ScriptedWebSocket& console, qint64 task)
{
    console.sendText(
        QByteArray("42/gh-admin,7[\"task:kill\",{\"taskId\":" + QByteArray::number(task) + "}]"));
    console.sendText("42/gh-admin,8[\"echo\"]");
    return console.receiveText() == "43/gh-admin,8[]";
}

void tst_Drain::aWriteAskedForByEventIsAcknowledged()
{
    QVERIFY(startWith({QStringLiteral("server.drain_answers=10s")}));
    ScriptedWebSocket console;
    qint64 task = 0;
    QVERIFY(openConsole(console, task));
    DiskHolder holder(m_server->dataPath());
    QVERIFY(holder.holds());
    QVERIFY(askForAKill(console, task));
    m_server->signal(SIGTERM);
    QVERIFY(m_server->waitForLog("no new clients"));
    QVERIFY(console.staysSilentFor(Millis{300}));
    holder.release();
    const QByteArray answer = console.receiveText();
    QVERIFY2(answer.startsWith("43/gh-admin,7[{\"ok\":true"), answer.constData());
    QVERIFY(console.waitForEnd());
    QCOMPARE(console.closeCode(), std::optional<quint16>(1001));
    QCOMPARE(m_server->waitForEnd(), std::optional(0));
}

void tst_Drain::anAcknowledgementIsWaitedForNoLongerThanAllowed()
{
    QVERIFY(startWith({QStringLiteral("server.drain_answers=200ms")}));
    ScriptedWebSocket console;
    qint64 task = 0;
    QVERIFY(openConsole(console, task));
    DiskHolder holder(m_server->dataPath());
    QVERIFY(holder.holds());
    QVERIFY(askForAKill(console, task));
    m_server->signal(SIGTERM);
    QVERIFY(console.waitForEnd());
    QCOMPARE(console.closeCode(), std::optional<quint16>(1001));
    holder.release();
    QCOMPARE(m_server->waitForEnd(), std::optional(0));
}

void tst_Drain::aConnectionServesItsLastRequestAndIsClosed()
{
    QVERIFY(startWith());
    QTcpSocket socket;
    socket.connectToHost(QHostAddress(QHostAddress::LocalHost), m_server->port());
    QVERIFY(waitUntil([&] { return socket.state() == QAbstractSocket::ConnectedState; }));
    DiskHolder holder(m_server->dataPath());
    QVERIFY(holder.holds());
    HttpCall task = call("POST", "/api/task", postTask());
    QVERIFY(answers() >= 0); // who came later is answered: the task has been read
    m_server->signal(SIGTERM);
    QVERIFY(m_server->waitForLog("no new clients"));
    // The end waits for the task; who is connected is served once more, but not kept.
    QVERIFY(!task.isFinished());
    QByteArray received;
    socket.write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    QVERIFY(waitUntil([&] {
        received += socket.readAll();
        return socket.state() == QAbstractSocket::UnconnectedState;
    }));
    QVERIFY2(received.startsWith("HTTP/1.1 200"), received.constData());
    QVERIFY2(received.contains("Connection: close"), received.constData());
    holder.release();
    QCOMPARE(task.wait().status, 201);
    QCOMPARE(m_server->waitForEnd(), std::optional(0));
}

/// A proxy would answer for a closed port, to those as well whose session is still there.
void tst_Drain::newcomersAreToldInWordsUntilTheLastSessionIsGone()
{
    QVERIFY(startWith({QStringLiteral("server.drain_answers=10s")}));
    ScriptedWebSocket console;
    qint64 task = 0;
    QVERIFY(openConsole(console, task));
    DiskHolder holder(m_server->dataPath());
    QVERIFY(holder.holds());
    QVERIFY(askForAKill(console, task));
    m_server->signal(SIGTERM);
    QVERIFY(m_server->waitForLog("no new clients"));
    const quint16 port = m_server->port();
    const QByteArray polling = "/socket.io/?EIO=4&transport=polling";
    QCOMPARE(httpRequest(port, "GET", polling).status, 503);
    QCOMPARE(httpRequest(port, "GET", "/readyz").status, 503);
    ScriptedWebSocket late;
    QVERIFY(!late.open(port));
    QCOMPARE(late.handshake().status, 503);
    holder.release();
    QVERIFY(console.waitForEnd());
    QCOMPARE(m_server->waitForEnd(), std::optional(0));
    QCOMPARE(httpRequest(port, "GET", polling).status, 0);
}

void tst_Drain::aRequestThatIsNotAnsweredHoldsUpTheEndNoLongerThanTheDeadline()
{
    QVERIFY(startWith({QStringLiteral("server.drain_timeout=1s")}));
    // Somebody who asks for much and takes none of it: the answer stays in our buffers.
    QTcpSocket socket;
    socket.setReadBufferSize(1);
    socket.connectToHost(QHostAddress(QHostAddress::LocalHost), m_server->port());
    QVERIFY(waitUntil([&] { return socket.state() == QAbstractSocket::ConnectedState; }));
    int small = 4'096;
    ::setsockopt(int(socket.socketDescriptor()), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    for (int i = 0; i < 300; ++i)
        socket.write("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    double before = answers();
    QVERIFY(waitUntil([&] {
        const double now = answers();
        return now > 10 && now == std::exchange(before, now) + 1; // ours alone
    }));
    m_server->signal(SIGTERM);
    QCOMPARE(m_server->waitForEnd(), std::optional(3));
}

QTEST_GUILESS_MAIN(tst_Drain)
#include "tst_drain.moc"
