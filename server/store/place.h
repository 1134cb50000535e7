// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"

#include <QString>
#include <QStringList>

namespace gatehouse::store {

enum class BackEnd : quint8 { Sqlite, Postgres };

/// Which database: a file of the data directory, or one that a PostgreSQL server keeps.
struct Place
{
    BackEnd backEnd = BackEnd::Sqlite;
    QString file; ///< SQLite: its path

    QString host; ///< PostgreSQL: a name, an address, or the folder of its socket; may be empty
    int port = 5432;
    QString name; ///< of the database
    QString user;
    QString password;
    QStringList options; ///< "sslmode=verify-full", …: libpq's own words

    static Place inFile(const QString& path);

    /// `postgresql://user:password@host:port/name?sslmode=verify-full`; the host may also be given
    /// as
    /// `?host=/run/postgresql`. BadRequest says what is wrong and never repeats the password.
    static Result<Place> fromUrl(const QString& url);

    /// What libpq is told beside the above, "name=value;…": our defaults, then `options`, of which
    /// the last of a name counts.
    QString connectOptions() const;

    bool isRemote() const { return backEnd == BackEnd::Postgres; }
    QString text() const; ///< for people and logs: without the password
};

} // namespace gatehouse::store
