// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/store/failure.h"
#include "server/store/place.h"

class QSqlError;

namespace gatehouse::store {

/// Everything in which the two databases differ. The rest of the store is written once, in the SQL
/// of SQLite that PostgreSQL understands too; what it does not is replaced here. Pure.
class Dialect
{
public:
    explicit Dialect(BackEnd backEnd) : m_backEnd(backEnd) { }

    /// A query or a change. Index hints go: only SQLite needs them.
    QString statement(const QString& sql) const;
    /// One statement of a migration: types, identities and table options.
    QString definition(const QString& sql) const;

    QString begin() const; ///< of a writing transaction
    QString beginReading() const; ///< one that sees a single state throughout

    /// Statements that set a fresh connection up. `patience`: how long a statement may wait for
    /// others, and on a server take at all.
    QStringList setUp(bool isWriter, Millis patience) const;
    /// Lets the statements of the running transaction take as long as they need; may be empty.
    QString liftTimeLimit() const;

    /// What the error means: the request's fault (Refused) or the storage's (Broken).
    Failure failureFrom(const QSqlError& error) const;

    /// Condition that keeps a text out of the database, or nothing: PostgreSQL has no U+0000.
    bool canHold(const QString& text) const;

private:
    BackEnd m_backEnd;
};

} // namespace gatehouse::store
