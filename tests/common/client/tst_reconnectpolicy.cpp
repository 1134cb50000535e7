// SPDX-License-Identifier: Apache-2.0
#include "common/client/reconnectpolicy.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::client;

class TestReconnectPolicy : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void waitsDoubleUpToTheLongest();
    void chanceSpreadsTheWait();
    void firstLongerThanLongestIsCut();
    void manyAttemptsDoNotOverflow();
};

void TestReconnectPolicy::waitsDoubleUpToTheLongest()
{
    const ReconnectPolicy policy{.jitter = 0};
    QCOMPARE(policy.delay(0, 0.9), Millis{1'000});
    QCOMPARE(policy.delay(1, 0.1), Millis{2'000});
    QCOMPARE(policy.delay(2, 0.5), Millis{4'000});
    QCOMPARE(policy.delay(3, 0.5), Millis{5'000});
    QCOMPARE(policy.delay(4, 0.5), Millis{5'000});
}

void TestReconnectPolicy::chanceSpreadsTheWait()
{
    const ReconnectPolicy policy;
    QCOMPARE(policy.delay(0, 0.0), Millis{500});
    QCOMPARE(policy.delay(0, 0.5), Millis{1'000});
    QCOMPARE(policy.delay(0, 0.75), Millis{1'250});
    QCOMPARE(policy.delay(10, 0.0), Millis{2'500});
}

void TestReconnectPolicy::firstLongerThanLongestIsCut()
{
    const ReconnectPolicy policy{.first = Millis{9'000}, .longest = Millis{3'000}, .jitter = 0};
    QCOMPARE(policy.delay(0, 0.5), Millis{3'000});
}

void TestReconnectPolicy::manyAttemptsDoNotOverflow()
{
    const ReconnectPolicy policy{.jitter = 0};
    QCOMPARE(policy.delay(1'000'000, 0.5), Millis{5'000});
}

QTEST_APPLESS_MAIN(TestReconnectPolicy)
#include "tst_reconnectpolicy.moc"
