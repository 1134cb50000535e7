// SPDX-License-Identifier: Apache-2.0
// Gatehouse beside another server (docs/beside.md): a proxy with the very configuration of
// examples/beside in front, a server that answers as vantage6 4.x does, its emits over RabbitMQ by
// python-socketio, and python-socketio's clients.
#include "server/access/tokenminter.h"
#include "tests/support/httpcall.h"
#include "tests/support/rabbitbroker.h"
#include "tests/support/servedprogram.h"

#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QStandardPaths>
#include <QTcpServer>
#include <QTest>

using namespace gatehouse;
using namespace gatehouse::test;
using namespace Qt::StringLiterals;

namespace {

const QByteArray secret("the secret of the server beside, long enough");

QString source(const QString& name)
{
    return QString(QStringLiteral(GATEHOUSE_SOURCE_DIR "/") + name);
}

/// A program that is told what to do, and says what happens, by lines of JSON.
class Peer
{
public:
    Peer(const QString& program, const QStringList& arguments)
    {
        m_process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        m_process.start(program, arguments);
    }
    ~Peer()
    {
        m_process.kill();
        m_process.waitForFinished();
    }
    Q_DISABLE_COPY_MOVE(Peer)

    void tell(const QJsonObject& wish)
    {
        m_process.write(QJsonDocument(wish).toJson(QJsonDocument::Compact) + '\n');
    }

    /// The value of this member in the next line that has it.
    QJsonValue next(const QString& member)
    {
        QJsonValue found(QJsonValue::Undefined);
        waitUntil(
            [&] {
                read();
                for (; m_taken < m_lines.size() && found.isUndefined(); ++m_taken)
                    found = m_lines[m_taken].toObject().value(member);
                return !found.isUndefined() || m_process.state() == QProcess::NotRunning;
            },
            2 * Patience);
        return found;
    }

    /// The first argument of the next event of this name; true when it has none.
    QJsonValue event(const QString& name)
    {
        QJsonValue found(QJsonValue::Undefined);
        waitUntil(
            [&] {
                read();
                for (; m_taken < m_lines.size() && found.isUndefined(); ++m_taken) {
                    const QJsonArray args = m_lines[m_taken][u"args"_s].toArray();
                    if (m_lines[m_taken][u"event"_s].toString() == name)
                        found = args.isEmpty() ? QJsonValue(true) : args.first();
                }
                return !found.isUndefined() || m_process.state() == QProcess::NotRunning;
            },
            2 * Patience);
        return found;
    }

    int count(const QString& name)
    {
        read();
        return int(std::count_if(m_lines.begin(), m_lines.end(),
            [&](const QJsonValue& line) { return line[u"event"_s].toString() == name; }));
    }

private:
    void read()
    {
        while (m_process.canReadLine())
            m_lines.append(QJsonDocument::fromJson(m_process.readLine()).object());
    }

    QProcess m_process;
    QJsonArray m_lines;
    qsizetype m_taken = 0;
};

quint16 freePort()
{
    QTcpServer probe;
    probe.listen(QHostAddress::LocalHost);
    return probe.serverPort();
}

/// A configuration of examples/ with this test's ports; nothing when one of them is not in it.
std::optional<QByteArray> configured(
    const QString& name, const QList<std::pair<QByteArray, QByteArray>>& changes)
{
    QFile file(source(u"examples/beside/"_s + name));
    if (!file.open(QIODevice::ReadOnly))
        return std::nullopt;
    QByteArray text = file.readAll();
    for (const auto& [from, to] : changes) {
        if (text.count(from) != 1)
            return std::nullopt;
        text.replace(from, to);
    }
    return text;
}

} // namespace

class TestBeside : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void eventsGoThroughAndTheRestGoesToTheOldServer_data();
    void eventsGoThroughAndTheRestGoesToTheOldServer();
    void whoIsKnownComesBackWhileTheOldServerIsAway();
    void strangersOfTheOldServerAreNobody_data();
    void strangersOfTheOldServerAreNobody();

private:
    bool startProxy(const QString& which);
    std::unique_ptr<Peer> client(access::TokenKind kind, qint64 id, quint16 port,
        const QString& transports = u"polling,websocket"_s);
    bool write(const QString& name, const QByteArray& text, QFileDevice::Permissions permissions
        = QFileDevice::ReadOwner | QFileDevice::WriteOwner);

    SystemClock m_clock;
    std::unique_ptr<ServedProgram> m_server;
    std::unique_ptr<Peer> m_old;
    std::unique_ptr<QProcess> m_proxy;
    quint16 m_oldPort = 0;
    quint16 m_proxyPort = 0;
};

bool TestBeside::write(
    const QString& name, const QByteArray& text, QFileDevice::Permissions permissions)
{
    QFile file(m_server->path(name));
    return file.open(QIODevice::WriteOnly) && file.setPermissions(permissions)
        && file.write(text) == text.size();
}

