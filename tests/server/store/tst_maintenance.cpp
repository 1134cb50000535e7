// SPDX-License-Identifier: Apache-2.0
#include "server/store/database.h"
#include "server/store/maintenance.h"
#include "tests/server/store/fixture.h"

#include <QFileInfo>

using namespace gatehouse;
using namespace gatehouse::store::test;

class TestMaintenance : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { SKIP_WITHOUT_DATABASE(); }

    void statusCountsBesideARunningServer()
    {
        Fixture f;
        f.create();
        const auto status = store::databaseStatus(f.path(), f.placed());
        QVERIFY2(status, qPrintable(status ? QString() : status.error().detail));
        QCOMPARE(status->tasks, 1);
        QCOMPARE(status->runs, 2);
        QCOMPARE(status->openRuns, 2);
        QCOMPARE(status->schemaVersion, status->programVersion);
        QVERIFY(status->programVersion >= 2);
        QVERIFY(status->bytes > 10'000);
    }

    void aSoundDatabaseHasNoProblems()
    {
        Fixture f;
        f.create();
        const auto problems = store::databaseProblems(f.path(), f.placed());
        QVERIFY2(problems, qPrintable(problems ? QString() : problems.error().detail));
        QCOMPARE(*problems, QStringList());
    }

    void aBrokenReferenceIsFound()
    {
        SQLITE_ONLY("PostgreSQL lets nobody do that");
        Fixture f;
        f.create();
        f.store->close();
        {
            store::Database database(
                f.store->place(), store::Database::Access::Write, Millis{60'000});
            database.execute(u"PRAGMA foreign_keys = OFF"_s);
            database.execute(u"DELETE FROM task"_s);
        }
        const auto problems = store::databaseProblems(f.path(), f.placed());
        QVERIFY(problems);
        QVERIFY2(problems->join(u' ').contains(u"run, row 1: refers to a row of task"_s),
            qPrintable(problems->join(u'\n')));
    }

    void aBackupIsWholeAndPrivate()
    {
        SQLITE_ONLY("PostgreSQL has its own tools");
        Fixture f;
        const TaskId id = f.create().task.id;
        QTemporaryDir folder;
        QVERIFY(QDir().mkdir(folder.filePath(u"data"_s)));
        const QString copy = folder.filePath(u"data/gatehouse.sqlite"_s);
        const auto done = store::backUpDatabase(f.path(), f.placed(), copy);
        QVERIFY2(done, qPrintable(done ? QString() : done.error().detail));
        QVERIFY(!(QFileInfo(copy).permissions() & (QFile::ReadGroup | QFile::ReadOther)));
        QVERIFY(f.create(f.newTask())); // the server goes on
        const auto restored = store::Store::open(folder.filePath(u"data"_s));
        QVERIFY(restored);
        const auto task = store::await<work::TaskRecord>(
            [&](auto wanted) { (*restored)->task(id, std::move(wanted)); });
        QVERIFY(task);
        QCOMPARE(task->runs.size(), size_t(2));
        const auto again = store::backUpDatabase(f.path(), f.placed(), copy);
        QCOMPARE(again.error().code, ErrorCode::Conflict);
    }

    void aServersDatabaseIsBackedUpByItsOwnTools()
    {
        if (!usesPostgres())
            QSKIP("SQLite is copied");
        Fixture f;
        const auto refused = store::backUpDatabase(f.path(), f.placed(), u"copy.dump"_s);
        QCOMPARE(refused.error().code, ErrorCode::BadRequest);
        QVERIFY(refused.error().detail.contains(u"pg_dump"_s));
    }

    void noDatabaseIsSaid()
    {
        SQLITE_ONLY("a server that is not there is tst_postgres' case");
        QTemporaryDir empty;
        QCOMPARE(store::databaseStatus(empty.path(), {}).error().code, ErrorCode::NotFound);
        QVERIFY(!QFile::exists(empty.filePath(u"gatehouse.sqlite"_s)));
    }
};

QTEST_GUILESS_MAIN(TestMaintenance)
#include "tst_maintenance.moc"
