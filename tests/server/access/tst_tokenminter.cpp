// SPDX-License-Identifier: Apache-2.0
#include "server/access/accountmark.h"
#include "server/access/tokenminter.h"
#include "server/access/tokenverifier.h"
#include "tests/server/access/testkeys.h"

#include <QJsonDocument>
#include <QTest>

using namespace gatehouse;
using namespace gatehouse::access;
using namespace gatehouse::access::test;
using namespace std::chrono_literals;

namespace {

const QByteArray secret("a shared secret of decent length");

QJsonObject part(const QByteArray& token, int index)
{
    return QJsonDocument::fromJson(
        QByteArray::fromBase64(token.split('.').at(index), QByteArray::Base64UrlEncoding))
        .object();
}

QString names(const QJsonObject& object)
{
    return object.keys().join(QLatin1Char(' '));
}

} // namespace

class TestTokenMinter : public QObject
{
    Q_OBJECT

    ManualClock m_clock;
    TokenMinter m_minter{secret, {}, m_clock};

    Result<Claims> verified(const QByteArray& token, KeyTrust trust = KeyTrust::Full)
    {
        KeySet keys;
        if (!keys.addSecret(secret, {.trust = trust}))
            qFatal("no key");
        return TokenVerifier(keys, {}, m_clock).verify(token);
    }

private Q_SLOTS:
    void accessTokenHasTheClaimsOfV4();
    void refreshTokenDiffersInTypeAndLifetime();
    void nodeTokenHasNoRoles();
    void containerTokenHasTheClaimsOfV4();
    void adminTokenIsOurs();
    void loginTokensNameTheirAccount();
    void ownTokensNeedATrustedKey();
    void lifetimeCanBeGiven();
    void signatureIsThePlainHmac();
    void tokensAreNeverEqual();
};

