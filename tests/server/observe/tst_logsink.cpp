// SPDX-License-Identifier: Apache-2.0
#include "server/observe/livelog.h"
#include "server/observe/log.h"
#include "server/observe/logsink.h"

#include <QJsonDocument>
#include <QLoggingCategory>
#include <QMutex>
#include <QTest>

#include <algorithm>
#include <mutex>
#include <semaphore>
#include <thread>

using namespace gatehouse;
using namespace gatehouse::observe;

Q_LOGGING_CATEGORY(lcTest, "gh.test")
Q_LOGGING_CATEGORY(lcForeign, "foreign.lib")

namespace {

/// Keeps what the sink writes; callable from the writer thread.
class Paper
{
public:
    LogSink::Writer writer()
    {
        return [this](const QByteArray& line) {
            const QMutexLocker lock(&m_mutex);
            m_lines.append(line);
        };
    }
    QByteArrayList lines() const
    {
        const QMutexLocker lock(&m_mutex);
        return m_lines;
    }
    QByteArray all() const { return lines().join(); }

private:
    mutable QMutex m_mutex;
    QByteArrayList m_lines;
};

} // namespace

class TestLogSink : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void contextTravelsToTheLineAndTheLiveLog();
    void qtMessagesTakeTheSameWay();
    void levelsAreByCategory();
    void levelsChangeWhileRunning();
    void secretsNeverLeave();
    void jsonLinesAreParsable();
    void destructorWritesWhatIsQueued();
    void queueIsBoundedAndSaysSo();
    void whatTheLiveLogMissesIsToldThereAlone();
    void manyThreadsLoseNothing();
    void hugeTextIsCutBeforeItWaits();
    void someLinesAreForTheLiveLogAlone();
    void linesOfOthersDoNotPushOutOurOwn();
};

void TestLogSink::contextTravelsToTheLineAndTheLiveLog()
{
    LiveLog live;
    Paper paper;
    LogSink sink({}, &live, paper.writer());
    log(Level::Error, category::task, QStringLiteral("run failed"),
        {.node = {3}, .task = {42}, .run = {7}, .socket = {"s1"}});
    sink.flush();
    QVERIFY(paper.all().endsWith(" error gh.task run failed node=3 task=42 run=7 socket=s1\n"));
    QTRY_COMPARE(live.lastSeq(), quint64(1));
    const model::LogEntry entry = live.tail(1).at(0);
    QCOMPARE(entry.text, QStringLiteral("run failed"));
    QCOMPARE(entry.level, model::LogLevel::Error);
    QCOMPARE(entry.category, QStringLiteral("gh.task"));
    QCOMPARE(entry.nodeId, 3);
    QCOMPARE(entry.taskId, 42);
    QCOMPARE(entry.runId, 7);
    QCOMPARE(entry.socketId, QStringLiteral("s1"));
    QVERIFY(entry.atMs > 1'700'000'000'000);
}

void TestLogSink::someLinesAreForTheLiveLogAlone()
{
    LiveLog live;
    Paper paper;
    LogSink sink({.levels = {{"gh.run", Level::Info}}}, &live, paper.writer());
    logLive(Level::Info, category::run, QStringLiteral("said\twith password=MARKED"), {.run = {7}});
    logLive(Level::Debug, category::run, QStringLiteral("below the level"));
    log(Level::Info, category::app, QStringLiteral("ours"));
    sink.flush();
    QCOMPARE(paper.lines().size(), 1);
    QVERIFY(paper.all().endsWith("ours\n"));
    QTRY_COMPARE(live.lastSeq(), quint64(2));
    const model::LogEntry entry = live.tail(2).at(0);
    QCOMPARE(entry.category, QStringLiteral("gh.run"));
    QCOMPARE(entry.runId, 7);
    QVERIFY2(entry.text.startsWith(QStringLiteral("said\\twith")), qPrintable(entry.text));
    QVERIFY2(!entry.text.contains(QStringLiteral("MARKED")), qPrintable(entry.text));
}

