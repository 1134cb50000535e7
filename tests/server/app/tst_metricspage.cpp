// SPDX-License-Identifier: Apache-2.0
#include "server/app/composition.h"
#include "server/observe/livelog.h"
#include "server/observe/logsink.h"
#include "tests/support/httpcall.h"

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

QTEST_GUILESS_MAIN(MetricsPageTest)
#include "tst_metricspage.moc"
