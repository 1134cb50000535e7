// SPDX-License-Identifier: Apache-2.0
#include "server/store/database.h"
#include "tests/server/store/fixture.h"

#include <QElapsedTimer>

using namespace gatehouse;
using namespace gatehouse::store::test;
using store::await;
using work::RunStatus;

/// Tasks and runs through the journal interface, on a real file.
class TestTaskStore : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { SKIP_WITHOUT_DATABASE(); }
    void aCreatedTaskReadsBackAsItWasWritten();
    void aSubtaskKeepsTheJobOfItsParent();
    void aTaskSurvivesClosingAndOpening();
    void aRepeatedIdempotencyKeyAnswersTheFirstTask();
    void anIdempotencyKeyForAnotherRequestIsAConflict();
    void anIdempotencyKeyIsForgottenAfterItsLife();
    void aPatchMovesTheRunAndItsTask();
    void aPatchWithoutResultAndLogClearsThem();
    void aFinishedRunTakesNoPatch();
    void aPatchThatMayNotBeIsRefused_data();
    void aPatchThatMayNotBeIsRefused();
    void aFailureEndsSiblingsThatHaveNotStarted();
    void killEndsTheRunsOfTheTaskAndOfItsDirectChildren();
    void killRefusesWhatIsFinishedAndWhatIsUnknown();
    void liveLogLinesAreJoinedAndReplacedByTheFinalLog();
    void aLongLiveLogIsReadInOnePass();
    void runsAreFilteredAndPagedNewestFirst();
    void runsOfANodeAreThoseOfItsOrganizationInItsCollaboration();
    void pagesOfSeveralCollaborationsAreMergedInOrder();
    void everyCombinationOfRunFiltersIsAnswered();
    void tasksAreFilteredAndPagedNewestFirst();
    void openRunsAreThoseWithoutAnEnd();
};

