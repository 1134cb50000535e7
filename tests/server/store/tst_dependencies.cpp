// SPDX-License-Identifier: Apache-2.0
#include "tests/server/store/fixture.h"

#include <QSet>

using namespace gatehouse;
using namespace gatehouse::store::test;
using store::await;
using work::EndedDependents;
using work::FailedTask;
using work::RunStatus;

namespace {

/// Tasks of two runs each.
class Chain
{
public:
    explicit Chain(int dependentsAtOnce)
    {
        m_options.dependentsAtOnce = dependentsAtOnce;
        f.reopen(m_options);
    }

    work::TaskRecord add(std::vector<TaskId> dependsOn = {})
    {
        work::NewTask wanted = f.newTask();
        wanted.task.dependsOn = std::move(dependsOn);
        return f.create(wanted).value().record;
    }
    void restart() { f.reopen(m_options); }

    Result<work::RunUpdate> finish(RunId run, RunStatus status)
    {
        work::RunPatch end;
        end.status = status;
        end.finishedAt = end.at = Millis{2'000};
        return f.update(run, end);
    }
    EndedDependents go(const std::vector<FailedTask>& failed)
    {
        return await<EndedDependents>([&](auto done) {
            f.store->endDependents(failed, Millis{3'000}, std::move(done));
        }).value();
    }
    std::vector<FailedTask> failedDependencies()
    {
        return await<std::vector<FailedTask>>([&](auto done) {
            f.store->failedDependencies(std::move(done));
        }).value();
    }
    qint64 openRuns()
    {
        work::RunFilter open;
        open.state = work::RunState::Open;
        return f.runs(open).total;
    }

    Fixture f;

private:
    store::StoreOptions m_options;
};

} // namespace

class TestDependencies : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { SKIP_WITHOUT_DATABASE(); }
    void whatWaitsEndsInSlices_data();
    void whatWaitsEndsInSlices();
    void slicesGoOnWhereTheLastOneEnded();
    void nothingIsLeftOfWhatEndedAtOnce();
    void whatHasCompletedIsNoFailedDependency();
};

void TestDependencies::whatWaitsEndsInSlices_data()
{
    QTest::addColumn<int>("atOnce");
    QTest::addColumn<bool>("isKilled");
    for (const int atOnce : {1, 3, 4, 7}) {
        QTest::addRow("%d at once", atOnce) << atOnce << false;
        QTest::addRow("%d at once, restarted between", atOnce) << atOnce << true;
    }
}

/// One task, three that wait for it, one that waits for two of those, one for that one.
void TestDependencies::whatWaitsEndsInSlices()
{
    QFETCH(int, atOnce);
    QFETCH(bool, isKilled);
    Chain chain(atOnce);
    const work::TaskRecord first = chain.add();
    std::vector<TaskId> middle;
    for (int i = 0; i < 3; ++i)
        middle.push_back(chain.add({first.task.id}).task.id);
    const work::TaskRecord join = chain.add({middle[0], middle[2]});
    const work::TaskRecord last = chain.add({join.task.id});
    const work::TaskRecord free = chain.add();
    QCOMPARE(chain.openRuns(), 4); // of the first and the free one

    QVERIFY(chain.finish(first.runs[1].id, RunStatus::Completed));
    const auto update = chain.finish(first.runs[0].id, RunStatus::Crashed);
    QVERIFY(update);
    QVERIFY(update->ready.empty());
    EndedDependents ended = update->dependents;
    QSet<RunId> told;
    while (true) {
        QVERIFY(ended.runs.size() <= size_t(atOnce));
        for (const work::RunChange& change : ended.runs) {
            QVERIFY(!told.contains(change.run.run));
            told.insert(change.run.run);
            QCOMPARE(change.run.status, RunStatus::DependencyFailed);
            QCOMPARE(change.cause, work::ChangeCause::DependencyFailed);
        }
        if (ended.rest.empty())
            break;
        // What is left neither is to be had nor can be begun.
        QCOMPARE(chain.openRuns(), 2);
        work::RunPatch begin;
        begin.status = RunStatus::Active;
        QVERIFY(!chain.f.update(last.runs[0].id, begin));
        if (isKilled)
            chain.restart();
        ended = chain.go(isKilled ? chain.failedDependencies() : ended.rest);
    }
    QCOMPARE(told.size(), 10);
    QVERIFY(chain.failedDependencies().empty());
    QCOMPARE(chain.f.task(last.task.id)->status, RunStatus::DependencyFailed);
    QVERIFY(chain.f.task(last.task.id)->finishedAt);
    QCOMPARE(chain.f.task(free.task.id)->status, RunStatus::Pending);
    QCOMPARE(chain.openRuns(), 2);
}

/// Not over all that have ended already, which would be everything in the last of many slices.
void TestDependencies::slicesGoOnWhereTheLastOneEnded()
{
    Chain chain(3);
    const work::TaskRecord first = chain.add();
    std::vector<TaskId> waiting;
    for (int i = 0; i < 6; ++i)
        waiting.push_back(chain.add({first.task.id}).task.id);
    EndedDependents ended = chain.f.kill(first.task.id)->dependents;
    for (const size_t at : {1, 2, 4}) { // of two runs each
        QCOMPARE(ended.runs.size(), size_t(3));
        const auto rest = std::find_if(ended.rest.begin(), ended.rest.end(),
            [&](const FailedTask& one) { return one.task == first.task.id; });
        QVERIFY(rest != ended.rest.end());
        QCOMPARE(rest->reached, waiting[at]);
        ended = chain.go(ended.rest);
    }
    while (!ended.rest.empty())
        ended = chain.go(ended.rest);
    QVERIFY(chain.failedDependencies().empty());
    QCOMPARE(chain.openRuns(), 0);
}

void TestDependencies::nothingIsLeftOfWhatEndedAtOnce()
{
    Chain chain(100);
    const work::TaskRecord first = chain.add();
    chain.add({first.task.id});
    const auto kill = chain.f.kill(first.task.id);
    QVERIFY(kill);
    QCOMPARE(kill->dependents.runs.size(), size_t(2));
    QVERIFY(kill->dependents.rest.empty());
}

void TestDependencies::whatHasCompletedIsNoFailedDependency()
{
    Chain chain(1);
    const work::TaskRecord first = chain.add();
    const work::TaskRecord second = chain.add({first.task.id});
    QVERIFY(chain.finish(first.runs[0].id, RunStatus::Completed));
    QVERIFY(chain.failedDependencies().empty());
    const auto update = chain.finish(first.runs[1].id, RunStatus::Completed);
    QCOMPARE(update->ready.size(), size_t(1));
    QVERIFY(chain.failedDependencies().empty());
    QVERIFY(chain.finish(second.runs[0].id, RunStatus::Completed));
}

QTEST_GUILESS_MAIN(TestDependencies)
#include "tst_dependencies.moc"
