// SPDX-License-Identifier: Apache-2.0
#include "server/observe/processstats.h"

#include <QElapsedTimer>
#include <QFile>
#include <QSignalSpy>
#include <QTest>

using namespace gatehouse;
using namespace gatehouse::observe;

class TestProcessStats : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void residentMemoryGrowsWithUse();
    void descriptorsAreCounted();
    void blockedLoopIsNoticed();
};

void TestProcessStats::residentMemoryGrowsWithUse()
{
    const qint64 before = residentBytes();
    QVERIFY(before > 1'000'000);
    const QByteArray block(32 * 1024 * 1024, 'x');
    QVERIFY(residentBytes() - before > 24 * 1024 * 1024);
    QVERIFY(block.endsWith('x'));
}

void TestProcessStats::descriptorsAreCounted()
{
    const qint64 before = openDescriptors();
    QVERIFY(before >= 3);
    QFile file(QStringLiteral("/dev/null"));
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCOMPARE(openDescriptors(), before + 1);
}

void TestProcessStats::blockedLoopIsNoticed()
{
    LoopLag lag(Millis{5});
    QSignalSpy measured(&lag, &LoopLag::measured);
    QVERIFY(measured.wait(1'000));
    QElapsedTimer busy;
    busy.start();
    while (busy.elapsed() < 200) { } // a handler that takes too long
    QTRY_VERIFY(lag.worst() >= Millis{150});
    // It falls out of the window when the loop runs freely again.
    QTRY_VERIFY(lag.worst() < Millis{150});
}

QTEST_GUILESS_MAIN(TestProcessStats)
#include "tst_processstats.moc"
