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

Result<Place> placeOf(const QString& directory, const StoreOptions& options)
{
    return options.url.isEmpty() ? Place::inFile(DataDirectory::databasePath(directory))
                                 : Place::fromUrl(options.url);
}

/// What `write` does, in one transaction.
template <class Write>
auto writeAlone(Database& database, Write write)
{
    requireCurrentSchema(database, builtInMigrations());
    database.begin();
    try {
        auto result = write(database);
        database.commit();
        return result;
    } catch (const Failure&) {
        database.rollBack();
        throw;
    }
}

} // namespace

Result<ImportedBeside> importBeside(
    const QString& directory, const ImportData& data, const StoreOptions& options)
{
    const qint64 server = DataDirectory::servingProcess(directory);
    if (server == 0)
        return failure(ErrorCode::NotFound, u"no server uses %1"_s.arg(directory));
    const Result<Place> place = placeOf(directory, options);
    if (!place)
        return tl::unexpected(place.error());
    try {
        Database database(*place, Database::Access::WriteBeside, options.busyTimeout);
        const auto write = [&data](Database& opened) { return writeImport(opened, data); };
        return ImportedBeside{writeAlone(database, write), server};
    } catch (const Failure& failed) {
        return tl::unexpected(failed.error);
    }
}

Result<std::optional<AdminChangedBeside>> changeAdminBeside(
    const QString& directory, const AdminChange& change, Millis now, const StoreOptions& options)
{
    const qint64 server = DataDirectory::servingProcess(directory);
    if (server == 0)
        return std::nullopt;
    const Result<Place> place = placeOf(directory, options);
    if (!place)
        return tl::unexpected(place.error());
    try {
        Database database(*place, Database::Access::WriteBeside, options.busyTimeout);
        const auto write = [&](Database& opened) { return writeAdminChange(opened, change, now); };
        return AdminChangedBeside{writeAlone(database, write), server};
    } catch (const Failure& failed) {
        return tl::unexpected(failed.error);
    }
}

Result<work::DirectoryContent> readDirectoryBeside(
    const QString& directory, const StoreOptions& options)
{
    const Result<Place> place = placeOf(directory, options);
    if (!place)
        return tl::unexpected(place.error());
    if (!place->isRemote() && !QFile::exists(place->file))
        return failure(ErrorCode::Unavailable, u"there is no database in %1"_s.arg(directory));
    try {
        Database database(*place, Database::Access::Read, options.busyTimeout);
        database.begin();
        requireCurrentSchema(database, builtInMigrations());
        work::DirectoryContent content = readDirectory(database);
        database.commit();
        return content;
    } catch (const Failure& failed) {
        return tl::unexpected(failed.error);
    }
}

} // namespace gatehouse::store