void TestBeside::init()
{
    m_server = std::make_unique<ServedProgram>(QStringLiteral(GATEHOUSE_BINARY));
    QVERIFY(write(u"old.key"_s, secret));
    m_old = std::make_unique<Peer>(u"/usr/bin/python3"_s,
        QStringList{source(u"tests/beside/oldserver.py"_s), m_server->path(u"old.key"_s)});
    m_oldPort = quint16(m_old->next(u"port"_s).toInt());
    QVERIFY(m_oldPort != 0);
    QStringList settings{
        u"auth.accepted_secrets="_s + m_server->path(u"old.key"_s),
        u"federation.beside_url=http://127.0.0.1:%1/api"_s.arg(m_oldPort),
        u"federation.beside_cache=1ms"_s,
        u"server.trusted_proxies=127.0.0.1"_s,
    };
    if (RabbitBroker::isInstalled()) {
        settings << u"bus.url="_s + RabbitBroker::shared().url()
                 << u"bus.emitters=python rabbitmq flask-socketio namespaces=/tasks "
                    "rooms=collaboration_* methods=emit"_s;
    }
    QVERIFY(m_server->start(settings));
}

void TestBeside::cleanup()
{
    if (QTest::currentTestFailed())
        fprintf(stderr, "%s\n", m_server->log().right(4'000).constData());
    if (m_proxy) {
        m_proxy->terminate();
        m_proxy->waitForFinished();
    }
    m_proxy.reset();
    m_old.reset();
    m_server.reset();
}

bool TestBeside::startProxy(const QString& which)
{
    m_proxyPort = freePort();
    const QByteArray listen = QByteArray::number(m_proxyPort);
    const QByteArray gatehouse = "127.0.0.1:" + QByteArray::number(m_server->port());
    const QByteArray old = "127.0.0.1:" + QByteArray::number(m_oldPort);
    const bool isNginx = which == u"nginx";
    const auto text = isNginx
        ? configured(u"nginx.conf"_s,
            {{"listen 8080;", "listen 127.0.0.1:" + listen + ';'},
                {"127.0.0.1:7400", gatehouse}, {"127.0.0.1:5000", old},
                {"/run/nginx-beside.pid", m_server->path(u"nginx.pid"_s).toUtf8()}})
        : configured(u"haproxy.cfg"_s,
            {{"bind :8080", "bind 127.0.0.1:" + listen}, {"127.0.0.1:7400", gatehouse},
                {"127.0.0.1:5000", old}});
    if (!text || !write(u"proxy.conf"_s, *text))
        return false;
    const QString config = m_server->path(u"proxy.conf"_s);
    m_proxy = std::make_unique<QProcess>();
    m_proxy->setProcessChannelMode(QProcess::ForwardedErrorChannel);
    if (isNginx)
        m_proxy->start(u"/usr/sbin/nginx"_s, {u"-c"_s, config, u"-g"_s, u"daemon off;"_s});
    else
        m_proxy->start(u"/usr/sbin/haproxy"_s, {u"-db"_s, u"-f"_s, config});
    return ServedProgram::waitLooking([this] {
        return httpRequest(m_proxyPort, "GET", "/api/version").status == 200;
    });
}

std::unique_ptr<Peer> TestBeside::client(
    access::TokenKind kind, qint64 id, quint16 port, const QString& transports)
{
    const access::TokenMinter minter(secret, {}, m_clock);
    const QString file = u"token-%1"_s.arg(id);
    if (!write(file, minter.accessToken(kind, id)))
        return nullptr;
    auto peer = std::make_unique<Peer>(u"/usr/bin/python3"_s,
        QStringList{source(u"tests/interop/node.py"_s), u"--url"_s,
            u"http://127.0.0.1:%1"_s.arg(port), u"--token-file"_s, m_server->path(file),
            u"--transports"_s, transports});
    return peer;
}

void TestBeside::eventsGoThroughAndTheRestGoesToTheOldServer_data()
{
    QTest::addColumn<QString>("proxy");
    QTest::addColumn<QString>("transports");
    QTest::newRow("nginx, upgrade") << u"nginx"_s << u"polling,websocket"_s;
    QTest::newRow("nginx, polling") << u"nginx"_s << u"polling"_s;
    QTest::newRow("HAProxy, upgrade") << u"haproxy"_s << u"polling,websocket"_s;
    QTest::newRow("HAProxy, polling") << u"haproxy"_s << u"polling"_s;
}

void TestBeside::eventsGoThroughAndTheRestGoesToTheOldServer()
{
    QFETCH(QString, proxy);
    QFETCH(QString, transports);
    if (!QFile::exists(u"/usr/sbin/"_s + proxy))
        QSKIP(qPrintable(proxy + u" is not installed: scripts/packages test"_s));
    if (!RabbitBroker::isInstalled())
        QSKIP(qPrintable(RabbitBroker::missing()));
    const QString python = QStringLiteral(GATEHOUSE_EMITTERS "/python-5.16.3/bin/python");
    if (!QFile::exists(python))
        QSKIP("python-socketio is not installed: scripts/emitters");
    QVERIFY(startProxy(proxy));

    // Numbers and rooms are those of the old server.
    const auto user = client(access::TokenKind::User, 41, m_proxyPort, transports);
    QCOMPARE(user->event(u"message"_s).toString(),
        u"User <nele> joined room <collaboration_7>"_s);
    const auto other = client(access::TokenKind::User, 42, m_proxyPort, transports);
    QCOMPARE(other->event(u"message"_s).toString(),
        u"User <olaf> joined room <collaboration_8>"_s);
    const auto node = client(access::TokenKind::Node, 31, m_proxyPort, transports);
    QVERIFY(!node->event(u"sync"_s).isUndefined());
    QCOMPARE(user->event(u"node-online"_s),
        QJsonValue(QJsonObject{{u"id"_s, 31}, {u"name"_s, u"north"_s}, {u"org_id"_s, 21}}));

    // What the old server emits arrives in its rooms. Bound are its channel and what servers tell each other.
    QVERIFY(ServedProgram::waitLooking([this] {
        return m_server->metric("gatehouse_bus_up") == 1
            && m_server->metric("gatehouse_bus_bound_topics") == 2;
    }));
    Peer back(python, {source(u"tests/emitters/emitter.py"_s), u"kombu"_s,
                          RabbitBroker::shared().url(), u"flask-socketio"_s});
    QVERIFY(!back.next(u"ready"_s).isUndefined());
    const QJsonObject task{{u"id"_s, 51}, {u"parent_id"_s, QJsonValue()}};
    back.tell({{u"do"_s, u"emit"_s}, {u"event"_s, u"new_task"_s}, {u"data"_s, task},
        {u"namespace"_s, u"/tasks"_s}, {u"room"_s, u"collaboration_7"_s}});
    QCOMPARE(node->event(u"new_task"_s), QJsonValue(task));
    QCOMPARE(user->event(u"new_task"_s), QJsonValue(task));

    // What the node says of its run goes to those who may hear it; of others' runs, to nobody.
    const auto status = [&](int run, const QString& word) {
        node->tell({{u"emit"_s, u"algorithm_status_change"_s},
            {u"data"_s,
                QJsonObject{{u"run_id"_s, run}, {u"task_id"_s, 51}, {u"status"_s, word}}}});
    };
    status(72, u"crashed"_s);
    status(71, u"active"_s);
    const QJsonValue heard = user->event(u"algorithm_status_change"_s);
    QCOMPARE(heard[u"status"_s].toString(), u"active"_s);
    QCOMPARE(heard[u"job_id"_s].toInt(), 61);
    QCOMPARE(heard[u"node_id"_s].toInt(), 31);
    node->tell({{u"emit"_s, u"algorithm_log"_s},
        {u"data"_s,
            QJsonObject{{u"run_id"_s, 71}, {u"task_id"_s, 51}, {u"log"_s, u"half way"_s}}}});
    QCOMPARE(user->event(u"algorithm_log"_s)[u"log"_s].toString(), u"half way"_s);
    QCOMPARE(user->count(u"algorithm_status_change"_s), 1);
    QCOMPARE(other->count(u"new_task"_s) + other->count(u"algorithm_status_change"_s)
            + other->count(u"node-online"_s) + other->count(u"algorithm_log"_s),
        0);

    // Everything else is the old server's.
    const HttpReply version = httpRequest(m_proxyPort, "GET", "/api/version");
    QCOMPARE(QJsonDocument::fromJson(version.body).object().value(u"version"_s).toString(),
        u"4.14.0"_s);
}

void TestBeside::whoIsKnownComesBackWhileTheOldServerIsAway()
{
    auto node = client(access::TokenKind::Node, 31, m_server->port());
    QVERIFY(!node->event(u"sync"_s).isUndefined());
    m_old.reset();
    node = client(access::TokenKind::Node, 31, m_server->port());
    QVERIFY(!node->event(u"sync"_s).isUndefined());
    QVERIFY(ServedProgram::waitLooking([this] {
        return m_server->metric(R"(gatehouse_beside_questions_total{outcome="failed"})")
                   .value_or(0)
            > 0;
    }));
}

void TestBeside::strangersOfTheOldServerAreNobody_data()
{
    QTest::addColumn<int>("kind");
    QTest::addColumn<int>("id");
    QTest::newRow("a node it does not know") << int(access::TokenKind::Node) << 99;
    QTest::newRow("a user it does not know") << int(access::TokenKind::User) << 99;
    QTest::newRow("a user's number as a node") << int(access::TokenKind::Node) << 41;
}

void TestBeside::strangersOfTheOldServerAreNobody()
{
    QFETCH(int, kind);
    QFETCH(int, id);
    const auto stranger = client(access::TokenKind(kind), id, m_server->port());
    QVERIFY(!stranger->next(u"ready"_s).isUndefined());
    QVERIFY(m_server->waitForLog("is not identified"));
    QCOMPARE(stranger->count(u"sync"_s) + stranger->count(u"message"_s), 0);
}

QTEST_GUILESS_MAIN(TestBeside)
#include "tst_beside.moc"
