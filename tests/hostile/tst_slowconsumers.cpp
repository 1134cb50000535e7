// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/fixtureserver.h"
#include "tests/support/scriptedwebsocket.h"

#include <QFile>

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <numeric>

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

constexpr qsizetype QueueBytes = 256 * 1'024;
constexpr int Events = 1'400;
const QByteArray Padding(2'000, 'p');

/// Everybody is in the room "r".
class Everybody final : public session::NamespaceHandler
{
public:
    void socketConnected(session::Socket& socket) override { socket.join({"r"}); }
    void eventReceived(session::Socket&, const session::IncomingEvent&) override { }
};

/// The real hub, sessions and door with small queues.
class Server
{
public:
    explicit Server(const QStringList& rules)
        : hub(m_clock, hubOptions(rules)), sessions(sessionOptions(), hub, m_clock),
          door(doorOptions(), m_clock)
    {
        sessions.addNamespace({"/"}, &m_everybody);
        door.addHandler("/socket.io/", &sessions);
        door.addAcceptor("/socket.io/", &sessions);
        isListening = door.listen(QHostAddress(QHostAddress::LocalHost), 0).has_value();
    }
    ~Server() { door.close(); }

    void publish(const QByteArray& event, const QByteArray& args)
    {
        hub::Publication publication;
        publication.nsp = {"/"};
        publication.rooms = {{"r"}};
        publication.event = event;
        publication.args = args;
        hub.publish(publication);
    }

    /// What the sockets say they missed, together.
    quint64 missedEvents() const
    {
        quint64 missed = 0;
        for (const session::SessionView& view : sessions.sessions()) {
            for (const auto& [id, nsp] : view.sockets)
                missed += sessions.findSocket(id)->missedEvents();
        }
        return missed;
    }

private:
    static hub::HubOptions hubOptions(const QStringList& rules)
    {
        hub::HubOptions options;
        options.slowPolicies = hub::SlowPolicies::parse(rules).value();
        return options;
    }
    static session::SessionOptions sessionOptions()
    {
        session::SessionOptions options;
        options.maxQueuedBytes = QueueBytes;
        return options;
    }
    static transport::TransportOptions doorOptions()
    {
        transport::TransportOptions options;
        options.webSocket.maxQueuedBytes = QueueBytes;
        return options;
    }

    SystemClock m_clock;
    Everybody m_everybody;

public:
    hub::Hub hub;
    session::SocketIoServer sessions;
    transport::Server door;
    bool isListening = false;
};

bool enter(ScriptedWebSocket& socket, quint16 port)
{
    if (!socket.open(port))
        return false;
    socket.sendText("40");
    return socket.receiveText().startsWith("0{") && socket.receiveText().startsWith("40{");
}

void stopReading(ScriptedWebSocket& socket)
{
    constexpr int small = 4'096;
    ::setsockopt(int(socket.tcp().socketDescriptor()), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    socket.tcp().setReadBufferSize(1);
}

/// The number in each event of this name, up to one called "last".
QList<int> readUntilLast(ScriptedWebSocket& socket, const QByteArray& event)
{
    QList<int> numbers;
    for (;;) {
        const QByteArray text = socket.receiveText();
        if (text.isNull() || text.startsWith("42[\"last\""))
            return numbers;
        const QByteArray begin = "42[\"" + event + "\",{\"n\":";
        if (text.startsWith(begin))
            numbers
                << text.mid(begin.size(), text.indexOf(',', begin.size()) - begin.size()).toInt();
    }
}

bool isAscending(const QList<int>& numbers)
{
    return std::is_sorted(numbers.begin(), numbers.end())
        && std::adjacent_find(numbers.begin(), numbers.end()) == numbers.end();
}

} // namespace

/// One member of a room stops reading while much is published: what it misses, and what not, is the
/// policy's; the others get everything.
class tst_SlowConsumers : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void withoutARuleItIsClosed();
    void dropOldestKeepsTheNewest();
    void keepLatestKeepsTheNewestOfEachKey();
    void whatMayNotGoStays();
    void aPollerMissesTheSame();
    void sharedFramesAreReferences();

private:
    void publishNumbers(Server& server, const QByteArray& event, ScriptedWebSocket& fast);
};

