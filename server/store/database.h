// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "common/core/ids.h"
#include "common/core/result.h"

#include <QHash>
#include <QSqlDatabase>
#include <QSqlQuery>
#include <QVariant>

#include <memory>
#include <optional>

namespace gatehouse::store {

/// Thrown inside the store by anything that ends a job early and caught where the job ends; it
/// never leaves this room. Refused: the job alone failed and its savepoint is undone. Broken: the
/// storage failed, so the whole transaction is.
struct Failure
{
    enum class Kind : quint8 { Refused, Broken };

    Error error;
    Kind kind = Kind::Refused;
};

[[noreturn]] void refuse(ErrorCode code, QString detail);

/// The rows of one SELECT. Lives shorter than its Database; frees the statement at its end.
class Rows
{
public:
    Rows(QSqlQuery& query, bool& busy);
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

/// One connection to the SQLite file: WAL, synchronous=FULL, foreign keys. Statements are prepared
/// once and kept. Belongs to the thread that made it. Every member throws Failure.
class Database
{
public:
    enum class Access : quint8 { Write, Read };

    Database(const QString& path, Access access, Millis busyTimeout);
    ~Database();
    Q_DISABLE_COPY_MOVE(Database)

    /// Without values and unprepared: BEGIN, PRAGMA, statements of a migration.
    void execute(const QString& sql);

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
        changeList(sql, {bind(values)...});
        return lastInsertId();
    }

    /// Gives up a transaction after a failure; does not throw.
    void rollBack() noexcept;

private:
    struct Prepared
    {
        QSqlQuery query;
        bool busy = false;
    };

    Prepared& prepared(const QString& sql, const QVariantList& values);
    qint64 lastInsertId() const;

    QString m_name;
    QSqlDatabase m_connection;
    QHash<QString, std::shared_ptr<Prepared>> m_statements;
    qint64 m_lastInsertId = 0;
};

} // namespace gatehouse::store
