// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/views/log/logpage.h"
#include "admin-gui/widgets/filterfield.h"
#include "admin-gui/widgets/logview.h"
#include "tests/admin-gui/support/fakeadminserver.h"

#include <QComboBox>
#include <QLabel>
#include <QTemporaryDir>
#include <QToolButton>
#include <QtTest>

using namespace gatehouse;
using namespace gatehouse::gui;
using namespace gatehouse::test;
using namespace Qt::StringLiterals;
using model::LogLevel;

class TestLogPage : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init()
    {
        m_log = std::make_unique<LogStore>();
        m_page = std::make_unique<LogPage>(*m_log);
        m_page->show();
        m_log->append({sampleLine(1, LogLevel::Info, u"node-1 connected"_s),
            sampleLine(2, LogLevel::Error, u"run 7 failed"_s),
            sampleLine(3, LogLevel::Warning, u"node-2 is slow"_s)});
    }

    void levelAndTextNarrowTogether()
    {
        m_page->findChild<QComboBox*>(u"level"_s)->setCurrentIndex(2);
        QCOMPARE(counts(), u"2 of 3 lines"_s);
        QTest::keyClicks(m_page->findChild<FilterField*>(u"filter"_s), u"NODE"_s);
        QTRY_COMPARE(counts(), u"1 of 3 lines"_s);
        QTest::keyClick(m_page->findChild<FilterField*>(u"filter"_s), Qt::Key_Escape);
        QCOMPARE(counts(), u"2 of 3 lines"_s);
    }

    void aBrokenExpressionIsMarkedAndChangesNothing()
    {
        auto* filter = m_page->findChild<FilterField*>(u"filter"_s);
        m_page->findChild<QToolButton*>(u"regex"_s)->setChecked(true);
        QTest::keyClicks(filter, u"node-[12]"_s);
        QTRY_COMPARE(counts(), u"2 of 3 lines"_s);
        QTest::keyClicks(filter, u"("_s);
        QTRY_VERIFY(filter->property("invalid").toBool());
        QCOMPARE(counts(), u"2 of 3 lines"_s);
        QTest::keyClick(filter, Qt::Key_Backspace);
        QTRY_VERIFY(!filter->property("invalid").toBool());
    }

    void theButtonPausesTheView()
    {
        auto* view = m_page->findChild<LogView*>(u"logView"_s);
        auto* pause = m_page->findChild<QToolButton*>(u"pause"_s);
        pause->click();
        QVERIFY(view->isPaused());
        m_log->append({sampleLine(4, LogLevel::Info, u"x"_s)});
        QCOMPARE(view->newRows(), 1);
        pause->click();
        QVERIFY(!view->isPaused());
        QTest::keyClick(view, Qt::Key_Space);
        QVERIFY(pause->isChecked());
    }

    void theExportHoldsTheLinesShown()
    {
        QTemporaryDir folder;
        m_page->findChild<QComboBox*>(u"level"_s)->setCurrentIndex(3);
        QVERIFY(m_page->exportTo(folder.filePath(u"x.log"_s)));
        QFile file(folder.filePath(u"x.log"_s));
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QByteArray text = file.readAll();
        QVERIFY(text.endsWith(" E task run 7 failed\n"));
        QCOMPARE(text.count('\n'), 1);
        QVERIFY(!m_page->exportTo(u"/nowhere/x.log"_s));
    }

    void missingLinesAreCounted()
    {
        m_log->append({sampleLine(10, LogLevel::Info, u"later"_s)});
        QCOMPARE(counts(), u"5 lines, 6 missing"_s);
    }

private:
    QString counts() const { return m_page->findChild<QLabel*>(u"counts"_s)->text(); }

    std::unique_ptr<LogStore> m_log;
    std::unique_ptr<LogPage> m_page;
};

QTEST_MAIN(TestLogPage)
#include "tst_logpage.moc"