void TestTokenMinter::accessTokenHasTheClaimsOfV4()
{
    const QByteArray token = m_minter.accessToken(
        TokenKind::User, 7, {QStringLiteral("Researcher"), QStringLiteral("Viewer")});
    QCOMPARE(part(token, 0),
        QJsonObject({{QStringLiteral("alg"), QStringLiteral("HS256")},
            {QStringLiteral("typ"), QStringLiteral("JWT")}}));
    const QJsonObject payload = part(token, 1);
    QCOMPARE(
        names(payload), QStringLiteral("client_type csrf exp fresh iat jti nbf roles sub type"));
    QCOMPARE(payload.value(QLatin1StringView("sub")), QJsonValue(7));
    QCOMPARE(payload.value(QLatin1StringView("fresh")), QJsonValue(false));
    QCOMPARE(payload.value(QLatin1StringView("type")), QJsonValue(QStringLiteral("access")));
    QCOMPARE(payload.value(QLatin1StringView("client_type")), QJsonValue(QStringLiteral("user")));
    QCOMPARE(payload.value(QLatin1StringView("roles")).toArray().size(), 2);
    QCOMPARE(payload.value(QLatin1StringView("iat")), QJsonValue(1'800'000'000));
    QCOMPARE(payload.value(QLatin1StringView("nbf")), QJsonValue(1'800'000'000));
    QCOMPARE(payload.value(QLatin1StringView("exp")), QJsonValue(1'800'000'000 + 6 * 3600));
    // `sub` must be written 7, not 7.0: vantage6 looks it up as an integer.
    QVERIFY(QByteArray::fromBase64(token.split('.').at(1), QByteArray::Base64UrlEncoding)
                .contains(R"("sub":7,)"));
    const auto claims = verified(token);
    QVERIFY(claims);
    QCOMPARE(claims->subjectId, 7);
    QCOMPARE(claims->kind, TokenKind::User);
}

void TestTokenMinter::refreshTokenDiffersInTypeAndLifetime()
{
    const QByteArray token = m_minter.refreshToken(TokenKind::Node, 9);
    const auto claims = verified(token);
    QVERIFY(claims);
    QCOMPARE(claims->type, TokenType::Refresh);
    QCOMPARE(*claims->expiresAt, m_clock.wall() + 48h);
    QCOMPARE(names(part(token, 1)),
        QStringLiteral("client_type csrf exp fresh iat jti nbf roles sub type"));
}

void TestTokenMinter::nodeTokenHasNoRoles()
{
    const QJsonObject payload = part(m_minter.accessToken(TokenKind::Node, 9), 1);
    QVERIFY(payload.value(QLatin1StringView("roles")).isArray());
    QVERIFY(payload.value(QLatin1StringView("roles")).toArray().isEmpty());
    QCOMPARE(payload.value(QLatin1StringView("client_type")), QJsonValue(QStringLiteral("node")));
}

void TestTokenMinter::containerTokenHasTheClaimsOfV4()
{
    const QByteArray token = m_minter.containerToken({.node = {1},
        .organization = {2},
        .collaboration = {3},
        .study = {},
        .storeId = 0,
        .task = {42},
        .image = QStringLiteral("harbor.example/average"),
        .databases = {QJsonObject{{QStringLiteral("label"), QStringLiteral("default")}}}});
    const QJsonObject payload = part(token, 1);
    QCOMPARE(names(payload), QStringLiteral("client_type csrf fresh iat jti nbf roles sub type"));
    const QJsonObject subject = payload.value(QLatin1StringView("sub")).toObject();
    QCOMPARE(names(subject),
        QStringLiteral("client_type collaboration_id databases image node_id organization_id "
                       "store_id study_id task_id"));
    QVERIFY(subject.value(QLatin1StringView("study_id")).isNull());
    QVERIFY(subject.value(QLatin1StringView("store_id")).isNull());
    const auto claims = verified(token);
    QVERIFY(claims);
    QCOMPARE(claims->kind, TokenKind::Container);
    QCOMPARE(claims->container, subject);
}

void TestTokenMinter::adminTokenIsOurs()
{
    const auto claims = verified(m_minter.adminToken(1, QStringLiteral("ada")));
    QVERIFY(claims);
    QCOMPARE(claims->kind, TokenKind::Admin);
    QCOMPARE(claims->name, QStringLiteral("ada"));
    QCOMPARE(*claims->expiresAt, m_clock.wall() + 8h);
    const auto service = verified(m_minter.serviceToken(4, QStringLiteral("bridge")));
    QVERIFY(service);
    QCOMPARE(service->kind, TokenKind::Service);
    QCOMPARE(service->subjectId, 4);
}

void TestTokenMinter::loginTokensNameTheirAccount()
{
    const QByteArray mark = accountMark("$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$aGFzaA");
    QVERIFY(!mark.isEmpty());
    QVERIFY(mark != accountMark("$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$b3RoZXI"));
    const auto claims = verified(m_minter.adminToken(1, QStringLiteral("ada"), 5s, mark));
    QVERIFY(claims);
    QCOMPARE(accountOf(*claims), mark);
    QCOMPARE(accountOf(*verified(m_minter.adminToken(1, QStringLiteral("ada")))), QByteArray());
    // A claim that is no text is not the same as none.
    Claims odd;
    odd.payload.insert(accountClaim, 7);
    QVERIFY(!accountOf(odd).isEmpty());
}

void TestTokenMinter::ownTokensNeedATrustedKey()
{
    const QByteArray admin = m_minter.adminToken(1, QStringLiteral("ada"));
    const QByteArray service = m_minter.serviceToken(1, QStringLiteral("s"));
    const QByteArray user = m_minter.accessToken(TokenKind::User, 1);
    QCOMPARE(verified(admin, KeyTrust::Federation).error().code, ErrorCode::TokenInvalid);
    QCOMPARE(verified(service, KeyTrust::Federation).error().code, ErrorCode::TokenInvalid);
    QVERIFY(verified(user, KeyTrust::Federation));
}

void TestTokenMinter::lifetimeCanBeGiven()
{
    const QByteArray token = m_minter.accessToken(TokenKind::User, 1, {}, 5s);
    QCOMPARE(*verified(token)->expiresAt, m_clock.wall() + 5s);
}

void TestTokenMinter::signatureIsThePlainHmac()
{
    const QByteArray token = m_minter.adminToken(1, QStringLiteral("ada"));
    const auto decoded = [&](int index) {
        return QByteArray::fromBase64(token.split('.').at(index), QByteArray::Base64UrlEncoding);
    };
    QCOMPARE(hmacToken(decoded(0), decoded(1), secret), token);
}

void TestTokenMinter::tokensAreNeverEqual()
{
    QVERIFY(m_minter.accessToken(TokenKind::User, 1) != m_minter.accessToken(TokenKind::User, 1));
}

QTEST_GUILESS_MAIN(TestTokenMinter)
#include "tst_tokenminter.moc"
