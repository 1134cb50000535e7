// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/store/database.h"

#include <QByteArray>
#include <QString>
#include <QStringList>

#include <vector>

namespace gatehouse::store {

/// One numbered step of the schema. Never changed once released: its checksum is remembered.
struct Migration
{
    int version = 0; ///< from 1, without holes
    QString name; ///< "0001_initial"
    QByteArray sql;

    QByteArray checksum() const; ///< SHA-256, hexadecimal
};

/// Those compiled into the program, ascending.
std::vector<Migration> builtInMigrations();

/// Brings the database to the newest of `migrations`, one transaction per step. Throws Failure:
/// Conflict when the database knows a newer version than the program or a step has another
/// checksum than when it was applied; Unavailable when the storage fails.
void migrate(Database& database, const std::vector<Migration>& migrations, Millis now);

/// Throws Failure: Conflict unless exactly these have been applied.
void requireCurrentSchema(Database& database, const std::vector<Migration>& migrations);

/// The version the database has; 0 for one without a schema. Throws Failure as migrate() does when
/// it is not one of this program's.
int schemaVersion(Database& database, const std::vector<Migration>& migrations);

/// Statements of a script: cut at each ';' that is not inside quotes or a "--" comment.
QStringList splitStatements(const QString& script);

} // namespace gatehouse::store
