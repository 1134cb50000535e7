// SPDX-License-Identifier: Apache-2.0
#include "server/session/originpolicy.h"
#include "tests/server/session/fakes.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::session;
using fake::Rig;

class TestOriginPolicy : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void onlyListedOriginsEnter_data();
    void onlyListedOriginsEnter();
    void theStarEchoesTheOriginItself();
    void withoutAnOriginThereAreNoCorsHeaders();
    void thePreflightEchoesTheHeadersAskedFor();
    void aForeignPreflightIsRefused();
    void oldClientsKnowTheRefusalAsABadRequest();
};

void TestOriginPolicy::onlyListedOriginsEnter_data()
{
    QTest::addColumn<QByteArrayList>("origins");
    QTest::addColumn<bool>("isAllowed");
    QTest::newRow("absent") << QByteArrayList() << true;
    QTest::newRow("listed") << QByteArrayList({"https://app.example"}) << true;
    QTest::newRow("listed with port") << QByteArrayList({"http://localhost:4200"}) << true;
    QTest::newRow("foreign") << QByteArrayList({"https://evil.example"}) << false;
    QTest::newRow("null") << QByteArrayList({"null"}) << false;
    QTest::newRow("empty") << QByteArrayList({""}) << false;
    QTest::newRow("suffix") << QByteArrayList({"https://evil-app.example"}) << false;
    QTest::newRow("prefix") << QByteArrayList({"https://app.example.evil"}) << false;
    QTest::newRow("other scheme") << QByteArrayList({"http://app.example"}) << false;
    QTest::newRow("other case") << QByteArrayList({"https://APP.example"}) << false;
    QTest::newRow("other port") << QByteArrayList({"https://app.example:8443"}) << false;
    QTest::newRow("trailing slash") << QByteArrayList({"https://app.example/"}) << false;
    QTest::newRow("listed twice") << QByteArrayList({"https://app.example", "https://app.example"})
                                  << false;
    QTest::newRow("listed and foreign")
        << QByteArrayList({"https://app.example", "https://evil.example"}) << false;
}

void TestOriginPolicy::onlyListedOriginsEnter()
{
    QFETCH(QByteArrayList, origins);
    QFETCH(bool, isAllowed);
    SessionOptions options;
    options.allowedOrigins
        = {QStringLiteral("https://app.example"), QStringLiteral("http://localhost:4200")};
    Rig rig(options);
    protocol::HttpHeaders headers;
    for (const QByteArray& origin : origins)
        headers.add("Origin", origin);
    const auto polling
        = rig.send(fake::request("GET", QStringLiteral("EIO=4&transport=polling"), {}, headers));
    const auto peer = rig.openWebSocket(QStringLiteral("EIO=4&transport=websocket"), headers);
    const protocol::HttpHeaders& answer = polling->response->headers;
    QCOMPARE(answer.value("Vary"), "Origin");
    if (isAllowed) {
        QCOMPARE(polling->status(), 200);
        QVERIFY(peer);
        QCOMPARE(answer.value("Access-Control-Allow-Origin"), origins.value(0));
    } else {
        QCOMPARE(polling->status(), 403);
        QCOMPARE(polling->body(), "{\"code\":4,\"message\":\"Forbidden\"}");
        QVERIFY(!answer.has("Access-Control-Allow-Origin"));
        QVERIFY(!peer);
        QCOMPARE(rig.refused->status, 403);
        QCOMPARE(rig.server.counters().opened, quint64(0));
        QCOMPARE(rig.server.counters().refusedOrigins, quint64(2));
    }
}

void TestOriginPolicy::theStarEchoesTheOriginItself()
{
    Rig rig;
    const auto exchange = rig.send(fake::request(
        "GET", QStringLiteral("EIO=4&transport=polling"), {}, {{"Origin", "https://any.example"}}));
    const protocol::HttpHeaders& answer = exchange->response->headers;
    QCOMPARE(answer.value("Access-Control-Allow-Origin"), "https://any.example");
    QCOMPARE(answer.value("Access-Control-Allow-Credentials"), "true");
    QCOMPARE(answer.value("Vary"), "Origin");
}

void TestOriginPolicy::withoutAnOriginThereAreNoCorsHeaders()
{
    Rig rig;
    const auto exchange = rig.get(QStringLiteral("EIO=4&transport=polling"));
    QVERIFY(!exchange->response->headers.has("Access-Control-Allow-Origin"));
    QVERIFY(!exchange->response->headers.has("Access-Control-Allow-Credentials"));
}

void TestOriginPolicy::thePreflightEchoesTheHeadersAskedFor()
{
    Rig rig;
    const auto exchange
        = rig.send(fake::request("OPTIONS", QStringLiteral("EIO=4&transport=polling"), {},
            {{"Origin", "https://ui.example"}, {"Access-Control-Request-Method", "GET"},
                {"Access-Control-Request-Headers", "authorization,x-a"}}));
    QCOMPARE(exchange->status(), 204);
    const protocol::HttpHeaders& answer = exchange->response->headers;
    QCOMPARE(answer.value("Access-Control-Allow-Origin"), "https://ui.example");
    QCOMPARE(answer.value("Access-Control-Allow-Credentials"), "true");
    QCOMPARE(answer.value("Access-Control-Allow-Headers"), "authorization,x-a");
    QCOMPARE(answer.value("Access-Control-Allow-Methods"), "GET, POST, OPTIONS");
    QCOMPARE(rig.server.counters().opened, quint64(0));
}

void TestOriginPolicy::aForeignPreflightIsRefused()
{
    SessionOptions options;
    options.allowedOrigins = {QStringLiteral("https://app.example")};
    Rig rig(options);
    const auto exchange = rig.send(fake::request("OPTIONS",
        QStringLiteral("EIO=4&transport=polling"), {}, {{"Origin", "https://evil.example"}}));
    QCOMPARE(exchange->status(), 403);
    QVERIFY(!exchange->response->headers.has("Access-Control-Allow-Headers"));
}

void TestOriginPolicy::oldClientsKnowTheRefusalAsABadRequest()
{
    SessionOptions options;
    options.allowEngineIo3 = true;
    options.allowedOrigins = {QStringLiteral("https://app.example")};
    Rig rig(options);
    const protocol::HttpHeaders foreign{{"Origin", "https://evil.example"}};
    const auto polling
        = rig.send(fake::request("GET", QStringLiteral("EIO=3&transport=polling"), {}, foreign));
    QCOMPARE(polling->status(), 400);
    QVERIFY(!rig.openWebSocket(QStringLiteral("EIO=3&transport=websocket"), foreign));
    QCOMPARE(rig.refused->status, 400);
    QCOMPARE(rig.server.counters().opened, quint64(0));
}

QTEST_GUILESS_MAIN(TestOriginPolicy)
#include "tst_originpolicy.moc"
