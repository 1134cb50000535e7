// SPDX-License-Identifier: Apache-2.0
// Gatehouse beside another server (docs/beside.md): a proxy with the very configuration of
// examples/beside in front, a server that answers as vantage6 4.x and v5 do, its emits over
// RabbitMQ or Redis by python-socketio, and python-socketio's clients.
#include "server/access/tokenminter.h"
#include "tests/server/access/testkeys.h"
#include "tests/support/httpcall.h"
#include "tests/support/rabbitbroker.h"
#include "tests/support/redisserver.h"
#include "tests/support/scriptedwebsocket.h"
#include "tests/support/servedprogram.h"

#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QStandardPaths>
#include <QTcpServer>
#include <QTest>

#include <csignal>

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
    void aTokenTheOldServerRefusesEndsNobodyElse();
    void aDeletedHolderEnds_data();
    void aDeletedHolderEnds();
    void anAdministratorWithAnotherPasswordIsOut();
    void holdersOfAKeycloakAreLearnt();
    void redisCarriesTheEmits();
    void clientsComeBackThroughTheProxy_data();
    void clientsComeBackThroughTheProxy();

private:
    bool start(const QStringList& further = {});
    static const access::test::PkeyPtr& realmKey();
    static QByteArray realmKeys();
    QByteArray realmToken(const QString& subject, const QString& kind) const;
    bool configureProxy(const QString& which);
    bool startProxy(const QString& which);
    std::unique_ptr<Peer> client(access::TokenKind kind, qint64 id, quint16 port,
        const QString& transports = u"polling,websocket"_s);
    bool write(const QString& name, const QByteArray& text,
        QFileDevice::Permissions permissions = QFileDevice::ReadOwner | QFileDevice::WriteOwner);

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
        QStringList{source(u"tests/beside/oldserver.py"_s), m_server->path(u"old.key"_s),
            m_server->path(u"certs"_s)});
    m_oldPort = quint16(m_old->next(u"port"_s).toInt());
    QVERIFY(m_oldPort != 0);
}

