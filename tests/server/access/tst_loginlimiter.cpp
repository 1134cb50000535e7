// SPDX-License-Identifier: Apache-2.0
#include "server/access/loginlimiter.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::access;

namespace {

const QString here = QStringLiteral("192.0.2.1");
const QString there = QStringLiteral("192.0.2.2");
const QString ada = QStringLiteral("ada");

} // namespace

class TestLoginLimiter : public QObject
{
    Q_OBJECT

    ManualClock m_clock;

    static bool fails(
        LoginLimiter& limiter, int times, const QString& address, const QString& account)
    {
        bool locked = false;
        for (int i = 0; i < times; ++i)
            locked = limiter.recordFailure(address, account);
        return locked;
    }

private Q_SLOTS:
    void tenthFailureLocksTheAddress();
    void tenthFailureLocksTheAccountFromEverywhere();
    void anAddressMayBeThatOfManyPeople();
    void lockEndsAfterItsTime();
    void failuresSlideOutOfTheWindow();
    void successForgetsTheAccountOnly();
    void lockIsReportedOnce();
    void neighboursShareAnAddress_data();
    void neighboursShareAnAddress();
    void accountsIgnoreCase();
    void wallClockJumpsDoNotUnlock();
    void memoryIsBounded();
    void floodOfNewAddressesDoesNotUnlock();
};

void TestLoginLimiter::tenthFailureLocksTheAddress()
{
    LoginLimiter limiter({}, m_clock);
    QVERIFY(!fails(limiter, 9, here, {}));
    QVERIFY(limiter.check(here));
    QVERIFY(limiter.recordFailure(here));
    QCOMPARE(limiter.check(here).error().code, ErrorCode::RateLimited);
    QCOMPARE(limiter.check(here, ada).error().code, ErrorCode::RateLimited);
    QVERIFY(limiter.check(there));
}

void TestLoginLimiter::tenthFailureLocksTheAccountFromEverywhere()
{
    LoginLimiter limiter({}, m_clock);
    for (int i = 0; i < 10; ++i)
        limiter.recordFailure(QStringLiteral("198.51.100.%1").arg(i), ada);
    QCOMPARE(limiter.check(there, ada).error().code, ErrorCode::RateLimited);
    QVERIFY(limiter.check(there, QStringLiteral("bob")));
    QVERIFY(limiter.check(there));
}

