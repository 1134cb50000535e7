// SPDX-License-Identifier: Apache-2.0
#include "server/transport/epolldispatcher.h"
#include "tests/server/transport/doorfixture.h"
#include "tests/support/scriptedwebsocket.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <QLoggingCategory>
#include <QTest>

#include <sys/socket.h>

#include <algorithm>
#include <thread>

using namespace gatehouse;
using namespace gatehouse::test;
using protocol::EncodedPacket;
using protocol::Shedding;
using protocol::WebSocketOpcode;
using session::CloseCode;
using transport::TransportOptions;

namespace {

using Clients = std::vector<std::unique_ptr<ScriptedWebSocket>>;

/// I/O threads of this process, as the system sees them.
qsizetype threadCount()
{
    const QDir tasks(QStringLiteral("/proc/self/task"));
    return std::ranges::count_if(
        tasks.entryList(QDir::Dirs | QDir::NoDotAndDotDot), [&tasks](const QString& task) {
            QFile name(tasks.filePath(task + QStringLiteral("/comm")));
            return name.open(QIODevice::ReadOnly) && name.readAll().startsWith("io ");
        });
}

/// Waits for another thread, without turning this one's loop.
bool waitAside(const std::function<bool()>& condition)
{
    const SystemClock clock;
    const Millis deadline = clock.monotonic() + Patience;
    while (!condition() && clock.monotonic() < deadline)
        std::this_thread::yield();
    return condition();
}

/// A door whose WebSockets are in other threads, and its clients, over what the row says.
class Threads
{
public:
    explicit Threads(TransportOptions options = {}) : door(completed(std::move(options))) { }

    bool open(int count)
    {
        for (int i = 0; i < count; ++i) {
            clients.push_back(std::make_unique<ScriptedWebSocket>());
            if (!open(*clients.back()))
                return false;
        }
        return door.acceptor.links.size() == clients.size();
    }
    bool open(ScriptedWebSocket& client)
    {
        return isSecure ? client.openSecure(door.port(), tls.current.certificate(), "/ws")
                        : client.open(door.port(), "/ws");
    }
    RecordingLink& link(size_t i) { return *door.acceptor.links.at(i); }
    /// What I/O threads have read of the clients, while this thread does nothing.
    bool waitUntilRead(quint64 octets)
    {
        for (const auto& client : clients)
            client->tcp().flush();
        return waitAside([&] { return door.counters().bytesIn >= octets; });
    }

    const TlsFiles tls;
    bool isSecure = false;
    DoorFixture door;
    Clients clients;

private:
    TransportOptions completed(TransportOptions options)
    {
        QFETCH_GLOBAL(bool, secure);
        QFETCH_GLOBAL(int, ioThreads);
        isSecure = secure;
        options.ioThreads = ioThreads;
        if (secure)
            options.tls = tls.options();
        return options;
    }
};

QByteArray frameOf(const QByteArray& text)
{
    return protocol::maskedWebSocketFrame(WebSocketOpcode::Text, text, 0x1a2b3c4d);
}

} // namespace

class TestIoThread : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase_data(); ///< every test below runs over TCP and TLS
    void linksGoToTheThreadWithTheFewest();
    void orderHoldsBothWays();
    void aRoomsMessagesArriveInOrder();
    void floodIsBoundedPerClient();
    void floodIsBoundedForAll();
    void slowOnesLeaveTheOthersTheirPartOfTheBound();
    void aMessageForADestroyedLinkIsDropped();
    void nothingIsHeardAfterOurClose();
    void closesThatCrossAreToldOnce();
    void whatCameBeforeTheEndIsHeard();
    void answersGoOutBeforeTheEnd_data();
    void answersGoOutBeforeTheEnd();
    void aPongComesBehindTheAnswers();
    void aCallMayDestroyOthers();
    void aCallMayTurnTheLoop();
    void heardAndUnheardCountAsBusy();
    void shedPacketsAreCounted();
    void slowOnesDoNotHoldOthersUp();
    void moreThanTheBoundAtOnceWaitsForTheThread();
    void theLastLinkMayGoInsideACall();
    void everyoneHearsThatWeGoDown();
    void threadsEndWithTheServer();
    void certificateIsReloadedUnderOpenLinks();
};

