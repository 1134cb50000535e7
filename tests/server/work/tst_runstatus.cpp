// SPDX-License-Identifier: Apache-2.0
#include "server/work/runstatus.h"

#include <QStringList>
#include <QTest>

using namespace gatehouse::work;
using namespace Qt::StringLiterals;

class TestRunStatus : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void namesAreThoseOfVantage6();
    void onlyExactNamesAreKnown_data();
    void onlyExactNamesAreKnown();
    void everythingButTheFirstFourHasFailed();
    void transitions_data();
    void transitions();
    void theTaskFollowsItsRuns_data();
    void theTaskFollowsItsRuns();
};

namespace {

std::vector<RunStatus> parse(const QString& names)
{
    std::vector<RunStatus> list;
    for (const QString& name : names.split(u", "_s, Qt::SkipEmptyParts))
        list.push_back(runStatusFromName(name).value());
    return list;
}

} // namespace

void TestRunStatus::namesAreThoseOfVantage6()
{
    QStringList names;
    for (const RunStatus status : allRunStatuses()) {
        names += name(status);
        QCOMPARE(runStatusFromName(QString(name(status))), status);
    }
    QCOMPARE(names.join(u'|'),
        u"pending|initializing|active|completed|failed|start failed|non-existing Docker image|"
        "crashed|killed by user|not allowed|unknown error|dataframe not found|"
        "depended on failed task|unexpected output"_s);
}

void TestRunStatus::onlyExactNamesAreKnown_data()
{
    QTest::addColumn<QString>("name");
    QTest::newRow("empty") << u""_s;
    QTest::newRow("upper case") << u"Pending"_s;
    QTest::newRow("space behind") << u"active "_s;
    QTest::newRow("a v5 name, shortened") << u"dataframe not"_s;
    QTest::newRow("nonsense") << u"on fire"_s;
}

void TestRunStatus::onlyExactNamesAreKnown()
{
    QFETCH(QString, name);
    QVERIFY(!runStatusFromName(name));
}

void TestRunStatus::everythingButTheFirstFourHasFailed()
{
    for (const RunStatus status : allRunStatuses()) {
        const bool fine = status == RunStatus::Pending || status == RunStatus::Initializing
            || status == RunStatus::Active || status == RunStatus::Completed;
        QCOMPARE(hasFailed(status), !fine);
        QCOMPARE(hasFinished(status), !fine || status == RunStatus::Completed);
    }
}

void TestRunStatus::transitions_data()
{
    QTest::addColumn<QString>("from");
    QTest::addColumn<QString>("allowed");
    const QString ahead = u"initializing, active, completed, failed, start failed, non-existing "
                          "Docker image, crashed, killed by user, not allowed, unknown error, "
                          "dataframe not found, depended on failed task, unexpected output"_s;
    QTest::newRow("a new run may become anything")
        << u"pending"_s << QString(u"pending, "_s + ahead);
    for (const char* from : {"initializing", "active", "failed", "start failed",
             "non-existing Docker image", "crashed", "not allowed", "unknown error",
             "dataframe not found", "depended on failed task", "unexpected output"})
        QTest::addRow("%s never goes back to pending", from) << QString::fromLatin1(from) << ahead;
    QTest::newRow("completed is the end") << u"completed"_s << u"completed"_s;
    QTest::newRow("killed is the end") << u"killed by user"_s << u"killed by user"_s;
}

void TestRunStatus::transitions()
{
    QFETCH(QString, from);
    QFETCH(QString, allowed);
    const std::vector<RunStatus> expected = parse(allowed);
    for (const RunStatus to : allRunStatuses()) {
        const bool may = std::find(expected.begin(), expected.end(), to) != expected.end();
        QVERIFY2(canMove(runStatusFromName(from).value(), to) == may, name(to).data());
    }
}

void TestRunStatus::theTaskFollowsItsRuns_data()
{
    QTest::addColumn<QString>("runs");
    QTest::addColumn<QString>("task");
    QTest::newRow("no runs") << u""_s << u"completed"_s;
    QTest::newRow("all completed") << u"completed, completed"_s << u"completed"_s;
    QTest::newRow("one still pending") << u"completed, pending"_s << u"pending"_s;
    QTest::newRow("active before pending") << u"pending, active"_s << u"active"_s;
    QTest::newRow("active before initializing") << u"initializing, active"_s << u"active"_s;
    QTest::newRow("initializing before pending") << u"pending, initializing"_s << u"initializing"_s;
    QTest::newRow("failed before active") << u"active, crashed"_s << u"crashed"_s;
    QTest::newRow("failures that agree") << u"crashed, completed, crashed"_s << u"crashed"_s;
    QTest::newRow("failures that differ") << u"crashed, not allowed"_s << u"failed"_s;
    QTest::newRow("failures that differ, then agree")
        << u"crashed, not allowed, not allowed"_s << u"failed"_s;
}

void TestRunStatus::theTaskFollowsItsRuns()
{
    QFETCH(QString, runs);
    QFETCH(QString, task);
    QCOMPARE(name(taskStatus(parse(runs))), task);
}

QTEST_GUILESS_MAIN(TestRunStatus)
#include "tst_runstatus.moc"
