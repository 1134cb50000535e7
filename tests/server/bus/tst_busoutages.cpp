// SPDX-License-Identifier: Apache-2.0
// The broker stopped, killed, frozen and out of memory: what was taken goes out afterwards, in
// order and once. GATEHOUSE_BUS_KILLS=50 kills it that often.
#include "tests/server/bus/fixture.h"

#include <QElapsedTimer>
#include <QTcpSocket>
#include <QTimer>

using namespace gatehouse;
using namespace gatehouse::bus;
using namespace gatehouse::bus::test;

class TestBusOutages : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { SKIP_WITHOUT_BROKER(); }
    void cleanup()
    {
        RabbitBroker::shared().thaw();
        if (RabbitBroker::isInstalled() && !RabbitBroker::shared().isRunning())
            QVERIFY(RabbitBroker::shared().start());
    }

    void killed();
    void frozen();
    void outOfMemory();
    void stoppedInOrder();
    void killedWhileItUnbinds();

private:
    SystemClock m_clock;
};

namespace {

// QTest's watchdog would end the test after five minutes; read before the first test function.
[[maybe_unused]] const bool isPatient = !qEnvironmentVariableIsSet("GATEHOUSE_BUS_KILLS")
    || qputenv("QTEST_FUNCTION_TIMEOUT", "3600000");

AmqpOptions quick(AmqpOptions options)
{
    options.heartbeat = Millis{1'000};
    options.keepAfter = Millis{200};
    options.confirmTimeout = Millis{2'000};
    options.connectTimeout = Millis{2'000};
    options.retryMax = Millis{500};
    return options;
}

/// One process that sends numbers, every few milliseconds, and one that hears them.
class Traffic
{
public:
    Traffic(const Clock& time, const AmqpOptions& options)
        : sender(time, options, outbox), receiver(time, options, receiverOutbox)
    {
        ticket = subscribed(receiver, {}, "numbers", [this](const Message& message) {
            heard.push_back(message.body.toInt());
            return Verdict::Accepted;
        });
        if (!waitUntil([&] { return sender.state().isUp(); }))
            qFatal("no connection");
        timer.callOnTimeout([this] { send(); });
        timer.start(Millis{4});
    }

    void send()
    {
        for (int i = 0; i < 3; ++i) {
            const qint64 at = clock.elapsed();
            const int number = ++sent; // once: arguments are evaluated in any order
            sender.publish(
                {.topic = "numbers", .body = QByteArray::number(number), .care = Care::Kept},
                [this, at, number](Outcome outcome, const Error&) {
                    if (outcome == Outcome::Confirmed || outcome == Outcome::Kept) {
                        ++taken;
                        promised.push_back(number);
                    } else {
                        ++refused;
                    }
                    slowest = std::max(slowest, clock.elapsed() - at);
                });
        }
        const qint64 now = clock.elapsed();
        longestGap = std::max(longestGap, now - lastTurn);
        lastTurn = now;
    }

    bool waitForTaken(int more)
    {
        const int wanted = taken + more;
        return waitUntil([&] { return taken >= wanted; }, Millis{30'000});
    }

    /// Stops sending; true when everything that was taken has been heard, in order and once.
    bool isComplete()
    {
        timer.stop();
        if (!waitUntil([&] { return taken + refused == sent; }, Millis{30'000})) {
            qWarning("%d taken, %d refused of %d", taken, refused, sent);
            return false;
        }
        waitUntil([&] { return int(heard.size()) >= taken; }, Millis{30'000});
        holdsFor([&] { return int(heard.size()) == taken; }, Millis{300}); // and no more
        if (refused != 0 || int(heard.size()) != taken)
            qWarning("%d taken, %d refused, %zu heard", taken, refused, heard.size());
        std::sort(promised.begin(), promised.end()); // some are confirmed before others are kept
        const auto wrong
            = std::mismatch(promised.begin(), promised.end(), heard.begin(), heard.end());
        if (wrong.first != promised.end() || wrong.second != heard.end()) {
            qWarning("wrong from number %zd on: promised %d, heard %d",
                wrong.first - promised.begin(), wrong.first == promised.end() ? -1 : *wrong.first,
                wrong.second == heard.end() ? -1 : *wrong.second);
            return false;
        }
        return refused == 0 && waitUntil([&] { return outbox.rows.empty(); });
    }

    QElapsedTimer clock = [] {
        QElapsedTimer started;
        started.start();
        return started;
    }();
    MemoryOutbox outbox;
    MemoryOutbox receiverOutbox;
    AmqpBus sender;
    AmqpBus receiver;
    Ticket ticket;
    QTimer timer;
    std::vector<int> heard;
    std::vector<int> promised;
    int sent = 0;
    int taken = 0;
    int refused = 0;
    qint64 slowest = 0; ///< ms from publish() to its end
    qint64 longestGap = 0; ///< ms between two turns of the sending timer
    qint64 lastTurn = 0;
};

void report(const char* what, const Traffic& traffic, qint64 backAfter)
{
    const BusCounters& c = traffic.sender.counters();
    qInfo(
        "%s: %d taken, %zu heard, %llu kept, %llu resent, %llu duplicates dropped, back after %lld "
        "ms, slowest %lld ms, longest turn %lld ms",
        what, traffic.taken, traffic.heard.size(), c.kept, c.resent,
        traffic.receiver.counters().duplicates, backAfter, traffic.slowest, traffic.longestGap);
}

/// Waits until both are connected again; how long that took.
qint64 waitForReturn(Traffic& traffic)
{
    QElapsedTimer timer;
    timer.start();
    const bool isBack = waitUntil(
        [&] { return traffic.sender.state().isUp() && traffic.receiver.state().isUp(); },
        Millis{30'000});
    return isBack ? timer.elapsed() : -1;
}

} // namespace

void TestBusOutages::killed()
{
    const int kills = std::max(1, qEnvironmentVariableIntValue("GATEHOUSE_BUS_KILLS"));
    RabbitBroker& broker = RabbitBroker::shared();
    Traffic traffic(m_clock, quick(amqpOptions()));
    qint64 slowestReturn = 0;
    for (int i = 0; i < kills; ++i) {
        QVERIFY(traffic.waitForTaken(300));
        broker.kill();
        broker.startSoon();
        // Clients are served meanwhile: what they give is taken.
        QVERIFY(waitUntil([&] { return !traffic.sender.state().isUp(); }));
        QVERIFY(traffic.waitForTaken(100));
        Outcomes dropped;
        traffic.sender.publish({.topic = "numbers", .care = Care::Volatile}, dropped.handler());
        Answers answers;
        const Ticket request = traffic.sender.request({.queue = "q"}, answers.handler());
        QVERIFY(waitUntil([&] { return answers.isFinished && dropped.all.size() == 1; }));
        QCOMPARE(answers.error->code, ErrorCode::Unavailable);
        QCOMPARE(dropped.all[0], std::pair(Outcome::Refused, ErrorCode::Unavailable));
        // The test's own turning of the loop goes on while the broker starts.
        QVERIFY(waitUntil([&] { return broker.isRunning(); }));
        QTcpSocket probe;
        QVERIFY(waitUntil(
            [&] {
                if (probe.state() == QAbstractSocket::UnconnectedState)
                    probe.connectToHost(QHostAddress::LocalHost, broker.port());
                return probe.state() == QAbstractSocket::ConnectedState;
            },
            Millis{60'000}));
        const qint64 back = waitForReturn(traffic);
        QVERIFY(back >= 0);
        slowestReturn = std::max(slowestReturn, back);
        // Or ever more outages would fill the outbox to its bound.
        QVERIFY(waitUntil(
            [&] { return traffic.sender.counters().outboxMessages < 100; }, Millis{60'000}));
    }
    QVERIFY(traffic.isComplete());
    report(qPrintable(u"killed %1 times"_s.arg(kills)), traffic, slowestReturn);
    QVERIFY(slowestReturn <= 5'000);
}

void TestBusOutages::frozen()
{
    RabbitBroker& broker = RabbitBroker::shared();
    Traffic traffic(m_clock, quick(amqpOptions()));
    QVERIFY(traffic.waitForTaken(300));
    broker.freeze();
    QVERIFY(waitUntil([&] { return traffic.sender.counters().kept > 100; }));
    QVERIFY(waitUntil([&] { return !traffic.sender.state().isUp(); }));
    QVERIFY(traffic.waitForTaken(100));
    broker.thaw();
    const qint64 back = waitForReturn(traffic);
    QVERIFY(traffic.isComplete());
    report("frozen", traffic, back);
    QVERIFY(back >= 0 && back <= 5'000);
}

void TestBusOutages::outOfMemory()
{
    RabbitBroker& broker = RabbitBroker::shared();
    Traffic traffic(m_clock, quick(amqpOptions()));
    QVERIFY(traffic.waitForTaken(100));
    bool ok = false;
    // The loop stands still while these run; the broker and the threads do not.
    broker.control({u"set_vm_memory_high_watermark"_s, u"0.000001"_s}, &ok);
    QVERIFY(ok);
    QVERIFY(waitUntil([&] { return traffic.sender.state().link == BusState::Link::Blocked; }));
    QVERIFY(traffic.sender.state().detail.contains(u"memory"_s));
    QVERIFY(traffic.waitForTaken(100));
    QVERIFY(traffic.sender.counters().kept > 0);
    broker.control({u"set_vm_memory_high_watermark"_s, u"0.4"_s}, &ok);
    QVERIFY(ok);
    const qint64 back = waitForReturn(traffic);
    QVERIFY(traffic.isComplete());
    report("out of memory", traffic, back);
    QCOMPARE(traffic.sender.counters().blocks, 1u);
    QVERIFY(back >= 0 && back <= 5'000);
}

void TestBusOutages::stoppedInOrder()
{
    RabbitBroker& broker = RabbitBroker::shared();
    auto traffic = std::make_unique<Traffic>(m_clock, quick(amqpOptions()));
    QVERIFY(traffic->waitForTaken(100));
    QVERIFY(broker.stop());
    QVERIFY(waitUntil([&] { return !traffic->sender.state().isUp(); }));
    QVERIFY(traffic->waitForTaken(100));
    // A process that ends meanwhile leaves what it took in its outbox, quickly.
    traffic->timer.stop();
    bool isFlushed = false;
    QElapsedTimer timer;
    timer.start();
    traffic->sender.flush(Millis{5'000}, [&] { isFlushed = true; });
    QVERIFY(waitUntil([&] { return isFlushed; }));
    QVERIFY(timer.elapsed() < 3'000);
    QCOMPARE(traffic->taken, traffic->sent);
    QVERIFY(broker.start());
    const qint64 back = waitForReturn(*traffic);
    QVERIFY(traffic->isComplete());
    report("stopped in order", *traffic, back);
    QVERIFY(back >= 0 && back <= 5'000);
}

void TestBusOutages::killedWhileItUnbinds()
{
    RabbitBroker& broker = RabbitBroker::shared();
    MemoryOutbox outbox;
    AmqpBus one(m_clock, quick(amqpOptions({.nodeName = "unbinds"})), outbox);
    Inbox inbox;
    const Ticket stays = subscribed(one, {}, "stays", inbox.handler());
    Ticket goes = subscribed(one, {}, "goes", inbox.handler());
    QVERIFY(holdsFor([&] { return one.state().isUp(); }, Millis{3'000})); // the broker writes late
    broker.freeze();
    goes.reset();
    QVERIFY(holdsFor([&] { return one.state().isUp(); }, Millis{300})); // it waits for the answer
    broker.kill();
    QVERIFY(waitUntil([&] { return !one.state().isUp(); }));
    QVERIFY(broker.start());
    QVERIFY(waitUntil([&] { return one.state().isUp(); }, Millis{30'000}));
    Outcomes outcomes;
    one.publish({.topic = "stays", .needsReceiver = true}, outcomes.handler());
    QVERIFY(waitUntil([&] { return outcomes.all.size() == 1; }));
    one.publish({.topic = "goes", .needsReceiver = true}, outcomes.handler());
    QVERIFY(waitUntil([&] { return outcomes.all.size() == 2; }));
    QCOMPARE(outcomes.count(Outcome::Confirmed), 1);
    QCOMPARE(outcomes.count(Outcome::Unroutable), 1);
    QVERIFY(waitUntil([&] { return inbox.messages.size() == 1; }));
}

QTEST_GUILESS_MAIN(TestBusOutages)
#include "tst_busoutages.moc"
