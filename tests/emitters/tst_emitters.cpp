// SPDX-License-Identifier: Apache-2.0
// Unmodified back ends and an unmodified client with the real server between them: python-socketio
// of Debian and of PyPI over RabbitMQ and Redis, @socket.io/redis-emitter, socket.io-client.
#include "tests/support/rabbitbroker.h"
#include "tests/support/redisserver.h"
#include "tests/support/servedprogram.h"

#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

using namespace gatehouse;
using namespace gatehouse::test;
using namespace Qt::StringLiterals;

namespace {

/// Channels of two Python back ends, and what servers tell each other.
constexpr double boundTopics = 3;

QString installed(const QString& name)
{
    return QString(QStringLiteral(GATEHOUSE_EMITTERS "/") + name);
}

QString sourceFile(const char* name)
{
    return QString(
        QStringLiteral(GATEHOUSE_SOURCE_DIR "/tests/emitters/") + QLatin1StringView(name));
}

/// A program that is told what to do, and says what happened, by lines of JSON.
class Peer
{
public:
    Peer(const QString& program, const QStringList& arguments)
    {
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(u"NODE_PATH"_s, installed(u"node/node_modules"_s));
        environment.insert(u"PYTHONDONTWRITEBYTECODE"_s, u"1"_s);
        environment.remove(u"PYTHONPATH"_s);
        m_process.setProcessEnvironment(environment);
        m_process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        m_process.start(program, arguments);
    }
    ~Peer()
    {
        m_process.kill();
        m_process.waitForFinished();
    }
    Q_DISABLE_COPY_MOVE(Peer)

    /// Waits for a line that has that member, from the last one taken on; its value.
    QJsonValue waitFor(const char* member)
    {
        QJsonValue found(QJsonValue::Undefined);
        waitUntil(
            [&] {
                readLines();
                for (; m_taken < lines.size() && found.isUndefined(); ++m_taken)
                    found = lines[m_taken].toObject().value(QLatin1StringView(member));
                return !found.isUndefined() || m_process.state() == QProcess::NotRunning;
            },
            3 * Patience);
        return found;
    }

    bool tell(const QJsonObject& wish)
    {
        m_process.write(QJsonDocument(wish).toJson(QJsonDocument::Compact) + '\n');
        return !waitFor("done").isUndefined();
    }

    /// The next event it gets: [name, arguments].
    QJsonArray nextEvent()
    {
        const qsizetype before = m_taken;
        const QJsonValue name = waitFor("event");
        if (name.isUndefined()) {
            m_taken = before;
            return {};
        }
        return {name, lines[m_taken - 1].toObject().value(u"args"_s)};
    }

    qsizetype count(const char* member)
    {
        readLines();
        return std::count_if(lines.begin(), lines.end(), [member](const QJsonValue& line) {
            return line.toObject().contains(QLatin1StringView(member));
        });
    }

    QJsonArray lines;

private:
    void readLines()
    {
        while (m_process.canReadLine())
            lines.append(QJsonDocument::fromJson(m_process.readLine()).object());
    }

    QProcess m_process;
    qsizetype m_taken = 0;
};

QJsonArray heard(const char* name, const QJsonArray& args)
{
    return {QLatin1StringView(name), args};
}

QJsonArray json(const char* text)
{
    return QJsonDocument::fromJson(text).array();
}

} // namespace

class TestEmitters : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void cleanupTestCase();

    void pythonEmits_data();
    void pythonEmits();
    void pythonServersActOnClients_data();
    void pythonServersActOnClients();
    void nodeEmits();
    void listsAreKept();
    void nobodyIsDisconnectedInAnOutage();

