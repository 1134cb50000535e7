// SPDX-License-Identifier: Apache-2.0
// Unmodified vantage6 nodes of both generations with the real server: only what talks to Docker,
// Kubernetes, the VPN and the algorithms' proxy is replaced (node4.py, node5.py).
#include "tests/support/httpcall.h"
#include "tests/support/servedprogram.h"

#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>
#include <QUrlQuery>

#include <csignal>
#include <memory>

using namespace gatehouse;
using namespace gatehouse::test;
using namespace Qt::StringLiterals;

namespace {

constexpr Millis NodePatience = 6 * Patience; ///< it starts slowly, and waits between its tries

QString source(const QString& name)
{
    return QString(QStringLiteral(GATEHOUSE_SOURCE_DIR "/tests/nodes/") + name);
}

QString python(const QString& version)
{
    return QStringLiteral(GATEHOUSE_NODES "/%1/bin/python").arg(version);
}

/// A program that says what happens by lines of JSON on its standard output.
class Teller
{
public:
    Teller(const QString& program, const QStringList& arguments,
        const QProcessEnvironment& environment, const QString& log)
    {
        m_process.setProcessEnvironment(environment);
        m_process.setStandardErrorFile(log);
        m_process.start(program, arguments);
    }
    ~Teller()
    {
        m_process.kill();
        m_process.waitForFinished();
    }
    Q_DISABLE_COPY_MOVE(Teller)

    bool isRunning() const { return m_process.state() != QProcess::NotRunning; }

    /// Waits for a line that has this member; its value.
    QJsonValue waitFor(const QString& member, const QJsonValue& value = QJsonValue::Undefined)
    {
        QJsonValue found(QJsonValue::Undefined);
        waitUntil(
            [&] {
                while (m_process.canReadLine())
                    m_lines.append(QJsonDocument::fromJson(m_process.readLine()).object());
                for (const QJsonValue& line : std::as_const(m_lines)) {
                    const QJsonValue said = line[member];
                    if (!said.isUndefined() && (value.isUndefined() || said == value))
                        found = said;
                }
                return !found.isUndefined() || !isRunning();
            },
            NodePatience);
        return found;
    }

private:
    QProcess m_process;
    QJsonArray m_lines;
};

} // namespace

class TestNodes : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void nodeServesItsCollaboration_data();
    void nodeServesItsCollaboration();
    void cleanup();

private:
    bool startIssuer(const QString& version);
    QByteArray tokenOfUser();
    QStringList settings() const;
    bool startNode(const QString& version);
    HttpReply call(const QByteArray& method, const QString& path, const QByteArray& body = {});
    QJsonObject get(const QString& path);
    qint64 makeTask(const QString& image, const QString& given);
    qint64 runOf(qint64 task);
    bool waitForRun(qint64 run, const QString& status);
    bool waitForNode(const QString& status);
    bool runsATask(const QString& given);

    bool m_isV5 = false;
    QString m_base;
    quint16 m_port = 0; ///< of the server, kept over its restarts
    quint16 m_issuerPort = 0;
    qint64 m_session = 0;
    std::unique_ptr<ServedProgram> m_server;
    std::unique_ptr<Teller> m_issuer;
    std::unique_ptr<Teller> m_node;
};

bool TestNodes::startIssuer(const QString& version)
{
    const char* clients = R"({
        "alpha-red-node-client": {"secret": "s3cret", "kind": "node",
                                  "sub": "c0ffee00-0000-4000-8000-000000000001"},
        "ada": {"secret": "s3cret", "kind": "user",
                "sub": "c0ffee00-0000-4000-8000-000000000002"}})";
    m_issuer = std::make_unique<Teller>(python(version),
        QStringList{source(u"issuer.py"_s), QString::fromLatin1(clients)},
        QProcessEnvironment::systemEnvironment(), m_server->path(u"issuer.log"_s));
    m_issuerPort = quint16(m_issuer->waitFor(u"port"_s).toInt());
    return m_issuerPort != 0;
}

QByteArray TestNodes::tokenOfUser()
{
    if (!m_isV5) {
        const auto token = m_server->command(
            {u"token"_s, u"mint"_s, u"--kind"_s, u"user"_s, u"--id"_s, u"2"_s}); // ada
        return token.value_or(QByteArray()).trimmed();
    }
    const HttpReply reply
        = httpRequest(m_issuerPort, "POST", "/realms/vantage6/protocol/openid-connect/token", {},
            "client_id=ada&client_secret=s3cret&grant_type=client_credentials");
    return QJsonDocument::fromJson(reply.body)
        .object()
        .value(u"access_token"_s)
        .toString()
        .toLatin1();
}

