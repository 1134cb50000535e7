// SPDX-License-Identifier: Apache-2.0
#include "server/store/migrations.h"

#include <QCryptographicHash>
#include <QDir>
#include <QFile>

#include <algorithm>

namespace gatehouse::store {

namespace {

using namespace Qt::StringLiterals;

struct Applied
{
    int version;
    QString checksum;
};

std::vector<Applied> appliedMigrations(Database& database)
{
    std::vector<Applied> applied;
    Rows rows
        = database.query(u"SELECT version, checksum FROM schema_migrations ORDER BY version"_s);
    while (rows.next())
        applied.push_back({int(rows.integer(0)), rows.text(1)});
    return applied;
}

void check(const std::vector<Applied>& applied, const std::vector<Migration>& known)
{
    const int newest = known.empty() ? 0 : known.back().version;
    for (const Applied& step : applied) {
        if (step.version > newest)
            refuse(ErrorCode::Conflict,
                u"the database has schema version %1, this program knows %2: it was written by a "
                "newer Gatehouse"_s.arg(applied.back().version)
                    .arg(newest));
        const Migration& same = known[size_t(step.version - 1)];
        if (step.checksum != QLatin1StringView(same.checksum()))
            refuse(ErrorCode::Conflict,
                u"migration %1 of the database is not the one this program has (checksum "
                "differs)"_s.arg(same.name));
    }
}

void apply(Database& database, const Migration& step, Millis now)
{
    database.begin();
    try {
        database.allowLongStatements();
        for (const QString& statement : splitStatements(QString::fromUtf8(step.sql)))
            database.define(statement);
        database.change(u"INSERT INTO schema_migrations (version, name, checksum, applied_at) "
                        "VALUES (?, ?, ?, ?)"_s,
            step.version, step.name, QLatin1StringView(step.checksum()), now);
        database.commit();
    } catch (Failure& failure) {
        database.rollBack();
        failure.error.detail = u"migration %1: %2"_s.arg(step.name, failure.error.detail);
        throw;
    }
}

} // namespace

QByteArray Migration::checksum() const
{
    return QCryptographicHash::hash(sql, QCryptographicHash::Sha256).toHex();
}

std::vector<Migration> builtInMigrations()
{
    std::vector<Migration> migrations;
    const QDir folder(u":/gatehouse/migrations"_s);
    const QStringList files = folder.entryList({u"*.sql"_s}, QDir::Files, QDir::Name);
    for (const QString& file : files) {
        QFile source(folder.filePath(file));
        if (!source.open(QIODevice::ReadOnly))
            refuse(ErrorCode::Internal, u"resource %1 cannot be read"_s.arg(file));
        Migration step;
        step.version = file.left(4).toInt();
        step.name = file.chopped(4);
        step.sql = source.readAll();
        Q_ASSERT(step.version == int(migrations.size()) + 1);
        migrations.push_back(std::move(step));
    }
    return migrations;
}

void migrate(Database& database, const std::vector<Migration>& migrations, Millis now)
{
    database.define(u"CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER PRIMARY KEY, "
                    "name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at INTEGER NOT NULL) "
                    "STRICT"_s);
    const std::vector<Applied> applied = appliedMigrations(database);
    check(applied, migrations);
    for (const Migration& step : migrations) {
        if (step.version > int(applied.size()))
            apply(database, step, now);
    }
}

void requireCurrentSchema(Database& database, const std::vector<Migration>& migrations)
{
    const std::vector<Applied> applied = appliedMigrations(database);
    check(applied, migrations);
    if (applied.size() < migrations.size())
        refuse(
            ErrorCode::Conflict, u"the database is that of an older Gatehouse, which is running"_s);
}

int schemaVersion(Database& database, const std::vector<Migration>& migrations)
{
    {
        Rows rows = database.query(database.place().isRemote()
                ? u"SELECT 1 FROM information_schema.tables WHERE table_name = ?"_s
                : u"SELECT 1 FROM sqlite_schema WHERE name = ?"_s,
            u"schema_migrations"_s);
        if (!rows.next())
            return 0;
    }
    const std::vector<Applied> applied = appliedMigrations(database);
    check(applied, migrations);
    return int(applied.size());
}

QStringList splitStatements(const QString& script)
{
    QStringList statements;
    QString current;
    QChar quote;
    for (qsizetype i = 0; i < script.size(); ++i) {
        const QChar c = script[i];
        if (quote.isNull() && c == u'-' && i + 1 < script.size() && script[i + 1] == u'-') {
            i = std::min(script.indexOf(u'\n', i), script.size());
            if (i < 0)
                break;
            current += u'\n';
            continue;
        }
        if (quote.isNull() && (c == u'\'' || c == u'"'))
            quote = c;
        else if (c == quote)
            quote = {};
        if (quote.isNull() && c == u';') {
            statements += current.trimmed();
            current.clear();
        } else {
            current += c;
        }
    }
    statements += current.trimmed();
    statements.removeAll(QString());
    return statements;
}

} // namespace gatehouse::store
