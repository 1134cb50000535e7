// SPDX-License-Identifier: Apache-2.0
#include "server/access/claims.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::access;

class TestClaims : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void v4UserIsRead();
    void v5NodeIsRead();
    void containerIsRead_data();
    void containerIsRead();
    void adminIsRead();
    void refreshTokenIsToldApart_data();
    void refreshTokenIsToldApart();
    void largeIntegersSurvive();
};

void TestClaims::v4UserIsRead()
{
    // As vantage6 4.14 signs it.
    const auto claims
        = readClaims(R"({"fresh":false,"iat":1774000000,"jti":"f4c7","type":"access","sub":3,)"
                     R"("nbf":1774000000,"csrf":"9a","exp":1774021600,"client_type":"user",)"
                     R"("roles":["Root","Viewer"]})");
    QVERIFY(claims);
    QCOMPARE(claims->kind, TokenKind::User);
    QCOMPARE(claims->type, TokenType::Access);
    QCOMPARE(claims->subjectId, 3);
    QCOMPARE(claims->subject, QStringLiteral("3"));
    QCOMPARE(claims->tokenId, QByteArray("f4c7"));
    QCOMPARE(claims->issuedAt, Millis{1'774'000'000'000});
    QCOMPARE(claims->notBefore, Millis{1'774'000'000'000});
    QCOMPARE(claims->expiresAt.value(), Millis{1'774'021'600'000});
    QVERIFY(claims->issuer.isEmpty());
    QCOMPARE(claims->payload.value(QLatin1StringView("roles")).toArray().size(), 2);
}

void TestClaims::v5NodeIsRead()
{
    const auto claims = readClaims(
        R"({"exp":1774000300,"iat":1774000000,"jti":"b1","iss":"https://auth.example/realms/v6",)"
        R"("aud":["account","hq"],"sub":"0b5c2a64-6c5c-4d0e-9e58-2f6f1c9f3a10","typ":"Bearer",)"
        R"("azp":"alpha-node-client","vantage6_client_type":"node"})");
    QVERIFY(claims);
    QCOMPARE(claims->kind, TokenKind::Node);
    QCOMPARE(claims->subjectId, 0);
    QCOMPARE(claims->subject, QStringLiteral("0b5c2a64-6c5c-4d0e-9e58-2f6f1c9f3a10"));
    QCOMPARE(claims->issuer, QByteArray("https://auth.example/realms/v6"));
    QCOMPARE(claims->audiences, QByteArrayList({"account", "hq"}));
}

void TestClaims::containerIsRead_data()
{
    QTest::addColumn<QByteArray>("payload");
    QTest::newRow("v4") << QByteArray(
        R"({"fresh":false,"iat":1,"nbf":1,"jti":"a","type":"access","csrf":"b",)"
        R"("client_type":"container","roles":[],"sub":{"client_type":"container","node_id":1,)"
        R"("organization_id":2,"collaboration_id":3,"study_id":null,"store_id":null,"task_id":42,)"
        R"("image":"harbor.example/average","databases":[]}})");
    QTest::newRow("v5, kind in sub only") << QByteArray(
        R"({"iat":1,"jti":"a","type":"access",)"
        R"("sub":{"vantage6_client_type":"container","node_id":1,"task_id":42,"session_id":5}})");
}

void TestClaims::containerIsRead()
{
    QFETCH(QByteArray, payload);
    const auto claims = readClaims(payload);
    QVERIFY2(claims, claims ? "" : qPrintable(claims.error().detail));
    QCOMPARE(claims->kind, TokenKind::Container);
    QVERIFY(!claims->expiresAt);
    QCOMPARE(claims->subjectId, 0);
    QCOMPARE(claims->container.value(QLatin1StringView("task_id")).toInteger(), 42);
}

void TestClaims::adminIsRead()
{
    const auto claims = readClaims(
        R"({"exp":20,"iat":1,"type":"access","gatehouse_kind":"admin","sub":1,"name":"Ada"})");
    QVERIFY(claims);
    QCOMPARE(claims->kind, TokenKind::Admin);
    QCOMPARE(claims->subjectId, 1);
    QCOMPARE(claims->name, QStringLiteral("Ada"));
    // A name is plain text or the token is refused: it goes to the console and the audit log.
    QVERIFY(!readClaims(R"({"exp":20,"gatehouse_kind":"admin","sub":1,"name":"a\nb"})"));
    QVERIFY(!readClaims(R"({"exp":20,"gatehouse_kind":"admin","sub":1,"name":7})"));
}

void TestClaims::refreshTokenIsToldApart_data()
{
    QTest::addColumn<QByteArray>("type");
    QTest::addColumn<TokenType>("expected");
    QTest::newRow("none") << QByteArray() << TokenType::Access;
    QTest::newRow("v4 access") << QByteArray(R"(,"type":"access")") << TokenType::Access;
    QTest::newRow("v4 refresh") << QByteArray(R"(,"type":"refresh")") << TokenType::Refresh;
    QTest::newRow("Keycloak access") << QByteArray(R"(,"typ":"Bearer")") << TokenType::Access;
    QTest::newRow("Keycloak refresh") << QByteArray(R"(,"typ":"Refresh")") << TokenType::Refresh;
}

void TestClaims::refreshTokenIsToldApart()
{
    QFETCH(QByteArray, type);
    const auto claims = readClaims(R"({"exp":1,"sub":1,"client_type":"user")" + type + '}');
    QVERIFY(claims);
    QTEST(claims->type, "expected");
}

void TestClaims::largeIntegersSurvive()
{
    const auto claims
        = readClaims(R"({"exp":1,"client_type":"user","sub":9007199254740993})"); // 2^53 + 1
    QVERIFY(claims);
    QCOMPARE(claims->subjectId, Q_INT64_C(9007199254740993));
}

QTEST_GUILESS_MAIN(TestClaims)
#include "tst_claims.moc"