private:
    std::unique_ptr<Peer> client(QByteArray& id)
    {
        auto peer = std::make_unique<Peer>(u"node"_s,
            QStringList{sourceFile("client.js"), u"http://127.0.0.1:%1"_s.arg(m_server->port())});
        id = peer->waitFor("connected").toString().toUtf8();
        return peer;
    }
    std::unique_ptr<Peer> python(
        const QString& release, const QString& kind, const QString& channel)
    {
        const QString program = release == u"debian"
            ? u"/usr/bin/python3"_s
            : installed(u"python-"_s + release + u"/bin/python");
        const QString url = kind == u"redis" ? m_redis->url() : RabbitBroker::shared().url();
        auto peer = std::make_unique<Peer>(
            program, QStringList{sourceFile("emitter.py"), kind, url, channel});
        return peer->waitFor("ready").isUndefined() ? nullptr : std::move(peer);
    }
    double metric(const char* outcome) const
    {
        return m_server
            ->metric("gatehouse_emitter_messages_total{outcome=\"" + QByteArray(outcome) + "\"}")
            .value_or(-1);
    }

    std::unique_ptr<RedisServer> m_redis;
    std::unique_ptr<ServedProgram> m_server;
};

void TestEmitters::initTestCase()
{
    if (!RabbitBroker::isInstalled())
        QSKIP(qPrintable(RabbitBroker::missing()));
    if (!RedisServer::isInstalled())
        QSKIP(qPrintable(RedisServer::missing()));
    if (!QFile::exists(installed(u"node/node_modules/@socket.io/redis-emitter"_s)))
        QSKIP("the emitters are not installed: scripts/emitters");
    // All or nothing: of a release that is missing among the others nobody would notice.
    for (const QString& release : {u"5.13.0"_s, u"5.14.0"_s, u"5.16.3"_s}) {
        if (!QFile::exists(installed(u"python-"_s + release)))
            QSKIP("the emitters are not installed: scripts/emitters");
    }
    m_redis = std::make_unique<RedisServer>();
    QVERIFY(m_redis->start());
    m_server = std::make_unique<ServedProgram>(QStringLiteral(GATEHOUSE_BINARY));
    const QString all = u"methods=emit|join|leave|disconnect|close|callback"_s;
    const QStringList emitters{
        u"python rabbitmq old pickle "_s + all,
        u"python rabbitmq new "_s + all,
        u"python redis old pickle "_s + all,
        u"python redis new "_s + all,
        u"python redis narrow rooms=guild_* methods=emit"_s,
        u"node redis socket.io "_s + all,
    };
    QVERIFY(m_server->start({u"bus.url="_s + RabbitBroker::shared().url(),
        u"bus.redis_url="_s + m_redis->url(), u"bus.emitters="_s + emitters.join(u','),
        u"bus.heartbeat=1s"_s, u"bus.retry_max=500ms"_s}));
    QVERIFY(ServedProgram::waitLooking([&] {
        return m_server->metric("gatehouse_bus_up") == 1
            && m_server->metric("gatehouse_redis_up") == 1
            && m_server->metric("gatehouse_bus_bound_topics") == boundTopics;
    }));
}

void TestEmitters::cleanupTestCase()
{
    m_server.reset();
    m_redis.reset();
}

void TestEmitters::pythonEmits_data()
{
    QTest::addColumn<QString>("release");
    QTest::addColumn<QString>("kind");
    const auto row = [](const char* release, const char* kind) {
        QTest::addRow("%s over %s", release, kind)
            << QString::fromLatin1(release) << QString::fromLatin1(kind);
    };
    for (const char* kind : {"kombu", "redis"}) {
        for (const char* release : {"debian", "5.13.0", "5.14.0", "5.16.3"})
            row(release, kind);
    }
    row("5.13.0", "aiopika");
    row("5.16.3", "aiopika");
}

