// SPDX-License-Identifier: Apache-2.0
#include "server/work/taskservice.h"
#include "tests/server/store/fixture.h"

using namespace gatehouse;
using namespace gatehouse::store::test;
using namespace gatehouse::work;
using store::await;

namespace {

class Recorder final : public TaskObserver
{
public:
    void taskCreated(const TaskRecord& task) override
    {
        heard += u"created %1"_s.arg(task.task.id.value);
    }
    void runChanged(const RunChange& change) override
    {
        heard += u"run %1 %2"_s.arg(change.run.run.value).arg(name(change.run.status));
    }
    void runsKilled(const TaskKill& kill) override
    {
        heard += u"killed %1 of %2"_s.arg(kill.runs.size()).arg(kill.task.value);
    }
    void runLogAppended(const RunRef& run, const QString& text) override
    {
        heard += u"log %1 %2"_s.arg(run.run.value).arg(text);
    }
    QString take() { return std::exchange(heard, {}).join(u", "_s); }

    QStringList heard;
};

/// The service over a real store.
class House
{
public:
    explicit House(const TaskLimits& limits = {}, const store::StoreOptions& options = {})
        : f(options), presence(clock), service(*f.store, directory, presence, clock, limits)
    {
        directory.replace(f.directory);
        if (!await<void>([&](Completion<void> done) { service.start(std::move(done)); }))
            qFatal("start failed");
        service.addObserver(&recorder);
    }
    ~House() { f.store->close(); }

    /// The kills a server would know that is started on the same data now.
    std::vector<RunId> killsAfterRestart(NodeId node)
    {
        // Writes are answered in their order, so those before this one are on disk.
        if (!await<void>(
                [&](Completion<void> done) { f.store->saveSetting(u"k"_s, "v", std::move(done)); }))
            qFatal("not written");
        PendingKills fresh(*f.store, directory);
        if (!await<void>([&](Completion<void> done) { fresh.start(std::move(done)); }))
            qFatal("start failed");
        std::vector<RunId> runs;
        for (const RunRef& run : fresh.of(node))
            runs.push_back(run.run);
        return runs;
    }

    TaskRequest request() const
    {
        TaskRequest wanted;
        wanted.name = u"average"_s;
        wanted.image = u"image:1"_s;
        wanted.collaboration = f.collaboration(u"heart"_s);
        wanted.initOrganization = f.organization(u"Aachen"_s);
        wanted.initUser = f.directory.users.front().id;
        wanted.organizations
            = {{f.organization(u"Aachen"_s), u"x"_s}, {f.organization(u"Bergen"_s), u"y"_s}};
        return wanted;
    }
    Result<CreatedTask> create(const TaskRequest& wanted)
    {
        return await<CreatedTask>(
            [&](Completion<CreatedTask> done) { service.create(wanted, std::move(done)); });
    }
    TaskRecord create() { return create(request()).value().record; }
    Result<RunUpdate> patch(NodeId by, RunId run, const RunPatch& patch)
    {
        return await<RunUpdate>(
            [&](Completion<RunUpdate> done) { service.patchRun(by, run, patch, std::move(done)); });
    }
    Result<RunUpdate> finish(NodeId by, RunId run, RunStatus status)
    {
        RunPatch end;
        end.status = status;
        end.startedAt = end.finishedAt = Millis{2'000};
        return patch(by, run, end);
    }
    Result<TaskKill> kill(TaskId task)
    {
        return await<TaskKill>(
            [&](Completion<TaskKill> done) { service.kill(task, std::move(done)); });
    }

    Fixture f;
    ManualClock clock;
    Directory directory;
    Presence presence;
    TaskService service;
    Recorder recorder;
};

} // namespace

class TestTaskService : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aCreatedTaskOpensItsRuns();
    void aRequestThatDoesNotFitIsRefused_data();
    void aRequestThatDoesNotFitIsRefused();
    void aSubtaskGetsItsParentsJob();
    void aSubtaskOfAnUnknownOrForeignParentIsRefused();
    void aNodesPolicyIsRespected_data();
    void aNodesPolicyIsRespected();
    void aRepeatedRequestIsNotToldAgain();
    void aNodePatchesOnlyItsOwnRuns();
    void aFinishedRunLeavesTheIndexButIsRemembered();
    void onlyTheLatestFinishedRunsAreRemembered();
    void aPatchOverItsBoundsIsRefused();
    void failedSiblingsAreClosedAndTold();
    void killIsToldRunByRunAndThenAsOne();
    void waitingRunsEndInSlices();
    void waitingRunsGoOnEndingAfterARestart();
    void killsArePendingUntilConfirmedAlsoAfterARestart();
    void logLinesAreToldAndKeptUpToTheLimit();
    void logLinesOfStrangersAreRefused();
    void openRunsComeBackAfterARestart();
    void openRunsOfANodeAreThoseOfItsPlace();
};

