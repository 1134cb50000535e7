// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"

#include <QString>

#include <functional>

namespace gatehouse::store {

/// What SQLite takes for a new database although it is the rest of one: an emptied file, or a log
/// without the file it belongs to. Fails with Unavailable and a text without the path; a file that
/// is not there and has no log is fine, for who may make it (Database::Missing). It is not opened.
Result<void> checkDatabaseIsThere(const QString& file);

/// As checkDatabaseIsThere(), and refuses a file that is no database or shorter than it says of
/// itself, with a clearer text than SQLite's. Only while this process has no connection to it:
/// closing any descriptor of a file takes back every lock the process has on it (POSIX fcntl), and
/// another process would take the database for its own and throw the log away. Sources: "Database
/// File Format", sqlite.org/fileformat2.html, 1.3; "How To Corrupt An SQLite Database File", 2.2.
Result<void> checkDatabaseFile(const QString& file);

/// Makes the database beside its place with `fill` and puts it there when it is complete and on
/// disk: a process that is killed meanwhile leaves nothing behind that looks like a database.
/// `fill` gets the path and has closed the database when it returns.
Result<void> createDatabaseFile(
    const QString& file, const std::function<Result<void>(const QString&)>& fill);

bool flushToDisk(const QString& path); ///< a file, or a folder: the names in it

} // namespace gatehouse::store
