// SPDX-License-Identifier: Apache-2.0
#include "server/access/tokenverifier.h"
#include "tests/server/access/testkeys.h"

#include <QJsonDocument>
#include <QTest>

using namespace gatehouse;
using namespace gatehouse::access;
using namespace gatehouse::access::test;

namespace {

const QByteArray secret("a shared secret of decent length");
const QByteArray otherSecret("another secret of decent length!");
const QByteArray hsHeader(R"({"alg":"HS256","typ":"JWT"})");
constexpr qint64 now = 1'800'000'000; // what ManualClock starts with

/// A user's v4 token; `changes` replace members, null takes one away.
QByteArray payload(const QJsonObject& changes = {})
{
    QJsonObject claims{{QLatin1StringView("sub"), 7}, {QLatin1StringView("iat"), now},
        {QLatin1StringView("nbf"), now}, {QLatin1StringView("exp"), now + 3600},
        {QLatin1StringView("type"), QLatin1StringView("access")},
        {QLatin1StringView("client_type"), QLatin1StringView("user")}};
    for (auto change = changes.begin(); change != changes.end(); ++change) {
        if (change.value().isNull())
            claims.remove(change.key());
        else
            claims.insert(change.key(), change.value());
    }
    return QJsonDocument(claims).toJson(QJsonDocument::Compact);
}

QByteArray payload(const char* name, const QJsonValue& value)
{
    return payload(QJsonObject{{QString::fromLatin1(name), value}});
}

/// The same payload with raw text in place of its closing brace: for what QJsonObject cannot say.
QByteArray rawPayload(const QByteArray& more)
{
    QByteArray text = payload();
    text.chop(1);
    return text + ',' + more + '}';
}

QByteArray withoutMember(const char* name, const QByteArray& instead)
{
    QByteArray text = payload(name, QJsonValue(QJsonValue::Null));
    text.chop(1);
    return text + ",\"" + name + "\":" + instead + '}';
}

void require(const Result<void>& result)
{
    if (!result)
        qFatal("%s", qPrintable(result.error().detail));
}

/// Another last character whose unused bits differ: decodes to the same octets when read
/// carelessly.
QByteArray withLooseBits(QByteArray token)
{
    constexpr QByteArrayView alphabet(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
    const qsizetype at = alphabet.indexOf(token.back());
    token.back() = alphabet[at ^ 1];
    return token;
}

} // namespace

class TestTokenVerifier : public QObject
{
    Q_OBJECT

    ManualClock m_clock;
    PkeyPtr m_rsa = makeRsaKey();
    PkeyPtr m_otherRsa = makeRsaKey();
    PkeyPtr m_ec = makeP256Key();
    PkeyPtr m_ed = makeEd25519Key();

    /// HS256 of ours; RS256 of Keycloak (kid k1), ES256 of another issuer with the same kid, EdDSA.
    KeySet keys() const
    {
        KeySet set;
        require(set.addSecret(secret, {.trust = KeyTrust::Full}));
        require(set.addPem(publicPem(m_rsa), {.kid = "k1", .issuer = "https://a.example"}));
        require(set.addPem(publicPem(m_otherRsa), {.kid = "k1", .issuer = "https://b.example"}));
        require(set.addPem(publicPem(m_ec), {.kid = "e1", .audiences = {"gatehouse"}}));
        require(set.addPem(publicPem(m_ed)));
        return set;
    }

    TokenVerifier verifier(VerifierOptions options = {}) const
    {
        return TokenVerifier(keys(), std::move(options), m_clock);
    }

