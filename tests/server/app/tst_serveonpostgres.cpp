// SPDX-License-Identifier: Apache-2.0
#include "tests/support/httpcall.h"
#include "tests/support/postgrescluster.h"
#include "tests/support/servedprogram.h"

#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

#include <csignal>

using namespace gatehouse;
using namespace gatehouse::test;

/// The whole program with its data in PostgreSQL.
class tst_ServeOnPostgres : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void init();
    void cleanup();
    void aFederationIsServed();
    void anImportBesideTheServerCountsAtOnce();
    void readinessFollowsTheDatabase();

private:
    std::optional<QByteArray> command(const QStringList& arguments) const
    {
        return m_server->command(arguments + QStringList{QStringLiteral("--set"), m_storage});
    }
    HttpReply get(const QByteArray& target) const
    {
        protocol::HttpHeaders headers;
        headers.add("Authorization", "Bearer " + m_token);
        return httpRequest(m_server->port(), "GET", target, headers);
    }
    int readiness() const { return httpRequest(m_server->port(), "GET", "/readyz").status; }

    QString m_storage; ///< "storage.url=…"
    std::unique_ptr<ServedProgram> m_server;
    QByteArray m_token; ///< ada's
};

void tst_ServeOnPostgres::initTestCase()
{
    if (!PostgresCluster::isInstalled())
        QSKIP(qPrintable(PostgresCluster::missing()));
}

void tst_ServeOnPostgres::init()
{
    m_storage = QStringLiteral("storage.url=") + PostgresCluster::shared().createDatabase();
    m_server = std::make_unique<ServedProgram>(QStringLiteral(GATEHOUSE_BINARY));
    QVERIFY(command({QStringLiteral("import"), QStringLiteral(FEDERATION_FILE)}));
    const auto token
        = command({QStringLiteral("token"), QStringLiteral("mint"), QStringLiteral("--kind"),
            QStringLiteral("user"), QStringLiteral("--id"), QStringLiteral("4")});
    QVERIFY(token);
    m_token = token->trimmed();
    QVERIFY2(m_server->start({m_storage}), m_server->log().constData());
}

void tst_ServeOnPostgres::cleanup()
{
    m_server.reset();
    if (PostgresCluster::isInstalled() && !PostgresCluster::shared().isRunning())
        QVERIFY(PostgresCluster::shared().start());
}

void tst_ServeOnPostgres::aFederationIsServed()
{
    QVERIFY(!QFile::exists(m_server->dataPath() + QStringLiteral("/gatehouse.sqlite")));
    const HttpReply nodes = get("/api/node");
    QCOMPARE(nodes.status, 200);
    const QJsonArray data = QJsonDocument::fromJson(nodes.body)[QLatin1String("data")].toArray();
    QVERIFY2(!data.isEmpty(), nodes.body.constData());
    protocol::HttpHeaders headers;
    headers.add("Authorization", "Bearer " + m_token);
    headers.add("Content-Type", "application/json");
    const HttpReply task = httpRequest(m_server->port(), "POST", "/api/task", headers,
        R"({"name":"first","image":"x","collaboration_id":1,)"
        R"("organizations":[{"id":1,"input":"e30="}]})");
    QCOMPARE(task.status, 201);
    QCOMPARE(get("/api/task/1").status, 200);
    m_server->signal(SIGTERM);
    QCOMPARE(m_server->waitForEnd(), 0);
}

void tst_ServeOnPostgres::anImportBesideTheServerCountsAtOnce()
{
    QFile file(m_server->path(QStringLiteral("more.json")));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(
        R"({"format":"gatehouse-import","version":1,"organizations":[{"name":"Omega"}],)"
        R"("users":[{"username":"olga","organization":"Omega","password":"olga-secret-1"}]})");
    file.close();
    const auto login = [this] {
        return httpRequest(m_server->port(), "POST", "/api/token/user", {},
            R"({"username":"olga","password":"olga-secret-1"})")
            .status;
    };
    QCOMPARE(login(), 401);
    QVERIFY(command({QStringLiteral("import"), file.fileName()}));
    QVERIFY(m_server->waitForLog("Directory read again"));
    QCOMPARE(login(), 200);
}

void tst_ServeOnPostgres::readinessFollowsTheDatabase()
{
    QCOMPARE(readiness(), 200);
    QVERIFY(PostgresCluster::shared().stop());
    QVERIFY(ServedProgram::waitLooking([this] { return readiness() == 503; }));
    QCOMPARE(get("/api/task").status, 503);
    QVERIFY(PostgresCluster::shared().start());
    QVERIFY(ServedProgram::waitLooking([this] { return readiness() == 200; }));
    QVERIFY(ServedProgram::waitLooking([this] { return get("/api/task").status == 200; }));
}

QTEST_GUILESS_MAIN(tst_ServeOnPostgres)
#include "tst_serveonpostgres.moc"
