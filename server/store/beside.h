// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/store/adminaccounts.h"
#include "server/store/import.h"
#include "server/store/store.h"
#include "server/work/directory.h"

#include <QString>

#include <optional>

namespace gatehouse::store {

// What programs do with the database of a directory that a server may have open. They block.

struct ImportedBeside
{
    ImportReport report;
    qint64 server = 0; ///< process id of the server, which has to be told (SIGHUP)
};

/// Writes a checked import, in one transaction, into the database of a server that is running.
/// NotFound: no server has the directory. Conflict: it is of another version. Else as writeImport()
/// says.
Result<ImportedBeside> importBeside(
    const QString& directory, const ImportData& data, const StoreOptions& options);

struct AdminChangedBeside
{
    work::AdminAccount account;
    qint64 server = 0; ///< as in ImportedBeside
};

/// An account of the console, changed in the database of a server that is running; nothing when
/// none has the directory. Fails as importBeside() and writeAdminChange() say.
Result<std::optional<AdminChangedBeside>> changeAdminBeside(
    const QString& directory, const AdminChange& change, Millis now, const StoreOptions& options);

/// Who exists and may do what, as the database says now, whether a server runs or not.
Result<work::DirectoryContent> readDirectoryBeside(
    const QString& directory, const StoreOptions& options);

} // namespace gatehouse::store