QStringList TestNodes::settings() const
{
    QStringList all{u"federation.generation=%1"_s.arg(m_isV5 ? u"v5"_s : u"v4"_s)};
    if (m_isV5) {
        const QString realm = u"http://127.0.0.1:%1/realms/vantage6"_s.arg(m_issuerPort);
        all << u"auth.issuer="_s + realm
            << u"auth.jwks_url="_s + realm + u"/protocol/openid-connect/certs"_s;
    }
    if (m_port != 0)
        all << u"server.listen=127.0.0.1:%1"_s.arg(m_port);
    return all;
}

bool TestNodes::startNode(const QString& version)
{
    const QString config = m_server->path(u"node.yaml"_s);
    QFile file(config);
    if (!file.open(QIODevice::WriteOnly))
        return false;
    file.write(
        QStringLiteral("api_key: 11111111-aaaa-4aaa-8aaa-000000000001\n"
                       "server_url: http://127.0.0.1\nhq_url: http://127.0.0.1\n"
                       "port: %1\napi_path: %2\ntask_dir: %3\ndatabases: []\n"
                       "node_proxy_port: 7654\nencryption: {enabled: false, private_key: \"\"}\n"
                       "logging: {level: DEBUG, use_console: true, backup_count: 2, "
                       "max_size: 1024, format: \"%(asctime)s %(message)s\", "
                       "datefmt: \"%H:%M:%S\"}\n")
            .arg(QString::number(m_port), m_base, m_server->path(u"tasks"_s))
            .toUtf8());
    file.close();
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(u"HOME"_s, m_server->path(u"home"_s)); // it keeps its logs there
    environment.insert(u"PYTHONDONTWRITEBYTECODE"_s, u"1"_s);
    environment.remove(u"PYTHONPATH"_s);
    if (m_isV5) {
        environment.insert(u"KEYCLOAK_URL"_s, u"http://127.0.0.1:%1"_s.arg(m_issuerPort));
        environment.insert(u"KEYCLOAK_REALM"_s, u"vantage6"_s);
        environment.insert(u"V6_NODE_NAME"_s, u"alpha-red"_s);
        environment.insert(u"V6_API_KEY"_s, u"s3cret"_s);
    }
    m_node = std::make_unique<Teller>(python(version),
        QStringList{source(m_isV5 ? u"node5.py"_s : u"node4.py"_s), config}, environment,
        m_server->path(u"node.log"_s));
    return m_node->waitFor(u"version"_s).toString() == version;
}

HttpReply TestNodes::call(const QByteArray& method, const QString& path, const QByteArray& body)
{
    protocol::HttpHeaders headers;
    headers.add("Authorization", "Bearer " + tokenOfUser());
    headers.add("Content-Type", "application/json");
    return httpRequest(m_port, method, QString(m_base + path).toUtf8(), headers, body);
}

QJsonObject TestNodes::get(const QString& path)
{
    return QJsonDocument::fromJson(call("GET", path).body).object();
}

qint64 TestNodes::makeTask(const QString& image, const QString& given)
{
    QJsonObject body{{u"name"_s, u"t"_s}, {u"image"_s, image}, {u"collaboration_id"_s, 1}};
    const QString input = QString::fromLatin1(given.toUtf8().toBase64());
    const QString field = m_isV5 ? u"arguments"_s : u"input"_s;
    body.insert(u"organizations"_s, QJsonArray{QJsonObject{{u"id"_s, 1}, {field, input}}});
    if (m_isV5) {
        body.insert(u"method"_s, u"central"_s);
        body.insert(u"action"_s, u"central_compute"_s);
        body.insert(u"session_id"_s, m_session);
    }
    const HttpReply reply = call("POST", u"/task"_s, QJsonDocument(body).toJson());
    return QJsonDocument::fromJson(reply.body).object().value(u"id"_s).toInteger();
}

qint64 TestNodes::runOf(qint64 task)
{
    const QJsonArray runs = get(u"/run?task_id=%1"_s.arg(task)).value(u"data"_s).toArray();
    return runs.isEmpty() ? 0 : runs.first()[u"id"_s].toInteger();
}

bool TestNodes::waitForRun(qint64 run, const QString& status)
{
    return ServedProgram::waitLooking(
        [&] { return get(u"/run/%1"_s.arg(run)).value(u"status"_s).toString() == status; },
        NodePatience);
}

bool TestNodes::waitForNode(const QString& status)
{
    return ServedProgram::waitLooking(
        [&] { return get(u"/node/1"_s).value(u"status"_s).toString() == status; }, NodePatience);
}

