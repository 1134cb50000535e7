// SPDX-License-Identifier: Apache-2.0
#include "server/transport/deadlinewheel.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::transport;

class TestDeadlineWheel : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void firesOnceWithinATick()
    {
        ManualClock clock;
        DeadlineWheel wheel(clock);
        int fired = 0;
        Deadline deadline(wheel, [&] { ++fired; });
        deadline.start(Millis{1'000});
        clock.advance(Millis{999});
        wheel.turn();
        QCOMPARE(fired, 0);
        QVERIFY(deadline.isRunning());
        clock.advance(Millis{1} + DeadlineWheel::Tick);
        wheel.turn();
        QCOMPARE(fired, 1);
        QVERIFY(!deadline.isRunning());
        clock.advance(Millis{100'000});
        wheel.turn();
        QCOMPARE(fired, 1);
    }

    void waitsLongerThanOneRound()
    {
        ManualClock clock;
        DeadlineWheel wheel(clock);
        int fired = 0;
        Deadline deadline(wheel, [&] { ++fired; });
        deadline.start(Millis{200'000});
        for (int i = 0; i < 1'999; ++i) {
            clock.advance(Millis{100});
            wheel.turn();
        }
        QCOMPARE(fired, 0);
        clock.advance(Millis{200});
        wheel.turn();
        QCOMPARE(fired, 1);
    }

    void survivesALongStall()
    {
        ManualClock clock;
        DeadlineWheel wheel(clock);
        int fired = 0;
        Deadline a(wheel, [&] { ++fired; });
        Deadline b(wheel, [&] { ++fired; });
        a.start(Millis{70});
        b.start(Millis{3'600'000});
        clock.advance(Millis{3'500'000});
        wheel.turn();
        QCOMPARE(fired, 1);
        clock.advance(Millis{200'000});
        wheel.turn();
        QCOMPARE(fired, 2);
    }

    void canBeMovedBothWays()
    {
        ManualClock clock;
        DeadlineWheel wheel(clock);
        int fired = 0;
        Deadline deadline(wheel, [&] { ++fired; });
        deadline.start(Millis{1'000});
        deadline.start(Millis{5'000});
        clock.advance(Millis{2'000});
        wheel.turn();
        QCOMPARE(fired, 0);
        deadline.start(Millis{100});
        clock.advance(Millis{200});
        wheel.turn();
        QCOMPARE(fired, 1);
    }

    void callbackMayDestroyAndRestart()
    {
        ManualClock clock;
        DeadlineWheel wheel(clock);
        int fired = 0;
        std::unique_ptr<Deadline> other;
        std::unique_ptr<Deadline> self;
        self = std::make_unique<Deadline>(wheel, [&] {
            ++fired;
            other.reset(); // due in the same turn
            self.reset();
        });
        other = std::make_unique<Deadline>(wheel, [&] {
            ++fired;
            self.reset();
            other.reset();
        });
        self->start(Millis{10});
        other->start(Millis{10});
        Deadline again(wheel, [&] { again.start(Millis{10}); });
        again.start(Millis{10});
        clock.advance(Millis{200});
        wheel.turn();
        QCOMPARE(fired, 1);
        QVERIFY(again.isRunning());
        QCOMPARE(wheel.runningCount(), 1);
    }

    void turnsByItselfOnlyWhileNeeded()
    {
        const SystemClock clock;
        DeadlineWheel wheel(clock);
        bool fired = false;
        Deadline deadline(wheel, [&] { fired = true; });
        deadline.start(Millis{20});
        QTRY_VERIFY_WITH_TIMEOUT(fired, 2'000);
        QCOMPARE(wheel.runningCount(), 0);
    }
};

QTEST_GUILESS_MAIN(TestDeadlineWheel)
#include "tst_deadlinewheel.moc"