void TestTaskService::aCreatedTaskOpensItsRuns()
{
    House h;
    const TaskRecord task = h.create();
    QCOMPARE(h.recorder.take(), u"created 1"_s);
    QCOMPARE(h.service.openRunCount(), 2);
    QCOMPARE(h.service.openTaskCount(), 1);
    const RunRef* run = h.service.knownRun(task.runs[1].id);
    QVERIFY(run);
    QCOMPARE(run->task, task.task.id);
    QCOMPARE(run->job, task.task.job);
    QCOMPARE(h.service.nodeOf(*run), h.f.node(u"b-heart"_s));
    QVERIFY(h.service.belongsTo(*run, h.f.node(u"b-heart"_s)));
    QVERIFY(!h.service.belongsTo(*run, h.f.node(u"a-heart"_s)));
    QVERIFY(!h.service.belongsTo(*run, NodeId{}));
    QCOMPARE(task.task.createdAt, h.clock.wall());
}

void TestTaskService::aRequestThatDoesNotFitIsRefused_data()
{
    using Change = std::function<void(House&, TaskRequest&)>;
    QTest::addColumn<Change>("change");
    QTest::addColumn<ErrorCode>("code");
    QTest::addColumn<QString>("detail");
    const auto row = [](const char* name, ErrorCode code, const QString& detail, Change change) {
        QTest::newRow(name) << change << code << detail;
    };
    row("no image", ErrorCode::BadRequest, u"image"_s,
        [](House&, TaskRequest& r) { r.image = u"  "_s; });
    row("unknown collaboration", ErrorCode::NotFound, u"Collaboration id=99 not found"_s,
        [](House&, TaskRequest& r) { r.collaboration = {99}; });
    row("unknown study", ErrorCode::NotFound, u"Study id=5 not found"_s,
        [](House&, TaskRequest& r) { r.study = {5}; });
    row("no organizations", ErrorCode::BadRequest, u"No organizations"_s,
        [](House&, TaskRequest& r) { r.organizations.clear(); });
    row("a stranger", ErrorCode::BadRequest, u"is not a member"_s, [](House& h, TaskRequest& r) {
        r.organizations.push_back({h.f.organization(u"Cork"_s), {}});
    });
    row("an organization twice", ErrorCode::BadRequest, u"is named twice"_s,
        [](House& h, TaskRequest& r) {
            r.organizations.push_back({h.f.organization(u"Bergen"_s), {}});
        });
    row("a member without a node", ErrorCode::BadRequest, u"has no node"_s,
        [](House& h, TaskRequest& r) {
            r.collaboration = h.f.collaboration(u"lung"_s);
            r.organizations = {{h.f.organization(u"Aachen"_s), {}}};
        });
    row("a long name", ErrorCode::TooLarge, u"name is longer than 255"_s,
        [](House&, TaskRequest& r) { r.name = QString(256, u'x'); });
    row("a long description", ErrorCode::TooLarge, u"description"_s,
        [](House&, TaskRequest& r) { r.description = QString(4'097, u'x'); });
    row("a long image", ErrorCode::TooLarge, u"image"_s,
        [](House&, TaskRequest& r) { r.image = QString(1'025, u'x'); });
    row("a large input", ErrorCode::TooLarge, u"input"_s,
        [](House&, TaskRequest& r) { r.organizations[1].input = QString((8 << 20) + 1, u'x'); });
    row("a database without a label", ErrorCode::BadRequest, u"label"_s,
        [](House&, TaskRequest& r) { r.databases = {{}}; });
    row("many databases", ErrorCode::TooLarge, u"databases"_s, [](House&, TaskRequest& r) {
        r.databases.assign(101, {u"d"_s, {}});
    });
    row("a large database parameter", ErrorCode::TooLarge, u"database"_s,
        [](House&, TaskRequest& r) {
            r.databases = {{u"d"_s, QString(16'384, u'x')}};
        });
}

void TestTaskService::aRequestThatDoesNotFitIsRefused()
{
    using Change = std::function<void(House&, TaskRequest&)>;
    QFETCH(Change, change);
    QFETCH(ErrorCode, code);
    QFETCH(QString, detail);
    House h;
    TaskRequest wanted = h.request();
    change(h, wanted);
    const Result<CreatedTask> created = h.create(wanted);
    QVERIFY(!created);
    QCOMPARE(created.error().code, code);
    QVERIFY2(created.error().detail.contains(detail), qPrintable(created.error().detail));
    QCOMPARE(h.f.tasks({}).total, 0);
    QCOMPARE(h.recorder.take(), QString());
}

void TestTaskService::aSubtaskGetsItsParentsJob()
{
    House h;
    const TaskRecord parent = h.create();
    TaskRequest wanted = h.request();
    wanted.parent = parent.task.id;
    const TaskRecord child = h.create(wanted).value().record;
    QCOMPARE(child.task.job, parent.task.job);
    QCOMPARE(child.task.parent, parent.task.id);
    QCOMPARE(h.service.knownRun(child.runs[0].id)->parent, parent.task.id);
}

void TestTaskService::aSubtaskOfAnUnknownOrForeignParentIsRefused()
{
    House h;
    TaskRequest wanted = h.request();
    wanted.parent = {55};
    QCOMPARE(h.create(wanted).error().code, ErrorCode::NotFound);
    wanted.parent = h.create().task.id;
    wanted.collaboration = h.f.collaboration(u"lung"_s);
    wanted.organizations = {{h.f.organization(u"Cork"_s), {}}};
    QCOMPARE(h.create(wanted).error().code, ErrorCode::BadRequest);
}

void TestTaskService::aNodesPolicyIsRespected_data()
{
    QTest::addColumn<NodeConfig>("config");
    QTest::addColumn<bool>("allowed");
    QTest::newRow("no policy") << NodeConfig{{u"encryption"_s, u"True"_s}} << true;
    QTest::newRow("user by name") << NodeConfig{{u"allowed_users"_s, u"anna"_s}} << true;
    QTest::newRow("another user") << NodeConfig{{u"allowed_users"_s, u"bert"_s}} << false;
    QTest::newRow("second of the list")
        << NodeConfig{{u"allowed_users"_s, u"bert"_s}, {u"allowed_users"_s, u"anna"_s}} << true;
    QTest::newRow("organization by name") << NodeConfig{{u"allowed_orgs"_s, u"Aachen"_s}} << true;
    QTest::newRow("organization by id") << NodeConfig{{u"allowed_orgs"_s, u"1"_s}} << true;
    QTest::newRow("another organization") << NodeConfig{{u"allowed_orgs"_s, u"2"_s}} << false;
    QTest::newRow("another user but the organization")
        << NodeConfig{{u"allowed_users"_s, u"bert"_s}, {u"allowed_orgs"_s, u"Aachen"_s}} << true;
}

void TestTaskService::aNodesPolicyIsRespected()
{
    QFETCH(NodeConfig, config);
    QFETCH(bool, allowed);
    House h;
    const NodeId node = h.f.node(u"b-heart"_s);
    h.presence.socketOpened(node, {"s"}, {});
    h.presence.setConfig(node, {"s"}, config);
    const Result<CreatedTask> created = h.create(h.request());
    QCOMPARE(created.has_value(), allowed);
    if (!allowed)
        QCOMPARE(created.error().code, ErrorCode::Forbidden);
}

void TestTaskService::aRepeatedRequestIsNotToldAgain()
{
    House h;
    TaskRequest wanted = h.request();
    wanted.idempotency = IdempotencyKey{u"user:4"_s, u"k"_s, "hash"};
    QVERIFY(h.create(wanted));
    h.recorder.take();
    QVERIFY(h.create(wanted)->repeated);
    QCOMPARE(h.recorder.take(), QString());
    QCOMPARE(h.service.openRunCount(), 2);
}

void TestTaskService::aNodePatchesOnlyItsOwnRuns()
{
    House h;
    const TaskRecord task = h.create();
    h.recorder.take();
    RunPatch active;
    active.status = RunStatus::Active;
    const NodeId a = h.f.node(u"a-heart"_s);
    QCOMPARE(h.patch(a, task.runs[1].id, active).error().code, ErrorCode::Forbidden);
    QCOMPARE(
        h.patch(h.f.node(u"c-lung"_s), task.runs[0].id, active).error().code, ErrorCode::Forbidden);
    QCOMPARE(h.patch(a, {999}, active).error().code, ErrorCode::NotFound);
    QCOMPARE(h.recorder.take(), QString());
    QVERIFY(h.patch(a, task.runs[0].id, active));
    QCOMPARE(h.recorder.take(), u"run 1 active"_s);
    QCOMPARE(h.service.knownRun(task.runs[0].id)->status, RunStatus::Active);
    active.status = RunStatus::Pending;
    QCOMPARE(h.patch(a, task.runs[0].id, active).error().code, ErrorCode::BadRequest);
    QCOMPARE(h.service.knownRun(task.runs[0].id)->status, RunStatus::Active);
}

void TestTaskService::aFinishedRunLeavesTheIndexButIsRemembered()
{
    House h;
    const TaskRecord task = h.create();
    const NodeId a = h.f.node(u"a-heart"_s);
    QVERIFY(h.finish(a, task.runs[0].id, RunStatus::Completed));
    QCOMPARE(h.service.openRunCount(), 1);
    QCOMPARE(h.service.openTaskCount(), 1);
    QVERIFY(h.service.knownRun(task.runs[0].id)->finished);
    QCOMPARE(
        h.finish(a, task.runs[0].id, RunStatus::Completed).error().code, ErrorCode::BadRequest);
    QCOMPARE(h.finish(h.f.node(u"b-heart"_s), task.runs[0].id, RunStatus::Completed).error().code,
        ErrorCode::Forbidden);
    QVERIFY(h.finish(h.f.node(u"b-heart"_s), task.runs[1].id, RunStatus::Completed));
    QCOMPARE(h.service.openTaskCount(), 0);
}

void TestTaskService::onlyTheLatestFinishedRunsAreRemembered()
{
    TaskLimits limits;
    limits.rememberedFinishedRuns = 2;
    House h(limits);
    const TaskRecord first = h.create();
    const TaskRecord second = h.create();
    QVERIFY(h.kill(first.task.id));
    QVERIFY(h.service.knownRun(first.runs[0].id));
    QVERIFY(h.kill(second.task.id));
    QVERIFY(!h.service.knownRun(first.runs[0].id));
    QVERIFY(h.service.knownRun(second.runs[1].id));
    const Result<RunRef> found = await<RunRef>(
        [&](Completion<RunRef> done) { h.service.findRun(first.runs[0].id, std::move(done)); });
    QVERIFY(found->finished);
    QCOMPARE(found->status, RunStatus::Killed);
    QCOMPARE(h.finish(h.f.node(u"a-heart"_s), first.runs[0].id, RunStatus::Completed).error().code,
        ErrorCode::BadRequest);
}

void TestTaskService::aPatchOverItsBoundsIsRefused()
{
    TaskLimits limits;
    limits.maxResultLength = 10;
    limits.maxLogLength = 20;
    House h(limits);
    const RunId run = h.create().runs[0].id;
    const NodeId a = h.f.node(u"a-heart"_s);
    RunPatch patch;
    patch.result = QString(11, u'x');
    QCOMPARE(h.patch(a, run, patch).error().code, ErrorCode::TooLarge);
    patch.result = QString(10, u'x');
    patch.log = QString(21, u'x');
    QCOMPARE(h.patch(a, run, patch).error().code, ErrorCode::TooLarge);
    patch.log = QString(20, u'x');
    QVERIFY(h.patch(a, run, patch));
}

void TestTaskService::failedSiblingsAreClosedAndTold()
{
    House h;
    const TaskRecord task = h.create();
    h.recorder.take();
    QVERIFY(h.finish(h.f.node(u"a-heart"_s), task.runs[0].id, RunStatus::Crashed));
    QCOMPARE(h.recorder.take(), u"run 1 crashed, run 2 failed"_s);
    QCOMPARE(h.service.openRunCount(), 0);

    TaskLimits limits;
    limits.siblings = SiblingPolicy::LeaveAlone;
    House other(limits);
    const TaskRecord kept = other.create();
    QVERIFY(other.finish(other.f.node(u"a-heart"_s), kept.runs[0].id, RunStatus::Crashed));
    QCOMPARE(other.service.openRunCount(), 1);
}

namespace {

/// Two runs that the others wait for, and `count` tasks of two runs each.
TaskRecord chain(House& h, int count)
{
    const TaskRecord first = h.create();
    TaskRequest waiting = h.request();
    waiting.dependsOn = {first.task.id};
    for (int i = 0; i < count; ++i)
        h.create(waiting).value();
    h.recorder.take();
    return first;
}

} // namespace

/// Others have their turn between two slices, at the disk and with the observers.
void TestTaskService::waitingRunsEndInSlices()
{
    store::StoreOptions options;
    options.dependentsAtOnce = 4;
    options.maxGroupSize = 1;
    House h({}, options);
    const TaskRecord first = chain(h, 8);
    const NodeId node = h.f.node(u"a-heart"_s);
    QVERIFY(h.finish(node, first.runs[0].id, RunStatus::Crashed));
    // The failed one, its sibling, and the first slice.
    QCOMPARE(h.recorder.heard.size(), 6);
    QCOMPARE(h.service.openRunCount(), 12);
    QVERIFY(await<void>(
        [&](Completion<void> done) { h.f.store->saveSetting(u"k"_s, "v", std::move(done)); }));
    QVERIFY(h.service.openRunCount() > 0);
    QTRY_COMPARE(h.service.openRunCount(), 0);
    QCOMPARE(h.recorder.heard.size(), 18);
    QCOMPARE(h.recorder.heard.filter(u"depended on failed task"_s).size(), 16);
}

void TestTaskService::waitingRunsGoOnEndingAfterARestart()
{
    store::StoreOptions options;
    options.dependentsAtOnce = 4;
    House h({}, options);
    const TaskRecord first = chain(h, 8);
    RunPatch end;
    end.status = RunStatus::Crashed;
    end.finishedAt = Millis{2'000};
    QVERIFY(h.f.update(first.runs[0].id, end)); // and that process is gone
    h.f.reopen(options);
    TaskService service(*h.f.store, h.directory, h.presence, h.clock);
    QVERIFY(await<void>([&](Completion<void> done) { service.start(std::move(done)); }));
    QTRY_COMPARE(service.openRunCount(), 1); // the sibling
}

void TestTaskService::killsArePendingUntilConfirmedAlsoAfterARestart()
{
    House h;
    const NodeId a = h.f.node(u"a-heart"_s);
    const NodeId b = h.f.node(u"b-heart"_s);
    const TaskRecord first = h.create();
    const TaskRecord second = h.create();
    QVERIFY(h.kill(first.task.id));
    QVERIFY(h.kill(second.task.id));
    const std::vector<RunId> ofA{first.runs[0].id, second.runs[0].id};
    const std::vector<RunId> ofB{first.runs[1].id, second.runs[1].id};
    QCOMPARE(h.killsAfterRestart(a), ofA);
    QCOMPARE(h.killsAfterRestart(b), ofB);
    h.service.confirmKills({ofA[0], ofB[1], RunId{4711}});
    QCOMPARE(h.killsAfterRestart(a), std::vector<RunId>{ofA[1]});
    QCOMPARE(h.killsAfterRestart(b), std::vector<RunId>{ofB[0]});
    // The node's own word about the end: refused as late, but it knows now.
    QVERIFY(!h.finish(a, ofA[1], RunStatus::Killed));
    QCOMPARE(h.killsAfterRestart(a), std::vector<RunId>{});
    QCOMPARE(h.service.pendingKills().size(), 1);
}

void TestTaskService::killIsToldRunByRunAndThenAsOne()
{
    House h;
    const TaskRecord task = h.create();
    h.recorder.take();
    const Result<TaskKill> kill = h.kill(task.task.id);
    QCOMPARE(kill->runs.size(), size_t(2));
    QCOMPARE(kill->runs[0].finishedAt, h.clock.wall());
    QCOMPARE(h.recorder.take(), u"run 1 killed by user, run 2 killed by user, killed 2 of 1"_s);
    QCOMPARE(h.service.openRunCount(), 0);
    QCOMPARE(h.kill(task.task.id).error().code, ErrorCode::BadRequest);
    QCOMPARE(h.kill({99}).error().code, ErrorCode::NotFound);
    QCOMPARE(h.recorder.take(), QString());
}

void TestTaskService::logLinesAreToldAndKeptUpToTheLimit()
{
    TaskLimits limits;
    limits.maxLiveLogLength = 10;
    House h(limits);
    const RunId run = h.create().runs[0].id;
    const NodeId a = h.f.node(u"a-heart"_s);
    h.recorder.take();
    QVERIFY(h.service.appendLog(a, run, u"12345"_s));
    QVERIFY(h.service.appendLog(a, run, u"678901"_s));
    QVERIFY(h.service.appendLog(a, run, u"67890"_s));
    QCOMPARE(h.recorder.take(), u"log 1 12345, log 1 678901, log 1 67890"_s);
    QTRY_COMPARE(h.f.run(run)->run.log, u"12345\n67890"_s);
    QVERIFY(h.finish(a, run, RunStatus::Completed));
    h.recorder.take();
    QVERIFY(h.service.appendLog(a, run, u"late"_s));
    QCOMPARE(h.recorder.take(), u"log 1 late"_s);
}

void TestTaskService::logLinesOfStrangersAreRefused()
{
    House h;
    const RunId run = h.create().runs[0].id;
    h.recorder.take();
    QCOMPARE(h.service.appendLog(h.f.node(u"b-heart"_s), run, u"x"_s).error().code,
        ErrorCode::Forbidden);
    QCOMPARE(h.service.appendLog({}, run, u"x"_s).error().code, ErrorCode::Forbidden);
    QCOMPARE(h.service.appendLog(h.f.node(u"a-heart"_s), {77}, u"x"_s).error().code,
        ErrorCode::NotFound);
    QCOMPARE(h.recorder.take(), QString());
}

void TestTaskService::openRunsComeBackAfterARestart()
{
    House h;
    const TaskRecord task = h.create();
    QVERIFY(h.finish(h.f.node(u"a-heart"_s), task.runs[0].id, RunStatus::Completed));
    h.f.reopen();
    TaskService again(*h.f.store, h.directory, h.presence, h.clock);
    QVERIFY(await<void>([&](Completion<void> done) { again.start(std::move(done)); }));
    QCOMPARE(again.openRunCount(), 1);
    QCOMPARE(again.openTaskCount(), 1);
    QCOMPARE(again.knownRun(task.runs[1].id)->collaboration, task.task.collaboration);
    QVERIFY(!again.knownRun(task.runs[0].id));
}

void TestTaskService::openRunsOfANodeAreThoseOfItsPlace()
{
    House h;
    const TaskRecord first = h.create();
    const TaskRecord second = h.create();
    const std::vector<RunRef> runs = h.service.openRunsOf(h.f.node(u"b-heart"_s));
    QCOMPARE(runs.size(), size_t(2));
    QCOMPARE(runs[0].run, first.runs[1].id);
    QCOMPARE(runs[1].run, second.runs[1].id);
    QVERIFY(h.service.openRunsOf({999}).empty());
}

QTEST_GUILESS_MAIN(TestTaskService)
#include "tst_taskservice.moc"