void TestTaskStore::aCreatedTaskReadsBackAsItWasWritten()
{
    Fixture f;
    const work::TaskRecord created = f.create();
    const work::TaskRecord read = f.task(created.task.id).value();
    QCOMPARE(read.task.name, u"average"_s);
    QCOMPARE(read.task.image, u"harbor.example.org/average:1"_s);
    QCOMPARE(read.task.collaboration, f.collaboration(u"heart"_s));
    QCOMPARE(read.task.initOrganization, f.organization(u"Aachen"_s));
    QVERIFY(!read.task.initUser.isValid());
    QVERIFY(!read.task.parent.isValid());
    QCOMPARE(read.task.job, JobId{1});
    QCOMPARE(read.task.createdAt, Millis{1'000});
    QCOMPARE(
        read.task.databases, (std::vector<work::TaskDatabase>{{u"default"_s, u"{\"sheet\":1}"_s}}));
    QCOMPARE(read.status, RunStatus::Pending);
    QVERIFY(!read.finishedAt);
    QCOMPARE(read.runs.size(), size_t(2));
    QCOMPARE(read.runs[0].id, created.runs[0].id);

    const work::RunRecord run = f.run(created.runs[1].id).value();
    QCOMPARE(run.run.input, u"YmVyZ2Vu"_s);
    QCOMPARE(run.run.organization, f.organization(u"Bergen"_s));
    QCOMPARE(run.run.assignedAt, Millis{1'000});
    QVERIFY(!run.run.result && !run.run.log && !run.run.startedAt && !run.run.finishedAt);
    QCOMPARE(run.task.id, created.task.id);
    QCOMPARE(run.taskStatus, RunStatus::Pending);
}

void TestTaskStore::aSubtaskKeepsTheJobOfItsParent()
{
    Fixture f;
    const work::TaskRecord parent = f.create();
    work::NewTask child = f.newTask();
    child.task.parent = parent.task.id;
    child.task.job = parent.task.job;
    QCOMPARE(f.create(child).value().record.task.job, parent.task.job);
    QCOMPARE(f.create().task.job, JobId{parent.task.job.value + 1});
}

void TestTaskStore::aTaskSurvivesClosingAndOpening()
{
    Fixture f;
    const work::TaskRecord created = f.create();
    f.reopen();
    QCOMPARE(f.task(created.task.id).value().runs.size(), size_t(2));
}

void TestTaskStore::aRepeatedIdempotencyKeyAnswersTheFirstTask()
{
    Fixture f;
    work::NewTask wanted = f.newTask();
    wanted.idempotency = work::IdempotencyKey{u"user:4"_s, u"k1"_s, "hash"};
    const work::CreatedTask first = f.create(wanted).value();
    QVERIFY(!first.repeated);
    const work::CreatedTask second = f.create(wanted).value();
    QVERIFY(second.repeated);
    QCOMPARE(second.record.task.id, first.record.task.id);
    QCOMPARE(f.tasks({}).total, 1);

    wanted.idempotency->client = u"user:5"_s;
    QVERIFY(!f.create(wanted).value().repeated);
}

void TestTaskStore::anIdempotencyKeyForAnotherRequestIsAConflict()
{
    Fixture f;
    work::NewTask wanted = f.newTask();
    wanted.idempotency = work::IdempotencyKey{u"user:4"_s, u"k1"_s, "hash"};
    QVERIFY(f.create(wanted));
    wanted.idempotency->requestHash = "other";
    QCOMPARE(f.create(wanted).error().code, ErrorCode::Conflict);
    QCOMPARE(f.tasks({}).total, 1);
}

void TestTaskStore::anIdempotencyKeyIsForgottenAfterItsLife()
{
    Fixture f;
    work::NewTask wanted = f.newTask();
    wanted.idempotency = work::IdempotencyKey{u"user:4"_s, u"k1"_s, "hash"};
    QVERIFY(f.create(wanted));
    const Millis day{24 * 3'600'000};
    wanted.task.createdAt += day;
    QVERIFY(f.create(wanted).value().repeated);
    wanted.task.createdAt += Millis{1};
    QVERIFY(!f.create(wanted).value().repeated);
}

void TestTaskStore::aPatchMovesTheRunAndItsTask()
{
    Fixture f;
    const work::TaskRecord created = f.create();
    work::RunPatch start;
    start.status = RunStatus::Active;
    start.startedAt = Millis{2'000};
    const work::RunUpdate started = f.update(created.runs[0].id, start).value();
    QCOMPARE(started.change.before, RunStatus::Pending);
    QCOMPARE(started.change.run.status, RunStatus::Active);
    QCOMPARE(started.change.run.task, created.task.id);
    QCOMPARE(started.change.run.collaboration, f.collaboration(u"heart"_s));
    QVERIFY(!started.change.run.finished);
    QCOMPARE(started.change.taskStatus, RunStatus::Active);

    work::RunPatch end;
    end.status = RunStatus::Completed;
    end.finishedAt = Millis{3'000};
    end.result = u"42"_s;
    const work::RunUpdate first = f.update(created.runs[0].id, end).value();
    QVERIFY(first.change.run.finished);
    QCOMPARE(first.change.startedAt, Millis{2'000});
    QCOMPARE(first.change.taskStatus, RunStatus::Pending);
    QVERIFY(!first.change.taskFinishedAt);

    end.finishedAt = Millis{4'000};
    const work::RunUpdate second = f.update(created.runs[1].id, end).value();
    QCOMPARE(second.change.taskStatus, RunStatus::Completed);
    QCOMPARE(second.change.taskFinishedAt, Millis{4'000});

    const work::RunRecord read = f.run(created.runs[0].id).value();
    QCOMPARE(read.run.startedAt, Millis{2'000});
    QCOMPARE(read.run.finishedAt, Millis{3'000});
    QCOMPARE(read.run.result, u"42"_s);
    QCOMPARE(read.taskStatus, RunStatus::Completed);
}

void TestTaskStore::aPatchWithoutResultAndLogClearsThem()
{
    Fixture f;
    const RunId run = f.create().runs[0].id;
    work::RunPatch patch;
    patch.result = u"half"_s;
    patch.log = u"line"_s;
    QVERIFY(f.update(run, patch));
    QCOMPARE(f.run(run)->run.log, u"line"_s);
    patch = {};
    patch.status = RunStatus::Active;
    QVERIFY(f.update(run, patch));
    QVERIFY(!f.run(run)->run.result);
    QVERIFY(!f.run(run)->run.log);
}

void TestTaskStore::aFinishedRunTakesNoPatch()
{
    Fixture f;
    const RunId run = f.create().runs[0].id;
    work::RunPatch end;
    end.status = RunStatus::Completed;
    end.finishedAt = Millis{3'000};
    QVERIFY(f.update(run, end));
    QCOMPARE(f.update(run, end).error().code, ErrorCode::BadRequest);
    QCOMPARE(f.update({12'345}, end).error().code, ErrorCode::NotFound);
}

void TestTaskStore::aPatchThatMayNotBeIsRefused_data()
{
    QTest::addColumn<int>("from");
    QTest::addColumn<int>("to");
    QTest::addColumn<bool>("withEnd");
    QTest::newRow("active back to pending")
        << int(RunStatus::Active) << int(RunStatus::Pending) << false;
    QTest::newRow("completed to crashed")
        << int(RunStatus::Completed) << int(RunStatus::Crashed) << true;
    QTest::newRow("finished_at while active")
        << int(RunStatus::Active) << int(RunStatus::Active) << true;
    QTest::newRow("finished_at while pending")
        << int(RunStatus::Pending) << int(RunStatus::Pending) << true;
}

void TestTaskStore::aPatchThatMayNotBeIsRefused()
{
    QFETCH(int, from);
    QFETCH(int, to);
    QFETCH(bool, withEnd);
    Fixture f;
    const RunId run = f.create().runs[0].id;
    work::RunPatch first;
    first.status = RunStatus(from);
    QVERIFY(f.update(run, first));
    work::RunPatch second;
    second.status = RunStatus(to);
    if (withEnd)
        second.finishedAt = Millis{5'000};
    QCOMPARE(f.update(run, second).error().code, ErrorCode::BadRequest);
    QCOMPARE(f.run(run)->run.status, RunStatus(from));
    QVERIFY(!f.run(run)->run.finishedAt);
}

void TestTaskStore::aFailureEndsSiblingsThatHaveNotStarted()
{
    Fixture f;
    const work::TaskRecord created = f.create();
    work::RunPatch crash;
    crash.status = RunStatus::Crashed;
    crash.finishedAt = Millis{5'000};
    crash.at = Millis{5'001};
    crash.siblings = work::SiblingPolicy::FailNotStarted;
    const work::RunUpdate update = f.update(created.runs[0].id, crash).value();
    QCOMPARE(update.siblings.size(), size_t(1));
    QCOMPARE(update.siblings[0].run.run, created.runs[1].id);
    QCOMPARE(update.siblings[0].cause, work::ChangeCause::SiblingFailed);
    QCOMPARE(update.siblings[0].finishedAt, Millis{5'001});
    QCOMPARE(update.change.taskStatus, RunStatus::Failed);
    QCOMPARE(update.change.taskFinishedAt, Millis{5'001});
    QCOMPARE(f.run(created.runs[1].id)->run.status, RunStatus::Failed);

    const work::TaskRecord other = f.create();
    work::RunPatch start;
    start.startedAt = Millis{4'000};
    QVERIFY(f.update(other.runs[1].id, start));
    QVERIFY(f.update(other.runs[0].id, crash)->siblings.empty());
    QVERIFY(!f.run(other.runs[1].id)->run.finishedAt);
}

void TestTaskStore::killEndsTheRunsOfTheTaskAndOfItsDirectChildren()
{
    Fixture f;
    const work::TaskRecord parent = f.create();
    work::NewTask wanted = f.newTask();
    wanted.task.parent = parent.task.id;
    const work::TaskRecord child = f.create(wanted)->record;
    wanted.task.parent = child.task.id;
    const work::TaskRecord grandchild = f.create(wanted)->record;
    work::RunPatch end;
    end.status = RunStatus::Completed;
    end.finishedAt = Millis{2'000};
    QVERIFY(f.update(parent.runs[0].id, end));

    const work::TaskKill kill = f.kill(parent.task.id).value();
    QCOMPARE(kill.collaboration, f.collaboration(u"heart"_s));
    std::vector<RunId> killed;
    for (const work::RunChange& change : kill.runs) {
        killed.push_back(change.run.run);
        QCOMPARE(change.run.status, RunStatus::Killed);
        QCOMPARE(change.cause, work::ChangeCause::Kill);
        QCOMPARE(change.finishedAt, Millis{9'000});
        QVERIFY(change.taskFinishedAt);
    }
    QCOMPARE(killed, (std::vector<RunId>{parent.runs[1].id, child.runs[0].id, child.runs[1].id}));
    QCOMPARE(f.run(parent.runs[0].id)->run.status, RunStatus::Completed);
    QCOMPARE(f.task(child.task.id)->status, RunStatus::Killed);
    QCOMPARE(f.task(grandchild.task.id)->status, RunStatus::Pending);
}

void TestTaskStore::killRefusesWhatIsFinishedAndWhatIsUnknown()
{
    Fixture f;
    const TaskId task = f.create().task.id;
    QVERIFY(f.kill(task));
    QCOMPARE(f.kill(task).error().code, ErrorCode::BadRequest);
    QCOMPARE(f.kill({777}).error().code, ErrorCode::NotFound);
}

void TestTaskStore::liveLogLinesAreJoinedAndReplacedByTheFinalLog()
{
    Fixture f;
    const RunId run = f.create().runs[0].id;
    for (const QString& line : {u"first"_s, u"zwölf ✓"_s}) {
        QVERIFY(await<void>([&](work::Completion<void> done) {
            f.store->appendRunLog(run, line, std::move(done));
        }));
    }
    QCOMPARE(f.run(run)->run.log, u"first\nzwölf ✓"_s);
    work::RunPatch active;
    active.status = RunStatus::Active;
    QVERIFY(f.update(run, active));
    QCOMPARE(f.run(run)->run.log, u"first\nzwölf ✓"_s);
    work::RunPatch end;
    end.status = RunStatus::Completed;
    end.finishedAt = Millis{5'000};
    end.log = u"everything"_s;
    QVERIFY(f.update(run, end));
    QCOMPARE(f.run(run)->run.log, u"everything"_s);
}

void TestTaskStore::aLongLiveLogIsReadInOnePass()
{
    Fixture f;
    const RunId run = f.create().runs[0].id;
    const int lines = 20'000;
    const QString line(200, u'x');
    f.store->close();
    {
        store::Database database(f.store->place(), store::Database::Access::Write, Millis{60'000});
        database.change(u"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i "
                        "< %1) INSERT INTO run_log (run_id, text) SELECT CAST(? AS BIGINT), "
                        "CAST(? AS TEXT) FROM n"_s.arg(lines),
            run, line);
    }
    f.reopen();
    QElapsedTimer timer;
    timer.start();
    const QString log = f.run(run)->run.log.value();
    // Copying what is there for each further line would move 80 GB.
    QVERIFY2(timer.elapsed() < 3'000, qPrintable(QString::number(timer.elapsed())));
    QCOMPARE(log.size(), qsizetype(lines) * 201 - 1);
    QVERIFY(log.endsWith(u'\n' + line));
}

void TestTaskStore::runsAreFilteredAndPagedNewestFirst()
{
    Fixture f;
    std::vector<RunId> all;
    for (int i = 0; i < 6; ++i) {
        for (const work::Run& run : f.create().runs)
            all.push_back(run.id);
    }
    const work::Page<work::RunRecord> first = f.runs({}, {1, 5});
    QCOMPARE(first.total, 12);
    QCOMPARE(first.items.size(), size_t(5));
    QCOMPARE(first.items.front().run.id, all.back());
    const work::Page<work::RunRecord> last = f.runs({}, {3, 5});
    QCOMPARE(last.items.size(), size_t(2));
    QCOMPARE(last.items.back().run.id, all.front());
    QVERIFY(f.runs({}, {4, 5}).items.empty());
    QCOMPARE(f.runs({}, {0, 0}).items.size(), size_t(1));

    work::RunFilter filter;
    filter.task = first.items.front().task.id;
    QCOMPARE(f.runs(filter).total, 2);
    filter = {};
    filter.organization = f.organization(u"Bergen"_s);
    QCOMPARE(f.runs(filter).total, 6);
    filter = {};
    filter.job = JobId{2};
    QCOMPARE(f.runs(filter).total, 2);
    filter = {};
    filter.collaborations = std::vector{f.collaboration(u"lung"_s)};
    QCOMPARE(f.runs(filter).total, 0);
    filter.collaborations->push_back(f.collaboration(u"heart"_s));
    QCOMPARE(f.runs(filter).total, 12);
    filter.collaborations->clear();
    QCOMPARE(f.runs(filter).total, 0);
    filter = {};
    filter.payloads = work::Payloads::Leave;
    QVERIFY(f.runs(filter).items.front().run.input.isEmpty());
    QCOMPARE(f.runs({}).items.front().run.input, u"YmVyZ2Vu"_s);
    QCOMPARE(f.runs({}).items.front().task.databases.size(), size_t(1));
}

void TestTaskStore::runsOfANodeAreThoseOfItsOrganizationInItsCollaboration()
{
    Fixture f;
    const work::TaskRecord created = f.create();
    work::NewTask other = f.newTask();
    other.task.collaboration = f.collaboration(u"lung"_s);
    other.runs = {{f.organization(u"Aachen"_s), {}}, {f.organization(u"Cork"_s), {}}};
    QVERIFY(f.create(other));

    work::RunFilter filter;
    filter.node = f.node(u"a-heart"_s);
    filter.state = work::RunState::Open;
    work::Page<work::RunRecord> page = f.runs(filter);
    QCOMPARE(page.total, 1);
    QCOMPARE(page.items.front().run.id, created.runs[0].id);
    QVERIFY(f.kill(created.task.id));
    QCOMPARE(f.runs(filter).total, 0);
    filter.state = work::RunState::Any;
    QCOMPARE(f.runs(filter).total, 1);
    filter.node = {999};
    QCOMPARE(f.runs(filter).total, 0);
}

void TestTaskStore::pagesOfSeveralCollaborationsAreMergedInOrder()
{
    Fixture f;
    std::vector<RunId> all;
    std::vector<TaskId> tasks;
    for (int i = 0; i < 7; ++i) {
        work::NewTask wanted = f.newTask();
        if (i % 3 == 1) {
            wanted.task.collaboration = f.collaboration(u"lung"_s);
            wanted.runs = {{f.organization(u"Cork"_s), {}}};
        }
        const work::TaskRecord created = f.create(wanted).value().record;
        tasks.insert(tasks.begin(), created.task.id);
        for (const work::Run& run : created.runs)
            all.insert(all.begin(), run.id);
    }
    const std::vector both{f.collaboration(u"heart"_s), f.collaboration(u"lung"_s)};
    for (const work::RunState state : {work::RunState::Any, work::RunState::Open}) {
        work::RunFilter filter;
        filter.collaborations = both;
        filter.state = state;
        std::vector<RunId> read;
        for (int page = 1; page <= 5; ++page) {
            for (const work::RunRecord& record : f.runs(filter, {page, 3}).items)
                read.push_back(record.run.id);
        }
        QCOMPARE(read, all);
    }
    work::TaskFilter filter;
    filter.collaborations = both;
    filter.involves = f.organization(u"Aachen"_s);
    QCOMPARE(f.tasks(filter).total, 5);
    filter.involves.reset();
    std::vector<TaskId> read;
    for (int page = 1; page <= 4; ++page) {
        for (const work::TaskRecord& record : f.tasks(filter, {page, 2}).items)
            read.push_back(record.task.id);
    }
    QCOMPARE(read, tasks);
}

void TestTaskStore::everyCombinationOfRunFiltersIsAnswered()
{
    Fixture f;
    const work::TaskRecord created = f.create();
    for (int bits = 0; bits < 64; ++bits) {
        work::RunFilter filter;
        filter.state = (bits & 1) ? work::RunState::Open : work::RunState::Any;
        filter.node = (bits & 2) ? f.node(u"a-heart"_s) : NodeId{};
        filter.task = (bits & 4) ? created.task.id : TaskId{};
        filter.organization = (bits & 8) ? f.organization(u"Aachen"_s) : OrganizationId{};
        filter.job = (bits & 16) ? created.task.job : JobId{};
        if (bits & 32)
            filter.collaborations = std::vector{f.collaboration(u"heart"_s)};
        const qint64 expected = (bits & (2 | 8)) ? 1 : 2;
        QCOMPARE(f.runs(filter).total, expected);
        QCOMPARE(f.runs(filter).items.size(), size_t(expected));
        filter.collaborations.emplace();
        QCOMPARE(f.runs(filter).total, 0);
    }
}

void TestTaskStore::tasksAreFilteredAndPagedNewestFirst()
{
    Fixture f;
    const work::TaskRecord first = f.create();
    work::NewTask wanted = f.newTask(u"median"_s);
    wanted.task.parent = first.task.id;
    wanted.task.job = first.task.job;
    wanted.runs.pop_back();
    const work::TaskRecord second = f.create(wanted)->record;

    QCOMPARE(f.tasks({}).items.front().task.id, second.task.id);
    QCOMPARE(f.tasks({}, {2, 1}).items.front().task.id, first.task.id);
    QCOMPARE(f.tasks({}).items.back().runs.size(), size_t(2));
    work::TaskFilter filter;
    filter.parent = first.task.id;
    QCOMPARE(f.tasks(filter).total, 1);
    filter = {};
    filter.name = u"median"_s;
    QCOMPARE(f.tasks(filter).total, 1);
    filter.name = u"' OR 1=1 --"_s;
    QCOMPARE(f.tasks(filter).total, 0);
    filter = {};
    filter.involves = f.organization(u"Bergen"_s);
    QCOMPARE(f.tasks(filter).total, 1);
    filter = {};
    filter.job = first.task.job;
    QCOMPARE(f.tasks(filter).total, 2);
    filter = {};
    filter.collaborations = std::vector{f.collaboration(u"lung"_s)};
    QCOMPARE(f.tasks(filter).total, 0);
    QCOMPARE(f.task({99}).error().code, ErrorCode::NotFound);
}

void TestTaskStore::openRunsAreThoseWithoutAnEnd()
{
    Fixture f;
    const work::TaskRecord created = f.create();
    work::RunPatch end;
    end.status = RunStatus::Completed;
    end.finishedAt = Millis{2'000};
    QVERIFY(f.update(created.runs[0].id, end));
    const std::vector<work::RunRef> open = await<std::vector<work::RunRef>>([&](auto done) {
        f.store->openRuns(std::move(done));
    }).value();
    QCOMPARE(open.size(), size_t(1));
    QCOMPARE(open[0],
        (work::RunRef{created.runs[1].id, created.task.id, created.task.job, {},
            f.organization(u"Bergen"_s), f.collaboration(u"heart"_s), RunStatus::Pending, false}));
}

QTEST_GUILESS_MAIN(TestTaskStore)
#include "tst_taskstore.moc"
