// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/widgets/chartpath.h"
#include "admin-gui/widgets/format.h"

#include <QtTest>

#include <cmath>

using namespace gatehouse::gui;
using namespace Qt::StringLiterals;

class TestFormat : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates)); }

    void spansShowTwoUnits_data()
    {
        QTest::addColumn<qint64>("milliseconds");
        QTest::addColumn<QString>("text");
        QTest::newRow("negative") << qint64(-5) << u"0 ms"_s;
        QTest::newRow("milliseconds") << qint64(999) << u"999 ms"_s;
        QTest::newRow("tenths") << qint64(1500) << u"1.5 s"_s;
        QTest::newRow("seconds") << qint64(59'999) << u"59 s"_s;
        QTest::newRow("minutes") << qint64(252'000) << u"4 min\u00a012 s"_s;
        QTest::newRow("hours") << qint64(7'500'000) << u"2 h\u00a05 min"_s;
        QTest::newRow("days") << qint64(90'000'000) << u"1 d\u00a01 h"_s;
    }

    void spansShowTwoUnits()
    {
        QFETCH(qint64, milliseconds);
        QFETCH(QString, text);
        QCOMPARE(formatSpan(milliseconds), text);
    }

    void bytesAndCounts()
    {
        QCOMPARE(formatBytes(0), u"0 B"_s);
        QCOMPARE(formatBytes(999), u"999 B"_s);
        QCOMPARE(formatBytes(1'400), u"1.4 kB"_s);
        QCOMPARE(formatBytes(999'499), u"999 kB"_s);
        QCOMPARE(formatBytes(1.4e6), u"1.4 MB"_s);
        QCOMPARE(formatBytes(2.5e9), u"2.5 GB"_s);
        QCOMPARE(formatCount(12'480), u"12,480"_s);
        QCOMPARE(formatRate(0.4), u"0.4"_s);
        QCOMPARE(formatRate(1204.3), u"1,204"_s);
        QCOMPARE(formatAge(500), u"now"_s);
        QCOMPARE(formatAge(119'000), u"119 s"_s);
        QCOMPARE(formatAge(120'000), u"2 min"_s);
    }

    void chartsBreakAtHolesAndKeepPeaks()
    {
        TimeSeries series(100);
        series.add(1, 5);
        series.add(2, 10);
        series.add(5, 10); // two seconds are missing
        series.add(6, 0);
        const ChartPath path = chartPath(series, 6, 10, QRectF(0, 0, 50, 100));
        int moves = 0;
        for (int i = 0; i < path.line.elementCount(); ++i)
            moves += path.line.elementAt(i).isMoveTo() ? 1 : 0;
        QCOMPARE(moves, 2);
        QCOMPARE(path.line.boundingRect(), QRectF(0, 0, 50, 100));

        TimeSeries dense(3600);
        for (int second = 1; second <= 3600; ++second)
            dense.add(second, second == 1777 ? 9 : 1);
        const ChartPath squeezed = chartPath(dense, 3600, 10, QRectF(0, 0, 100, 100));
        QCOMPARE(squeezed.line.boundingRect().top(), 10.0); // the one peak is still there
    }

    void axesEndAtEvenNumbers()
    {
        QCOMPARE(niceTop(0), 1.0);
        QCOMPARE(niceTop(3), 5.0);
        QCOMPARE(niceTop(50), 50.0);
        QCOMPARE(niceTop(51), 100.0);
        QCOMPARE(niceTop(std::nan("")), 1.0);
    }
};

QTEST_MAIN(TestFormat)
#include "tst_format.moc"