void TestLogSink::linesOfOthersDoNotPushOutOurOwn()
{
    std::mutex held;
    std::vector<QByteArray> written;
    LiveLog live;
    std::unique_lock hold(held);
    {
        LogSink sink({.maxQueuedLines = 10}, &live, [&](const QByteArray& line) {
            const std::lock_guard waits(held);
            written.push_back(line);
        });
        log(Level::Info, category::app, QStringLiteral("keeps the writer busy"));
        for (int i = 0; i < 1'000; ++i)
            logLive(Level::Info, category::run, QStringLiteral("chatter"));
        for (int i = 0; i < 4; ++i)
            log(Level::Info, category::app, QStringLiteral("ours %1").arg(i));
        hold.unlock();
    }
    const auto ours = std::count_if(written.begin(), written.end(),
        [](const QByteArray& line) { return line.contains(" ours "); });
    QCOMPARE(ours, 4);
}

void TestLogSink::qtMessagesTakeTheSameWay()
{
    Paper paper;
    LogSink sink({.level = Level::Debug}, nullptr, paper.writer());
    qCDebug(lcTest) << "one";
    qCWarning(lcTest, "two\nlines");
    qCCritical(lcForeign, "three");
    qWarning("four");
    sink.flush();
    const QByteArrayList lines = paper.lines();
    QCOMPARE(lines.size(), 4);
    QVERIFY(lines[0].endsWith(" debug gh.test one\n"));
    QVERIFY(lines[1].endsWith(" warning gh.test two\\nlines\n"));
    QVERIFY(lines[2].endsWith(" error foreign.lib three\n"));
    QVERIFY(lines[3].endsWith(" warning default four\n"));
}

void TestLogSink::levelsAreByCategory()
{
    Paper paper;
    LogSink sink(
        {.level = Level::Warning, .levels = {{"gh.ws", Level::Debug}}}, nullptr, paper.writer());
    log(Level::Info, category::http, QStringLiteral("hidden"));
    log(Level::Debug, category::ws, QStringLiteral("shown"));
    qCInfo(lcTest, "hidden");
    qCInfo(lcForeign, "hidden");
    QVERIFY(isEnabled(Level::Debug, category::ws));
    QVERIFY(!isEnabled(Level::Info, category::http));
    QVERIFY(!lcTest().isInfoEnabled());
    QVERIFY(lcTest().isWarningEnabled());
    sink.flush();
    QCOMPARE(paper.lines().size(), 1);
    QVERIFY(paper.all().contains("shown"));
}

void TestLogSink::levelsChangeWhileRunning()
{
    Paper paper;
    LogSink sink({}, nullptr, paper.writer());
    QVERIFY(!lcTest().isDebugEnabled());
    sink.setLevel("gh.test", Level::Debug);
    QVERIFY(lcTest().isDebugEnabled());
    qCDebug(lcTest, "now");
    sink.setLevel({}, Level::Error);
    log(Level::Warning, category::app, QStringLiteral("hidden"));
    sink.flush();
    QCOMPARE(paper.lines().size(), 1);
    QVERIFY(paper.all().endsWith("now\n"));
}

void TestLogSink::secretsNeverLeave()
{
    LiveLog live;
    Paper paper;
    LogSink sink({}, &live, paper.writer());
    log(Level::Info, category::auth, QStringLiteral("header Authorization: Bearer MARKED"));
    qCWarning(lcTest, "GET /socket.io/?token=MARKED");
    sink.flush();
    QCOMPARE(paper.lines().size(), 2);
    QVERIFY(!paper.all().contains("MARKED"));
    QTRY_COMPARE(live.lastSeq(), quint64(2));
    for (const auto& entry : live.tail(2))
        QVERIFY(!entry.text.contains(QLatin1StringView("MARKED")));
}

void TestLogSink::jsonLinesAreParsable()
{
    Paper paper;
    LogSink sink({.format = LogFormat::JsonLines}, nullptr, paper.writer());
    log(Level::Info, category::app, QStringLiteral("a \"b\"\n{c}"), {.node = {9}});
    sink.flush();
    const QJsonObject object = QJsonDocument::fromJson(paper.all()).object();
    QCOMPARE(object.value(QLatin1StringView("text")).toString(), QStringLiteral("a \"b\"\\n{c}"));
    QCOMPARE(object.value(QLatin1StringView("node")).toInteger(), 9);
}

void TestLogSink::destructorWritesWhatIsQueued()
{
    Paper paper;
    {
        LogSink sink({}, nullptr, paper.writer());
        for (int i = 0; i < 1'000; ++i)
            log(Level::Info, category::app, QString::number(i));
    }
    QCOMPARE(paper.lines().size(), 1'000);
    QVERIFY(paper.lines().last().endsWith(" 999\n"));
}

void TestLogSink::queueIsBoundedAndSaysSo()
{
    // The writer is held at its first line, so that everything else has to wait in the queue.
    std::binary_semaphore reached(0);
    std::binary_semaphore mayGoOn(0);
    QByteArrayList lines;
    LogSink sink({.maxQueuedLines = 10}, nullptr, [&](const QByteArray& line) {
        lines.append(line);
        if (lines.size() == 1) {
            reached.release();
            mayGoOn.acquire();
        }
    });
    log(Level::Info, category::app, QStringLiteral("first"));
    reached.acquire();
    for (int i = 0; i < 100; ++i)
        log(Level::Info, category::app, QStringLiteral("line"));
    QCOMPARE(sink.dropped(), quint64(90));
    mayGoOn.release();
    sink.flush();
    QCOMPARE(lines.size(), 12);
    QVERIFY(lines.last().endsWith("90 log lines dropped\n"));
}

void TestLogSink::whatTheLiveLogMissesIsToldThereAlone()
{
    std::binary_semaphore reached(0);
    std::binary_semaphore mayGoOn(0);
    QByteArrayList lines;
    LiveLog live;
    LogSink sink({.maxQueuedLines = 10}, &live, [&](const QByteArray& line) {
        lines.append(line);
        if (lines.size() == 1) {
            reached.release();
            mayGoOn.acquire();
        }
    });
    log(Level::Info, category::app, QStringLiteral("first"));
    reached.acquire();
    for (int i = 0; i < 100; ++i)
        logLive(Level::Info, category::task, QStringLiteral("line of a container"));
    QCOMPARE(sink.dropped(), quint64(0));
    QCOMPARE(sink.droppedLive(), quint64(95));
    mayGoOn.release();
    sink.flush();
    QCOMPARE(lines.size(), 1); // nothing of the server's own was lost
    QTRY_COMPARE(live.lastSeq(), quint64(7));
    QCOMPARE(live.tail(1).front().text, QStringLiteral("95 lines of others dropped"));
}

void TestLogSink::manyThreadsLoseNothing()
{
    Paper paper;
    LogSink sink({}, nullptr, paper.writer());
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([] {
                for (int j = 0; j < 500; ++j)
                    log(Level::Info, category::app, QStringLiteral("x"));
            });
    }
    sink.flush();
    QCOMPARE(paper.lines().size(), 2'000);
}

void TestLogSink::hugeTextIsCutBeforeItWaits()
{
    Paper paper;
    LogSink sink({.maxTextCharacters = 50}, nullptr, paper.writer());
    log(Level::Info, category::app, QString(1'000'000, u'x'));
    sink.flush();
    QVERIFY(paper.all().size() < 200);
    QVERIFY(paper.all().contains("1000000 characters"));
}

QTEST_GUILESS_MAIN(TestLogSink)
#include "tst_logsink.moc"
