// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/models/logfilter.h"
#include "admin-gui/models/logstore.h"
#include "tests/admin-gui/support/fakeadminserver.h"

#include <QSignalSpy>
#include <QtTest>

using namespace gatehouse;
using namespace gatehouse::gui;
using namespace gatehouse::test;
using namespace Qt::StringLiterals;
using model::LogEntry;
using model::LogLevel;

namespace {

std::vector<LogEntry> lines(quint64 first, quint64 count)
{
    std::vector<LogEntry> result;
    for (quint64 seq = first; seq < first + count; ++seq)
        result.push_back(sampleLine(seq, LogLevel::Info, u"line %1"_s.arg(seq)));
    return result;
}

QStringList texts(const LineSource& source)
{
    QStringList result;
    for (qint64 row = source.firstRow(); row < source.endRow(); ++row)
        result.append(source.line(row).text);
    return result;
}

} // namespace

class TestLogStore : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void linesComeOutAsTheyWentIn()
    {
        LogStore store;
        LogEntry entry = sampleLine(1, LogLevel::Error, u"Zoë <b>failed</b> \u2713"_s);
        store.append({entry});
        const LogLine line = store.line(0);
        QCOMPARE(line.text, entry.text);
        QCOMPARE(line.category, u"task"_s);
        QCOMPARE(line.letter, QChar(u'E'));
        QCOMPARE(line.tone, Tone::Bad);
        QCOMPARE(line.atMs, entry.atMs);
    }

    void aLineWithoutEndIsCut()
    {
        LogStore store;
        store.append({sampleLine(1, LogLevel::Info, QString(100'000, u'é'))});
        QCOMPARE(store.line(0).text.size(), 16'385);
        QVERIFY(store.line(0).text.endsWith(u'\u2026'));
    }

    void theRingDropsTheOldestAndKeepsNumbers()
    {
        LogStore store(10'000);
        for (quint64 start = 1; start < 50'000; start += 1000)
            store.append(lines(start, 1000));
        QCOMPARE(store.endRow(), 50'000);
        const qint64 kept = store.endRow() - store.firstRow();
        QVERIFY(kept <= 10'000 && kept > 10'000 - 2 * LogChunk::capacity);
        QCOMPARE(store.line(49'999).text, u"line 50000"_s);
        QCOMPARE(store.line(store.firstRow()).text, u"line %1"_s.arg(store.firstRow() + 1));
    }

    void holesBecomeRemarks()
    {
        LogStore store;
        store.append(lines(1, 2));
        store.append(lines(6, 1));
        QCOMPARE(store.endRow(), 4);
        QVERIFY(store.line(2).isMarker);
        QCOMPARE(store.missingLines(), 3);
        QVERIFY(!store.line(3).isMarker);
    }

    void aSnapshotAfterAGapAddsOnlyWhatIsNew()
    {
        LogStore store;
        store.reset(lines(1, 5), u"e1"_s);
        store.reset(lines(3, 5), u"e1"_s);
        QCOMPARE(texts(store),
            (QStringList{u"line 1"_s, u"line 2"_s, u"line 3"_s, u"line 4"_s, u"line 5"_s,
                u"line 6"_s, u"line 7"_s}));
    }

    void anotherLifeOfTheServerStartsAnew()
    {
        LogStore store;
        store.reset(lines(100, 2), u"e1"_s);
        store.reset(lines(1, 2), u"e2"_s);
        QCOMPARE(store.endRow(), 5);
        QVERIFY(store.line(2).isMarker);
        QCOMPARE(store.line(3).text, u"line 1"_s);
        store.clear();
        store.reset({}, u"e3"_s);
        QCOMPARE(store.endRow() - store.firstRow(), 0);
    }

    void criteriaChooseLines_data()
    {
        QTest::addColumn<int>("lowest");
        QTest::addColumn<QString>("text");
        QTest::addColumn<bool>("isRegex");
        QTest::addColumn<QStringList>("expected");
        QTest::newRow("everything")
            << int(LogLevel::Debug) << QString() << false
            << QStringList{u"Start"_s, u"node refused"_s, u"time.out"_s, u"timeXout"_s};
        QTest::newRow("level") << int(LogLevel::Warning) << QString() << false
                               << QStringList{u"node refused"_s, u"timeXout"_s};
        QTest::newRow("text in any case")
            << int(LogLevel::Debug) << u"START"_s << false << QStringList{u"Start"_s};
        QTest::newRow("a point is a point")
            << int(LogLevel::Debug) << u"time.out"_s << false << QStringList{u"time.out"_s};
        QTest::newRow("regular expression") << int(LogLevel::Debug) << u"time.out$"_s << true
                                            << QStringList{u"time.out"_s, u"timeXout"_s};
        QTest::newRow("level and text")
            << int(LogLevel::Error) << u"time"_s << false << QStringList{u"timeXout"_s};
        QTest::newRow("category") << int(LogLevel::Debug) << u"gh.auth"_s << false
                                  << QStringList{u"Start"_s};
        QTest::newRow("task id") << int(LogLevel::Debug) << u"task:42"_s << false
                                 << QStringList{u"time.out"_s};
        QTest::newRow("node id and text") << int(LogLevel::Debug) << u"node:3 refused"_s << false
                                          << QStringList{u"node refused"_s};
        QTest::newRow("nothing") << int(LogLevel::Debug) << u"zebra"_s << false << QStringList();
    }

    void criteriaChooseLines()
    {
        QFETCH(int, lowest);
        QFETCH(QString, text);
        QFETCH(bool, isRegex);
        QFETCH(QStringList, expected);
        LogStore store;
        std::vector<LogEntry> entries{sampleLine(1, LogLevel::Debug, u"Start"_s),
            sampleLine(2, LogLevel::Warning, u"node refused"_s),
            sampleLine(3, LogLevel::Info, u"time.out"_s),
            sampleLine(4, LogLevel::Critical, u"timeXout"_s)};
        entries[0].category = u"gh.auth"_s;
        entries[1].nodeId = 3;
        entries[2].taskId = 42;
        LogFilter filter(&store);
        // The first line is there before the criteria, the others come after.
        store.append({entries[0]});
        filter.setCriteria({LogLevel(lowest), text, isRegex});
        store.append({entries[1], entries[2], entries[3]});
        QCOMPARE(texts(filter), expected);
    }

    void aLargeSearchRunsElsewhereAndIsComplete()
    {
        LogStore store;
        store.append(lines(1, 200'000));
        LogFilter filter(&store);
        QSignalSpy finished(&filter, &LogFilter::searchFinished);
        filter.setCriteria({LogLevel::Debug, u"99$"_s, true});
        QVERIFY(filter.isSearching()); // the GUI thread did not do it
        store.append(lines(200'001, 100)); // and life goes on
        QTRY_VERIFY(!filter.isSearching());
        QVERIFY(finished.count() >= 1);
        QCOMPARE(filter.matchCount(), 2001);
        QCOMPARE(filter.line(0).text, u"line 99"_s);
        QCOMPARE(filter.line(2000).text, u"line 200099"_s);
    }

    void anotherSearchReplacesTheOneThatRuns()
    {
        LogStore store;
        store.append(lines(1, 200'000));
        LogFilter filter(&store);
        filter.setCriteria({LogLevel::Debug, u"99$"_s, true});
        filter.setCriteria({LogLevel::Debug, u"line 7"_s, false});
        QTRY_VERIFY(!filter.isSearching());
        QCOMPARE(filter.matchCount(), 11'111);
        filter.setCriteria({});
        QCOMPARE(filter.matchCount(), 200'000);
    }

    void aFilterMayGoWhileItsSearchRuns()
    {
        LogStore store;
        store.append(lines(1, 200'000));
        {
            LogFilter filter(&store);
            filter.setCriteria({LogLevel::Debug, u"99$"_s, true});
        }
        QThreadPool::globalInstance()->waitForDone();
        QCoreApplication::processEvents();
    }

    void matchesFallOutWithTheirLines()
    {
        LogStore store(8192);
        LogFilter filter(&store);
        filter.setCriteria({LogLevel::Debug, u"00$"_s, true});
        for (quint64 start = 1; start < 40'000; start += 1000)
            store.append(lines(start, 1000));
        QCOMPARE(filter.endRow(), 400);
        QVERIFY(filter.firstRow() > 300);
        QCOMPARE(filter.line(399).text, u"line 40000"_s);
        QVERIFY(filter.line(filter.firstRow()).text.endsWith(u"00"_s));
    }
};

QTEST_GUILESS_MAIN(TestLogStore)
#include "tst_logstore.moc"