void TestIoThread::initTestCase_data()
{
    QTest::addColumn<bool>("secure");
    QTest::addColumn<int>("ioThreads");
    QTest::newRow("plain, one thread beside") << false << 2;
    QTest::newRow("plain, three beside") << false << 4;
    QTest::newRow("tls, three beside") << true << 4;
}

void TestIoThread::linksGoToTheThreadWithTheFewest()
{
    QFETCH_GLOBAL(int, ioThreads);
    const auto threads = size_t(ioThreads - 1);
    Threads t;
    QVERIFY(t.open(4 * int(threads)));
    QCOMPARE(t.door.server.linksPerThread(), std::vector<size_t>(threads, 4));
    // Those who leave make room where they were.
    for (size_t i = 0; i < 3; ++i)
        t.link(i * threads).link.reset();
    std::vector<size_t> fewer(threads, 4);
    fewer[0] = 1;
    QCOMPARE(t.door.server.linksPerThread(), fewer);
    Clients later;
    for (int i = 0; i < 3; ++i) {
        later.push_back(std::make_unique<ScriptedWebSocket>());
        QVERIFY(t.open(*later.back()));
    }
    QCOMPARE(t.door.server.linksPerThread(), std::vector<size_t>(threads, 4));
}

void TestIoThread::orderHoldsBothWays()
{
    constexpr int Links = 50;
    constexpr int Rounds = 100;
    constexpr int PerRound = 20;
    Threads t;
    QVERIFY(t.open(Links));
    for (size_t i = 0; i < Links; ++i)
        t.link(i).onText = [&link = t.link(i)] { link.send(link.texts.last()); };
    std::vector<int> heard(Links, 0);
    for (int round = 0; round < Rounds; ++round) {
        for (const auto& client : t.clients) {
            QByteArray octets;
            for (int i = 0; i < PerRound; ++i)
                octets += frameOf(QByteArray::number(round * PerRound + i));
            client->sendRaw(octets);
        }
        for (size_t i = 0; i < Links; ++i) {
            for (int n = 0; n < PerRound; ++n)
                QCOMPARE(t.clients[i]->receiveText(), QByteArray::number(heard[i]++));
        }
    }
    for (size_t i = 0; i < Links; ++i) {
        QCOMPARE(t.link(i).texts.size(), Rounds * PerRound);
        for (int n = 0; n < Rounds * PerRound; ++n)
            QCOMPARE(t.link(i).texts[n], QByteArray::number(n));
    }
}

/// What all get and what each gets alone, mixed.
void TestIoThread::aRoomsMessagesArriveInOrder()
{
    constexpr int Rounds = 300;
    Threads t;
    QVERIFY(t.open(40));
    for (int round = 0; round < Rounds; ++round) {
        const auto toAll = EncodedPacket::create("all " + QByteArray::number(round));
        for (size_t i = 0; i < t.clients.size(); ++i) {
            t.link(i).link->send(toAll);
            if (i % 3 == size_t(round) % 3)
                t.link(i).link->send(EncodedPacket::create("you " + QByteArray::number(i)));
            if (i % 7 == 0)
                t.link(i).link->send(toAll); // twice in a row
        }
        if (round % 50 == 0)
            QCoreApplication::processEvents();
    }
    for (size_t i = 0; i < t.clients.size(); ++i) {
        for (int round = 0; round < Rounds; ++round) {
            const QByteArray toAll = "all " + QByteArray::number(round);
            QCOMPARE(t.clients[i]->receiveText(), toAll);
            if (i % 3 == size_t(round) % 3)
                QCOMPARE(t.clients[i]->receiveText(), "you " + QByteArray::number(i));
            if (i % 7 == 0)
                QCOMPARE(t.clients[i]->receiveText(), toAll);
        }
    }
}

