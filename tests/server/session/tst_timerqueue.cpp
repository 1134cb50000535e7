// SPDX-License-Identifier: Apache-2.0
#include "server/session/timerqueue.h"

#include <QTest>

#include <algorithm>

using namespace gatehouse;
using namespace gatehouse::session;

namespace {

class Log final : public Timer::Owner
{
public:
    void timerDue(Timer& timer, Millis due) override
    {
        fired.push_back(due);
        if (onDue)
            onDue(timer, due);
    }

    std::vector<Millis> fired;
    std::function<void(Timer&, Millis)> onDue;
};

} // namespace

class TestTimerQueue : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void firesAtItsMillisecondAndNotBefore();
    void firesInOrderOfDeadlines();
    void aCancelledTimerIsSilent();
    void startingAgainMovesTheDeadline();
    void aDestroyedTimerIsSilent();
    void anOwnerMayRestartAndDestroyWhileFiring();
    void randomDeadlinesFireSorted();
    void aStallGivesTheLostTimeToThoseWhoWait();
    void aShortDelayIsNoStall();
    void theEventLoopRunsIt();
};

void TestTimerQueue::firesAtItsMillisecondAndNotBefore()
{
    ManualClock clock;
    TimerQueue queue(clock, Millis{1'000});
    Log log;
    Timer timer(queue, log);
    timer.startIn(Millis{500});
    clock.advance(Millis{499});
    queue.run();
    QVERIFY(log.fired.empty());
    QVERIFY(timer.isRunning());
    clock.advance(Millis{1});
    queue.run();
    QCOMPARE(log.fired, std::vector<Millis>({Millis{1'500}}));
    QVERIFY(!timer.isRunning());
    clock.advance(Millis{1'000});
    queue.run();
    QCOMPARE(log.fired.size(), size_t(1));
}

void TestTimerQueue::firesInOrderOfDeadlines()
{
    ManualClock clock;
    TimerQueue queue(clock, Millis{1'000});
    Log log;
    Timer a(queue, log);
    Timer b(queue, log);
    Timer c(queue, log);
    a.startIn(Millis{300});
    b.startIn(Millis{100});
    c.startIn(Millis{200});
    clock.advance(Millis{400});
    queue.run();
    QCOMPARE(log.fired, std::vector<Millis>({Millis{1'100}, Millis{1'200}, Millis{1'300}}));
}

void TestTimerQueue::aCancelledTimerIsSilent()
{
    ManualClock clock;
    TimerQueue queue(clock, Millis{1'000});
    Log log;
    Timer timer(queue, log);
    timer.startIn(Millis{10});
    timer.cancel();
    timer.cancel();
    clock.advance(Millis{20});
    queue.run();
    QVERIFY(log.fired.empty());
}

void TestTimerQueue::startingAgainMovesTheDeadline()
{
    ManualClock clock;
    TimerQueue queue(clock, Millis{1'000});
    Log log;
    Timer timer(queue, log);
    timer.startIn(Millis{10});
    timer.startIn(Millis{50});
    clock.advance(Millis{49});
    queue.run();
    QVERIFY(log.fired.empty());
    clock.advance(Millis{1});
    queue.run();
    QCOMPARE(log.fired.size(), size_t(1));
}

void TestTimerQueue::aDestroyedTimerIsSilent()
{
    ManualClock clock;
    TimerQueue queue(clock, Millis{1'000});
    Log log;
    {
        Timer timer(queue, log);
        timer.startIn(Millis{10});
    }
    clock.advance(Millis{20});
    queue.run();
    QVERIFY(log.fired.empty());
}

void TestTimerQueue::anOwnerMayRestartAndDestroyWhileFiring()
{
    ManualClock clock;
    TimerQueue queue(clock, Millis{1'000});
    Log log;
    auto victim = std::make_unique<Timer>(queue, log);
    Timer period(queue, log);
    victim->startIn(Millis{11});
    period.startIn(Millis{10});
    log.onDue = [&](Timer& timer, Millis due) {
        victim.reset();
        timer.startAt(due + Millis{10});
    };
    for (int i = 0; i < 35; ++i) {
        clock.advance(Millis{1});
        queue.run();
    }
    QCOMPARE(log.fired, std::vector<Millis>({Millis{1'010}, Millis{1'020}, Millis{1'030}}));
}

void TestTimerQueue::randomDeadlinesFireSorted()
{
    ManualClock clock;
    TimerQueue queue(clock, Millis{100'000});
    Log log;
    std::vector<std::unique_ptr<Timer>> timers;
    quint32 seed = 7;
    const auto next = [&seed] { return seed = seed * 1664525u + 1013904223u; };
    for (int i = 0; i < 2'000; ++i) {
        timers.push_back(std::make_unique<Timer>(queue, log));
        timers.back()->startIn(Millis{next() % 5'000});
    }
    for (int i = 0; i < 3'000; ++i) {
        Timer& timer = *timers[next() % timers.size()];
        if (next() % 3 == 0)
            timer.cancel();
        else
            timer.startIn(Millis{next() % 5'000});
    }
    const auto running = std::count_if(
        timers.begin(), timers.end(), [](const auto& timer) { return timer->isRunning(); });
    for (int i = 0; i < 50; ++i) {
        clock.advance(Millis{100});
        queue.run();
    }
    QCOMPARE(qsizetype(log.fired.size()), qsizetype(running));
    QVERIFY(std::is_sorted(log.fired.begin(), log.fired.end()));
}

void TestTimerQueue::aStallGivesTheLostTimeToThoseWhoWait()
{
    ManualClock clock;
    TimerQueue queue(clock, Millis{1'000});
    Log log;
    Log pings;
    Timer wait(queue, log, Timer::AfterStall::Wait);
    Timer ping(queue, pings, Timer::AfterStall::Fire);
    wait.startIn(Millis{5'000});
    ping.startIn(Millis{2'000});
    clock.advance(Millis{60'000});
    queue.run();
    QCOMPARE(queue.stalls(), quint64(1));
    QCOMPARE(pings.fired.size(), size_t(1));
    QVERIFY(log.fired.empty());
    for (int i = 0; i < 60 && log.fired.empty(); ++i) {
        clock.advance(Millis{100});
        queue.run();
    }
    QCOMPARE(log.fired.size(), size_t(1));
    // What it had left before the stall, and at most one look at the clock more.
    QVERIFY(log.fired[0] >= Millis{61'000 + 4'500 - 100});
    QVERIFY(log.fired[0] <= Millis{61'000 + 5'000});
}

void TestTimerQueue::aShortDelayIsNoStall()
{
    ManualClock clock;
    TimerQueue queue(clock, Millis{1'000});
    Log log;
    Timer wait(queue, log);
    wait.startIn(Millis{400});
    clock.advance(Millis{1'300});
    queue.run();
    QCOMPARE(queue.stalls(), quint64(0));
    QCOMPARE(log.fired.size(), size_t(1));
}

void TestTimerQueue::theEventLoopRunsIt()
{
    SystemClock clock;
    TimerQueue queue(clock, Millis{1'000});
    Log log;
    Timer late(queue, log);
    Timer early(queue, log);
    late.startIn(Millis{60'000});
    early.startIn(Millis{20});
    const Millis begin = clock.monotonic();
    QTRY_COMPARE(log.fired.size(), size_t(1));
    QVERIFY(clock.monotonic() >= begin + Millis{20});
    QVERIFY(late.isRunning());
}

QTEST_GUILESS_MAIN(TestTimerQueue)
#include "tst_timerqueue.moc"
