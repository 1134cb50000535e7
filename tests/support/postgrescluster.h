// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QString>
#include <QTemporaryDir>

namespace gatehouse::test {

/// A private PostgreSQL server in a temporary folder, reachable by a socket in there only. It runs
/// as somebody else where the test is root, which PostgreSQL refuses to be. Ended and removed with
/// this object. Blocks; one of a process serves all its tests.
class PostgresCluster
{
public:
    static bool isInstalled();
    static QString missing() { return QStringLiteral("PostgreSQL is not installed"); }
    /// The one of this process, started; ends with it.
    static PostgresCluster& shared();

    PostgresCluster();
    ~PostgresCluster();
    Q_DISABLE_COPY_MOVE(PostgresCluster)

    bool start();
    bool stop(); ///< at once, as a crash would: clients are cut off, nothing is said
    bool isRunning() const { return m_isRunning; }

    QString createDatabase(); ///< the address of a fresh one
    QString url(const QString& database) const;
    /// The rows of a query as psql prints them, by a connection of its own.
    QString query(const QString& database, const QString& sql) const;

private:
    QString run(const QString& program, const QStringList& arguments, bool* ok = nullptr) const;

    QTemporaryDir m_folder;
    bool m_isRunning = false;
    int m_databases = 0;
};

} // namespace gatehouse::test
