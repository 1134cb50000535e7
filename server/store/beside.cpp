// SPDX-License-Identifier: Apache-2.0
#include "server/store/beside.h"

#include "server/store/datadirectory.h"
#include "server/store/directorysql.h"
#include "server/store/importwrite.h"
#include "server/store/migrations.h"

#include <QFile>

namespace gatehouse::store {

namespace {

using namespace Qt::StringLiterals;

ImportReport writeAlone(Database& database, const ImportData& data)
{
    requireCurrentSchema(database, builtInMigrations());
    database.execute(u"BEGIN IMMEDIATE"_s);
    try {
        const ImportReport report = writeImport(database, data);
        database.execute(u"COMMIT"_s);
        return report;
    } catch (const Failure&) {
        database.rollBack();
        throw;
    }
}

} // namespace

Result<ImportedBeside> importBeside(
    const QString& directory, const ImportData& data, Millis busyTimeout)
{
    const qint64 server = DataDirectory::servingProcess(directory);
    if (server == 0)
        return failure(ErrorCode::NotFound, u"no server uses %1"_s.arg(directory));
    try {
        Database database(
            DataDirectory::databasePath(directory), Database::Access::Write, busyTimeout);
        return ImportedBeside{writeAlone(database, data), server};
    } catch (const Failure& failed) {
        return tl::unexpected(failed.error);
    }
}

Result<work::DirectoryContent> readDirectoryBeside(const QString& directory, Millis busyTimeout)
{
    const QString path = DataDirectory::databasePath(directory);
    if (!QFile::exists(path))
        return failure(ErrorCode::Unavailable, u"there is no database in %1"_s.arg(directory));
    try {
        Database database(path, Database::Access::Read, busyTimeout);
        requireCurrentSchema(database, builtInMigrations());
        database.execute(u"BEGIN"_s);
        work::DirectoryContent content = readDirectory(database);
        database.execute(u"COMMIT"_s);
        return content;
    } catch (const Failure& failed) {
        return tl::unexpected(failed.error);
    }
}

} // namespace gatehouse::store
