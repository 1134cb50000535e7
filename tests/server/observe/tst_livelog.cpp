// SPDX-License-Identifier: Apache-2.0
#include "server/observe/livelog.h"

#include <QTest>

#include <thread>

using namespace gatehouse;
using namespace gatehouse::observe;

namespace {

/// Lines whose texts are "1", "2", …, counted on from `first`.
std::vector<model::LogEntry> lines(int count, int first = 1)
{
    std::vector<model::LogEntry> all(static_cast<size_t>(count));
    for (auto& entry : all)
        entry.text = QString::number(first++);
    return all;
}

QString texts(const std::vector<model::LogEntry>& entries)
{
    QStringList all;
    for (const auto& entry : entries)
        all.append(entry.text);
    return all.join(QLatin1Char(' '));
}

class Recorder : public LiveLogObserver
{
public:
    void linesAppended(std::span<const model::LogEntry> batch) override
    {
        ++batches;
        for (const auto& entry : batch)
            numbers.push_back(entry.seq);
    }
    int batches = 0;
    std::vector<quint64> numbers;
};

} // namespace

class TestLiveLog : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void numbersAreConsecutiveFromOne();
    void ringKeepsTheNewest();
    void tailIsOldestFirst();
    void sinceTellsWhatIsMissing_data();
    void sinceTellsWhatIsMissing();
    void observersHearBatches();
    void observerMayLeaveWhileItIsTold();
    void observerFindsTheLinesInTheRing();
    void postedLinesArriveInOneBatch();
    void postedLinesOfManyThreadsAllGetANumber();
    void postedLinesAreBounded();
};

void TestLiveLog::numbersAreConsecutiveFromOne()
{
    LiveLog log;
    QCOMPARE(log.lastSeq(), quint64(0));
    log.append(lines(2));
    log.append({});
    log.append(lines(1));
    QCOMPARE(log.lastSeq(), quint64(3));
    const auto kept = log.tail(10);
    QCOMPARE(kept.size(), size_t(3));
    for (size_t i = 0; i < kept.size(); ++i)
        QCOMPARE(kept[i].seq, quint64(i + 1));
}

void TestLiveLog::ringKeepsTheNewest()
{
    LiveLog log({.capacity = 3});
    log.append(lines(2));
    log.append(lines(5, 3));
    QCOMPARE(texts(log.tail(100)), QStringLiteral("5 6 7"));
    QCOMPARE(log.lastSeq(), quint64(7));
}

void TestLiveLog::tailIsOldestFirst()
{
    LiveLog log;
    log.append(lines(5));
    QCOMPARE(texts(log.tail(2)), QStringLiteral("4 5"));
    QVERIFY(log.tail(0).empty());
    QVERIFY(log.tail(-1).empty());
}

void TestLiveLog::sinceTellsWhatIsMissing_data()
{
    QTest::addColumn<quint64>("seq");
    QTest::addColumn<QString>("lines");
    QTest::addColumn<quint64>("missed");
    QTest::newRow("from the start, two gone")
        << quint64(0) << QStringLiteral("3 4 5") << quint64(2);
    QTest::newRow("just behind the ring") << quint64(1) << QStringLiteral("3 4 5") << quint64(1);
    QTest::newRow("at the ring's edge") << quint64(2) << QStringLiteral("3 4 5") << quint64(0);
    QTest::newRow("inside") << quint64(4) << QStringLiteral("5") << quint64(0);
    QTest::newRow("up to date") << quint64(5) << QString(QLatin1StringView("")) << quint64(0);
    QTest::newRow("from another server's life")
        << quint64(99) << QString(QLatin1StringView("")) << quint64(0);
}

void TestLiveLog::sinceTellsWhatIsMissing()
{
    QFETCH(quint64, seq);
    LiveLog log({.capacity = 3});
    log.append(lines(5));
    const auto since = log.since(seq);
    QTEST(texts(since.lines), "lines");
    QTEST(since.missed, "missed");
}

void TestLiveLog::observersHearBatches()
{
    LiveLog log;
    Recorder recorder;
    log.addObserver(&recorder);
    log.append(lines(3));
    log.append(lines(2));
    QCOMPARE(recorder.batches, 2);
    QCOMPARE(recorder.numbers, (std::vector<quint64>{1, 2, 3, 4, 5}));
    log.removeObserver(&recorder);
    log.append(lines(1));
    QCOMPARE(recorder.batches, 2);
}

void TestLiveLog::observerMayLeaveWhileItIsTold()
{
    class Leaver : public LiveLogObserver
    {
    public:
        void linesAppended(std::span<const model::LogEntry>) override
        {
            log->removeObserver(this);
            log->removeObserver(other);
        }
        LiveLog* log = nullptr;
        LiveLogObserver* other = nullptr;
    };
    LiveLog log;
    Leaver leaver;
    Recorder recorder;
    leaver.log = &log;
    leaver.other = &recorder;
    log.addObserver(&leaver);
    log.addObserver(&recorder);
    log.append(lines(1));
    QCOMPARE(recorder.batches, 0);
    QCOMPARE(log.lastSeq(), quint64(1));
}

void TestLiveLog::observerFindsTheLinesInTheRing()
{
    class Reader : public LiveLogObserver
    {
    public:
        void linesAppended(std::span<const model::LogEntry> batch) override
        {
            told = texts({batch.begin(), batch.end()});
            found = texts(log->tail(100));
        }
        LiveLog* log = nullptr;
        QString told;
        QString found;
    };
    LiveLog log({.capacity = 2});
    Reader reader;
    reader.log = &log;
    log.addObserver(&reader);
    log.append(lines(3));
    QCOMPARE(reader.told, QStringLiteral("1 2 3"));
    QCOMPARE(reader.found, QStringLiteral("2 3"));
}

void TestLiveLog::postedLinesArriveInOneBatch()
{
    LiveLog log;
    Recorder recorder;
    log.addObserver(&recorder);
    log.post(lines(2));
    log.post(lines(3));
    QCOMPARE(log.lastSeq(), quint64(0));
    QTRY_COMPARE(log.lastSeq(), quint64(5));
    QCOMPARE(recorder.batches, 1);
}

void TestLiveLog::postedLinesOfManyThreadsAllGetANumber()
{
    LiveLog log;
    Recorder recorder;
    log.addObserver(&recorder);
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&log] {
                for (int j = 0; j < 500; ++j)
                    log.post(lines(1));
            });
    }
    QTRY_COMPARE(log.lastSeq(), quint64(2'000));
    QCOMPARE(recorder.numbers.size(), size_t(2'000));
    for (size_t i = 0; i < recorder.numbers.size(); ++i)
        QCOMPARE(recorder.numbers[i], quint64(i + 1));
    QCOMPARE(log.dropped(), quint64(0));
}

void TestLiveLog::postedLinesAreBounded()
{
    LiveLog log({.maxPosted = 10});
    for (int i = 0; i < 3; ++i)
        log.post(lines(8));
    QCOMPARE(log.dropped(), quint64(14));
    QTRY_COMPARE(log.lastSeq(), quint64(10));
    log.post(lines(8));
    QTRY_COMPARE(log.lastSeq(), quint64(18));
}

QTEST_GUILESS_MAIN(TestLiveLog)
#include "tst_livelog.moc"