/// The network thread (this one) is busy elsewhere, and one client sends as much as it can.
void TestIoThread::floodIsBoundedPerClient()
{
    TransportOptions options;
    options.webSocket.maxHandedOverBytes = 50'000;
    Threads t(options);
    QVERIFY(t.open(2));
    const quint64 before = t.door.counters().bytesIn;
    QByteArray flood;
    for (int i = 0; i < 2'000; ++i)
        flood += frameOf(QByteArray::number(i) + QByteArray(1'000, 'f'));
    t.clients[0]->sendRaw(flood);
    t.clients[0]->tcp().flush();
    QVERIFY(waitAside([&] { return t.door.counters().handOverPauses == 1; }));
    // One reading of 64 KiB and what it began with; what is more waits in the kernel.
    const quint64 read = t.door.counters().bytesIn - before;
    QVERIFY2(read >= 48'000 && read < 200'000, qPrintable(QString::number(read)));
    QVERIFY(t.link(0).link->isReadingPaused());
    QVERIFY(t.link(0).link->isBusy());
    QVERIFY(!t.link(1).link->isReadingPaused());

    // It goes on, nothing is lost, and others are heard in between.
    t.clients[1]->sendText("from the other");
    QVERIFY(waitUntil([&] { return t.link(0).texts.size() == 2'000; }));
    for (int i = 0; i < 2'000; ++i)
        QCOMPARE(t.link(0).texts[i], QByteArray(QByteArray::number(i) + QByteArray(1'000, 'f')));
    QTRY_COMPARE(t.link(1).texts.size(), 1);
    QVERIFY(t.door.counters().handOverPauses > 10);
    QTRY_VERIFY(!t.link(0).link->isReadingPaused());
    QTRY_VERIFY(!t.link(0).link->isBusy());
    QCOMPARE(t.link(0).closedCount, 0);
}

void TestIoThread::floodIsBoundedForAll()
{
    constexpr size_t Links = 60;
    QFETCH_GLOBAL(int, ioThreads);
    TransportOptions options;
    options.webSocket.maxHandedOverBytes = 64 << 20; // no bound for each
    options.webSocket.maxMessageBytes = 1 << 20;
    Threads t(options);
    QVERIFY(t.open(Links));
    const QByteArray message(400'000, 'm');
    const quint64 before = t.door.counters().bytesIn;
    for (int i = 0; i < 4; ++i) {
        for (const auto& client : t.clients)
            client->sendText(message);
    }
    // 96 MB are on their way; each thread stops at 16 MiB and what each client has under way.
    const auto threads = quint64(ioThreads - 1);
    const quint64 bound = threads * (16 << 20) + Links * 500'000;
    const auto writeOn = [&t] {
        for (const auto& client : t.clients)
            client->tcp().waitForBytesWritten(1);
    };
    QVERIFY(waitAside([&] { return writeOn(), t.door.counters().handOverPauses > 0; }));
    quint64 read = 0;
    while (read != t.door.counters().bytesIn) {
        read = t.door.counters().bytesIn;
        writeOn();
    }
    QVERIFY2(read - before <= bound, qPrintable(QString::number(read - before)));
    for (size_t i = 0; i < Links; ++i) {
        QVERIFY(waitUntil([&] { return t.link(i).texts.size() == 4; }));
        QCOMPARE(t.link(i).texts, QList<QByteArray>(4, message));
    }
}

/// What is kept of clients that do not take their answers is theirs alone.
void TestIoThread::slowOnesLeaveTheOthersTheirPartOfTheBound()
{
    constexpr size_t Slow = 60;
    QFETCH_GLOBAL(int, ioThreads);
    const auto others = size_t(ioThreads - 1);
    TransportOptions options;
    options.webSocket.maxHandedOverBytes = 64 << 20; // no bound for each
    options.webSocket.maxMessageBytes = 2 << 20;
    options.webSocket.sendBufferBytes = 16'384;
    Threads t(options);
    QVERIFY(t.open(int(Slow + others)));
    const QByteArray ask = frameOf("ask");
    const QByteArray more = frameOf(QByteArray(1'000'000, 'm'));
    const quint64 before = t.door.counters().bytesIn;
    for (size_t i = 0; i < Slow; ++i) {
        t.clients[i]->tcp().setReadBufferSize(1);
        t.link(i).onText = [&link = t.link(i)] { link.send(QByteArray(900'000, 'a')); };
        t.clients[i]->sendRaw(ask);
    }
    // 60 MB are there before the network thread hears of any, and all but the questions is kept.
    const quint64 asked = before + Slow * quint64(ask.size());
    QVERIFY(t.waitUntilRead(asked));
    for (size_t i = 0; i < Slow; ++i)
        t.clients[i]->sendRaw(more);
    QVERIFY(waitAside([&] {
        for (const auto& client : t.clients)
            client->tcp().waitForBytesWritten(1);
        return t.door.counters().bytesIn >= asked + Slow * quint64(more.size());
    }));
    const auto heard = [&](size_t i) { return t.link(i).texts.size(); };
    for (size_t i = Slow; i < Slow + others; ++i)
        t.clients[i]->sendText("behind all of them");
    for (size_t i = Slow; i < Slow + others; ++i)
        QTRY_COMPARE(heard(i), 1);
    const quint64 pauses = t.door.counters().handOverPauses;
    for (size_t i = Slow; i < Slow + others; ++i)
        t.clients[i]->sendRaw(frameOf("other").repeated(100));
    for (size_t i = Slow; i < Slow + others; ++i)
        QTRY_COMPARE(heard(i), 101);
    QCOMPARE(t.door.counters().handOverPauses, pauses);
    for (size_t i = 0; i < Slow; ++i)
        QCOMPARE(heard(i), 1);
}

void TestIoThread::aMessageForADestroyedLinkIsDropped()
{
    Threads t;
    QVERIFY(t.open(2));
    const quint64 before = t.door.counters().bytesIn;
    const QByteArray frame = frameOf("for nobody");
    t.clients[0]->sendRaw(frame.repeated(3));
    QVERIFY(t.waitUntilRead(before + 3 * quint64(frame.size())));
    t.link(0).link.reset();
    QVERIFY(t.clients[0]->waitForEnd());
    t.clients[1]->sendText("for somebody");
    QTRY_COMPARE(t.link(1).texts.size(), 1);
    QVERIFY(t.link(0).texts.isEmpty());
    QCOMPARE(t.link(0).closedCount, 0);
}

void TestIoThread::nothingIsHeardAfterOurClose()
{
    Threads t;
    QVERIFY(t.open(1));
    const quint64 before = t.door.counters().bytesIn;
    const QByteArray frame = frameOf("too late");
    t.clients[0]->sendRaw(frame);
    QVERIFY(t.waitUntilRead(before + quint64(frame.size())));
    t.link(0).link->close(CloseCode::Kicked, QLatin1StringView("kicked"));
    QCOMPARE(t.clients[0]->receive().code, quint16(4003));
    t.clients[0]->sendFrame(WebSocketOpcode::Close, QByteArray::fromHex("0fa3"));
    QTRY_COMPARE(t.link(0).closedCount, 1);
    QCOMPARE(t.link(0).closeCode, quint16(4003));
    QVERIFY(t.link(0).texts.isEmpty());
}

void TestIoThread::closesThatCrossAreToldOnce()
{
    Threads t;
    QVERIFY(t.open(20));
    const quint64 before = t.door.counters().bytesIn;
    const QByteArray close
        = protocol::maskedWebSocketFrame(WebSocketOpcode::Close, QByteArray::fromHex("0fa0"), 5);
    for (const auto& client : t.clients)
        client->sendRaw(close);
    QVERIFY(t.waitUntilRead(before + 20 * quint64(close.size())));
    for (size_t i = 0; i < 20; ++i) {
        t.link(i).send("never arrives");
        t.link(i).link->close(CloseCode::GoingAway, QLatin1StringView("down"));
    }
    for (size_t i = 0; i < 20; ++i) {
        QCOMPARE(t.clients[i]->receive().code, quint16(4000)); // the answer to its own
        QVERIFY(t.clients[i]->waitForEnd());
        QTRY_COMPARE(t.link(i).closedCount, 1);
        QCOMPARE(t.link(i).closeCode, quint16(4000));
    }
    QTRY_COMPARE(t.door.counters().openConnections, quint64(0));
}

void TestIoThread::whatCameBeforeTheEndIsHeard()
{
    Threads t;
    QVERIFY(t.open(1));
    QByteArray octets;
    for (int i = 0; i < 100; ++i)
        octets += frameOf(QByteArray::number(i));
    t.clients[0]->sendRaw(octets);
    t.clients[0]->tcp().flush();
    t.clients[0]->disconnectFromHost();
    QTRY_COMPARE(t.link(0).closedCount, 1);
    QCOMPARE(t.link(0).closeCode, quint16(1006));
    QCOMPARE(t.link(0).texts.size(), 100);
}

void TestIoThread::answersGoOutBeforeTheEnd_data()
{
    const QByteArray close
        = protocol::maskedWebSocketFrame(WebSocketOpcode::Close, QByteArray::fromHex("03e8"), 5);
    QTest::addColumn<QByteArray>("end"); // empty: no more than an end of stream
    QTest::addColumn<int>("wireCode");
    QTest::addColumn<int>("code");
    QTest::newRow("close frame") << close << 1000 << 1000;
    QTest::newRow("fault") << QByteArray::fromHex("c100") << 1002 << 1002; // a reserved bit
    QTest::newRow("end of stream") << QByteArray() << 0 << 1006;
}

void TestIoThread::answersGoOutBeforeTheEnd()
{
    QFETCH(QByteArray, end);
    QFETCH(int, wireCode);
    QFETCH(int, code);
    Threads t;
    if (t.isSecure && end.isEmpty())
        QSKIP("TLS has no half of it");
    QVERIFY(t.open(1));
    ScriptedWebSocket& client = *t.clients[0];
    RecordingLink& link = t.link(0);
    link.onText = [&link] { link.send("answer to " + link.texts.last()); };
    // All of it is there before the network thread hears of any.
    const quint64 before = t.door.counters().bytesIn;
    const QByteArray octets = frameOf("1") + frameOf("2") + frameOf("3") + end;
    client.sendRaw(octets);
    client.tcp().flush();
    if (end.isEmpty())
        ::shutdown(int(client.tcp().socketDescriptor()), SHUT_WR);
    QVERIFY(t.waitUntilRead(before + quint64(octets.size())));
    for (const char* number : {"1", "2", "3"})
        QCOMPARE(client.receiveText(), QByteArray("answer to ") + number);
    if (wireCode > 0)
        QCOMPARE(client.receive().code, quint16(wireCode));
    QVERIFY(client.waitForEnd());
    QTRY_COMPARE(link.closedCount, 1);
    QCOMPARE(link.closeCode, quint16(code));
    QTRY_COMPARE(t.door.counters().openConnections, quint64(0));
    QCOMPARE(t.door.counters().closeTimeouts, quint64(0));
}

void TestIoThread::aPongComesBehindTheAnswers()
{
    Threads t;
    QVERIFY(t.open(1));
    ScriptedWebSocket& client = *t.clients[0];
    t.link(0).onText = [&link = t.link(0)] { link.send("answer to " + link.texts.last()); };
    client.sendFrame(WebSocketOpcode::Ping, "before all");
    QCOMPARE(client.receive().payload, QByteArray("before all"));
    for (int i = 0; i < 10; ++i) {
        const QByteArray number = QByteArray::number(i);
        const quint64 before = t.door.counters().bytesIn;
        const QByteArray octets = frameOf(number)
            + protocol::maskedWebSocketFrame(WebSocketOpcode::Ping, number, 0x1a2b3c4d);
        client.sendRaw(octets);
        QVERIFY(t.waitUntilRead(before + quint64(octets.size())));
        QCOMPARE(client.receiveText(), QByteArray("answer to " + number));
        const WireEvent pong = client.receive();
        QCOMPARE(pong.kind, WireEvent::Kind::Pong);
        QCOMPARE(pong.payload, number);
    }
}

void TestIoThread::aCallMayDestroyOthers()
{
    Threads t;
    QVERIFY(t.open(12));
    const quint64 before = t.door.counters().bytesIn;
    // All of them are in one batch, and the first that is heard takes the others with it.
    size_t calls = 0;
    for (size_t i = 0; i < 12; ++i) {
        t.link(i).onText = [&t, &calls] {
            ++calls;
            for (const auto& link : t.door.acceptor.links)
                link->link.reset();
        };
    }
    const QByteArray frame = frameOf("x");
    for (const auto& client : t.clients)
        client->sendRaw(frame.repeated(2));
    QVERIFY(t.waitUntilRead(before + 24 * quint64(frame.size())));
    for (const auto& client : t.clients)
        QVERIFY(client->waitForEnd());
    QCOMPARE(calls, size_t(1));
    QTRY_COMPARE(t.door.counters().openWebSockets, quint64(0));
}

void TestIoThread::aCallMayTurnTheLoop()
{
    Threads t;
    QVERIFY(t.open(1));
    QList<QByteArray> finished;
    t.link(0).onText = [&] {
        const QByteArray text = t.link(0).texts.last();
        for (int i = 0; i < 5; ++i)
            QCoreApplication::processEvents();
        finished.append(text);
    };
    QList<QByteArray> sent;
    for (int i = 0; i < 50; ++i) {
        sent.append(QByteArray::number(i));
        t.clients[0]->sendText(sent.last());
    }
    QTRY_COMPARE(finished.size(), sent.size());
    QCOMPARE(finished, sent); // none began inside another's call
}

void TestIoThread::heardAndUnheardCountAsBusy()
{
    Threads t;
    QVERIFY(t.open(1));
    session::WebSocketLink& link = *t.link(0).link;
    QTRY_VERIFY(!link.isBusy());
    link.send(EncodedPacket::create("waits for the turn's end"));
    QVERIFY(link.isBusy());
    QVERIFY(link.queuedBytes() > 0);
    QVERIFY(!t.clients[0]->receiveText().isNull());
    QTRY_VERIFY(!link.isBusy());
    QCOMPARE(link.queuedBytes(), qsizetype(0));
    // Half a message, then the whole of it, not heard yet.
    const quint64 before = t.door.counters().bytesIn;
    const QByteArray frame = frameOf("half of it");
    t.clients[0]->sendRaw(frame.first(9));
    QVERIFY(t.waitUntilRead(before + 9));
    QVERIFY(waitAside([&] { return link.isBusy(); }));
    QVERIFY(!link.isReadingPaused());
    t.clients[0]->sendRaw(frame.sliced(9));
    QVERIFY(t.waitUntilRead(before + quint64(frame.size())));
    QVERIFY(waitAside([&] { return link.isReadingPaused(); }));
    QVERIFY(link.isBusy());
    QTRY_COMPARE(t.link(0).texts.size(), 1);
    QTRY_VERIFY(!link.isBusy());
}

void TestIoThread::shedPacketsAreCounted()
{
    TransportOptions options;
    options.webSocket.maxQueuedBytes = 100'000;
    options.webSocket.sendBufferBytes = 16'384;
    Threads t(options);
    QVERIFY(t.open(2));
    t.clients[0]->tcp().setReadBufferSize(1);
    constexpr int Count = 300;
    const auto textOf
        = [](int i) -> QByteArray { return QByteArray::number(i) + QByteArray(4'000, 's'); };
    for (int i = 0; i < Count; ++i) {
        const auto packet = EncodedPacket::create(textOf(i));
        packet->setShedding(Shedding::keepLatest(7));
        for (const auto& link : t.door.acceptor.links)
            link->link->send(packet);
        QCOMPARE(t.clients[1]->receiveText(), textOf(i)); // takes each at once
    }
    const quint64 shed = t.link(0).link->shedPackets();
    QVERIFY(shed > 0);
    QCOMPARE(t.link(1).link->shedPackets(), quint64(0));
    QCOMPARE(t.door.counters().framesShed, shed);
    t.clients[0]->tcp().setReadBufferSize(0);
    quint64 received = 1;
    for (QByteArray text; (text = t.clients[0]->receiveText()) != textOf(Count - 1); ++received)
        QVERIFY(!text.isNull());
    QCOMPARE(received + t.link(0).link->shedPackets(), quint64(Count));
    QCOMPARE(t.link(0).closedCount, 0);
}

void TestIoThread::slowOnesDoNotHoldOthersUp()
{
    TransportOptions options;
    options.webSocket.maxQueuedBytes = 100'000;
    options.webSocket.sendBufferBytes = 16'384;
    Threads t(options);
    QVERIFY(t.open(20));
    for (size_t i = 0; i < 20; i += 2)
        t.clients[i]->tcp().setReadBufferSize(1);
    constexpr int Count = 2'000;
    for (int i = 0; i < Count; ++i) {
        const auto packet = EncodedPacket::create(QByteArray(4'000, 's'));
        for (const auto& link : t.door.acceptor.links) {
            if (link->link)
                link->link->send(packet);
        }
        for (size_t client = 1; client < 20; client += 2)
            QCOMPARE(t.clients[client]->receiveText().size(), 4'000);
    }
    for (size_t i = 0; i < 20; ++i)
        QTRY_COMPARE(t.link(i).closedCount, int(1 - i % 2));
    QCOMPARE(t.link(0).closeCode, quint16(CloseCode::SlowConsumer));
    QCOMPARE(t.door.counters().slowConsumers, quint64(10));
}

void TestIoThread::moreThanTheBoundAtOnceWaitsForTheThread()
{
    TransportOptions options;
    options.webSocket.maxQueuedBytes = 1'000'000;
    Threads t(options);
    QVERIFY(t.open(1));
    // The kernel takes some; of the rest no more waits than twice the bound.
    t.clients[0]->tcp().setReadBufferSize(1);
    qsizetype largest = 0;
    for (int i = 0; i < 100; ++i) {
        t.link(0).send(QByteArray(500'000, 'b'));
        largest = std::max(largest, t.link(0).link->queuedBytes());
    }
    QVERIFY2(largest <= 2'600'000, qPrintable(QString::number(largest)));
    QTRY_COMPARE(t.link(0).closedCount, 1);
    QVERIFY(!t.link(0).wasClosedInsideSend);
}

void TestIoThread::theLastLinkMayGoInsideACall()
{
    QTRY_COMPARE(threadCount(), qsizetype(0));
    ScriptedWebSocket client;
    std::unique_ptr<RecordingLink> link;
    const SystemClock clock; // it alone has to be there longer
    {
        QFETCH_GLOBAL(int, ioThreads);
        TransportOptions options;
        options.ioThreads = ioThreads;
        RecordingAcceptor acceptor;
        transport::Server server(options, clock);
        server.addAcceptor("/ws", &acceptor);
        QVERIFY(server.listen(QHostAddress(QHostAddress::LocalHost), 0));
        QCOMPARE(threadCount(), qsizetype(ioThreads - 1));
        QVERIFY(client.open(server.port(), "/ws"));
        link = std::move(acceptor.links.at(0));
    }
    QTRY_COMPARE(threadCount(), qsizetype(1)); // the one with the link
    link->send("still here");
    QCOMPARE(client.receiveText(), QByteArray("still here"));
    link->onText = [&] { link->link.reset(); };
    client.sendText("and gone");
    QVERIFY(client.waitForEnd());
    QTRY_COMPARE(threadCount(), qsizetype(0));
    QCOMPARE(link->texts.size(), 1);
}

void TestIoThread::everyoneHearsThatWeGoDown()
{
    QFETCH_GLOBAL(bool, secure);
    const int count = secure ? 200 : 2'000;
    Threads t;
    QVERIFY(t.open(count));
    for (const auto& link : t.door.acceptor.links) {
        link->send("last words");
        link->link->close(CloseCode::GoingAway, QLatin1StringView("down"));
    }
    t.door.server.stopListening();
    for (const auto& client : t.clients) {
        QCOMPARE(client->receiveText(), QByteArray("last words"));
        QCOMPARE(client->receive().code, quint16(1001));
        client->sendFrame(WebSocketOpcode::Close, QByteArray::fromHex("03e9"));
    }
    QVERIFY(waitUntil([&] {
        return std::ranges::all_of(
            t.door.acceptor.links, [](const auto& link) { return link->closedCount == 1; });
    }));
    for (const auto& client : t.clients)
        QVERIFY(client->waitForEnd());
    QTRY_COMPARE(t.door.counters().openConnections, quint64(0));
    QCOMPARE(t.door.counters().closeTimeouts, quint64(0));
}

void TestIoThread::threadsEndWithTheServer()
{
    for (const bool areLinksFirst : {false, true}) {
        std::vector<std::unique_ptr<RecordingLink>> links;
        Clients clients;
        {
            Threads t;
            QVERIFY(t.open(100));
            for (size_t i = 0; i < 100; ++i) { // in all states
                t.clients[i]->sendText("unheard");
                if (i % 4 == 1)
                    t.link(i).send(QByteArray(10'000, 'u'));
                else if (i % 4 == 2)
                    t.link(i).link->close(CloseCode::GoingAway, QLatin1StringView("down"));
                else if (i % 4 == 3)
                    t.link(i).link.reset();
            }
            if (!areLinksFirst)
                links = std::move(t.door.acceptor.links);
            clients = std::move(t.clients);
            t.door.server.close();
        }
        links.clear();
        QTRY_COMPARE(threadCount(), qsizetype(0));
        for (const auto& client : clients)
            QVERIFY(client->waitForEnd());
    }
}

void TestIoThread::certificateIsReloadedUnderOpenLinks()
{
    Threads t;
    QVERIFY(t.open(10));
    for (int i = 0; i < 10; ++i) {
        const_cast<TlsFiles&>(t.tls).write(makeSelfSigned());
        QVERIFY(t.door.server.reloadTls());
        QVERIFY(t.open(1));
        for (size_t n = 0; n < t.clients.size(); ++n) {
            t.clients[n]->sendText("old and new");
            t.link(n).send("new and old");
        }
        for (const auto& client : t.clients)
            QCOMPARE(client->receiveText(), QByteArray("new and old"));
    }
    for (size_t n = 0; n < t.clients.size(); ++n)
        QTRY_COMPARE(t.link(n).texts.size(), n < 10 ? 10 : qsizetype(20 - n));
}

int main(int argc, char** argv)
{
    QCoreApplication::setEventDispatcher(new transport::EpollDispatcher);
    QCoreApplication application(argc, argv);
    transport::raiseDescriptorLimit();
    QLoggingCategory::setFilterRules(QStringLiteral("gh.transport.info=false"));
    TestIoThread test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_iothread.moc"
