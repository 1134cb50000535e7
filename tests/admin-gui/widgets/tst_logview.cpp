// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/widgets/logview.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QScrollBar>
#include <QSignalSpy>
#include <QToolButton>
#include <QtTest>

using namespace gatehouse::gui;
using namespace Qt::StringLiterals;

namespace {

/// Rows that name themselves, and counts how many were read.
class CountedLines final : public LineSource
{
public:
    qint64 firstRow() const override { return m_first; }
    qint64 endRow() const override { return m_end; }
    LogLine line(qint64 row) const override
    {
        ++reads;
        LogLine line;
        line.letter = u'I';
        line.category = u"task"_s;
        line.text = u"row %1"_s.arg(row);
        return line;
    }
    void append(qint64 count)
    {
        m_end += count;
        Q_EMIT rowsChanged();
    }
    void dropUntil(qint64 row)
    {
        m_first = row;
        Q_EMIT rowsChanged();
    }

    mutable int reads = 0;

private:
    qint64 m_first = 0;
    qint64 m_end = 0;
};

struct Bench
{
    Bench()
    {
        view.resize(600, 300);
        view.setSource(&lines);
        view.show();
    }
    CountedLines lines;
    LogView view;
};

} // namespace

class TestLogView : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void paintsOnlyWhatIsVisible()
    {
        Bench bench;
        bench.lines.append(1'000'000);
        bench.lines.reads = 0;
        bench.view.grab();
        QVERIFY(bench.lines.reads > 5);
        QVERIFY2(bench.lines.reads < 200, qPrintable(QString::number(bench.lines.reads)));
    }

    void followsTheNewestLine()
    {
        Bench bench;
        bench.lines.append(1000);
        const qint64 before = bench.view.firstVisibleRow();
        bench.lines.append(500);
        QCOMPARE(bench.view.firstVisibleRow(), before + 500);
        QVERIFY(!bench.view.isPaused());
    }

    void pausedItStandsStillAndCounts()
    {
        Bench bench;
        bench.lines.append(1000);
        bench.view.setPaused(true);
        const qint64 top = bench.view.firstVisibleRow();
        bench.lines.append(12'480);
        QCOMPARE(bench.view.firstVisibleRow(), top);
        QCOMPARE(bench.view.newRows(), 12'480);
        auto* pill = bench.view.findChild<QToolButton*>(u"newRowsPill"_s);
        QVERIFY(pill->isVisible());
        QVERIFY(pill->text().contains(QLocale().toString(12'480)));
        pill->click();
        QVERIFY(!bench.view.isPaused());
        QVERIFY(!pill->isVisible());
        QVERIFY(bench.view.firstVisibleRow() > 13'000);
    }

    void scrollingUpPausesAndScrollingBackGoesOn()
    {
        Bench bench;
        bench.lines.append(1000);
        QScrollBar* bar = bench.view.verticalScrollBar();
        bar->setValue(bar->value() - 5);
        QVERIFY(bench.view.isPaused());
        bench.lines.append(10);
        QCOMPARE(bench.view.newRows(), 10);
        bar->setValue(bar->maximum());
        QVERIFY(!bench.view.isPaused());
    }

    void aPauseByHandOutlastsScrolling()
    {
        Bench bench;
        bench.lines.append(1000);
        bench.view.setPaused(true);
        QScrollBar* bar = bench.view.verticalScrollBar();
        bar->setValue(10);
        bar->setValue(bar->maximum());
        QVERIFY(bench.view.isPaused());
    }

    void rowsFallingOutMoveThePausedView()
    {
        Bench bench;
        bench.lines.append(1000);
        bench.view.setPaused(true);
        bench.lines.append(5000);
        bench.lines.dropUntil(3000);
        QCOMPARE(bench.view.firstVisibleRow(), 3000);
        bench.view.grab();
        bench.lines.dropUntil(6000); // nothing at all is left
        bench.view.grab();
        QCOMPARE(bench.view.firstVisibleRow(), 6000);
    }

    void draggingSelectsAndCopies()
    {
        Bench bench;
        bench.lines.append(10);
        const int height = bench.view.fontMetrics().height() + 3;
        QWidget* area = bench.view.viewport();
        QTest::mousePress(area, Qt::LeftButton, {}, {50, height / 2});
        QTest::mouseMove(area, {50, height * 2 + height / 2});
        QTest::mouseRelease(area, Qt::LeftButton, {}, {50, height * 2 + height / 2});
        QTest::keySequence(&bench.view, QKeySequence::Copy);
        const QStringList copied
            = QGuiApplication::clipboard()->text().split(u'\n', Qt::SkipEmptyParts);
        QCOMPARE(copied.size(), 3);
        QVERIFY(copied.at(0).endsWith(u"I task row 0"_s));
        QVERIFY(copied.at(2).endsWith(u"I task row 2"_s));
    }

    void findGoesToTheMatchBefore()
    {
        Bench bench;
        bench.lines.append(1000);
        bench.view.findNext(QRegularExpression(u"row 5\\d\\d$"_s), true);
        QVERIFY(bench.view.isPaused());
        QVERIFY(bench.view.selectedText().endsWith(u"row 599\n"_s));
        bench.view.findNext(QRegularExpression(u"row 5\\d\\d$"_s), true);
        QVERIFY(bench.view.selectedText().endsWith(u"row 598\n"_s));
        bench.view.findNext(QRegularExpression(u"nowhere"_s), true);
        QVERIFY(bench.view.selectedText().endsWith(u"row 598\n"_s));
    }

    void highlightsArePainted()
    {
        Bench bench;
        bench.lines.append(3);
        const QImage plain = bench.view.viewport()->grab().toImage();
        bench.view.setHighlight(QRegularExpression(u"row"_s));
        QVERIFY(bench.view.viewport()->grab().toImage() != plain);
        bench.view.setHighlight(QRegularExpression(u"x*"_s)); // matches nothing, everywhere
        QCOMPARE(bench.view.viewport()->grab().toImage(), plain);
    }
};

QTEST_MAIN(TestLogView)
#include "tst_logview.moc"