    static QByteArray keycloak(const QJsonObject& changes = {})
    {
        QJsonObject all{{QLatin1StringView("client_type"), QJsonValue::Null},
            {QLatin1StringView("type"), QJsonValue::Null},
            {QLatin1StringView("typ"), QLatin1StringView("Bearer")},
            {QLatin1StringView("sub"), QLatin1StringView("0b5c2a64-6c5c-4d0e-9e58-2f6f1c9f3a10")},
            {QLatin1StringView("iss"), QLatin1StringView("https://a.example")},
            {QLatin1StringView("vantage6_client_type"), QLatin1StringView("node")}};
        for (auto change = changes.begin(); change != changes.end(); ++change)
            all.insert(change.key(), change.value());
        return payload(all);
    }

private Q_SLOTS:
    void everyAlgorithmIsAccepted_data();
    void everyAlgorithmIsAccepted();
    void attackIsRefused_data();
    void attackIsRefused();
    void wrongSignatureIsToldFromOtherFaults_data();
    void wrongSignatureIsToldFromOtherFaults();
    void sizeLimitIsExact();
    void timesHaveLeeway_data();
    void timesHaveLeeway();
    void expiredIsSaidOnlyOfAnOtherwiseRightToken();
    void graceLetsAnExpiredTokenThrough();
    void keysThatTheTokenBringsAlongAreIgnored();
    void secondKeyOfTheSameKidIsTried();
    void algorithmListNarrowsTheKeys();
    void rememberedTokenStillExpires();
    void rememberedTokensAreForgottenWithTheirKey();
    void memoryOfTokensIsBounded();
    void unknownKeysOfIssuersAreNamed_data();
    void unknownKeysOfIssuersAreNamed();
    void bearerTokenIsFound_data();
    void bearerTokenIsFound();
};

void TestTokenVerifier::everyAlgorithmIsAccepted_data()
{
    QTest::addColumn<QByteArray>("token");
    QTest::addColumn<QString>("subject");
    const QString user = QStringLiteral("7");
    QTest::newRow("HS256, v4 user") << hmacToken(hsHeader, payload(), secret) << user;
    QTest::newRow("RS256, v5 node") << signedToken(R"({"alg":"RS256","typ":"JWT","kid":"k1"})",
        keycloak(), m_rsa) << QStringLiteral("0b5c2a64-6c5c-4d0e-9e58-2f6f1c9f3a10");
    QTest::newRow("ES256 with audience") << signedToken(R"({"alg":"ES256","kid":"e1"})",
        payload("aud", QJsonArray{QLatin1StringView("x"), QLatin1StringView("gatehouse")}), m_ec)
                                         << user;
    QTest::newRow("EdDSA, key without kid")
        << signedToken(R"({"alg":"EdDSA","kid":"any"})", payload(), m_ed) << user;
    QTest::newRow("fractional times")
        << hmacToken(hsHeader, payload("exp", double(now) + 60.5), secret) << user;
}

void TestTokenVerifier::everyAlgorithmIsAccepted()
{
    QFETCH(QByteArray, token);
    QFETCH(QString, subject);
    auto v = verifier();
    for (int round = 0; round < 2; ++round) { // the second time it is remembered
        const auto claims = v.verify(token);
        QVERIFY2(claims, claims ? "" : qPrintable(claims.error().detail));
        QCOMPARE(claims->subject, subject);
        QCOMPARE(v.cachedTokens(), 1);
    }
}

void TestTokenVerifier::attackIsRefused_data()
{
    QTest::addColumn<QByteArray>("token");
    const auto hs = [](const QByteArray& header, const QByteArray& claims = payload()) {
        return hmacToken(header, claims, secret);
    };
    const auto claims = [](const QByteArray& text) { return hmacToken(hsHeader, text, secret); };
    const QByteArray good = claims(payload());
    const QByteArray goodParts = signedPart(hsHeader, payload());
    const QJsonValue none(QJsonValue::Null);

    // Which algorithm (CVE-2015-9235, CVE-2016-5431, CVE-2022-29217, CVE-2024-33663)
    const QByteArray noneParts = signedPart(R"({"alg":"none"})", payload());
    QTest::newRow("alg none without signature") << QByteArray(noneParts + '.');
    QTest::newRow("alg none, two parts") << noneParts;
    QTest::newRow("alg none with a right HMAC") << hs(R"({"alg":"none"})");
    QTest::newRow("alg NONE") << QByteArray(signedPart(R"({"alg":"NONE"})", payload()) + '.');
    QTest::newRow("alg nOnE") << QByteArray(signedPart(R"({"alg":"nOnE"})", payload()) + '.');
    QTest::newRow("alg hs256") << hs(R"({"alg":"hs256"})");
    QTest::newRow("alg missing") << hs(R"({"typ":"JWT"})");
    QTest::newRow("alg empty") << hs(R"({"alg":""})");
    QTest::newRow("alg null") << hs(R"({"alg":null})");
    QTest::newRow("alg a list") << hs(R"({"alg":["HS256"]})");
    QTest::newRow("alg HS512 over an HS256 signature") << hs(R"({"alg":"HS512"})");
    QTest::newRow("alg PS256") << signedToken(R"({"alg":"PS256","kid":"k1"})", keycloak(), m_rsa);
    QTest::newRow("alg with NUL") << hs(R"({"alg":"HS256\u0000"})");
    const QByteArray rsaPem = publicPem(m_rsa);
    QTest::newRow("HS256 with the RSA public key as secret")
        << hmacToken(R"({"alg":"HS256","kid":"k1"})", keycloak(), rsaPem);
    QTest::newRow("HS256 with the RSA public key, no line feed at its end")
        << hmacToken(R"({"alg":"HS256","kid":"k1"})", keycloak(), rsaPem.trimmed());
    QTest::newRow("HS256 with the EC public key as secret")
        << hmacToken(R"({"alg":"HS256","kid":"e1"})", payload(), publicPem(m_ec));
    QTest::newRow("RS256 header over an EC signature")
        << signedToken(R"({"alg":"RS256","kid":"k1"})", keycloak(), m_ec);
    QTest::newRow("ES256 header over an RSA signature")
        << signedToken(R"({"alg":"ES256","kid":"e1"})", payload(), m_rsa);

    // Which key (CVE-2018-0114, CVE-2026-49998)
    const PkeyPtr attacker = makeRsaKey();
    QTest::newRow("embedded key") << signedToken(
        R"({"alg":"RS256","jwk":)" + publicJwk(attacker) + '}', keycloak(), attacker);
    QTest::newRow("embedded key with a known kid") << signedToken(
        R"({"alg":"RS256","kid":"k1","jwk":)" + publicJwk(attacker) + '}', keycloak(), attacker);
    QTest::newRow("embedded symmetric key") << hmacToken(
        R"({"alg":"HS256","jwk":{"kty":"oct","k":")" + base64Url(otherSecret) + R"("}})", payload(),
        otherSecret);
    QTest::newRow("jku of the attacker") << signedToken(
        R"({"alg":"RS256","kid":"k1","jku":"https://evil.example/jwks"})", keycloak(), attacker);
    QTest::newRow("x5c of the attacker")
        << signedToken(R"({"alg":"RS256","kid":"k1","x5c":["AAAA"]})", keycloak(), attacker);
    QTest::newRow("kid of another issuer")
        << signedToken(R"({"alg":"RS256","kid":"k1"})", keycloak(), m_otherRsa);
    QTest::newRow("key of an issuer, no iss") << signedToken(
        R"({"alg":"RS256","kid":"k1"})", keycloak({{QLatin1StringView("iss"), none}}), m_rsa);
    QTest::newRow("issuer with a slash more") << signedToken(R"({"alg":"RS256","kid":"k1"})",
        keycloak({{QLatin1StringView("iss"), QLatin1StringView("https://a.example/")}}), m_rsa);
    QTest::newRow("our secret in the name of another issuer")
        << claims(payload("iss", QLatin1StringView("https://a.example")));
    QTest::newRow("kid unknown") << signedToken(R"({"alg":"RS256","kid":"k9"})", keycloak(), m_rsa);
    QTest::newRow("kid missing") << signedToken(R"({"alg":"RS256"})", keycloak(), m_rsa);
    QTest::newRow("kid a path") << signedToken(
        R"({"alg":"RS256","kid":"../../dev/null"})", keycloak(), m_rsa);
    QTest::newRow("kid a number") << signedToken(R"({"alg":"RS256","kid":1})", keycloak(), m_rsa);
    QTest::newRow("kid with a lone surrogate") << hs(R"({"alg":"HS256","kid":"\ud800"})");
    QTest::newRow("crit") << hs(R"({"alg":"HS256","crit":["exp"]})");
    QTest::newRow("b64 false") << hs(R"({"alg":"HS256","b64":false})");

    // The signature (CVE-2022-21449)
    const QByteArray esParts = signedPart(
        R"({"alg":"ES256","kid":"e1"})", payload("aud", QLatin1StringView("gatehouse")));
    const QByteArray order
        = QByteArray::fromHex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    const QByteArray zero(32, '\0');
    const auto es = [&](const QByteArray& signature) {
        return QByteArray(esParts + '.' + base64Url(signature));
    };
    QTest::newRow("ES256, r and s zero") << es(zero + zero);
    QTest::newRow("ES256, r zero") << es(zero + QByteArray(31, '\0') + '\x01');
    QTest::newRow("ES256, r and s the curve's order") << es(order + order);
    QTest::newRow("ES256, empty signature") << es({});
    QTest::newRow("ES256, 63 octets") << es(QByteArray(63, '\x01'));
    QTest::newRow("ES256, 65 octets") << es(QByteArray(65, '\x01'));
    QTest::newRow("signature empty") << QByteArray(goodParts + '.');
    QTest::newRow("signature cut") << good.chopped(4);
    QTest::newRow("signature of another secret") << hmacToken(hsHeader, payload(), otherSecret);
    QTest::newRow("signature of another payload")
        << QByteArray(signedPart(hsHeader, payload("sub", 8)) + good.mid(good.lastIndexOf('.')));
    QTest::newRow("EdDSA signature cut")
        << signedToken(R"({"alg":"EdDSA"})", payload(), m_ed).chopped(4);

    // The envelope (CVE-2025-30204; malleable base64)
    QTest::newRow("third dot") << QByteArray(good + '.');
    QTest::newRow("8000 dots") << QByteArray(8000, '.');
    QTest::newRow("one part") << QByteArray("abcd");
    QTest::newRow("dots only") << QByteArray("..");
    QTest::newRow("padding") << QByteArray(good + '=');
    QTest::newRow("loose bits in the last character") << withLooseBits(good);
    QTest::newRow("lone last character") << QByteArray(good + "AA");
    QTest::newRow("space in front") << QByteArray(' ' + good);
    QTest::newRow("line feed behind") << QByteArray(good + '\n');
    QTest::newRow("hash mark inside") << QByteArray(good).insert(good.size() - 2, '#');
    QTest::newRow("question mark inside the payload")
        << QByteArray(good).insert(good.indexOf('.') + 3, '?');
    QTest::newRow("standard base64 alphabet")
        << QByteArray(goodParts + '.' + QByteArray(32, '\xfb').toBase64().chopped(1));
    QTest::newRow("NUL inside") << QByteArray(good).insert(5, '\0');
    QTest::newRow("UTF-8 inside") << QByteArray(good).insert(5, "\xc3\xa9");

    // The header's JSON
    QTest::newRow("alg twice, none last") << hs(R"({"alg":"HS256","alg":"none"})");
    QTest::newRow("alg twice, none first") << hs(R"({"alg":"none","alg":"HS256"})");
    QTest::newRow("alg twice, once escaped") << hs(R"({"alg":"HS256","\u0061lg":"none"})");
    QTest::newRow("header an array") << hs(R"(["HS256"])");
    QTest::newRow("header a text") << hs(R"("HS256")");
    QTest::newRow("header empty") << hs("");
    QTest::newRow("header with a comma too many") << hs(R"({"alg":"HS256",})");
    QTest::newRow("header with more behind") << hs(R"({"alg":"HS256"}{})");
    QTest::newRow("header with a BOM") << hs("\xef\xbb\xbf{\"alg\":\"HS256\"}");
    QTest::newRow("header with invalid UTF-8") << hs("{\"alg\":\"HS256\",\"x\":\"\xff\"}");
    QTest::newRow("header nested deep")
        << hs(R"({"alg":"HS256","x":)" + QByteArray(100, '[') + QByteArray(100, ']') + '}');

    // The payload's JSON
    QTest::newRow("sub twice") << claims(rawPayload(R"("sub":1)"));
    QTest::newRow("client_type twice, once escaped")
        << claims(rawPayload(R"("client\u005ftype":"node")"));
    QTest::newRow("exp twice") << claims(rawPayload(R"("exp":9999999999)"));
    QTest::newRow("a name twice inside a member") << claims(rawPayload(R"("x":{"a":1,"a":2})"));
    QTest::newRow("payload an array") << claims("[]");
    QTest::newRow("payload empty") << claims("");
    QTest::newRow("payload not JSON") << claims("sub=7");
    QTest::newRow("payload with more behind") << claims(payload() + "{}");
    QTest::newRow("payload with a raw control character") << claims(rawPayload("\"x\":\"a\nb\""));
    QTest::newRow("payload with invalid UTF-8") << claims(rawPayload("\"x\":\"\xc3\x28\""));
    QTest::newRow("payload with a lone surrogate") << claims(rawPayload(R"("x":"\udc00")"));
    QTest::newRow("payload nested deep")
        << claims(rawPayload("\"x\":" + QByteArray(2000, '[') + QByteArray(2000, ']')));
    QTest::newRow("payload with a BOM") << claims("\xef\xbb\xbf" + payload());

    // Claims: times
    QTest::newRow("exp missing") << claims(payload("exp", none));
    QTest::newRow("exp null") << claims(withoutMember("exp", "null"));
    QTest::newRow("exp a text") << claims(payload("exp", QString::number(now + 60)));
    QTest::newRow("exp beyond 64 bits") << claims(withoutMember("exp", "99999999999999999999"));
    QTest::newRow("exp in milliseconds") << claims(payload("exp", (now + 60) * 1000));
    QTest::newRow("exp 1e300") << claims(withoutMember("exp", "1e300"));
    QTest::newRow("exp negative") << claims(payload("exp", -1));
    QTest::newRow("exp below -2^63") << claims(withoutMember("exp", "-9223372036854775809"));
    QTest::newRow("exp true") << claims(payload("exp", true));
    QTest::newRow("iat in the future") << claims(payload("iat", now + 3600));
    QTest::newRow("iat a text") << claims(payload("iat", QLatin1StringView("now")));
    QTest::newRow("nbf in the future") << claims(payload("nbf", now + 60));
    QTest::newRow("nbf an object") << claims(payload("nbf", QJsonObject()));
    QTest::newRow("archit.us times instead of exp")
        << claims(rawPayload(R"("expires_in":604800,"issued_at":"2020-01-01T00:00:00")")
                      .replace(QByteArray(R"("exp":)" + QByteArray::number(now + 3600) + ','), ""));

    // Claims: who
    QTest::newRow("sub missing") << claims(payload("sub", none));
    QTest::newRow("sub null") << claims(withoutMember("sub", "null"));
    QTest::newRow("sub true") << claims(payload("sub", true));
    QTest::newRow("sub an array") << claims(payload("sub", QJsonArray{7}));
    QTest::newRow("sub an object for a user")
        << claims(payload("sub", QJsonObject{{QLatin1StringView("id"), 7}}));
    QTest::newRow("sub zero") << claims(payload("sub", 0));
    QTest::newRow("sub negative") << claims(payload("sub", -7));
    QTest::newRow("sub with a fraction") << claims(payload("sub", 7.5));
    QTest::newRow("sub 7.0") << claims(withoutMember("sub", "7.0"));
    QTest::newRow("sub 7e0") << claims(withoutMember("sub", "7e0"));
    QTest::newRow("sub 2^63") << claims(withoutMember("sub", "9223372036854775808"));
    QTest::newRow("sub empty") << claims(payload("sub", QString()));
    QTest::newRow("sub with control characters")
        << claims(payload("sub", QStringLiteral("a\r\nb")));
    QTest::newRow("sub of 300 characters") << claims(payload("sub", QString(300, u'a')));
    QTest::newRow("client_type missing") << claims(payload("client_type", none));
    QTest::newRow("client_type unknown")
        << claims(payload("client_type", QLatin1StringView("root")));
    QTest::newRow("client_type admin")
        << claims(payload("client_type", QLatin1StringView("admin")));
    QTest::newRow("client_type a list")
        << claims(payload("client_type", QJsonArray{QLatin1StringView("user")}));
    QTest::newRow("two kinds in one token")
        << claims(payload("vantage6_client_type", QLatin1StringView("node")));
    QTest::newRow("user with our own kind claim")
        << claims(payload("gatehouse_kind", QLatin1StringView("user")));
    QTest::newRow("admin and user")
        << claims(payload("gatehouse_kind", QLatin1StringView("admin")));
    QTest::newRow("admin with text for sub")
        << claims(payload({{QLatin1StringView("client_type"), none},
               {QLatin1StringView("gatehouse_kind"), QLatin1StringView("admin")},
               {QLatin1StringView("sub"), QLatin1StringView("1")}}));
    QTest::newRow("admin signed by somebody else's issuer")
        << signedToken(R"({"alg":"RS256","kid":"k1"})",
               keycloak({{QLatin1StringView("vantage6_client_type"), none},
                   {QLatin1StringView("gatehouse_kind"), QLatin1StringView("admin")},
                   {QLatin1StringView("sub"), 1}}),
               m_rsa);
    QTest::newRow("service signed by a federation key") << signedToken(R"({"alg":"EdDSA"})",
        payload({{QLatin1StringView("client_type"), none},
            {QLatin1StringView("gatehouse_kind"), QLatin1StringView("service")}}),
        m_ed);
    QTest::newRow("password-reset token of vantage6")
        << claims(payload({{QLatin1StringView("client_type"), QLatin1StringView("container")},
               {QLatin1StringView("sub"),
                   QJsonObject{{QLatin1StringView("id"), QLatin1StringView("7")}}}}));
    QTest::newRow("ID token of Keycloak") << signedToken(R"({"alg":"RS256","kid":"k1"})",
        keycloak({{QLatin1StringView("typ"), QLatin1StringView("ID")}}), m_rsa);
    QTest::newRow("type unknown") << claims(payload("type", QLatin1StringView("reset")));
    QTest::newRow("type a number") << claims(payload("type", 1));
    QTest::newRow("type and typ") << claims(payload("typ", QLatin1StringView("Bearer")));

    // Claims: for whom
    QTest::newRow("audience missing")
        << signedToken(R"({"alg":"ES256","kid":"e1"})", payload(), m_ec);
    QTest::newRow("audience another") << signedToken(
        R"({"alg":"ES256","kid":"e1"})", payload("aud", QLatin1StringView("gatehouse2")), m_ec);
    QTest::newRow("audience a number")
        << signedToken(R"({"alg":"ES256","kid":"e1"})", payload("aud", 1), m_ec);
    QTest::newRow("audience list with an object") << signedToken(R"({"alg":"ES256","kid":"e1"})",
        payload("aud", QJsonArray{QLatin1StringView("gatehouse"), QJsonObject()}), m_ec);
    QTest::newRow("iss a number") << claims(payload("iss", 5));
    QTest::newRow("jti an object") << claims(payload("jti", QJsonObject()));
}

void TestTokenVerifier::attackIsRefused()
{
    QFETCH(QByteArray, token);
    auto v = verifier();
    const auto claims = v.verify(token);
    QVERIFY(!claims);
    QVERIFY2(claims.error().code == ErrorCode::TokenInvalid
            || claims.error().code == ErrorCode::TokenForged,
        qPrintable(claims.error().detail));
    QCOMPARE(v.cachedTokens(), 0);
    // No part of the token comes back in the error.
    const QByteArray detail = claims.error().detail.toUtf8();
    for (const QByteArray& part : token.split('.'))
        QVERIFY(part.size() < 8 || !detail.contains(part.left(8)));
}

void TestTokenVerifier::wrongSignatureIsToldFromOtherFaults_data()
{
    QTest::addColumn<QByteArray>("token");
    QTest::addColumn<ErrorCode>("code");
    QTest::newRow("empty") << QByteArray() << ErrorCode::TokenMissing;
    QTest::newRow("another secret")
        << hmacToken(hsHeader, payload(), otherSecret) << ErrorCode::TokenForged;
    QTest::newRow("kid that is gone") << signedToken(R"({"alg":"RS256","kid":"old"})", keycloak(),
        m_rsa) << ErrorCode::TokenForged;
    QTest::newRow("bad claims under a bad signature")
        << hmacToken(hsHeader, payload("sub", true), otherSecret) << ErrorCode::TokenForged;
    QTest::newRow("bad claims under a good signature")
        << hmacToken(hsHeader, payload("sub", true), secret) << ErrorCode::TokenInvalid;
    QTest::newRow("not a token") << QByteArray("hello") << ErrorCode::TokenInvalid;
    QTest::newRow("algorithm nobody has a key for")
        << hmacToken(R"({"alg":"HS384"})", payload(), secret) << ErrorCode::TokenInvalid;
    QTest::newRow("expired") << hmacToken(hsHeader, payload("exp", now - 60), secret)
                             << ErrorCode::TokenExpired;
    QTest::newRow("expired with a bad signature")
        << hmacToken(hsHeader, payload("exp", now - 60), otherSecret) << ErrorCode::TokenForged;
}

void TestTokenVerifier::wrongSignatureIsToldFromOtherFaults()
{
    QFETCH(QByteArray, token);
    auto v = verifier();
    const auto claims = v.verify(token);
    QVERIFY(!claims);
    QTEST(claims.error().code, "code");
}

void TestTokenVerifier::sizeLimitIsExact()
{
    // Fill up with `kid`, which this key does not ask for; three octets make four characters.
    const auto sized = [](qsizetype wanted) {
        for (qsizetype fill = 5000;; ++fill) {
            const QByteArray token = hmacToken(
                R"({"alg":"HS256","kid":")" + QByteArray(fill, 'k') + R"("})", payload(), secret);
            if (token.size() >= wanted)
                return token;
        }
    };
    const QByteArray token = sized(8000);
    auto exact = verifier({.maxTokenBytes = token.size()});
    QVERIFY(exact.verify(token));
    auto oneLess = verifier({.maxTokenBytes = token.size() - 1});
    QCOMPARE(oneLess.verify(token).error().code, ErrorCode::TokenInvalid);
    auto standard = verifier();
    QVERIFY(standard.verify(token));
    QVERIFY(!standard.verify(sized(8193)));
}

void TestTokenVerifier::timesHaveLeeway_data()
{
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<qint64>("offset");
    QTest::addColumn<bool>("accepted");
    QTest::newRow("exp 9 s ago") << QByteArray("exp") << qint64(-9) << true;
    QTest::newRow("exp 10 s ago") << QByteArray("exp") << qint64(-10) << false;
    QTest::newRow("nbf in 10 s") << QByteArray("nbf") << qint64(10) << true;
    QTest::newRow("nbf in 11 s") << QByteArray("nbf") << qint64(11) << false;
    QTest::newRow("iat in 10 s") << QByteArray("iat") << qint64(10) << true;
    QTest::newRow("iat in 11 s") << QByteArray("iat") << qint64(11) << false;
}

void TestTokenVerifier::timesHaveLeeway()
{
    QFETCH(QByteArray, name);
    QFETCH(qint64, offset);
    auto v = verifier();
    const auto claims
        = v.verify(hmacToken(hsHeader, payload(name.constData(), now + offset), secret));
    QTEST(claims.has_value(), "accepted");
}

void TestTokenVerifier::expiredIsSaidOnlyOfAnOtherwiseRightToken()
{
    auto v = verifier();
    const auto code = [&v](const QJsonObject& changes) {
        return v.verify(hmacToken(hsHeader, payload(changes), secret)).error().code;
    };
    const QLatin1StringView exp("exp");
    QCOMPARE(code({{exp, now - 60}}), ErrorCode::TokenExpired);
    QCOMPARE(code({{exp, now - 60}, {QLatin1StringView("sub"), true}}), ErrorCode::TokenInvalid);
    QCOMPARE(
        code({{exp, now - 60}, {QLatin1StringView("iat"), now + 60}}), ErrorCode::TokenInvalid);
    QCOMPARE(
        code({{exp, now - 60}, {QLatin1StringView("iss"), QLatin1StringView("https://a.example")}}),
        ErrorCode::TokenInvalid);
}

void TestTokenVerifier::graceLetsAnExpiredTokenThrough()
{
    auto v = verifier();
    const QByteArray token = hmacToken(hsHeader, payload("exp", now - 60), secret);
    QCOMPARE(v.verify(token, Millis{50'000}).error().code, ErrorCode::TokenExpired);
    const auto claims = v.verify(token, Millis{60'000});
    QVERIFY(claims);
    QVERIFY(*claims->expiresAt < m_clock.wall());
    // The grace of one question is not the grace of the next.
    QCOMPARE(v.verify(token).error().code, ErrorCode::TokenExpired);
}

void TestTokenVerifier::keysThatTheTokenBringsAlongAreIgnored()
{
    // A right signature of ours stays right beside an embedded key: it is not even looked at.
    auto v = verifier();
    QVERIFY(v.verify(
        hmacToken(R"({"alg":"HS256","jwk":)" + publicJwk(makeP256Key()) + '}', payload(), secret)));
}

void TestTokenVerifier::secondKeyOfTheSameKidIsTried()
{
    auto v = verifier();
    QVERIFY(v.verify(signedToken(R"({"alg":"RS256","kid":"k1"})",
        keycloak({{QLatin1StringView("iss"), QLatin1StringView("https://b.example")}}),
        m_otherRsa)));
}

void TestTokenVerifier::algorithmListNarrowsTheKeys()
{
    auto v = verifier({.algorithms = {Algorithm::RS256}});
    QVERIFY(v.verify(signedToken(R"({"alg":"RS256","kid":"k1"})", keycloak(), m_rsa)));
    QCOMPARE(
        v.verify(hmacToken(hsHeader, payload(), secret)).error().code, ErrorCode::TokenInvalid);
}

void TestTokenVerifier::rememberedTokenStillExpires()
{
    ManualClock clock;
    TokenVerifier v(keys(), {}, clock);
    const QByteArray token = hmacToken(hsHeader, payload("exp", now + 60), secret);
    QVERIFY(v.verify(token));
    clock.advance(Millis{69'999}); // 60 s and the leeway of 10 s
    QVERIFY(v.verify(token));
    clock.advance(Millis{1});
    QCOMPARE(v.verify(token).error().code, ErrorCode::TokenExpired);
    QCOMPARE(v.cachedTokens(), 0);
    clock.jumpWall(Millis{-3'600'000}); // back before iat
    QCOMPARE(v.verify(token).error().code, ErrorCode::TokenInvalid);
}

void TestTokenVerifier::rememberedTokensAreForgottenWithTheirKey()
{
    auto v = verifier();
    const QByteArray token = hmacToken(hsHeader, payload(), secret);
    QVERIFY(v.verify(token));
    KeySet rotated;
    require(rotated.addSecret(otherSecret));
    v.setKeys(rotated);
    QCOMPARE(v.verify(token).error().code, ErrorCode::TokenForged);
    QVERIFY(v.verify(hmacToken(hsHeader, payload(), otherSecret)));
}

void TestTokenVerifier::memoryOfTokensIsBounded()
{
    auto v = verifier({.maxCachedTokens = 8});
    for (int id = 1; id <= 100; ++id)
        QVERIFY(v.verify(hmacToken(hsHeader, payload("sub", id), secret)));
    QCOMPARE(v.cachedTokens(), 8);
    auto forgetful = verifier({.maxCachedTokens = 0});
    QVERIFY(forgetful.verify(hmacToken(hsHeader, payload(), secret)));
    QCOMPARE(forgetful.cachedTokens(), 0);
}

void TestTokenVerifier::unknownKeysOfIssuersAreNamed_data()
{
    QTest::addColumn<QByteArray>("token");
    QTest::addColumn<bool>("isNew");
    const PkeyPtr key = makeEd25519Key();
    const auto row = [&](const char* name, const QByteArray& header, bool isNew) {
        QTest::newRow(name) << signedToken(header, payload(), key) << isNew;
    };
    row("another kid", R"({"alg":"EdDSA","kid":"b"})", true);
    row("the kid there is", R"({"alg":"EdDSA","kid":"a"})", false);
    row("no kid", R"({"alg":"EdDSA"})", false);
    row("kid of another type", R"({"alg":"EdDSA","kid":7})", false);
    row("a shared secret", R"({"alg":"HS256","kid":"b"})", false);
    row("an algorithm outside the list", R"({"alg":"ES256","kid":"b"})", false);
    row("none", R"({"alg":"none","kid":"b"})", false);
    row("kid twice", R"({"alg":"EdDSA","kid":"a","kid":"b"})", false);
    QTest::newRow("no token") << QByteArray("abc") << false;
    QTest::newRow("too long") << signedToken(
        R"({"alg":"EdDSA","kid":"b"})", payload("pad", QString(9'000, u'x')), key)
                              << false;
}

void TestTokenVerifier::unknownKeysOfIssuersAreNamed()
{
    QFETCH(QByteArray, token);
    QFETCH(bool, isNew);
    const ManualClock clock;
    KeySet keys;
    require(keys.addPem(publicPem(makeEd25519Key()), KeyBinding{.kid = "a"}));
    const TokenVerifier verifier(keys, {.algorithms = {Algorithm::EdDSA}}, clock);
    QCOMPARE(verifier.namesUnknownKey(token), isNew);
}

void TestTokenVerifier::bearerTokenIsFound_data()
{
    QTest::addColumn<QByteArray>("value");
    QTest::addColumn<QByteArray>("token");
    QTest::newRow("usual") << QByteArray("Bearer abc.def.ghi") << QByteArray("abc.def.ghi");
    QTest::newRow("lower case, spaces") << QByteArray(" bearer   abc ") << QByteArray("abc");
    QTest::newRow("another scheme") << QByteArray("Basic abc") << QByteArray();
    QTest::newRow("no scheme") << QByteArray("abc.def.ghi") << QByteArray();
    QTest::newRow("scheme alone") << QByteArray("Bearer ") << QByteArray();
    QTest::newRow("empty") << QByteArray() << QByteArray();
}

void TestTokenVerifier::bearerTokenIsFound()
{
    QFETCH(QByteArray, value);
    QTEST(TokenVerifier::bearerToken(value).value_or(QByteArray()), "token");
}

QTEST_GUILESS_MAIN(TestTokenVerifier)
#include "tst_tokenverifier.moc"
