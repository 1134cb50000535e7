// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/ids.h"
#include "server/store/dialect.h"

#include <QHash>
#include <QSqlDatabase>
#include <QSqlQuery>
#include <QVariant>

#include <memory>
#include <optional>

namespace gatehouse::store {

/// The rows of one SELECT. Lives shorter than its Database; frees the statement at its end.
class Rows
{
public:
    Rows(QSqlQuery& query, bool& busy, const Dialect& dialect);
    ~Rows();
    Q_DISABLE_COPY_MOVE(Rows)

    bool next();
    qint64 integer(int column) const;
    std::optional<qint64> integerOrNull(int column) const;
    Millis time(int column) const { return Millis{integer(column)}; }
    std::optional<Millis> timeOrNull(int column) const;
    QString text(int column) const;
    std::optional<QString> textOrNull(int column) const;
    QByteArray bytes(int column) const;

private:
    QSqlQuery& m_query;
    bool& m_busy;
    const Dialect& m_dialect;
};

// What may be bound to a "?". Empty text is never NULL; a missing optional and an id of zero are.
QVariant bind(const QString& text);
QVariant bind(Millis time);
QVariant bind(std::optional<Millis> time);
QVariant bind(const std::optional<QString>& text);
QVariant bind(const QByteArray& bytes);
QVariant bind(QLatin1StringView text);
inline QVariant bind(qint64 number)
{
    return QVariant(qlonglong(number));
}
inline QVariant bind(int number)
{
    return QVariant(number);
}
inline QVariant bind(bool flag)
{
    return QVariant(flag ? 1 : 0);
}
QVariant bind(std::optional<bool> flag);
template <class Tag>
QVariant bind(Id<Tag> id)
{
    return id.isValid() ? bind(id.value) : QVariant(QMetaType::fromType<qlonglong>());
}

/// One connection to the database. Nothing is acknowledged before it is on disk (SQLite: WAL,
/// synchronous=FULL; PostgreSQL: synchronous_commit). Statements are prepared once and kept. On a
/// server a writer holds a lock against a second process. Belongs to the thread that made it. Every
/// member throws Failure.
class Database
{
public:
    /// WriteBeside: for a short while beside the process that has Write. On a server each of the
    /// two is held by one process at a time; a file's Write is guarded by DataDirectory.
    enum class Access : quint8 { Write, WriteBeside, Read };

    /// Whether SQLite may make the file. Only who is about to fill it says yes: an empty one where
    /// the database has just been taken away would be the new database of the next start.
    enum class Missing : quint8 { Refuse, Create };

    /// `patience`: how long to wait for other processes, and on a server how long for an answer.
    Database(const Place& place, Access access, Millis patience, Missing missing = Missing::Refuse);
    ~Database();
    Q_DISABLE_COPY_MOVE(Database)

    const Place& place() const { return m_place; }

    /// Without values and unprepared: PRAGMA, statements that differ each time.
    void execute(const QString& sql);
    void define(const QString& sql); ///< a statement of a migration

    void begin(); ///< as this connection's access wants it
    void commit();
    void rollBack() noexcept; ///< gives up a transaction after a failure
    void allowLongStatements(); ///< in this transaction

    // One job's part of a transaction, which can be undone alone.
    void beginPart();
    void keepPart();
    void undoPart();

    /// Whether a server still answers; true for a file.
    bool isAlive() noexcept;

    template <class... Values>
    Rows query(const QString& sql, const Values&... values)
    {
        return queryList(sql, {bind(values)...});
    }
    Rows queryList(const QString& sql, const QVariantList& values);

    /// Rows changed.
    template <class... Values>
    int change(const QString& sql, const Values&... values)
    {
        return changeList(sql, {bind(values)...});
    }
    int changeList(const QString& sql, const QVariantList& values);

    /// Id of the new row.
    template <class... Values>
    qint64 insert(const QString& sql, const Values&... values)
    {
        return insertList(sql, {bind(values)...});
    }
    qint64 insertList(const QString& sql, const QVariantList& values);

private:
    struct Prepared
    {
        QSqlQuery query;
        bool busy = false;
    };

    Prepared& prepared(const QString& sql, const QVariantList& values);
    void open(Millis patience, Missing missing);
    void lock(const QString& sql);
    void close();

    const Place m_place;
    const Access m_access;
    const Dialect m_dialect;
    QString m_name;
    QSqlDatabase m_connection;
    QHash<QString, std::shared_ptr<Prepared>> m_statements;
    bool m_isLost = false; ///< the server no longer answers
};

} // namespace gatehouse::store
