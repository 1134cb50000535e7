// SPDX-License-Identifier: Apache-2.0
#include "server/access/passwordhasher.h"
#include "server/app/composition.h"
#include "server/observe/livelog.h"
#include "server/observe/logsink.h"
#include "server/store/await.h"
#include "server/store/import.h"
#include "server/store/store.h"
#include "tests/support/httpcall.h"

#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>
#include <QUrl>

using namespace gatehouse;
using namespace gatehouse::test;

/// The page a scraper reads, of a whole server: what counts for itself has to arrive there.
class MetricsPageTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void whatHappensIsCounted();
    void silentNodesAndStuckRunsAreCounted_data();
    void silentNodesAndStuckRunsAreCounted();
};

namespace {

/// -1 when there is no such line.
double valueOf(const QByteArray& page, const QByteArray& sample)
{
    const qsizetype at = page.indexOf(QByteArray('\n' + sample + ' '));
    if (at < 0)
        return -1;
    const qsizetype begin = at + sample.size() + 2;
    return page.sliced(begin, page.indexOf('\n', begin) - begin).toDouble();
}

/// A store with nodes and users, before the server has it.
bool importFederation(const QString& data)
{
    QFile file(QStringLiteral(FEDERATION_FILE));
    if (!file.open(QIODevice::ReadOnly))
        return false;
    auto content = store::readImport(file.readAll());
    const auto store = store::Store::open(data, {});
    if (!content || !store || !store::hashPasswords(*content, [](const QString& password) {
            return access::hashPassword(password.toUtf8());
        }))
        return false;
    return store::await<store::ImportReport>([&](auto done) {
        (*store)->applyImport(*content, std::move(done));
    }).has_value();
}

} // namespace

void MetricsPageTest::whatHappensIsCounted()
{
    QTemporaryDir folder;
    app::Configuration configuration;
    configuration.server.data = folder.filePath(QStringLiteral("data"));
    configuration.server.listen = QStringLiteral("127.0.0.1:0");
    configuration.session.allowEngineIo3 = true;
    const SystemClock clock;
    observe::LiveLog liveLog(configuration.liveLog);
    observe::LogSink log({}, &liveLog, [](const QByteArray&) {});
    auto server = app::Composition::build(configuration, log, liveLog, clock);
    QVERIFY(server);
    QVERIFY((*server)->listen());
    const auto port = quint16(QUrl((*server)->url()).port());

    QCOMPARE(httpRequest(port, "GET", "/nowhere", {}, {}).status, 404);
    QCOMPARE(httpRequest(port, "GET", "/api/version", {}, {}).status, 200);
    const HttpReply open = httpRequest(port, "GET", "/socket.io/?EIO=4&transport=polling", {}, {});
    const qsizetype sid = open.body.indexOf("\"sid\":\"") + 7;
    const QByteArray session = "/socket.io/?EIO=4&transport=polling&sid="
        + open.body.sliced(sid, open.body.indexOf('"', sid) - sid);
    QCOMPARE(httpRequest(port, "POST", session, {}, "40/tasks,").status, 200);
    QCOMPARE(httpRequest(port, "POST", session, {}, "42/tasks,[\"message\",\"x\"]").status, 200);

    QCOMPARE(httpRequest(port, "GET", "/socket.io/?EIO=3&transport=polling", {}, {}).status, 200);

    const QByteArray page = httpRequest(port, "GET", "/metrics", {}, {}).body;
    for (const char* sample :
        {"gatehouse_connections_accepted_total", "gatehouse_http_requests_total{status=\"2xx\"}",
            "gatehouse_http_requests_total{status=\"4xx\"}",
            "gatehouse_http_request_duration_seconds_count", "gatehouse_sockets",
            "gatehouse_sessions_opened_total", "gatehouse_sessions_opened_eio3_total",
            "gatehouse_events_received_total", "gatehouse_packets_received_total",
            "gatehouse_store_commits_total", "gatehouse_store_writes_total",
            "gatehouse_store_commit_duration_seconds_count",
            "gatehouse_store_loop_turn_seconds_count",
            "gatehouse_store_loop_turn_cpu_seconds_count", "gatehouse_start_time_seconds"})
        QVERIFY2(valueOf(page, sample) > 0, sample);
    QCOMPARE(valueOf(page, "gatehouse_sockets"), 2.0); // /tasks, and "/" of the old client
    QCOMPARE(valueOf(page, "gatehouse_events_received_total"), 1.0);
    QCOMPARE(valueOf(page, "gatehouse_store_errors_total"), 0.0);
}