void TestLoginLimiter::anAddressMayBeThatOfManyPeople()
{
    LoginLimiter limiter({.maxAddressFailures = 15}, m_clock);
    for (int i = 0; i < 10; ++i)
        limiter.recordFailure(here, ada);
    m_clock.advance(Millis{60'000});
    QVERIFY(!limiter.check(here, ada));
    QCOMPARE(limiter.lockedFor(here, ada), Millis{14 * 60'000});
    QVERIFY(limiter.check(here, QStringLiteral("bob")));
    QVERIFY(limiter.check(here)); // the key of a station
    QCOMPARE(limiter.lockedFor(here), Millis{0});
    for (int i = 0; i < 5; ++i)
        limiter.recordFailure(here, QStringLiteral("guess %1").arg(i));
    QVERIFY(!limiter.check(here, QStringLiteral("bob")));
    QCOMPARE(limiter.lockedFor(here), Millis{15 * 60'000});
}

void TestLoginLimiter::lockEndsAfterItsTime()
{
    LoginLimiter limiter({.window = Millis{60'000}, .lockFor = Millis{30'000}}, m_clock);
    fails(limiter, 10, here, ada);
    m_clock.advance(Millis{29'999});
    QVERIFY(!limiter.check(here, ada));
    m_clock.advance(Millis{1});
    QVERIFY(limiter.check(here, ada));
    QVERIFY(!fails(limiter, 9, here, ada)); // counts from the beginning
    QVERIFY(limiter.recordFailure(here, ada));
}

void TestLoginLimiter::failuresSlideOutOfTheWindow()
{
    LoginLimiter limiter({.window = Millis{10'000}}, m_clock);
    for (int i = 0; i < 100; ++i) {
        QVERIFY(!limiter.recordFailure(here, ada));
        m_clock.advance(Millis{1'200}); // nine within the window, never ten
    }
    QVERIFY(limiter.check(here, ada));
}

void TestLoginLimiter::successForgetsTheAccountOnly()
{
    LoginLimiter limiter({}, m_clock);
    fails(limiter, 9, here, ada);
    limiter.recordSuccess(ada);
    limiter.recordSuccess(QStringLiteral("nobody"));
    QVERIFY(limiter.recordFailure(here, ada)); // the address's tenth
    QVERIFY(limiter.check(there, ada)); // the account's first
}

void TestLoginLimiter::lockIsReportedOnce()
{
    LoginLimiter limiter({}, m_clock);
    QVERIFY(fails(limiter, 10, here, {}));
    QVERIFY(!fails(limiter, 50, here, {}));
    QVERIFY(!limiter.check(here));
}

void TestLoginLimiter::neighboursShareAnAddress_data()
{
    QTest::addColumn<QString>("first");
    QTest::addColumn<QString>("second");
    QTest::addColumn<bool>("same");
    const auto row = [](const char* name, const char* first, const char* second, bool same) {
        QTest::newRow(name) << QString::fromLatin1(first) << QString::fromLatin1(second) << same;
    };
    row("one IPv6 network", "2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true);
    row("two IPv6 networks", "2001:db8:1:2::1", "2001:db8:1:3::1", false);
    row("IPv4 written as IPv6", "::ffff:192.0.2.1", "192.0.2.1", true);
    row("two IPv4 written as IPv6", "::ffff:192.0.2.1", "::ffff:192.0.2.2", false);
    row("two IPv4", "192.0.2.1", "192.0.2.10", false);
}

void TestLoginLimiter::neighboursShareAnAddress()
{
    QFETCH(QString, first);
    QFETCH(QString, second);
    LoginLimiter limiter({}, m_clock);
    fails(limiter, 10, first, {});
    QTEST(!limiter.check(second), "same");
}

void TestLoginLimiter::accountsIgnoreCase()
{
    LoginLimiter limiter({}, m_clock);
    fails(limiter, 5, here, QStringLiteral("Ada"));
    fails(limiter, 5, there, QStringLiteral("aDA"));
    QVERIFY(!limiter.check(QStringLiteral("198.51.100.7"), ada));
}

void TestLoginLimiter::wallClockJumpsDoNotUnlock()
{
    LoginLimiter limiter({}, m_clock);
    fails(limiter, 10, here, {});
    m_clock.jumpWall(Millis{24 * 3'600'000});
    QVERIFY(!limiter.check(here));
}

void TestLoginLimiter::memoryIsBounded()
{
    LoginLimiter limiter({.maxEntries = 100}, m_clock);
    for (int i = 0; i < 5'000; ++i)
        limiter.recordFailure(QStringLiteral("a%1").arg(i), QStringLiteral("b%1").arg(i));
    QCOMPARE(limiter.entries(), 200);
    const QString huge(1'000'000, u'x');
    fails(limiter, 10, here, huge);
    QVERIFY(!limiter.check(there, huge + QLatin1Char('y'))); // told apart by its beginning only
}

void TestLoginLimiter::floodOfNewAddressesDoesNotUnlock()
{
    LoginLimiter limiter({.maxEntries = 100}, m_clock);
    fails(limiter, 10, here, ada);
    for (int i = 0; i < 5'000; ++i)
        limiter.recordFailure(QStringLiteral("a%1").arg(i), QStringLiteral("b%1").arg(i));
    QVERIFY(!limiter.check(here));
    QVERIFY(!limiter.check(there, ada));
}

QTEST_GUILESS_MAIN(TestLoginLimiter)
#include "tst_loginlimiter.moc"
