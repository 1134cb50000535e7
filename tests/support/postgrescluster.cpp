// SPDX-License-Identifier: Apache-2.0
#include "tests/support/postgrescluster.h"

#include <QCoreApplication>
#include <QFile>
#include <QFileInfo>
#include <QProcess>

#include <pwd.h>
#include <unistd.h>

namespace gatehouse::test {

namespace {

constexpr int patienceMs = 60'000;

/// What goes before a command so that it is not root's. `nobody`, unless this machine keeps even
/// /dev/null from it; then a user of a name space of its own.
QStringList asSomebodyElse()
{
    if (::geteuid() != 0)
        return {};
    const bool isOpen = QFileInfo(QStringLiteral("/dev/null")).permission(QFile::WriteOther);
    if (!isOpen)
        return {QStringLiteral("unshare"), QStringLiteral("--user"),
            QStringLiteral("--map-user=1000"), QStringLiteral("--map-group=1000")};
    return {QStringLiteral("setpriv"), QStringLiteral("--reuid=nobody"),
        QStringLiteral("--regid=nogroup"), QStringLiteral("--clear-groups")};
}

QString toolFolder()
{
    return QStringLiteral("/usr/lib/postgresql/15/bin");
}

} // namespace

bool PostgresCluster::isInstalled()
{
    return QFile::exists(toolFolder() + QStringLiteral("/initdb"));
}

PostgresCluster& PostgresCluster::shared()
{
    static std::unique_ptr<PostgresCluster> cluster;
    if (!cluster) {
        cluster = std::make_unique<PostgresCluster>();
        qAddPostRoutine([] { cluster.reset(); }); // while processes can still be started
    }
    return *cluster;
}

PostgresCluster::PostgresCluster()
{
    if (asSomebodyElse().value(0) == QStringLiteral("setpriv")) {
        const passwd* nobody = ::getpwnam("nobody");
        if (!nobody
            || ::chown(
                   QFile::encodeName(m_folder.path()).constData(), nobody->pw_uid, nobody->pw_gid)
                != 0)
            qFatal("the cluster's folder cannot be given to nobody");
    }
    bool ok = false;
    const QString log = run(QStringLiteral("initdb"),
        {QStringLiteral("--auth=trust"), QStringLiteral("--username=gatehouse"),
            QStringLiteral("--encoding=UTF8"), QStringLiteral("--locale=C"),
            QStringLiteral("--no-sync"), QStringLiteral("--pgdata"),
            m_folder.filePath(QStringLiteral("data"))},
        &ok);
    if (!ok || !start())
        qFatal("%s", qPrintable(log));
}

PostgresCluster::~PostgresCluster()
{
    stop();
}

bool PostgresCluster::start()
{
    run(QStringLiteral("pg_ctl"),
        {QStringLiteral("start"), QStringLiteral("--wait"), QStringLiteral("--silent"),
            QStringLiteral("--pgdata"), m_folder.filePath(QStringLiteral("data")),
            QStringLiteral("--log"), m_folder.filePath(QStringLiteral("log")),
            QStringLiteral("--options"),
            QString(QStringLiteral("-c listen_addresses= -c recovery_init_sync_method=syncfs -k ")
                % m_folder.path())},
        &m_isRunning);
    return m_isRunning;
}

bool PostgresCluster::stop()
{
    if (!m_isRunning)
        return true;
    m_isRunning = false;
    bool ok = false;
    run(QStringLiteral("pg_ctl"),
        {QStringLiteral("stop"), QStringLiteral("--wait"), QStringLiteral("--silent"),
            QStringLiteral("--mode=immediate"), QStringLiteral("--pgdata"),
            m_folder.filePath(QStringLiteral("data"))},
        &ok);
    return ok;
}

QString PostgresCluster::createDatabase()
{
    const QString name = QStringLiteral("test%1").arg(++m_databases);
    query(QStringLiteral("postgres"), QStringLiteral("CREATE DATABASE ") + name);
    return url(name);
}

QString PostgresCluster::url(const QString& database) const
{
    return QString(QStringLiteral("postgresql://gatehouse@/") % database % QStringLiteral("?host=")
        % m_folder.path());
}

QString PostgresCluster::query(const QString& database, const QString& sql) const
{
    return run(QStringLiteral("psql"),
        {QStringLiteral("--no-psqlrc"), QStringLiteral("--quiet"), QStringLiteral("--tuples-only"),
            QStringLiteral("--no-align"), QStringLiteral("--host"), m_folder.path(),
            QStringLiteral("--username=gatehouse"), QStringLiteral("--dbname"), database,
            QStringLiteral("--command"), sql})
        .trimmed();
}

QString PostgresCluster::run(const QString& program, const QStringList& arguments, bool* ok) const
{
    QProcess process;
    process.setProcessChannelMode(QProcess::MergedChannels);
    process.setWorkingDirectory(m_folder.path());
    QStringList command = asSomebodyElse();
    command += QString(toolFolder() + u'/' + program);
    command += arguments;
    process.start(command.takeFirst(), command);
    const bool finished = process.waitForFinished(patienceMs) && process.exitCode() == 0;
    if (ok)
        *ok = finished;
    return QString::fromUtf8(process.readAll());
}

} // namespace gatehouse::test