void TestEmitters::pythonEmits()
{
    QFETCH(QString, release);
    QFETCH(QString, kind);
    if (release == u"debian" && !QFile::exists(u"/usr/lib/python3/dist-packages/kombu"_s))
        QSKIP("python3-kombu is not installed");
    const bool pickles = release == u"debian" || release == u"5.13.0";
    const bool hasBinary = release != u"5.14.0";
    QByteArray id;
    const auto listening = client(id);
    QByteArray otherId;
    const auto other = client(otherId);
    const auto back = python(release, kind, pickles ? u"old"_s : u"new"_s);
    QVERIFY(back);
    const auto emitTo = [&](const QJsonObject& wish) {
        QJsonObject whole = wish;
        whole.insert(u"do"_s, u"emit"_s);
        whole.insert(u"event"_s, u"news"_s);
        return back->tell(whole);
    };
    const QJsonArray rich = json(R"([{"text":"é😀\"","n":[1,2.5,true,null]}])");
    const QJsonArray pair = json(R"(["a",2])");
    QVERIFY(emitTo({{u"data"_s, rich[0]}}));
    QCOMPARE(listening->nextEvent(), heard("news", rich));
    QVERIFY(emitTo({{u"data"_s, pair}, {u"tuple"_s, true}}));
    QCOMPARE(listening->nextEvent(), heard("news", pair));
    QVERIFY(emitTo({}));
    QCOMPARE(listening->nextEvent(), heard("news", QJsonArray()));
    if (hasBinary) {
        QVERIFY(emitTo({{u"data"_s, json("[[1,2]]")[0]}}));
        QCOMPARE(listening->nextEvent(), heard("news", json("[[1,2]]")));
        const QJsonArray file = json(R"([{"file":{"hex":"00ff10"},"name":"x"}])");
        QVERIFY(emitTo({{u"data"_s, file[0]}}));
        QCOMPARE(listening->nextEvent(), heard("news", file));
    }
    // To one client by its id, and to all but it.
    QVERIFY(emitTo({{u"data"_s, u"only you"_s}, {u"room"_s, QString::fromUtf8(id)}}));
    QVERIFY(emitTo({{u"data"_s, u"not you"_s}, {u"skip_sid"_s, QString::fromUtf8(id)}}));
    QVERIFY(emitTo({{u"data"_s, u"all"_s}}));
    QCOMPARE(listening->nextEvent(), heard("news", QJsonArray{u"only you"_s}));
    QCOMPARE(listening->nextEvent(), heard("news", QJsonArray{u"all"_s}));
    for (int i = 0; i < (hasBinary ? 5 : 3); ++i)
        other->nextEvent();
    QCOMPARE(other->nextEvent(), heard("news", QJsonArray{u"not you"_s}));
    QCOMPARE(other->nextEvent(), heard("news", QJsonArray{u"all"_s}));
    QCOMPARE(metric("malformed"), 0.0);
    QCOMPARE(metric("forbidden"), 0.0);
}

void TestEmitters::pythonServersActOnClients_data()
{
    QTest::addColumn<QString>("release");
    QTest::addColumn<QString>("kind");
    QTest::newRow("debian over kombu") << u"debian"_s << u"kombu"_s;
    QTest::newRow("5.16.3 over kombu") << u"5.16.3"_s << u"kombu"_s;
    QTest::newRow("5.16.3 over redis") << u"5.16.3"_s << u"redis"_s;
}

