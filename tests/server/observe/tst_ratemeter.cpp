// SPDX-License-Identifier: Apache-2.0
#include "server/observe/ratemeter.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::observe;

class TestRateMeter : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void nothingIsKnownInTheFirstSecond();
    void averageIsOfFinishedSeconds();
    void oldSecondsFallOut();
    void longSilenceIsZero();
    void totalsCountTheirDifference();
    void wallClockJumpsDoNotMatter();
};

void TestRateMeter::nothingIsKnownInTheFirstSecond()
{
    ManualClock clock;
    RateMeter meter(clock);
    meter.add(10);
    QCOMPARE(meter.perSecond(), 0.0);
}

void TestRateMeter::averageIsOfFinishedSeconds()
{
    ManualClock clock;
    RateMeter meter(clock);
    meter.add(10);
    clock.advance(Millis{1'000});
    QCOMPARE(meter.perSecond(), 10.0);
    meter.add(20);
    QCOMPARE(meter.perSecond(), 10.0); // this second is not over
    clock.advance(Millis{1'000});
    QCOMPARE(meter.perSecond(), 15.0);
}

void TestRateMeter::oldSecondsFallOut()
{
    ManualClock clock;
    RateMeter meter(clock);
    meter.add(100);
    clock.advance(Millis{5'000});
    QCOMPARE(meter.perSecond(), 20.0);
    clock.advance(Millis{1'000});
    QCOMPARE(meter.perSecond(), 0.0);
}

void TestRateMeter::longSilenceIsZero()
{
    ManualClock clock;
    RateMeter meter(clock);
    meter.add(100);
    clock.advance(Millis{3'600'000});
    QCOMPARE(meter.perSecond(), 0.0);
    meter.add(50);
    clock.advance(Millis{1'000});
    QCOMPARE(meter.perSecond(), 10.0);
}

void TestRateMeter::totalsCountTheirDifference()
{
    ManualClock clock;
    RateMeter meter(clock);
    meter.setTotal(1'000);
    clock.advance(Millis{1'000});
    meter.setTotal(1'004);
    clock.advance(Millis{1'000});
    QCOMPARE(meter.perSecond(), 502.0);
    meter.setTotal(2); // a source that began anew
    meter.setTotal(6);
    clock.advance(Millis{4'000});
    QCOMPARE(meter.perSecond(), (4.0 + 4.0) / 5);
}

void TestRateMeter::wallClockJumpsDoNotMatter()
{
    ManualClock clock;
    RateMeter meter(clock);
    meter.add(10);
    clock.jumpWall(Millis{-3'600'000});
    clock.advance(Millis{1'000});
    QCOMPARE(meter.perSecond(), 10.0);
}

QTEST_GUILESS_MAIN(TestRateMeter)
#include "tst_ratemeter.moc"
