// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"

#include <QString>

#include <functional>

namespace gatehouse::store {

/// What SQLite takes for a new database although it is the rest of one: an emptied file, or a log
/// without the file it belongs to. Also a file that is no database or shorter than it says of
/// itself, with a clearer text than SQLite's. Fails with Unavailable and a text without the path; a file that is not there and
/// has no log is fine. Source: "Database File Format", sqlite.org/fileformat2.html, 1.3.
Result<void> checkDatabaseFile(const QString& file);

/// Makes the database beside its place with `fill` and puts it there when it is complete and on
/// disk: a process that is killed meanwhile leaves nothing behind that looks like a database.
/// `fill` gets the path and has closed the database when it returns.
Result<void> createDatabaseFile(
    const QString& file, const std::function<Result<void>(const QString&)>& fill);

} // namespace gatehouse::store
