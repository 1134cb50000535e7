// SPDX-License-Identifier: Apache-2.0
#include "common/core/tokenbucket.h"

#include <QTest>

using namespace gatehouse;

class TestTokenBucket : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theBurstPassesAtOnceAndNothingMore();
    void theRateHoldsInTheLongRun_data();
    void theRateHoldsInTheLongRun();
    void aQuietTimeFillsNoMoreThanTheBurst();
    void noRateIsNoLimit();
    void aFullBucketIsAsGoodAsNew();
};

/// How many single units pass.
static qint64 taken(TokenBucket& bucket, const Rate& rate, const Clock& clock)
{
    qint64 count = 0;
    while (bucket.take(1, rate, clock))
        ++count;
    return count;
}

void TestTokenBucket::theBurstPassesAtOnceAndNothingMore()
{
    const ManualClock clock;
    const Rate rate{10, 100};
    TokenBucket bucket(rate);
    QVERIFY(bucket.take(60, rate, clock));
    QVERIFY(bucket.take(40, rate, clock));
    // The units that were due before the first look come with it.
    QCOMPARE(taken(bucket, rate, clock), 100);
    QVERIFY(!bucket.take(1, rate, clock));
}

void TestTokenBucket::theRateHoldsInTheLongRun_data()
{
    QTest::addColumn<qint64>("perSecond");
    QTest::addColumn<int>("stepMs");
    QTest::newRow("slower than the steps") << qint64(1) << 7;
    QTest::newRow("parts of a unit in each step") << qint64(333) << 10;
    QTest::newRow("many units in each step") << qint64(100'000) << 13;
}

void TestTokenBucket::theRateHoldsInTheLongRun()
{
    QFETCH(qint64, perSecond);
    QFETCH(int, stepMs);
    ManualClock clock;
    const Rate rate{perSecond, perSecond * 2};
    TokenBucket bucket(rate);
    while (bucket.take(1, rate, clock)) { }
    qint64 passed = 0;
    constexpr int seconds = 20;
    for (int ms = 0; ms < seconds * 1'000; ms += stepMs) {
        clock.advance(Millis{stepMs});
        passed += taken(bucket, rate, clock);
    }
    const double share = double(passed) / double(perSecond * seconds);
    QVERIFY2(share > 0.94 && share <= 1.01, qPrintable(QString::number(share)));
}

void TestTokenBucket::aQuietTimeFillsNoMoreThanTheBurst()
{
    ManualClock clock;
    const Rate rate{1'000'000'000, 50};
    TokenBucket bucket(rate);
    while (bucket.take(1, rate, clock)) { }
    clock.advance(std::chrono::hours(24 * 365 * 10));
    QCOMPARE(taken(bucket, rate, clock), 50);
}

void TestTokenBucket::noRateIsNoLimit()
{
    const ManualClock clock;
    const Rate rate;
    TokenBucket bucket(rate);
    for (int i = 0; i < 10; ++i)
        QVERIFY(bucket.take(std::numeric_limits<qint64>::max() / 2, rate, clock));
}

void TestTokenBucket::aFullBucketIsAsGoodAsNew()
{
    ManualClock clock;
    const Rate rate{10, 20};
    TokenBucket bucket(rate);
    while (bucket.take(1, rate, clock)) { }
    QVERIFY(!bucket.isFull(rate, clock));
    clock.advance(Millis{1'999});
    QVERIFY(!bucket.isFull(rate, clock));
    clock.advance(Millis{1});
    QVERIFY(bucket.isFull(rate, clock));
}

QTEST_GUILESS_MAIN(TestTokenBucket)
#include "tst_tokenbucket.moc"
