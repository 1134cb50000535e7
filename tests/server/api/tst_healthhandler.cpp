// SPDX-License-Identifier: Apache-2.0
#include "server/api/healthhandler.h"
#include "server/observe/metrics.h"
#include "tests/server/session/fakes.h"

#include <QTest>

using namespace gatehouse;
using namespace Qt::StringLiterals;

class HealthHandlerTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void answers_data();
    void answers();
    void saysWhyItIsNotReady();
    void bringsMetricsUpToDate();
};

namespace {

protocol::HttpResponse ask(api::HealthHandler& handler, const QByteArray& method,
    const QString& path, const QByteArray& token = {})
{
    protocol::HttpRequest request;
    request.method = method;
    request.path = path;
    if (!token.isEmpty())
        request.headers.add("Authorization", "Bearer " + token);
    const auto exchange = std::make_shared<session::fake::Exchange>(request);
    handler.handleRequest(exchange);
    return exchange->response.value_or(protocol::HttpResponse{});
}

} // namespace

void HealthHandlerTest::answers_data()
{
    QTest::addColumn<QByteArray>("method");
    QTest::addColumn<QString>("path");
    QTest::addColumn<QByteArray>("token");
    QTest::addColumn<int>("status");
    QTest::newRow("alive") << QByteArray("GET") << u"/healthz"_s << QByteArray() << 200;
    QTest::newRow("alive, HEAD") << QByteArray("HEAD") << u"/healthz"_s << QByteArray() << 200;
    QTest::newRow("alive, POST") << QByteArray("POST") << u"/healthz"_s << QByteArray() << 405;
    QTest::newRow("ready") << QByteArray("GET") << u"/readyz"_s << QByteArray() << 200;
    QTest::newRow("below") << QByteArray("GET") << u"/healthz/x"_s << QByteArray() << 404;
    QTest::newRow("metrics without token")
        << QByteArray("GET") << u"/metrics"_s << QByteArray() << 401;
    QTest::newRow("metrics with a wrong token")
        << QByteArray("GET") << u"/metrics"_s << QByteArray("sesamf") << 401;
    QTest::newRow("metrics with the token")
        << QByteArray("GET") << u"/metrics"_s << QByteArray("sesame") << 200;
}

void HealthHandlerTest::answers()
{
    QFETCH(QByteArray, method);
    QFETCH(QString, path);
    QFETCH(QByteArray, token);
    QFETCH(int, status);
    observe::Metrics metrics;
    api::HealthHandler handler(metrics, {}, {}, "sesame");
    QCOMPARE(ask(handler, method, path, token).status, status);
}

void HealthHandlerTest::saysWhyItIsNotReady()
{
    observe::Metrics metrics;
    QString fault;
    api::HealthHandler handler(metrics,
        {{u"database"_s, [&fault] { return fault; }}, {u"bus"_s, [] { return QString(); }}});
    QCOMPARE(ask(handler, "GET", u"/readyz"_s).body, QByteArray(R"({"ready":true,"reasons":{}})"));
    fault = u"disk full"_s;
    const auto response = ask(handler, "GET", u"/readyz"_s);
    QCOMPARE(response.status, 503);
    QCOMPARE(response.body, QByteArray(R"({"ready":false,"reasons":{"database":"disk full"}})"));
    QCOMPARE(ask(handler, "GET", u"/healthz"_s).status, 200);
}

void HealthHandlerTest::bringsMetricsUpToDate()
{
    observe::Metrics metrics;
    api::HealthHandler handler(metrics, {}, [&metrics] { metrics.nodesOnline.Set(42); });
    const auto response = ask(handler, "GET", u"/metrics"_s);
    QCOMPARE(response.headers.value("Content-Type"), observe::Metrics::contentType());
    QVERIFY(response.body.contains(" 42\n"));
}

QTEST_GUILESS_MAIN(HealthHandlerTest)
#include "tst_healthhandler.moc"
