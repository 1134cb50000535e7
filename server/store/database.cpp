// SPDX-License-Identifier: Apache-2.0
#include "server/store/database.h"

#include <QSqlError>

#include <atomic>

namespace gatehouse::store {

namespace {

using namespace Qt::StringLiterals;

// Primary result codes of SQLite that mean "this request", not "this storage".
constexpr int sqliteConstraint = 19;
constexpr int sqliteTooBig = 18;

QString nextConnectionName()
{
    static std::atomic<quint64> counter{0};
    return u"gatehouse-%1"_s.arg(counter.fetch_add(1));
}

[[noreturn]] void fail(const QSqlError& error)
{
    bool isNumber = false;
    const int code = error.nativeErrorCode().toInt(&isNumber) & 0xff;
    if (isNumber && code == sqliteConstraint)
        throw Failure{{ErrorCode::Conflict, u"refused by the database: "_s + error.databaseText()},
            Failure::Kind::Refused};
    if (isNumber && code == sqliteTooBig)
        throw Failure{{ErrorCode::TooLarge, error.databaseText()}, Failure::Kind::Refused};
    throw Failure{
        {ErrorCode::Unavailable, u"storage: "_s + error.text().trimmed()}, Failure::Kind::Broken};
}

} // namespace

void refuse(ErrorCode code, QString detail)
{
    throw Failure{{code, std::move(detail)}, Failure::Kind::Refused};
}

Rows::Rows(QSqlQuery& query, bool& busy) : m_query(query), m_busy(busy)
{
    m_busy = true;
}

Rows::~Rows()
{
    m_query.finish();
    m_busy = false;
}

bool Rows::next()
{
    if (m_query.next())
        return true;
    if (m_query.lastError().isValid())
        fail(m_query.lastError());
    return false;
}

qint64 Rows::integer(int column) const
{
    return m_query.value(column).toLongLong();
}

std::optional<qint64> Rows::integerOrNull(int column) const
{
    const QVariant value = m_query.value(column);
    return value.isNull() ? std::nullopt : std::optional(value.toLongLong());
}

std::optional<Millis> Rows::timeOrNull(int column) const
{
    const std::optional<qint64> value = integerOrNull(column);
    return value ? std::optional(Millis{*value}) : std::nullopt;
}

QString Rows::text(int column) const
{
    return m_query.value(column).toString();
}

std::optional<QString> Rows::textOrNull(int column) const
{
    const QVariant value = m_query.value(column);
    return value.isNull() ? std::nullopt : std::optional(value.toString());
}

QByteArray Rows::bytes(int column) const
{
    return m_query.value(column).toByteArray();
}

QVariant bind(const QString& text)
{
    return text.isNull() ? QVariant(u""_s) : QVariant(text);
}

QVariant bind(QLatin1StringView text)
{
    return bind(QString(text));
}

QVariant bind(Millis time)
{
    return QVariant(qlonglong(time.count()));
}

QVariant bind(std::optional<Millis> time)
{
    return time ? bind(*time) : QVariant(QMetaType::fromType<qlonglong>());
}

QVariant bind(const std::optional<QString>& text)
{
    return text ? bind(*text) : QVariant(QMetaType::fromType<QString>());
}

QVariant bind(std::optional<bool> flag)
{
    return flag ? bind(*flag) : QVariant(QMetaType::fromType<int>());
}

QVariant bind(const QByteArray& bytes)
{
    return bytes.isNull() ? QVariant(QByteArray("")) : QVariant(bytes);
}

Database::Database(const QString& path, Access access, Millis busyTimeout)
    : m_name(nextConnectionName()), m_connection(QSqlDatabase::addDatabase(u"QSQLITE"_s, m_name))
{
    m_connection.setDatabaseName(path);
    m_connection.setConnectOptions(u"QSQLITE_BUSY_TIMEOUT=%1"_s.arg(busyTimeout.count()));
    try {
        if (!m_connection.open())
            fail(m_connection.lastError());
        execute(u"PRAGMA journal_mode = WAL"_s);
        execute(u"PRAGMA synchronous = FULL"_s);
        execute(u"PRAGMA foreign_keys = ON"_s);
        if (access == Access::Read)
            execute(u"PRAGMA query_only = ON"_s);
    } catch (const Failure&) {
        m_connection = {};
        QSqlDatabase::removeDatabase(m_name);
        throw;
    }
}

Database::~Database()
{
    m_statements.clear();
    m_connection.close();
    m_connection = {};
    QSqlDatabase::removeDatabase(m_name);
}

void Database::execute(const QString& sql)
{
    QSqlQuery query(m_connection);
    if (!query.exec(sql))
        fail(query.lastError());
}

Rows Database::queryList(const QString& sql, const QVariantList& values)
{
    Prepared& statement = prepared(sql, values);
    return Rows(statement.query, statement.busy);
}

int Database::changeList(const QString& sql, const QVariantList& values)
{
    Prepared& statement = prepared(sql, values);
    const int rows = statement.query.numRowsAffected();
    m_lastInsertId = statement.query.lastInsertId().toLongLong();
    statement.query.finish();
    return rows;
}

void Database::rollBack() noexcept
{
    QSqlQuery(m_connection).exec(u"ROLLBACK"_s);
}

Database::Prepared& Database::prepared(const QString& sql, const QVariantList& values)
{
    std::shared_ptr<Prepared>& statement = m_statements[sql];
    if (!statement) {
        auto fresh = std::make_shared<Prepared>(Prepared{QSqlQuery(m_connection)});
        fresh->query.setForwardOnly(true);
        if (!fresh->query.prepare(sql)) {
            m_statements.remove(sql);
            fail(fresh->query.lastError());
        }
        statement = std::move(fresh);
    }
    Q_ASSERT_X(!statement->busy, "Database", "a statement's rows must end before it runs again");
    for (qsizetype i = 0; i < values.size(); ++i)
        statement->query.bindValue(int(i), values[i]);
    if (!statement->query.exec()) {
        const QSqlError error = statement->query.lastError();
        statement->query.finish();
        fail(error);
    }
    return *statement;
}

qint64 Database::lastInsertId() const
{
    return m_lastInsertId;
}

} // namespace gatehouse::store