bool TestBeside::start(const QStringList& further)
{
    QStringList settings{
        u"auth.accepted_secrets="_s + m_server->path(u"old.key"_s),
        u"federation.beside_url=http://127.0.0.1:%1/api"_s.arg(m_oldPort),
        u"federation.beside_cache=1ms"_s,
        u"server.trusted_proxies=127.0.0.1"_s,
    };
    if (!further.isEmpty()) {
        settings << further;
    } else if (RabbitBroker::isInstalled()) {
        settings << u"bus.url="_s + RabbitBroker::shared().url()
                 << u"bus.emitters=python rabbitmq flask-socketio namespaces=/tasks "
                    "rooms=collaboration_* methods=emit"_s;
    }
    return m_server->start(settings);
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

bool TestBeside::configureProxy(const QString& which)
{
    const QByteArray listen = QByteArray::number(m_proxyPort);
    const QByteArray gatehouse = "127.0.0.1:" + QByteArray::number(m_server->port());
    const QByteArray old = "127.0.0.1:" + QByteArray::number(m_oldPort);
    const bool isNginx = which == u"nginx";
    const auto text = isNginx ? configured(u"nginx.conf"_s,
                          {{"listen 8080;", "listen 127.0.0.1:" + listen + ';'},
                              {"127.0.0.1:7400", gatehouse}, {"127.0.0.1:5000", old},
                              {"/run/nginx-beside.pid", m_server->path(u"nginx.pid"_s).toUtf8()}})
                              : configured(u"haproxy.cfg"_s,
                                  {{"bind :8080", "bind 127.0.0.1:" + listen},
                                      {"127.0.0.1:7400", gatehouse}, {"127.0.0.1:5000", old}});
    return text && write(u"proxy.conf"_s, *text);
}

bool TestBeside::startProxy(const QString& which)
{
    m_proxyPort = freePort();
    if (!configureProxy(which))
        return false;
    const QString config = m_server->path(u"proxy.conf"_s);
    m_proxy = std::make_unique<QProcess>();
    m_proxy->setProcessChannelMode(QProcess::ForwardedErrorChannel);
    if (which == u"nginx")
        m_proxy->start(u"/usr/sbin/nginx"_s, {u"-c"_s, config, u"-g"_s, u"daemon off;"_s});
    else
        m_proxy->start(u"/usr/sbin/haproxy"_s, {u"-db"_s, u"-f"_s, config});
    return ServedProgram::waitLooking(
        [this] { return httpRequest(m_proxyPort, "GET", "/api/version").status == 200; });
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
    QVERIFY(start());
    QVERIFY(startProxy(proxy));

    // Numbers and rooms are those of the old server.
    const auto user = client(access::TokenKind::User, 41, m_proxyPort, transports);
    QCOMPARE(user->event(u"message"_s).toString(), u"User <nele> joined room <collaboration_7>"_s);
    const auto other = client(access::TokenKind::User, 42, m_proxyPort, transports);
    QCOMPARE(other->event(u"message"_s).toString(), u"User <olaf> joined room <collaboration_8>"_s);
    const auto node = client(access::TokenKind::Node, 31, m_proxyPort, transports);
    QVERIFY(!node->event(u"sync"_s).isUndefined());
    QCOMPARE(user->event(u"node-online"_s),
        QJsonValue(QJsonObject{{u"id"_s, 31}, {u"name"_s, u"north"_s}, {u"org_id"_s, 21}}));

    // What the old server emits arrives in its rooms. Bound are its channel and what servers tell
    // each other.
    QVERIFY(ServedProgram::waitLooking([this] {
        return m_server->metric("gatehouse_bus_up") == 1
            && m_server->metric("gatehouse_bus_bound_topics") == 2;
    }));
    Peer back(python,
        {source(u"tests/emitters/emitter.py"_s), u"kombu"_s, RabbitBroker::shared().url(),
            u"flask-socketio"_s});
    QVERIFY(!back.next(u"ready"_s).isUndefined());
    const QJsonObject task{{u"id"_s, 51}, {u"parent_id"_s, QJsonValue()}};
    back.tell({{u"do"_s, u"emit"_s}, {u"event"_s, u"new_task"_s}, {u"data"_s, task},
        {u"namespace"_s, u"/tasks"_s}, {u"room"_s, u"collaboration_7"_s}});
    QCOMPARE(node->event(u"new_task"_s), QJsonValue(task));
    QCOMPARE(user->event(u"new_task"_s), QJsonValue(task));

    // What the node says of its run goes to those who may hear it; of others' runs, to nobody.
    const auto status = [&](int run, const QString& word) {
        node->tell({{u"emit"_s, u"algorithm_status_change"_s},
            {u"data"_s, QJsonObject{{u"run_id"_s, run}, {u"task_id"_s, 51}, {u"status"_s, word}}}});
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
    QCOMPARE(
        QJsonDocument::fromJson(version.body).object().value(u"version"_s).toString(), u"4.14.0"_s);
}

void TestBeside::whoIsKnownComesBackWhileTheOldServerIsAway()
{
    QVERIFY(start());
    auto node = client(access::TokenKind::Node, 31, m_server->port());
    QVERIFY(!node->event(u"sync"_s).isUndefined());
    m_old.reset();
    node = client(access::TokenKind::Node, 31, m_server->port());
    QVERIFY(!node->event(u"sync"_s).isUndefined());
    QVERIFY(ServedProgram::waitLooking([this] {
        return m_server->metric(R"(gatehouse_beside_questions_total{outcome="failed"})").value_or(0)
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
    QVERIFY(start());
    const auto stranger = client(access::TokenKind(kind), id, m_server->port());
    QVERIFY(!stranger->next(u"ready"_s).isUndefined());
    QVERIFY(m_server->waitForLog("is not identified"));
    QCOMPARE(stranger->count(u"sync"_s) + stranger->count(u"message"_s), 0);
}

/// Within `auth.leeway` a token past its end is good here and not there.
void TestBeside::aTokenTheOldServerRefusesEndsNobodyElse()
{
    QVERIFY(start({u"auth.leeway=10m"_s}));
    const auto first = client(access::TokenKind::User, 41, m_server->port());
    QVERIFY(!first->event(u"message"_s).isUndefined());
    struct Yesterday final : Clock
    {
        Millis wall() const override
        {
            return SystemClock().wall() - Millis{6 * 3'600'000 + 60'000};
        }
        Millis monotonic() const override { return SystemClock().monotonic(); }
    } yesterday;
    const access::TokenMinter minter(secret, {}, yesterday);
    QVERIFY(write(u"token-old"_s, minter.accessToken(access::TokenKind::User, 42)));
    Peer late(u"/usr/bin/python3"_s,
        {source(u"tests/interop/node.py"_s), u"--url"_s,
            u"http://127.0.0.1:%1"_s.arg(m_server->port()), u"--token-file"_s,
            m_server->path(u"token-old"_s)});
    QVERIFY(!late.event(u"expired_token"_s).isUndefined());
    QVERIFY(write(u"token-old"_s, minter.accessToken(access::TokenKind::User, 41)));
    Peer tab(u"/usr/bin/python3"_s,
        {source(u"tests/interop/node.py"_s), u"--url"_s,
            u"http://127.0.0.1:%1"_s.arg(m_server->port()), u"--token-file"_s,
            m_server->path(u"token-old"_s)});
    QVERIFY(!tab.event(u"message"_s).isUndefined()); // known, and good here
    const auto node = client(access::TokenKind::Node, 31, m_server->port());
    QVERIFY(!first->event(u"node-online"_s).isUndefined()); // is there still
}

void TestBeside::aDeletedHolderEnds_data()
{
    QTest::addColumn<bool>("comesAgain");
    QTest::newRow("it comes again") << true;
    QTest::newRow("it speaks of a run") << false;
}

/// Nobody tells Gatehouse that the old server has deleted somebody. With the first answer that says
/// so every connection of it ends, and it stays away.
void TestBeside::aDeletedHolderEnds()
{
    QFETCH(bool, comesAgain);
    QVERIFY(start());
    const auto user = client(access::TokenKind::User, 41, m_server->port());
    QVERIFY(!user->event(u"message"_s).isUndefined());
    const auto node = client(access::TokenKind::Node, 31, m_server->port());
    QVERIFY(!node->event(u"sync"_s).isUndefined());
    m_old->tell({{u"remove"_s, 31}});
    QCOMPARE(m_old->next(u"removed"_s).toInt(), 31);
    std::unique_ptr<Peer> second;
    if (comesAgain) {
        second = client(access::TokenKind::Node, 31, m_server->port());
        QVERIFY(!second->next(u"ready"_s).isUndefined());
    } else {
        node->tell({{u"emit"_s, u"algorithm_log"_s},
            {u"data"_s,
                QJsonObject{{u"run_id"_s, 71}, {u"task_id"_s, 51}, {u"log"_s, u"still here"_s}}}});
    }
    QVERIFY(!node->event(u"disconnect"_s).isUndefined());
    QCOMPARE(user->event(u"node-offline"_s)[u"id"_s].toInt(), 31);
    QVERIFY(m_server->waitForLog("Node <north> is not known any more: its connection ends"));
    QCOMPARE(user->count(u"algorithm_log"_s), 0);
    QCOMPARE(second ? second->count(u"sync"_s) : 0, 0);
}

/// What the other server knows comes from there; who may open the console, from the database.
void TestBeside::anAdministratorWithAnotherPasswordIsOut()
{
    QVERIFY(start());
    const auto node = client(access::TokenKind::Node, 31, m_server->port());
    QVERIFY(!node->event(u"sync"_s).isUndefined());
    const auto password = m_server->command({u"admin"_s, u"passwd"_s, u"admin"_s, u"--generate"_s});
    QVERIFY(password);
    QVERIFY(ServedProgram::waitLooking(
        [this] { return m_server->log().count("Directory read again: 0 changes") == 1; }));
    protocol::HttpHeaders headers;
    headers.add("Content-Type", "application/json");
    const HttpReply login = httpRequest(m_server->port(), "POST", "/api/token/admin", headers,
        QJsonDocument(QJsonObject{{u"name"_s, u"admin"_s},
                          {u"password"_s, QString::fromLatin1(password->trimmed())}})
            .toJson());
    QCOMPARE(login.status, 200);
    const QByteArray token = QJsonDocument::fromJson(login.body)
                                 .object()
                                 .value(u"access_token"_s)
                                 .toString()
                                 .toLatin1();
    const auto enter = [&](ScriptedWebSocket& console) {
        if (!console.open(m_server->port()))
            return false;
        console.receiveText();
        console.sendText(QByteArray("40/gh-admin,{\"token\":\"" + token + "\"}"));
        return console.receiveText().startsWith("40/gh-admin,{\"sid\"");
    };
    ScriptedWebSocket console;
    QVERIFY(enter(console));

    QVERIFY(m_server->command({u"admin"_s, u"passwd"_s, u"admin"_s, u"--generate"_s}));
    QByteArray last = console.receiveText();
    while (!last.isNull() && !last.contains("session_expired"))
        last = console.receiveText();
    QVERIFY(!last.isNull());
    ScriptedWebSocket again;
    QVERIFY(!enter(again));
    // The node is known still, and nobody has written down that it was removed.
    QVERIFY(m_server->waitForLog("Directory read again: 0 changes"));
    QCOMPARE(node->count(u"sync"_s), 1);
}

const access::test::PkeyPtr& TestBeside::realmKey()
{
    static const access::test::PkeyPtr key = access::test::makeRsaKey();
    return key;
}

QByteArray TestBeside::realmKeys()
{
    return "{\"keys\":[" + access::test::publicJwk(realmKey(), R"("kid":"realm","use":"sig")")
        + "]}";
}

QByteArray TestBeside::realmToken(const QString& subject, const QString& kind) const
{
    const qint64 now = m_clock.wall().count() / 1'000;
    const QJsonObject claims{{u"exp"_s, now + 300}, {u"iat"_s, now}, {u"jti"_s, u"a"_s},
        {u"iss"_s, u"https://auth.example/realms/vantage6"_s}, {u"aud"_s, u"account"_s},
        {u"sub"_s, subject}, {u"typ"_s, u"Bearer"_s}, {u"azp"_s, u"client"_s},
        {u"vantage6_client_type"_s, kind}};
    return access::test::signedToken(R"({"alg":"RS256","typ":"JWT","kid":"realm"})",
        QJsonDocument(claims).toJson(QJsonDocument::Compact), realmKey());
}

/// v5: the realm's keys over HTTP, holders by Keycloak's ids, everything below /hq.
void TestBeside::holdersOfAKeycloakAreLearnt()
{
    QVERIFY(write(u"nele"_s, realmToken(u"kc-nele"_s, u"user"_s)));
    QVERIFY(write(u"north"_s, realmToken(u"kc-north"_s, u"node"_s)));
    QVERIFY(write(u"nobody"_s, realmToken(u"kc-nobody"_s, u"node"_s)));
    QVERIFY(write(u"certs"_s, realmKeys()));
    const QString old = u"http://127.0.0.1:%1"_s.arg(m_oldPort);
    QVERIFY(start({u"federation.generation=v5"_s, u"federation.beside_url="_s + old + u"/hq/"_s,
        u"auth.jwks_url="_s + old + u"/certs"_s,
        u"auth.issuer=https://auth.example/realms/vantage6"_s}));
    const auto arguments = [this](const QString& file) {
        return QStringList{source(u"tests/interop/node.py"_s), u"--url"_s,
            u"http://127.0.0.1:%1"_s.arg(m_server->port()), u"--token-file"_s,
            m_server->path(file)};
    };
    Peer user(u"/usr/bin/python3"_s, arguments(u"nele"_s));
    QCOMPARE(user.event(u"message"_s).toString(), u"User <nele> joined room <collaboration_7>"_s);
    Peer node(u"/usr/bin/python3"_s, arguments(u"north"_s));
    QVERIFY(!node.event(u"sync"_s).isUndefined());
    QCOMPARE(user.event(u"node-online"_s),
        QJsonValue(QJsonObject{{u"id"_s, 31}, {u"name"_s, u"north"_s}, {u"org_id"_s, 21}}));
    node.tell({{u"emit"_s, u"algorithm_log"_s},
        {u"data"_s, QJsonObject{{u"run_id"_s, 71}, {u"task_id"_s, 51}, {u"log"_s, u"first"_s}}}});
    QCOMPARE(user.event(u"algorithm_log"_s)[u"log"_s].toString(), u"first"_s);
    Peer nobody(u"/usr/bin/python3"_s, arguments(u"nobody"_s));
    QVERIFY(!nobody.next(u"ready"_s).isUndefined());
    QVERIFY(m_server->waitForLog("is not identified"));
    QCOMPARE(nobody.count(u"sync"_s), 0);
}

void TestBeside::redisCarriesTheEmits()
{
    if (!RedisServer::isInstalled())
        QSKIP(qPrintable(RedisServer::missing()));
    const QString python = QStringLiteral(GATEHOUSE_EMITTERS "/python-5.16.3/bin/python");
    if (!QFile::exists(python))
        QSKIP("python-socketio is not installed: scripts/emitters");
    RedisServer redis;
    QVERIFY(redis.start());
    QVERIFY(start({u"bus.redis_url="_s + redis.url(),
        u"bus.emitters=python redis flask-socketio namespaces=/tasks rooms=collaboration_* "
        "methods=emit"_s}));
    const auto node = client(access::TokenKind::Node, 31, m_server->port());
    QVERIFY(!node->event(u"sync"_s).isUndefined());
    QVERIFY(
        ServedProgram::waitLooking([this] { return m_server->metric("gatehouse_redis_up") == 1; }));
    Peer back(python,
        {source(u"tests/emitters/emitter.py"_s), u"redis"_s, redis.url(), u"flask-socketio"_s});
    QVERIFY(!back.next(u"ready"_s).isUndefined());
    const QJsonObject task{{u"id"_s, 51}, {u"parent_id"_s, QJsonValue()}};
    back.tell({{u"do"_s, u"emit"_s}, {u"event"_s, u"new_task"_s}, {u"data"_s, task},
        {u"namespace"_s, u"/tasks"_s}, {u"room"_s, u"collaboration_7"_s}});
    QCOMPARE(node->event(u"new_task"_s), QJsonValue(task));
}

void TestBeside::clientsComeBackThroughTheProxy_data()
{
    QTest::addColumn<QString>("proxy");
    QTest::addColumn<QString>("transports");
    QTest::addColumn<int>("signal");
    for (const QString& proxy : {u"nginx"_s, u"haproxy"_s}) {
        for (const QString& transports : {u"polling"_s, u"polling,websocket"_s}) {
            const QByteArray how = proxy.toLatin1() + ", " + transports.toLatin1();
            QTest::addRow("%s, drained", how.constData()) << proxy << transports << SIGTERM;
            QTest::addRow("%s, killed", how.constData()) << proxy << transports << SIGKILL;
        }
    }
}

/// It speaks all the time, so that a request of its meets every moment of the restart.
void TestBeside::clientsComeBackThroughTheProxy()
{
    QFETCH(QString, proxy);
    QFETCH(QString, transports);
    QFETCH(int, signal);
    if (!QFile::exists(u"/usr/sbin/"_s + proxy))
        QSKIP(qPrintable(proxy + u" is not installed: scripts/packages test"_s));
    QVERIFY(start({u"server.drain_spread=200ms"_s}));
    QVERIFY(startProxy(proxy));
    const auto node = client(access::TokenKind::Node, 31, m_proxyPort, transports);
    QVERIFY(!node->event(u"sync"_s).isUndefined());
    m_server->signal(signal);
    const auto hasEnded = [&] {
        node->tell({{u"try"_s, u"ping"_s}});
        return !m_server->isRunning();
    };
    QVERIFY(ServedProgram::waitLooking(hasEnded, 3 * Patience));
    if (signal == SIGTERM)
        QCOMPARE(m_server->waitForEnd(), 0);
    QVERIFY(start({u"server.listen=127.0.0.1:%1"_s.arg(m_server->port())}));
    const auto isBack = [&] {
        node->tell({{u"try"_s, u"ping"_s}});
        return node->count(u"sync"_s) == 2;
    };
    QVERIFY(ServedProgram::waitLooking(isBack, 3 * Patience));
}

QTEST_GUILESS_MAIN(TestBeside)
#include "tst_beside.moc"
