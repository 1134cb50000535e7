// SPDX-License-Identifier: Apache-2.0
// What only a database server can do: go away, come back, be somebody else's.
#include "server/store/beside.h"
#include "server/store/database.h"
#include "tests/server/store/fixture.h"
#include "tests/support/servedprogram.h"
#include "tests/support/wait.h"

#include <QElapsedTimer>

#include <signal.h>

using namespace gatehouse;
using namespace gatehouse::store::test;
using gatehouse::test::PostgresCluster;
using gatehouse::test::ServedProgram;
using gatehouse::test::waitUntil;
using store::await;
using store::StoreOptions;

class TestPostgres : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        qputenv("GATEHOUSE_TEST_STORAGE", "postgresql");
        SKIP_WITHOUT_DATABASE();
    }
    void cleanup()
    {
        if (!PostgresCluster::shared().isRunning())
            QVERIFY(PostgresCluster::shared().start());
    }

    void commitsAreGroupedAndFlushed()
    {
        StoreOptions options;
        options.groupTime = Millis{500}; // a slow machine groups as well as a quick one
        Fixture f(options);
        const QString database = f.store->place().name;
        const auto transactions = [&] {
            return PostgresCluster::shared()
                .query(database, u"SELECT pg_current_xact_id()"_s)
                .toLongLong();
        };
        const qint64 before = transactions();
        constexpr int wanted = 1'000;
        int answered = 0;
        for (int i = 0; i < wanted; ++i)
            f.store->saveSetting(u"k"_s, "v", [&](Result<void> r) { answered += r ? 1 : 0; });
        QVERIFY(waitUntil([&] { return answered == wanted; }));
        // A part of its own for each job is no transaction of its own.
        QVERIFY(f.store->takeWriterStats().commits < wanted / 5);
        QVERIFY(transactions() > before);
    }

    void aSecondProcessIsRefused()
    {
        Fixture f;
        QTemporaryDir other;
        store::StoreOptions options = f.placed();
        options.busyTimeout = Millis{300};
        const auto second = store::Store::open(other.path(), options);
        QVERIFY(!second);
        QCOMPARE(second.error().code, ErrorCode::Conflict);
        QVERIFY2(second.error().detail.endsWith(u"in use by another gatehouse process"_s),
            qPrintable(second.error().detail));
        f.store->close();
    }

    void anImportIsWrittenBesideTheServer()
    {
        Fixture f;
        f.store->announceServer();
        const Result<store::ImportData> data = store::readImport(
            R"({"format": "gatehouse-import", "version": 1, "organizations": [{"name": "Delft"}]})");
        QVERIFY(data);
        const auto imported = store::importBeside(f.path(), *data, f.placed());
        QVERIFY2(imported, qPrintable(imported ? QString() : imported.error().detail));
        QCOMPARE(imported->server, qint64(QCoreApplication::applicationPid()));
        f.directory = f.store->loadStartState()->directory;
        QVERIFY(f.organization(u"Delft"_s).isValid());
        QVERIFY(f.create(f.newTask())); // the server writes on
    }

    void importsBesideTheServerTakeTurns()
    {
        Fixture f;
        f.store->announceServer();
        const Result<store::ImportData> data
            = store::readImport(R"({"format": "gatehouse-import", "version": 1})");
        QVERIFY(data);
        store::StoreOptions options = f.placed();
        options.busyTimeout = Millis{300};
        {
            store::Database other(
                f.store->place(), store::Database::Access::WriteBeside, options.busyTimeout);
            const auto refused = store::importBeside(f.path(), *data, options);
            QVERIFY(!refused);
            QCOMPARE(refused.error().code, ErrorCode::Conflict);
        }
        QVERIFY(store::importBeside(f.path(), *data, options));
    }

    void aServerThatIsNotThereIsSaidAtTheStart()
    {
        QTemporaryDir folder;
        store::StoreOptions options;
        options.url = u"postgresql://u:secret@/d?host="_s + folder.path();
        const auto opened = store::Store::open(folder.filePath(u"data"_s), options);
        QVERIFY(!opened);
        QCOMPARE(opened.error().code, ErrorCode::Unavailable);
        QVERIFY(!opened.error().detail.contains(u"secret"_s));
    }

    void aServerThatGoesAwayIsNoticedAndAwaited()
    {
        Fixture f;
        const TaskId before = f.create().task.id;
        QVERIFY(!f.store->isFailing());
        QVERIFY(PostgresCluster::shared().stop());
        QVERIFY(waitUntil([&] { return f.store->isFailing(); })); // though nobody asks anything
        // Refused at once and never lost silently; the event loop goes on.
        QElapsedTimer sinceAsked;
        sinceAsked.start();
        QCOMPARE(f.create(f.newTask()).error().code, ErrorCode::Unavailable);
        QCOMPARE(f.task(before).error().code, ErrorCode::Unavailable);
        QVERIFY2(sinceAsked.elapsed() < 2'000, qPrintable(QString::number(sinceAsked.elapsed())));

        QVERIFY(PostgresCluster::shared().start());
        QVERIFY(waitUntil([&] { return !f.store->isFailing(); })); // by itself
        QVERIFY(waitUntil([&] { return f.task(before).has_value(); }));
        QVERIFY(f.create(f.newTask()));
        QCOMPARE(f.tasks({}).total, 2);
    }

    void aFrozenServerIsNoticed()
    {
        Fixture f;
        QVERIFY(!f.store->isFailing());
        const int writer
            = PostgresCluster::shared()
                  .query(f.store->place().name,
                      u"SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND database = "
                      "(SELECT oid FROM pg_database WHERE datname = current_database())"_s)
                  .toInt();
        QVERIFY(writer > 1);
        QCOMPARE(::kill(writer, SIGSTOP), 0);
        const bool isNoticed = ServedProgram::waitLooking([&] { return f.store->isFailing(); });
        QCOMPARE(::kill(writer, SIGCONT), 0); // else nothing here would end
        QVERIFY(isNoticed);
        QVERIFY(ServedProgram::waitLooking([&] { return !f.store->isFailing(); }));
        QVERIFY(f.create(f.newTask()));
    }

    void aStartWithoutTheServerEndsWithItsError()
    {
        Fixture f;
        QVERIFY(PostgresCluster::shared().stop()); // the reader does not know yet
        const auto state = f.store->loadStartState();
        QVERIFY(!state);
        QCOMPARE(state.error().code, ErrorCode::Unavailable);
    }

    void whatWasAnsweredSurvivesTheServersCrash()
    {
        Fixture f;
        QList<TaskId> answered;
        int failed = 0;
        bool isOver = false;
        std::function<void()> more = [&] {
            f.store->createTask(f.newTask(), [&](Result<work::CreatedTask> created) {
                created ? answered.append(created->record.task.id) : void(++failed);
                if (!isOver && failed == 0)
                    more();
            });
        };
        for (int i = 0; i < 20; ++i)
            more();
        QVERIFY(waitUntil([&] { return answered.size() > 200; }));
        QVERIFY(PostgresCluster::shared().stop());
        QVERIFY(waitUntil([&] { return failed >= 20; }));
        isOver = true;
        QVERIFY(PostgresCluster::shared().start());
        QVERIFY(waitUntil([&] { return !f.store->isFailing() && f.task({1}).has_value(); }));
        for (const TaskId id : std::as_const(answered))
            QVERIFY2(f.task(id), qPrintable(u"task %1 is lost"_s.arg(id.value)));
    }

    void aTextWithNulIsRefusedAndSpoilsNothing()
    {
        Fixture f;
        const auto refused = f.create(f.newTask(u"a\0b"_s));
        QCOMPARE(refused.error().code, ErrorCode::BadRequest);
        QVERIFY(f.create(f.newTask(u"'; DROP TABLE task; -- \\' \" $1 ? \u00e9\U0001F600"_s)));
        QCOMPARE(f.tasks({}).items.front().task.name,
            u"'; DROP TABLE task; -- \\' \" $1 ? \u00e9\U0001F600"_s);
    }
};

QTEST_GUILESS_MAIN(TestPostgres)
#include "tst_postgres.moc"