/// So many that the slow one's kernel buffers and queue cannot hold them. The fast one reads.
void tst_SlowConsumers::publishNumbers(
    Server& server, const QByteArray& event, ScriptedWebSocket& fast)
{
    QByteArray text;
    for (int n = 0; n < Events; ++n) {
        server.publish(event,
            "{\"n\":" + QByteArray::number(n) + ",\"key\":" + QByteArray::number(n % 7)
                + ",\"p\":\"" + Padding + "\"}");
        text = fast.receiveText();
        const QByteArray begin = "42[\"" + event + "\",{\"n\":" + QByteArray::number(n) + ',';
        QVERIFY(text.startsWith(begin));
    }
}

void tst_SlowConsumers::withoutARuleItIsClosed()
{
    Server server({});
    QVERIFY(server.isListening);
    ScriptedWebSocket slow;
    ScriptedWebSocket fast;
    QVERIFY(enter(slow, server.door.port()) && enter(fast, server.door.port()));
    stopReading(slow);
    publishNumbers(server, "tick", fast);
    QCOMPARE(server.sessions.counters().slowConsumers, quint64(1));
    QCOMPARE(server.hub.subscriberCount({"/"}), 1);
    slow.tcp().setReadBufferSize(0);
    QVERIFY(slow.waitForEnd());
    QCOMPARE(slow.closeCode(), std::optional<quint16>(4008));
}

