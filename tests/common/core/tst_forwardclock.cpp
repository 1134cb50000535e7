// SPDX-License-Identifier: Apache-2.0
#include "common/core/forwardclock.h"

#include <QTest>

#include <vector>

using namespace gatehouse;
using namespace std::chrono_literals;

class TestForwardClock : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void followsAClockThatGoesOn()
    {
        ManualClock system(Millis{1'000'000});
        const ForwardClock clock(system);
        QCOMPARE(clock.wall(), system.wall());
        system.advance(90s);
        QCOMPARE(clock.wall(), system.wall());
        QCOMPARE(clock.monotonic(), system.monotonic());
    }

    void followsAClockThatIsSetForward()
    {
        ManualClock system(Millis{1'000'000});
        const ForwardClock clock(system);
        system.jumpWall(1h);
        QCOMPARE(clock.wall(), system.wall());
    }

    void goesOnWhenTheClockIsSetBack_data()
    {
        QTest::addColumn<int>("seconds");
        QTest::newRow("a second") << 1;
        QTest::newRow("an hour") << 3'600;
        QTest::newRow("a year") << 365 * 86'400;
    }
    void goesOnWhenTheClockIsSetBack()
    {
        QFETCH(int, seconds);
        ManualClock system;
        const ForwardClock clock(system);
        const Millis before = clock.wall();
        system.jumpWall(-std::chrono::seconds(seconds));
        QCOMPARE(clock.wall(), before);
        for (int i = 1; i <= 10; ++i) {
            system.advance(1s);
            QCOMPARE(clock.wall(), before + i * 1s); // a token ends when it would have ended
        }
    }

    void followsAgainWhenTheClockHasCaughtUp()
    {
        ManualClock system;
        const ForwardClock clock(system);
        system.jumpWall(-10s);
        (void)clock.wall();
        system.jumpWall(10s);
        QCOMPARE(clock.wall(), system.wall());
        system.jumpWall(5s);
        QCOMPARE(clock.wall(), system.wall());
    }

    void tellsOncePerStepBack()
    {
        std::vector<Millis> told;
        ManualClock system;
        const ForwardClock clock(system, [&](Millis step) { told.push_back(step); });
        for (const Millis step : {Millis{0}, Millis{-999}, Millis{-1}, Millis{0}, Millis{-60'000},
                 Millis{61'000}, Millis{-2'000}}) {
            system.jumpWall(step);
            (void)clock.wall();
            system.advance(100ms);
            (void)clock.wall();
        }
        const std::vector<Millis> wanted{Millis{1'000}, Millis{60'000}, Millis{2'000}};
        QCOMPARE(told, wanted);
    }
};

QTEST_GUILESS_MAIN(TestForwardClock)
#include "tst_forwardclock.moc"
