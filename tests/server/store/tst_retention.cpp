// SPDX-License-Identifier: Apache-2.0
#include "server/store/database.h"
#include "server/store/retention.h"
#include "tests/server/store/fixture.h"

#include <QSignalSpy>

using namespace gatehouse;
using namespace gatehouse::store::test;
using store::await;
using store::Retention;
using store::RetentionOptions;

namespace {

class FixedClock final : public Clock
{
public:
    Millis monotonic() const override { return Millis{1'000'000}; }
    Millis wall() const override { return Millis{1'000'000}; }
};

/// Everything older than 100 s by a clock that stands at 1,000 s.
RetentionOptions hundredSeconds()
{
    RetentionOptions options;
    options.pause = Millis{0};
    options.batch = 3;
    return options;
}

} // namespace

class TestRetention : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { SKIP_WITHOUT_DATABASE(); }

    void oldFinishedTasksGoAndNothingElse()
    {
        Fixture f;
        const TaskId finished = finish(f, Millis{10'000}, Millis{20'000});
        const TaskId finishedLately = finish(f, Millis{10'000}, Millis{990'000});
        const TaskId open = create(f, Millis{10'000});
        const TaskId parent = finish(f, Millis{10'000}, Millis{20'000});
        work::NewTask wanted = f.newTask();
        wanted.task.createdAt = Millis{10'000};
        wanted.task.parent = parent;
        const TaskId child = f.create(wanted).value().record.task.id; // open: keeps its parent
        for (int i = 0; i < 7; ++i) // more than a batch
            finish(f, Millis{11'000}, Millis{12'000});
        const TaskId young = finish(f, Millis{950'000}, Millis{960'000});
        RetentionOptions options = hundredSeconds();
        options.finishedTasks = Millis{100'000};
        sweep(f, options);
        QVERIFY(!f.task(finished));
        for (const TaskId id : {finishedLately, open, parent, child, young})
            QVERIFY2(f.task(id), qPrintable(QString::number(id.value)));
        QCOMPARE(f.tasks({}).total, 5);
        QCOMPARE(f.runs({}).total, 10);
    }

    void theNewestTaskStaysForTheNextJobsNumber()
    {
        Fixture f;
        finish(f, Millis{10'000}, Millis{20'000});
        const TaskId newest = finish(f, Millis{10'000}, Millis{20'000});
        const JobId job = f.task(newest).value().task.job;
        RetentionOptions options = hundredSeconds();
        options.finishedTasks = Millis{100'000};
        sweep(f, options);
        QCOMPARE(f.tasks({}).total, 1);
        QVERIFY(f.create().task.job.value > job.value);
    }

    void sessionsGoWithTheirLastTask()
    {
        Fixture f;
        const auto makeSession = [&](const QString& name, Millis at) {
            work::WorkSession session;
            session.name = name;
            session.collaboration = f.collaboration(u"heart"_s);
            session.owner = f.directory.users.front().id;
            session.organization = f.organization(u"Aachen"_s);
            session.createdAt = at;
            return await<work::WorkSession>(
                [&](auto done) { f.store->createWorkSession(session, std::move(done)); })
                .value()
                .id;
        };
        const WorkSessionId used = makeSession(u"used"_s, Millis{1'000});
        const WorkSessionId unused = makeSession(u"unused"_s, Millis{1'000});
        const WorkSessionId young = makeSession(u"young"_s, Millis{950'000});
        work::NewTask wanted = f.newTask();
        wanted.task.createdAt = Millis{10'000};
        wanted.task.session = used;
        const TaskId task = f.create(wanted).value().record.task.id;
        const auto isThere = [&](WorkSessionId id) {
            return await<work::WorkSession>([&](auto done) {
                f.store->workSession(id, std::move(done));
            }).has_value();
        };
        const auto remove = [&](WorkSessionId id) {
            return await<void>([&](auto done) { f.store->removeWorkSession(id, std::move(done)); });
        };
        QCOMPARE(remove(used).error().code, ErrorCode::Conflict);
        RetentionOptions options = hundredSeconds();
        options.finishedTasks = Millis{100'000};
        sweep(f, options);
        QVERIFY(isThere(used));
        QVERIFY(!isThere(unused));
        QVERIFY(isThere(young));
        const work::TaskRecord record = f.task(task).value();
        for (const work::Run& run : record.runs) {
            work::RunPatch patch;
            patch.status = work::RunStatus::Completed;
            patch.finishedAt = Millis{20'000};
            QVERIFY(f.update(run.id, patch));
        }
        finish(f, Millis{30'000}, Millis{40'000}); // the newest stays
        sweep(f, options);
        QVERIFY(!isThere(used));
        QVERIFY(remove(young));
        QCOMPARE(remove(young).error().code, ErrorCode::NotFound);
    }

    void logsOfOldRunsGoAndResultsStay()
    {
        Fixture f;
        const TaskId old = finish(f, Millis{10'000}, Millis{20'000});
        const TaskId lately = finish(f, Millis{10'000}, Millis{990'000});
        RetentionOptions options = hundredSeconds();
        options.runLogs = Millis{100'000};
        sweep(f, options);
        const work::Run gone = f.run(f.task(old).value().runs[0].id).value().run;
        QVERIFY(!gone.log);
        QCOMPARE(gone.result, u"result"_s);
        QCOMPARE(f.run(f.task(lately).value().runs[0].id).value().run.log, u"log"_s);
    }

    void logsAreLookedAtOnce()
    {
        Fixture f;
        for (int i = 0; i < 7; ++i) // more than a batch
            finish(f, Millis{10'000}, Millis{20'000});
        const TaskId live = create(f, Millis{10'000});
        const RunId killed = f.task(live).value().runs[0].id;
        QVERIFY(await<void>([&](work::Completion<void> done) {
            f.store->appendRunLog(killed, u"line"_s, std::move(done));
        }));
        QVERIFY(f.kill(live, Millis{30'000}));
        RetentionOptions options = hundredSeconds();
        options.runLogs = Millis{100'000};
        sweep(f, options);
        QVERIFY(!f.run(killed).value().run.log);
        f.store->close();
        store::Database database(f.store->place(), store::Database::Access::Write, Millis{60'000});
        database.begin();
        const store::Swept again = store::removeExpired(
            database, store::Expiring::RunLogs, Millis{900'000}, 0, options.batch);
        database.rollBack();
        QCOMPARE(again.removed, 0);
        QCOMPARE(again.last, 0);
        QVERIFY(again.isOver);
    }

    void auditRecordsGoByAge()
    {
        Fixture f;
        for (const qint64 at : {1'000, 2'000, 3'000, 4'000, 950'000}) {
            work::AuditRecord record;
            record.at = Millis{at};
            QVERIFY(await<work::AuditRecord>(
                [&](auto done) { f.store->appendAudit(record, std::move(done)); }));
        }
        RetentionOptions options = hundredSeconds();
        options.audit = Millis{100'000};
        sweep(f, options);
        const auto left = await<work::Page<work::AuditRecord>>(
            [&](auto done) { f.store->audit({}, std::move(done)); });
        QCOMPARE(left->total, 1);
        QCOMPARE(left->items.front().at, Millis{950'000});
    }

    void nothingGoesWhereNothingWasAskedFor()
    {
        Fixture f;
        finish(f, Millis{1}, Millis{2});
        finish(f, Millis{1}, Millis{2});
        sweep(f, hundredSeconds());
        QCOMPARE(f.tasks({}).total, 2);
    }

private:
    TaskId create(Fixture& f, Millis at)
    {
        work::NewTask wanted = f.newTask();
        wanted.task.createdAt = at;
        return f.create(wanted).value().record.task.id;
    }

    TaskId finish(Fixture& f, Millis createdAt, Millis finishedAt)
    {
        const TaskId id = create(f, createdAt);
        const work::TaskRecord created = f.task(id).value();
        for (const work::Run& run : created.runs) {
            work::RunPatch patch;
            patch.status = work::RunStatus::Completed;
            patch.finishedAt = finishedAt;
            patch.result = u"result"_s;
            patch.log = u"log"_s;
            f.update(run.id, patch).value();
        }
        return id;
    }

    void sweep(Fixture& f, const RetentionOptions& options)
    {
        const FixedClock clock;
        Retention retention(*f.store, options, clock);
        QSignalSpy finished(&retention, &Retention::roundFinished);
        retention.sweepNow();
        QVERIFY(!finished.isEmpty() || finished.wait(30'000));
    }
};

QTEST_GUILESS_MAIN(TestRetention)
#include "tst_retention.moc"
