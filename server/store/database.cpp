// SPDX-License-Identifier: Apache-2.0
#include "server/store/database.h"

#include "server/observe/log.h"
#include "server/store/databasefile.h"

#include <QFileInfo>
#include <QSqlError>
#include <QUrl>

#include <atomic>

namespace gatehouse::store {

namespace {

using namespace Qt::StringLiterals;

QString nextConnectionName()
{
    static std::atomic<quint64> counter{0};
    return u"gatehouse-%1"_s.arg(counter.fetch_add(1));
}

// Any numbers will do that nobody else takes.
constexpr auto writerLock = "SELECT pg_advisory_lock(7400740074)"_L1;
constexpr auto besideLock = "SELECT pg_advisory_lock(7400740075)"_L1;
constexpr auto lockNotAvailable = "55P03"_L1;
constexpr auto timedOut = "57014"_L1;

/// SQLite's name of a file that it opens but never makes ("Uniform Resource Identifiers",
/// sqlite.org/uri.html, 3.3).
QString existingFile(const QString& path)
{
    const QUrl url = QUrl::fromLocalFile(QFileInfo(path).absoluteFilePath());
    return url.toString(QUrl::FullyEncoded) + u"?mode=rw"_s;
}

} // namespace

void refuse(ErrorCode code, QString detail)
{
    throw Failure{{code, std::move(detail)}, Failure::Kind::Refused};
}

Rows::Rows(QSqlQuery& query, bool& busy, const Dialect& dialect)
    : m_query(query), m_busy(busy), m_dialect(dialect)
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
        throw m_dialect.failureFrom(m_query.lastError());
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

Database::Database(const Place& place, Access access, Millis patience, Missing missing)
    : m_place(place), m_access(access), m_dialect(place.backEnd), m_name(nextConnectionName()),
      m_connection(QSqlDatabase::addDatabase(place.isRemote() ? u"QPSQL"_s : u"QSQLITE"_s, m_name))
{
    try {
        if (!m_connection.isValid())
            throw Failure{
                {ErrorCode::Unavailable,
                    u"the database driver is missing (Debian package %1)"_s.arg(
                        place.isRemote() ? u"libqt6sql6-psql"_s : u"libqt6sql6-sqlite"_s)},
                Failure::Kind::Broken};
        open(patience, missing);
        for (const QString& step : m_dialect.setUp(access != Access::Read, patience))
            execute(step);
        if (place.isRemote() && access != Access::Read)
            lock(access == Access::Write ? writerLock : besideLock);
    } catch (const Failure&) {
        close();
        throw;
    }
}

Database::~Database()
{
    close();
}

void Database::open(Millis patience, Missing missing)
{
    if (m_place.isRemote()) {
        m_connection.setHostName(m_place.host);
        m_connection.setPort(m_place.port);
        m_connection.setDatabaseName(m_place.name);
        m_connection.setUserName(m_place.user);
        m_connection.setPassword(m_place.password);
        m_connection.setConnectOptions(m_place.connectOptions());
    } else {
        if (const Result<void> whole = checkDatabaseIsThere(m_place.file); !whole)
            throw Failure{whole.error(), Failure::Kind::Broken};
        const QString wait = u"QSQLITE_BUSY_TIMEOUT=%1"_s.arg(patience.count());
        if (missing == Missing::Create) {
            m_connection.setDatabaseName(m_place.file);
            m_connection.setConnectOptions(wait);
        } else {
            // By itself SQLite checks and opens in one step: nothing can be taken away in between.
            if (!QFileInfo::exists(m_place.file))
                throw Failure{
                    {ErrorCode::Unavailable, u"the file is gone"_s}, Failure::Kind::Broken};
            m_connection.setDatabaseName(existingFile(m_place.file));
            m_connection.setConnectOptions(u"QSQLITE_OPEN_URI;"_s + wait);
        }
    }
    if (!m_connection.open())
        throw m_dialect.failureFrom(m_connection.lastError());
}

/// A file's folder is locked by DataDirectory; a server's database by a lock that ends with the
/// connection.
void Database::lock(const QString& sql)
{
    QSqlQuery query(m_connection);
    if (query.exec(sql))
        return;
    const QString code = query.lastError().nativeErrorCode();
    if (code == lockNotAvailable || code == timedOut)
        refuse(ErrorCode::Conflict, u"in use by another gatehouse process"_s);
    throw m_dialect.failureFrom(query.lastError());
}

void Database::close()
{
    // The driver would tell of every statement that it cannot take it back from a server gone.
    std::optional<observe::QtWarningsMuted> muted;
    if (m_isLost)
        muted.emplace();
    m_statements.clear();
    m_connection.close();
    m_connection = {};
    QSqlDatabase::removeDatabase(m_name);
}

void Database::execute(const QString& sql)
{
    QSqlQuery query(m_connection);
    if (!query.exec(sql))
        throw m_dialect.failureFrom(query.lastError());
}

void Database::define(const QString& sql)
{
    execute(m_dialect.definition(sql));
}

void Database::begin()
{
    execute(m_access == Access::Read ? m_dialect.beginReading() : m_dialect.begin());
}

void Database::commit()
{
    execute(u"COMMIT"_s);
}

void Database::rollBack() noexcept
{
    QSqlQuery(m_connection).exec(u"ROLLBACK"_s);
}

void Database::allowLongStatements()
{
    if (const QString sql = m_dialect.liftTimeLimit(); !sql.isEmpty())
        execute(sql);
}

void Database::beginPart()
{
    // SQLite prepares everything, which is quicker; a server only queries.
    if (m_place.isRemote())
        execute(u"SAVEPOINT job"_s);
    else
        change(u"SAVEPOINT job"_s);
}

void Database::keepPart()
{
    if (m_place.isRemote())
        execute(u"RELEASE job"_s);
    else
        change(u"RELEASE job"_s);
}

void Database::undoPart()
{
    if (m_place.isRemote())
        execute(u"ROLLBACK TO job"_s);
    else
        change(u"ROLLBACK TO job"_s);
}

bool Database::isAlive() noexcept
{
    m_isLost = m_place.isRemote() && !QSqlQuery(m_connection).exec(u"SELECT 1"_s);
    return !m_isLost;
}

Rows Database::queryList(const QString& sql, const QVariantList& values)
{
    Prepared& statement = prepared(sql, values);
    return Rows(statement.query, statement.busy, m_dialect);
}

int Database::changeList(const QString& sql, const QVariantList& values)
{
    Prepared& statement = prepared(sql, values);
    const int rows = statement.query.numRowsAffected();
    statement.query.finish();
    return rows;
}

qint64 Database::insertList(const QString& sql, const QVariantList& values)
{
    if (m_place.isRemote()) {
        Rows rows = queryList(sql + u" RETURNING id"_s, values);
        return rows.next() ? rows.integer(0) : 0;
    }
    Prepared& statement = prepared(sql, values);
    const qint64 id = statement.query.lastInsertId().toLongLong();
    statement.query.finish();
    return id;
}

Database::Prepared& Database::prepared(const QString& sql, const QVariantList& values)
{
    std::shared_ptr<Prepared>& statement = m_statements[sql];
    if (!statement) {
        auto fresh = std::make_shared<Prepared>(Prepared{QSqlQuery(m_connection)});
        // A server's driver would refuse other statements until all rows were read.
        fresh->query.setForwardOnly(!m_place.isRemote());
        if (!fresh->query.prepare(m_dialect.statement(sql))) {
            m_statements.remove(sql);
            throw m_dialect.failureFrom(fresh->query.lastError());
        }
        statement = std::move(fresh);
    }
    Q_ASSERT_X(!statement->busy, "Database", "a statement's rows must end before it runs again");
    for (qsizetype i = 0; i < values.size(); ++i) {
        if (values[i].typeId() == QMetaType::QString && !m_dialect.canHold(values[i].toString()))
            refuse(ErrorCode::BadRequest, u"a text holds the character U+0000"_s);
        statement->query.bindValue(int(i), values[i]);
    }
    if (!statement->query.exec()) {
        const QSqlError error = statement->query.lastError();
        statement->query.finish();
        throw m_dialect.failureFrom(error);
    }
    return *statement;
}

} // namespace gatehouse::store
