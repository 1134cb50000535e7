// SPDX-License-Identifier: Apache-2.0
#include "server/store/maintenance.h"

#include "server/store/databasefile.h"
#include "server/store/datadirectory.h"
#include "server/store/migrations.h"

#include <QFile>
#include <QFileInfo>

#include <sys/stat.h>

namespace gatehouse::store {

namespace {

using namespace Qt::StringLiterals;

Result<Place> placeOf(const QString& directory, const StoreOptions& options)
{
    if (!options.url.isEmpty())
        return Place::fromUrl(options.url);
    const QString file = DataDirectory::databasePath(directory);
    if (!QFile::exists(file))
        return failure(ErrorCode::NotFound, u"there is no database in %1"_s.arg(directory));
    return Place::inFile(file);
}

/// Opens the database and does something with it.
template <class T, class Step>
Result<T> with(const QString& directory, const StoreOptions& options, Step step)
{
    const Result<Place> place = placeOf(directory, options);
    if (!place)
        return tl::unexpected(place.error());
    try {
        Database database(*place, Database::Access::Read, options.busyTimeout);
        return step(database);
    } catch (const Failure& failed) {
        return failure(failed.error.code, place->text() + u": "_s + failed.error.detail);
    }
}

qint64 number(Database& database, const QString& sql)
{
    Rows rows = database.query(sql);
    return rows.next() ? rows.integer(0) : 0;
}

qint64 sizeOf(Database& database)
{
    if (database.place().isRemote())
        return number(database, u"SELECT pg_database_size(current_database())"_s);
    const QString file = database.place().file;
    return QFileInfo(file).size() + QFileInfo(file + u"-wal"_s).size();
}

QStringList sqliteProblems(Database& database)
{
    QStringList problems;
    {
        Rows rows = database.query(u"PRAGMA integrity_check"_s);
        while (rows.next()) {
            if (rows.text(0) != u"ok")
                problems += rows.text(0);
        }
    }
    Rows rows = database.query(u"PRAGMA foreign_key_check"_s);
    while (rows.next())
        problems += u"%1, row %2: refers to a row of %3 that is not there"_s.arg(rows.text(0))
                        .arg(rows.integer(1))
                        .arg(rows.text(2));
    return problems;
}

/// PostgreSQL holds its constraints itself; a damaged page shows when it is read.
QStringList postgresProblems(Database& database)
{
    QStringList tables;
    {
        Rows rows = database.query(u"SELECT table_name FROM information_schema.tables WHERE "
                                   "table_schema = current_schema() ORDER BY table_name"_s);
        while (rows.next())
            tables += rows.text(0);
    }
    QStringList problems;
    for (const QString& table : std::as_const(tables)) {
        try {
            database.begin();
            database.allowLongStatements();
            // Names come from the catalogue; every column of every row is read.
            database.execute(
                u"SELECT COUNT(t::text) FROM \"%1\" t"_s.arg(QString(table).remove(u'"')));
            database.commit();
        } catch (const Failure& failed) {
            database.rollBack();
            problems += table + u": "_s + failed.error.detail;
        }
    }
    return problems;
}

} // namespace

Result<DatabaseStatus> databaseStatus(const QString& directory, const StoreOptions& options)
{
    return with<DatabaseStatus>(directory, options, [](Database& database) {
        const std::vector<Migration> known = builtInMigrations();
        DatabaseStatus status;
        status.place = database.place().text();
        status.programVersion = int(known.size());
        status.schemaVersion = schemaVersion(database, known);
        status.bytes = sizeOf(database);
        if (status.schemaVersion == 0)
            return status;
        status.tasks = number(database, u"SELECT COUNT(*) FROM task"_s);
        status.runs = number(database, u"SELECT COUNT(*) FROM run"_s);
        status.openRuns = number(database, u"SELECT COUNT(*) FROM run WHERE finished_at IS NULL"_s);
        status.auditRecords = number(database, u"SELECT COUNT(*) FROM audit"_s);
        return status;
    });
}

Result<QStringList> databaseProblems(const QString& directory, const StoreOptions& options)
{
    return with<QStringList>(directory, options, [](Database& database) {
        QStringList problems
            = database.place().isRemote() ? postgresProblems(database) : sqliteProblems(database);
        const std::vector<Migration> known = builtInMigrations();
        try {
            if (schemaVersion(database, known) < int(known.size()))
                problems += u"the schema is older than this program; gatehouse db migrate"_s;
        } catch (const Failure& failed) {
            problems += failed.error.detail;
        }
        return problems;
    });
}

Result<void> backUpDatabase(
    const QString& directory, const StoreOptions& options, const QString& target)
{
    const Result<Place> place = placeOf(directory, options);
    if (!place)
        return tl::unexpected(place.error());
    if (place->isRemote())
        return failure(ErrorCode::BadRequest,
            u"%1 is backed up by PostgreSQL's own tools: pg_dump --format=custom "
            "--dbname=\"$GATEHOUSE_STORAGE_URL\" --file=%2"_s.arg(place->text(), target));
    if (QFileInfo::exists(target))
        return failure(ErrorCode::Conflict, u"%1 is there already"_s.arg(target));
    const mode_t oldMask = ::umask(0077);
    try {
        Database database(*place, Database::Access::Write, options.busyTimeout);
        database.change(u"VACUUM INTO ?"_s, target);
    } catch (const Failure& failed) {
        ::umask(oldMask);
        QFile::remove(target);
        return failure(failed.error.code, target + u": "_s + failed.error.detail);
    }
    ::umask(oldMask);
    if (!flushToDisk(target))
        return failure(ErrorCode::Unavailable, u"%1 cannot be flushed to the disk"_s.arg(target));
    return {};
}

} // namespace gatehouse::store