void TestEmitters::pythonServersActOnClients()
{
    QFETCH(QString, release);
    QFETCH(QString, kind);
    if (release == u"debian" && !QFile::exists(u"/usr/lib/python3/dist-packages/kombu"_s))
        QSKIP("python3-kombu is not installed");
    QByteArray id;
    const auto listening = client(id);
    const QString sid = QString::fromUtf8(id);
    const auto back = python(release, kind, release == u"debian" ? u"old"_s : u"new"_s);
    QVERIFY(back);
    QVERIFY(back->tell({{u"do"_s, u"serve"_s}}));
    // A server of theirs asks one client of ours, and gets its answer. Its own reader has to be
    // there.
    QJsonValue answer(QJsonValue::Undefined);
    for (int i = 0; i < 20 && answer.isUndefined(); ++i) {
        QVERIFY(back->tell(
            {{u"do"_s, u"ask"_s}, {u"event"_s, u"question"_s}, {u"data"_s, i}, {u"room"_s, sid}}));
        waitUntil([&] { return back->count("answer") > 0; }, Millis{1'000});
        if (back->count("answer") > 0)
            answer = back->lines.last().toObject().value(u"answer"_s);
    }
    const QJsonArray wanted = json(R"(["answer",{"to":"question"}])");
    QCOMPARE(answer.toArray(), wanted);
    if (release != u"debian") { // 5.7.2 knows its own clients' rooms only
        QVERIFY(
            back->tell({{u"do"_s, u"enter_room"_s}, {u"sid"_s, sid}, {u"room"_s, u"guild_1"_s}}));
        QVERIFY(back->tell({{u"do"_s, u"emit"_s}, {u"event"_s, u"in"_s}, {u"data"_s, 1},
            {u"room"_s, u"guild_1"_s}}));
        QVERIFY(
            back->tell({{u"do"_s, u"leave_room"_s}, {u"sid"_s, sid}, {u"room"_s, u"guild_1"_s}}));
        QVERIFY(back->tell({{u"do"_s, u"emit"_s}, {u"event"_s, u"out"_s}, {u"data"_s, 1},
            {u"room"_s, u"guild_1"_s}}));
        QVERIFY(
            back->tell({{u"do"_s, u"enter_room"_s}, {u"sid"_s, sid}, {u"room"_s, u"guild_2"_s}}));
        QVERIFY(back->tell({{u"do"_s, u"close_room"_s}, {u"room"_s, u"guild_2"_s}}));
        QVERIFY(back->tell({{u"do"_s, u"emit"_s}, {u"event"_s, u"out"_s}, {u"data"_s, 2},
            {u"room"_s, u"guild_2"_s}}));
        QVERIFY(back->tell({{u"do"_s, u"emit"_s}, {u"event"_s, u"end"_s}, {u"data"_s, 1}}));
        QJsonArray got;
        do {
            got = listening->nextEvent();
            QVERIFY(!got.isEmpty());
            QVERIFY(got[0] != u"out"_s);
        } while (got[0] != u"end"_s);
        QVERIFY(std::any_of(listening->lines.begin(), listening->lines.end(),
            [](const QJsonValue& line) { return line.toObject().value(u"event"_s) == u"in"_s; }));
    }
    QVERIFY(back->tell({{u"do"_s, u"disconnect"_s}, {u"sid"_s, sid}}));
    QCOMPARE(listening->waitFor("disconnected").toString(), u"io server disconnect"_s);
}

void TestEmitters::nodeEmits()
{
    QByteArray id;
    const auto listening = client(id);
    QByteArray otherId;
    const auto other = client(otherId);
    Peer back(u"node"_s, {sourceFile("emitter.js"), m_redis->url()});
    QVERIFY(!back.waitFor("ready").isUndefined());
    const auto emitTo = [&](QJsonObject wish, const QJsonArray& args) {
        wish.insert(u"do"_s, u"emit"_s);
        wish.insert(u"event"_s, u"news"_s);
        wish.insert(u"args"_s, args);
        return back.tell(wish);
    };
    const QJsonArray mixed
        = json(R"([{"text":"é😀","n":[1,-2.5,true,null]},{"hex":"00ff"},"x",[1]])");
    QVERIFY(emitTo({}, mixed));
    QCOMPARE(listening->nextEvent(), heard("news", mixed));
    QVERIFY(emitTo({{u"room"_s, QString::fromUtf8(id)}}, QJsonArray{u"only you"_s}));
    QVERIFY(emitTo({{u"except"_s, QString::fromUtf8(id)}}, QJsonArray{u"not you"_s}));
    QVERIFY(back.tell({{u"do"_s, u"join"_s}, {u"room"_s, QString::fromUtf8(id)},
        {u"target"_s, QJsonArray{u"guild_1"_s, u"guild_2"_s}}}));
    QVERIFY(emitTo({{u"room"_s, u"guild_2"_s}}, QJsonArray{u"in"_s}));
    QVERIFY(
        back.tell({{u"do"_s, u"leave"_s}, {u"room"_s, u"guild_1"_s}, {u"target"_s, u"guild_2"_s}}));
    QVERIFY(emitTo({{u"room"_s, u"guild_2"_s}}, QJsonArray{u"out"_s}));
    QVERIFY(emitTo({}, QJsonArray{u"all"_s}));
    QCOMPARE(listening->nextEvent(), heard("news", QJsonArray{u"only you"_s}));
    QCOMPARE(listening->nextEvent(), heard("news", QJsonArray{u"in"_s}));
    QCOMPARE(listening->nextEvent(), heard("news", QJsonArray{u"all"_s}));
    QCOMPARE(other->nextEvent(), heard("news", mixed));
    QCOMPARE(other->nextEvent(), heard("news", QJsonArray{u"not you"_s}));
    QCOMPARE(other->nextEvent(), heard("news", QJsonArray{u"all"_s}));
    QVERIFY(back.tell(
        {{u"do"_s, u"disconnect"_s}, {u"room"_s, QString::fromUtf8(id)}, {u"close"_s, false}}));
    QCOMPARE(listening->waitFor("disconnected").toString(), u"io server disconnect"_s);
    QCOMPARE(other->count("disconnected"), 0);
}

void TestEmitters::listsAreKept()
{
    QByteArray id;
    const auto listening = client(id);
    const double before = metric("forbidden");
    const auto narrow = python(u"5.16.3"_s, u"redis"_s, u"narrow"_s);
    QVERIFY(narrow);
    const auto wish = [](const char* room) {
        QJsonObject made{{u"do"_s, u"emit"_s}, {u"event"_s, u"no"_s}, {u"data"_s, 1}};
        if (*room != '\0')
            made.insert(u"room"_s, QLatin1StringView(room));
        return made;
    };
    QVERIFY(narrow->tell(wish(""))); // everybody
    QVERIFY(narrow->tell(wish(id.constData())));
    QVERIFY(narrow->tell({{u"do"_s, u"enter_room"_s}, {u"sid"_s, QString::fromUtf8(id)},
        {u"room"_s, u"guild_1"_s}}));
    // A pickle where none is allowed.
    const auto old = python(u"5.13.0"_s, u"redis"_s, u"new"_s);
    QVERIFY(old);
    QVERIFY(old->tell(wish("")));
    QVERIFY(ServedProgram::waitLooking([&] { return metric("forbidden") == before + 4; }));
    const auto wide = python(u"5.16.3"_s, u"redis"_s, u"new"_s);
    QVERIFY(wide->tell({{u"do"_s, u"emit"_s}, {u"event"_s, u"yes"_s}, {u"data"_s, 1}}));
    QCOMPARE(listening->nextEvent(), heard("yes", {1}));
}

void TestEmitters::nobodyIsDisconnectedInAnOutage()
{
    RabbitBroker& broker = RabbitBroker::shared();
    QByteArray id;
    const auto listening = client(id);
    const auto isUp = [&](double wanted) {
        return ServedProgram::waitLooking(
            [&] { return m_server->metric("gatehouse_bus_up") == wanted; }, 6 * Patience);
    };
    broker.kill();
    QVERIFY(isUp(0));
    QVERIFY(broker.start());
    QVERIFY(isUp(1));
    broker.freeze();
    QVERIFY(isUp(0));
    broker.thaw();
    QVERIFY(isUp(1));
    bool ok = false;
    broker.control({u"set_vm_memory_high_watermark"_s, u"0.000001"_s}, &ok);
    QVERIFY(ok);
    QVERIFY(ServedProgram::waitLooking(
        [&] { return m_server->metric("gatehouse_bus_blocked") == 1; }, 6 * Patience));
    broker.control({u"set_vm_memory_high_watermark"_s, u"0.4"_s}, &ok);
    QVERIFY(ok);
    QVERIFY(isUp(1));
    QVERIFY(broker.stop());
    QVERIFY(isUp(0));
    QVERIFY(broker.start());
    QVERIFY(isUp(1));
    m_redis->kill();
    QVERIFY(
        ServedProgram::waitLooking([&] { return m_server->metric("gatehouse_redis_up") == 0; }));
    QVERIFY(m_redis->start());
    QVERIFY(
        ServedProgram::waitLooking([&] { return m_server->metric("gatehouse_redis_up") == 1; }));
    // It all works again, and the client was there all the time.
    QVERIFY(ServedProgram::waitLooking(
        [&] { return m_server->metric("gatehouse_bus_bound_topics") == boundTopics; }));
    for (const QString& kind : {u"kombu"_s, u"redis"_s}) {
        const auto back = python(u"5.16.3"_s, kind, u"new"_s);
        QVERIFY(back);
        QVERIFY(back->tell({{u"do"_s, u"emit"_s}, {u"event"_s, u"back"_s}, {u"data"_s, kind}}));
        QCOMPARE(listening->nextEvent(), heard("back", {kind}));
    }
    QCOMPARE(listening->count("connected"), 1);
    QCOMPARE(listening->count("disconnected"), 0);
}

QTEST_GUILESS_MAIN(TestEmitters)
#include "tst_emitters.moc"