void MetricsPageTest::silentNodesAndStuckRunsAreCounted_data()
{
    QTest::addColumn<qint64>("silence");
    QTest::addColumn<bool>("isConnected");
    QTest::addColumn<double>("silent");
    QTest::addColumn<double>("stuck");
    QTest::newRow("a node at work") << qint64(3'600'000) << true << 0.0 << 0.0;
    QTest::newRow("connected and silent") << qint64(1) << true << 1.0 << 1.0;
    QTest::newRow("gone with a run") << qint64(1) << false << 0.0 << 1.0;
}

void MetricsPageTest::silentNodesAndStuckRunsAreCounted()
{
    QFETCH(qint64, silence);
    QFETCH(bool, isConnected);
    QFETCH(double, silent);
    QFETCH(double, stuck);
    QTemporaryDir folder;
    app::Configuration configuration;
    configuration.server.data = folder.filePath(QStringLiteral("data"));
    configuration.server.listen = QStringLiteral("127.0.0.1:0");
    configuration.federation.nodeSilence = Millis{silence};
    QVERIFY(importFederation(configuration.server.data));
    const SystemClock clock;
    observe::LiveLog liveLog(configuration.liveLog);
    observe::LogSink log({}, &liveLog, [](const QByteArray&) {});
    auto server = app::Composition::build(configuration, log, liveLog, clock);
    QVERIFY(server);
    QVERIFY((*server)->listen());
    const auto port = quint16(QUrl((*server)->url()).port());
    const auto call = [port](const QByteArray& method, const QByteArray& path,
                          const QByteArray& token, const QByteArray& body) {
        protocol::HttpHeaders headers;
        headers.add("Content-Type", "application/json");
        if (!token.isEmpty())
            headers.add("Authorization", "Bearer " + token);
        const HttpReply reply = httpRequest(port, method, path, headers, body);
        return reply.status < 300 ? QJsonDocument::fromJson(reply.body).object() : QJsonObject();
    };
    const auto tokenFrom = [&](const QByteArray& path, const QByteArray& body) {
        return call("POST", path, {}, body)
            .value(QStringLiteral("access_token"))
            .toString()
            .toLatin1();
    };
    const QByteArray node
        = tokenFrom("/api/token/node", R"({"api_key":"11111111-aaaa-4aaa-8aaa-000000000001"})");
    const QByteArray user
        = tokenFrom("/api/token/user", R"({"username":"ada","password":"ada-secret-1"})");
    QVERIFY(!node.isEmpty() && !user.isEmpty());
    const QJsonObject task = call("POST", "/api/task", user,
        R"({"name":"t","image":"x","collaboration_id":1,"organizations":[{"id":1,"input":"e30="}]})");
    QCOMPARE(task.value(QStringLiteral("status")).toString(), QStringLiteral("pending"));

    protocol::HttpHeaders asNode; // as vantage6 does
    asNode.add("Authorization", "Bearer " + node);
    const HttpReply open
        = httpRequest(port, "GET", "/socket.io/?EIO=4&transport=polling", asNode, {});
    const qsizetype sid = open.body.indexOf("\"sid\":\"") + 7;
    const QByteArray session = "/socket.io/?EIO=4&transport=polling&sid="
        + open.body.sliced(sid, open.body.indexOf('"', sid) - sid);
    QCOMPARE(httpRequest(port, "POST", session, asNode, "40/tasks,").status, 200);
    QVERIFY(!call(
        "PATCH", "/api/run/1", node, R"({"status":"active","started_at":"2026-01-01T00:00:00"})")
                 .isEmpty());
    using Counts = QList<double>; // online, silent, stuck
    const auto counts = [port] {
        const QByteArray page = httpRequest(port, "GET", "/metrics", {}, {}).body;
        return Counts{valueOf(page, "gatehouse_nodes_online"),
            valueOf(page, "gatehouse_nodes_silent"), valueOf(page, "gatehouse_runs_stuck")};
    };
    QTRY_COMPARE(counts().front(), 1.0);
    if (!isConnected)
        QCOMPARE(httpRequest(port, "POST", session, asNode, "1").status, 200);
    QTRY_COMPARE(counts(), (Counts{isConnected ? 1.0 : 0.0, silent, stuck}));
}

QTEST_GUILESS_MAIN(MetricsPageTest)
#include "tst_metricspage.moc"
