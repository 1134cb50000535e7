// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/store/store.h"

namespace gatehouse::store {

// What an operator does with a database by hand. Everything here blocks and may be done while a
// server runs on it.

struct DatabaseStatus
{
    QString place;
    int schemaVersion = 0; ///< 0: nothing was kept there yet
    int programVersion = 0; ///< the newest this program knows
    qint64 bytes = 0;
    qint64 tasks = 0;
    qint64 runs = 0;
    qint64 openRuns = 0;
    qint64 auditRecords = 0;
};

/// NotFound when there is no database, Unavailable when it cannot be reached, Conflict when it is
/// of a newer program.
Result<DatabaseStatus> databaseStatus(const QString& directory, const StoreOptions& options);

/// What is wrong with the database, a line each; nothing when it is sound. Reads all of it.
Result<QStringList> databaseProblems(const QString& directory, const StoreOptions& options);

/// Writes a copy of one moment to a file that must not exist yet, private and flushed. BadRequest
/// for a PostgreSQL database: its own tools do that.
Result<void> backUpDatabase(
    const QString& directory, const StoreOptions& options, const QString& target);

} // namespace gatehouse::store
