// SPDX-License-Identifier: Apache-2.0
#include "server/store/databasefile.h"
#include "server/store/job.h"
#include "tests/server/store/fixture.h"

#include <QDir>
#include <QFile>

#include <sys/resource.h>

#include <csignal>

using namespace gatehouse;
using namespace gatehouse::store::test;
using store::await;
using store::Store;

namespace {

QByteArray contentOf(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

void write(const QString& path, const QByteArray& content)
{
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    QCOMPARE(file.write(content), qint64(content.size()));
}

/// Runs in the writer's connection.
Result<qint64> inWriter(Fixture& fixture, const std::function<qint64(store::Database&)>& step)
{
    return await<qint64>([&](work::Completion<qint64> done) {
        fixture.store->submitWrite(
            std::make_unique<store::TypedJob<qint64>>(step, std::move(done)));
    });
}

bool execute(Fixture& fixture, const QString& sql)
{
    const auto done = inWriter(fixture, [&](store::Database& database) {
        database.execute(sql);
        return 0;
    });
    return done.has_value();
}

qint64 temporaryTables(Fixture& fixture)
{
    const auto count = inWriter(fixture, [](store::Database& database) {
        store::Rows rows = database.query(u"SELECT COUNT(*) FROM sqlite_temp_schema"_s);
        return rows.next() ? rows.integer(0) : -1;
    });
    return count.value_or(-1);
}

} // namespace

/// A database that was damaged from outside is refused and left as it is, never made anew.
class TestDatabaseFile : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void damageIsRefused_data()
    {
        QTest::addColumn<int>("kept"); // octets, in hundredths of the file
        QTest::addColumn<QByteArray>("start"); // replaces the file's
        QTest::addColumn<QString>("reason");

        QTest::newRow("emptied") << 0 << QByteArray() << u"is empty"_s;
        QTest::newRow("half of it") << 50 << QByteArray() << u"is cut off: "_s;
        QTest::newRow("almost all of it") << 99 << QByteArray() << u"is cut off: "_s;
        QTest::newRow("zeros at the start")
            << 100 << QByteArray(100, '\0') << u"is not a database"_s;
        QTest::newRow("text at the start")
            << 100 << QByteArray("#!/bin/sh\n") << u"is not a database"_s;
        QTest::newRow("less than a header")
            << 0 << QByteArray("SQLite format 3\0", 16) << u"is not a database"_s;
    }
    void damageIsRefused()
    {
        QFETCH(int, kept);
        QFETCH(QByteArray, start);
        QFETCH(QString, reason);
        Fixture fixture;
        fixture.create();
        fixture.store.reset();
        const QString path = fixture.path() + u"/gatehouse.sqlite"_s;
        QByteArray content = contentOf(path);
        content.truncate(content.size() * kept / 100);
        content.replace(0, start.size(), start);
        write(path, content);

        const auto opened = Store::open(fixture.path());
        QVERIFY(!opened);
        QCOMPARE(opened.error().code, ErrorCode::Unavailable);
        QVERIFY2(opened.error().detail.contains(reason), qPrintable(opened.error().detail));
        QVERIFY(opened.error().detail.contains(path));
        QCOMPARE(contentOf(path), content);
    }

    void logWithoutItsDatabaseIsRefused()
    {
        Fixture fixture;
        fixture.store.reset();
        const QString path = fixture.path() + u"/gatehouse.sqlite"_s;
        QVERIFY(QFile::rename(path, path + u"-wal"_s));
        const auto opened = Store::open(fixture.path());
        QVERIFY(!opened);
        QVERIFY2(opened.error().detail.contains(u"is gone"_s), qPrintable(opened.error().detail));
        QVERIFY(!QFile::exists(path));
    }