void tst_SlowConsumers::dropOldestKeepsTheNewest()
{
    Server server({QStringLiteral("/ event tick drop-oldest")});
    ScriptedWebSocket slow;
    ScriptedWebSocket fast;
    QVERIFY(enter(slow, server.door.port()) && enter(fast, server.door.port()));
    stopReading(slow);
    publishNumbers(server, "tick", fast);
    QCOMPARE(server.hub.subscriberCount({"/"}), 2);
    const quint64 shed = server.door.counters().framesShed;
    QVERIFY(shed > 0);
    QCOMPARE(server.missedEvents(), shed);
    const qsizetype queued = server.sessions.sessions().front().queuedBytes
        + server.sessions.sessions().back().queuedBytes;
    QVERIFY2(queued <= QueueBytes + 4'000, qPrintable(QString::number(queued)));
    slow.tcp().setReadBufferSize(0);
    server.publish("last", {});
    const QList<int> seen = readUntilLast(slow, "tick");
    QVERIFY(isAscending(seen));
    QCOMPARE(quint64(seen.size()) + shed, quint64(Events));
    QCOMPARE(seen.last(), Events - 1);
    QCOMPARE(server.sessions.counters().slowConsumers, quint64(0));
}

void tst_SlowConsumers::keepLatestKeepsTheNewestOfEachKey()
{
    Server server({QStringLiteral("/ room r keep-latest:key")});
    ScriptedWebSocket slow;
    ScriptedWebSocket fast;
    QVERIFY(enter(slow, server.door.port()) && enter(fast, server.door.port()));
    stopReading(slow);
    publishNumbers(server, "tick", fast);
    QVERIFY(server.door.counters().framesShed > 0);
    slow.tcp().setReadBufferSize(0);
    server.publish("last", {});
    const QList<int> seen = readUntilLast(slow, "tick");
    QVERIFY(isAscending(seen));
    QVERIFY(seen.size() < Events);
    for (int n = Events - 7; n < Events; ++n)
        QVERIFY2(seen.contains(n), qPrintable(QString::number(n)));
}

void tst_SlowConsumers::whatMayNotGoStays()
{
    Server server({QStringLiteral("/ event tick drop-oldest")});
    ScriptedWebSocket slow;
    ScriptedWebSocket fast;
    QVERIFY(enter(slow, server.door.port()) && enter(fast, server.door.port()));
    stopReading(slow);
    for (int n = 0; n < 20; ++n) {
        server.publish("must", "{\"n\":" + QByteArray::number(n) + ",\"p\":0}");
        QVERIFY(fast.receiveText().startsWith("42[\"must\""));
        for (int k = 0; k < Events / 20; ++k) {
            server.publish("tick", "\"" + Padding + "\"");
            QVERIFY(fast.receiveText().startsWith("42[\"tick\""));
        }
    }
    QVERIFY(server.door.counters().framesShed > 0);
    slow.tcp().setReadBufferSize(0);
    server.publish("last", {});
    QList<int> all(20);
    std::iota(all.begin(), all.end(), 0);
    QCOMPARE(readUntilLast(slow, "must"), all);
}

void tst_SlowConsumers::aPollerMissesTheSame()
{
    Server server({QStringLiteral("/ event tick drop-oldest")});
    const quint16 port = server.door.port();
    const QByteArray opened = httpRequest(port, "GET", "/socket.io/?EIO=4&transport=polling").body;
    const QByteArray target
        = "/socket.io/?EIO=4&transport=polling&sid=" + conformance::FixtureServer::sidOf(opened);
    QCOMPARE(httpRequest(port, "POST", target, {}, "40").status, 200);
    QCOMPARE(httpRequest(port, "GET", target).status, 200); // the CONNECT answer
    ScriptedWebSocket fast;
    QVERIFY(enter(fast, port));
    publishNumbers(server, "tick", fast);
    const quint64 shed = server.sessions.counters().eventsShed;
    QVERIFY(shed > 0);
    QCOMPARE(server.missedEvents(), shed);
    const QByteArrayList packets = httpRequest(port, "GET", target).body.split('\x1e');
    QCOMPARE(quint64(packets.size()) + shed, quint64(Events));
    const QByteArray newest = "42[\"tick\",{\"n\":" + QByteArray::number(Events - 1) + ',';
    QVERIFY(packets.last().startsWith(newest));
    QCOMPARE(server.sessions.counters().slowConsumers, quint64(0));
}

/// Forty members that do not read: what they cost is their references and one set of frames.
void tst_SlowConsumers::sharedFramesAreReferences()
{
    Server server({});
    std::vector<std::unique_ptr<ScriptedWebSocket>> slow;
    for (int i = 0; i < 40; ++i) {
        slow.push_back(std::make_unique<ScriptedWebSocket>());
        QVERIFY(enter(*slow.back(), server.door.port()));
        stopReading(*slow.back());
    }
    const auto queued = [&server] {
        qsizetype sum = 0;
        for (const session::SessionView& view : server.sessions.sessions())
            sum += view.queuedBytes;
        return sum;
    };
    const auto resident = [] {
        QFile file(QStringLiteral("/proc/self/statm"));
        return file.open(QIODevice::ReadOnly)
            ? file.readAll().split(' ').value(1).toLongLong() * ::sysconf(_SC_PAGESIZE)
            : 0;
    };
    // Fill the kernel's buffers first, so that the rest has to stay with us.
    while (queued() < 40 * 10'000) {
        server.publish("fill", "\"" + Padding + "\"");
        QCoreApplication::processEvents();
    }
    const qint64 before = resident();
    const qsizetype queuedBefore = queued();
    for (int i = 0; i < 80; ++i)
        server.publish("tick", "\"" + Padding + "\"");
    QCoreApplication::processEvents();
    QCOMPARE(server.sessions.counters().slowConsumers, quint64(0));
    QVERIFY(queued() - queuedBefore > 40 * 80 * 2'000 / 2);
    // 6.4 MB are queued, 160 kB of them are octets.
    const qint64 grown = resident() - before;
    QVERIFY2(grown < 2'000'000, qPrintable(QString::number(grown)));
}

int main(int argc, char* argv[])
{
    return conformance::runOnEpoll<tst_SlowConsumers>(argc, argv);
}
#include "tst_slowconsumers.moc"