/// From its creation to its result.
bool TestNodes::runsATask(const QString& given)
{
    const qint64 task = makeTask(u"harbor/echo:1"_s, given);
    const qint64 run = runOf(task);
    if (run == 0 || !waitForRun(run, u"completed"_s))
        return false;
    const QByteArray result
        = get(u"/result/%1"_s.arg(run)).value(u"result"_s).toString().toLatin1();
    return QByteArray::fromBase64(result) == given.toUtf8()
        && get(u"/run/%1"_s.arg(run)).value(u"log"_s).toString() == u"done here";
}

void TestNodes::nodeServesItsCollaboration_data()
{
    QTest::addColumn<QString>("version");
    QTest::newRow("v4: 4.14.0") << u"4.14.0"_s;
    QTest::newRow("v5: 5.0.3") << u"5.0.3"_s;
}

void TestNodes::nodeServesItsCollaboration()
{
    QFETCH(QString, version);
    if (!QFile::exists(python(version)))
        QSKIP("the node's packages are not installed: scripts/nodes, with PyPI in reach");
    m_isV5 = version.startsWith(u'5');
    m_base = m_isV5 ? u"/hq"_s : u"/api"_s;
    m_port = 0;
    m_server = std::make_unique<ServedProgram>(QStringLiteral(GATEHOUSE_BINARY));
    QVERIFY(m_server->command({u"import"_s, source(u"federation.json"_s)}));
    QVERIFY(!m_isV5 || startIssuer(version));
    QVERIFY(m_server->start(settings()));
    m_port = m_server->port();
    if (m_isV5) {
        m_session = QJsonDocument::fromJson(
            call("POST", u"/session"_s, R"({"scope":"own","collaboration_id":1})").body)
                        .object()
                        .value(u"id"_s)
                        .toInteger();
        QVERIFY(m_session > 0);
    }

    // It starts, authenticates, connects, syncs and tells its configuration.
    QVERIFY(startNode(version));
    QVERIFY(waitForNode(u"online"_s));
    QVERIFY(ServedProgram::waitLooking(
        [&] { return !get(u"/node/1"_s).value(u"config"_s).toArray().isEmpty(); }, NodePatience));
    QVERIFY(runsATask(u"first"_s));

    // It obeys a kill.
    const qint64 endless = makeTask(u"harbor/endless:1"_s, u"x"_s);
    const qint64 run = runOf(endless);
    QVERIFY(waitForRun(run, u"active"_s));
    // A node of v4 says "active" before it has a container to kill.
    QCOMPARE(m_node->waitFor(u"started"_s, run).toInteger(), run);
    const QByteArray body = "{\"id\":" + QByteArray::number(endless) + '}';
    QCOMPARE(call("POST", u"/kill/task"_s, body).status, 200);
    QCOMPARE(m_node->waitFor(u"killed"_s, run).toInteger(), run);
    QVERIFY(waitForRun(run, u"killed by user"_s));
    if (m_isV5)
        QVERIFY(ServedProgram::waitLooking(
            [&] { return get(u"/run/%1"_s.arg(run)).value(u"log"_s).toString() == u"killed here"; },
            NodePatience));

    // It comes back after the server has died, and does what came in the meantime.
    m_server->signal(SIGKILL);
    QVERIFY(m_server->waitForEnd());
    QVERIFY(m_server->start(settings()));
    QCOMPARE(m_server->port(), m_port);
    const qint64 early = makeTask(u"harbor/echo:1"_s, u"while it was away"_s);
    QVERIFY(waitForRun(runOf(early), u"completed"_s));
    QVERIFY(waitForNode(u"online"_s));

    // And after a graceful restart.
    m_server->signal(SIGTERM);
    QCOMPARE(m_server->waitForEnd(), std::optional(0));
    QVERIFY(m_server->start(settings()));
    QVERIFY(waitForNode(u"online"_s));
    QVERIFY(runsATask(u"last"_s));
    QVERIFY(m_node->isRunning());
}

void TestNodes::cleanup()
{
    if (QTest::currentTestFailed() && m_server) {
        for (const QString& name : {u"node.log"_s, u"issuer.log"_s, u"log"_s}) {
            QFile file(m_server->path(name));
            if (file.open(QIODevice::ReadOnly))
                fprintf(stderr, "== %s\n%s\n", qPrintable(name),
                    file.readAll().right(6'000).constData());
        }
    }
    m_node.reset();
    m_issuer.reset();
    m_server.reset();
}

QTEST_GUILESS_MAIN(TestNodes)
#include "tst_nodes.moc"