    void whatAKilledFirstStartLeftDoesNotMatter()
    {
        QTemporaryDir folder;
        const QString path = folder.filePath(u"gatehouse.sqlite"_s);
        write(path + u".new"_s, QByteArray());
        write(path + u".new-wal"_s, QByteArray(5'000, 'x'));
        QVERIFY(Store::open(folder.path()));
        QVERIFY(QFile::exists(path));
        QVERIFY(!QFile::exists(path + u".new"_s));
        QVERIFY(!QFile::exists(path + u".new-wal"_s));
    }

    /// What SQLite and the kernel keep in memory after a failed write or flush may differ from what
    /// is on disk. A table of the connection's own shows whether it is still the same one.
    void fileIsOpenedAnewAfterAnIoError()
    {
        Fixture fixture;
        QVERIFY(execute(fixture, u"CREATE TEMP TABLE mark (x)"_s));
        QCOMPARE(temporaryTables(fixture), 1);
        const work::TaskRecord before = fixture.create();

        std::signal(SIGXFSZ, SIG_IGN);
        rlimit allowed{};
        QCOMPARE(::getrlimit(RLIMIT_FSIZE, &allowed), 0);
        const rlimit nothing{1, allowed.rlim_max};
        QCOMPARE(::setrlimit(RLIMIT_FSIZE, &nothing), 0);
        const auto refused = fixture.create(fixture.newTask(u"refused"_s));
        QCOMPARE(::setrlimit(RLIMIT_FSIZE, &allowed), 0);
        QVERIFY(!refused);
        QCOMPARE(refused.error().code, ErrorCode::Unavailable);

        QCOMPARE(temporaryTables(fixture), 0);
        const auto after = fixture.create(fixture.newTask(u"after"_s));
        QVERIFY(after);
        QVERIFY(fixture.task(before.task.id));
        QCOMPARE(fixture.tasks({}).total, 2);
    }

    /// As when the volume is unmounted: an empty one in its place would be the database of the next
    /// start.
    void databaseThatIsTakenAwayIsNotMadeAnew()
    {
        Fixture fixture;
        const work::TaskRecord before = fixture.create();
        const QString away = fixture.folder.filePath(u"away"_s);
        QVERIFY(QDir().mkdir(away));
        const auto move = [&](const QString& from, const QString& to) {
            for (const QString& suffix : {u""_s, u"-wal"_s, u"-shm"_s})
                QFile::rename(
                    from + u"/gatehouse.sqlite"_s + suffix, to + u"/gatehouse.sqlite"_s + suffix);
        };
        move(fixture.path(), away);
        std::signal(SIGXFSZ, SIG_IGN);
        rlimit allowed{};
        QCOMPARE(::getrlimit(RLIMIT_FSIZE, &allowed), 0);
        const rlimit nothing{1, allowed.rlim_max};
        QCOMPARE(::setrlimit(RLIMIT_FSIZE, &nothing), 0);
        QVERIFY(!fixture.create(fixture.newTask())); // the writer opens its file anew
        QCOMPARE(::setrlimit(RLIMIT_FSIZE, &allowed), 0);

        const auto refused = fixture.create(fixture.newTask());
        QVERIFY(!refused);
        QVERIFY2(refused.error().detail.contains(u"the file is gone"_s),
            qPrintable(refused.error().detail));
        QVERIFY(!QFile::exists(fixture.path() + u"/gatehouse.sqlite"_s));
        move(away, fixture.path());
        QVERIFY(fixture.create(fixture.newTask()));
        QVERIFY(fixture.task(before.task.id));
    }

    void databaseInAFolderWithAnOddNameIsFound()
    {
        QTemporaryDir folder;
        const QString path = folder.filePath(u"100% of #1? ä;b"_s);
        QVERIFY(Store::open(path));
        QVERIFY(Store::open(path));
        QCOMPARE(QDir(folder.path()).entryList(QDir::AllEntries | QDir::NoDotAndDotDot).size(), 1);
    }

    void databaseThatCannotBeFilledIsNotThere()
    {
        QTemporaryDir folder;
        const QString path = folder.filePath(u"gatehouse.sqlite"_s);
        const Result<void> created = store::createDatabaseFile(path, [](const QString& beside) {
            write(beside, "half of it");
            return Result<void>(failure(ErrorCode::Unavailable, u"no space"_s));
        });
        QVERIFY(!created);
        QCOMPARE(created.error().detail, u"no space"_s);
        QVERIFY(!QFile::exists(path));
    }
};

QTEST_GUILESS_MAIN(TestDatabaseFile)
#include "tst_databasefile.moc"
