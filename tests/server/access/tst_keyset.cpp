// SPDX-License-Identifier: Apache-2.0
#include "server/access/keyset.h"
#include "server/access/tokenverifier.h"
#include "tests/server/access/testkeys.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace gatehouse;
using namespace gatehouse::access;
using namespace gatehouse::access::test;

namespace {

const QByteArray userClaims(R"({"sub":7,"exp":1800003600,"client_type":"user","type":"access"})");

QByteArray withoutArmour(const QByteArray& pem)
{
    const QByteArrayList lines = pem.trimmed().split('\n');
    return lines.mid(1, lines.size() - 2).join();
}

} // namespace

class TestKeySet : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;
    ManualClock m_clock;

    QString write(const QByteArray& content, QFile::Permissions permissions)
    {
        const QString path = m_folder.filePath(QStringLiteral("key"));
        QFile::remove(path);
        QFile file(path);
        if (!file.open(QIODevice::WriteOnly) || file.write(content) != content.size())
            qFatal("cannot write a key file");
        file.setPermissions(permissions);
        return path;
    }

    bool accepts(const KeySet& keys, const QByteArray& token)
    {
        return TokenVerifier(keys, {}, m_clock).verify(token).has_value();
    }

    static constexpr auto onlyOwner = QFile::ReadOwner | QFile::WriteOwner;
    static constexpr auto group = onlyOwner | QFile::ReadGroup;
    static constexpr auto everybody = group | QFile::ReadOther;

private Q_SLOTS:
    void pemKindsFindTheirAlgorithm_data();
    void pemKindsFindTheirAlgorithm();
    void unusableKeyIsRefused_data();
    void unusableKeyIsRefused();
    void jwksGivesEveryUsableKey();
    void jwkTakesItsKidAndAlgorithm();
    void badJwksIsRefused_data();
    void badJwksIsRefused();
    void secretFilesMustBePrivate_data();
    void secretFilesMustBePrivate();
    void candidatesGoByAlgorithmAndKid();
    void numberOfKeysIsBounded();
};

void TestKeySet::pemKindsFindTheirAlgorithm_data()
{
    QTest::addColumn<QByteArray>("pem");
    QTest::addColumn<QByteArray>("token");
    QTest::addColumn<Algorithm>("algorithm");
    const PkeyPtr rsa = makeRsaKey();
    const PkeyPtr ec = makeP256Key();
    const PkeyPtr ed = makeEd25519Key();
    const QByteArray rs = signedToken(R"({"alg":"RS256"})", userClaims, rsa);
    const QByteArray es = signedToken(R"({"alg":"ES256"})", userClaims, ec);
    const QByteArray eddsa = signedToken(R"({"alg":"EdDSA"})", userClaims, ed);
    QTest::newRow("RSA public") << publicPem(rsa) << rs << Algorithm::RS256;
    QTest::newRow("RSA private") << privatePem(rsa) << rs << Algorithm::RS256;
    QTest::newRow("RSA certificate") << certificatePem(rsa) << rs << Algorithm::RS256;
    QTest::newRow("RSA bare base64, as Keycloak shows it")
        << withoutArmour(publicPem(rsa)) << rs << Algorithm::RS256;
    QTest::newRow("P-256 public") << publicPem(ec) << es << Algorithm::ES256;
    QTest::newRow("P-256 private") << privatePem(ec) << es << Algorithm::ES256;
    QTest::newRow("P-256 certificate") << certificatePem(ec) << es << Algorithm::ES256;
    QTest::newRow("Ed25519 public") << publicPem(ed) << eddsa << Algorithm::EdDSA;
    QTest::newRow("Ed25519 private") << privatePem(ed) << eddsa << Algorithm::EdDSA;
}

void TestKeySet::pemKindsFindTheirAlgorithm()
{
    QFETCH(QByteArray, pem);
    QFETCH(QByteArray, token);
    QFETCH(Algorithm, algorithm);
    KeySet keys;
    QVERIFY(keys.addPem(pem));
    QCOMPARE(keys.algorithms(), std::vector<Algorithm>{algorithm});
    QVERIFY(accepts(keys, token));
}

void TestKeySet::unusableKeyIsRefused_data()
{
    QTest::addColumn<QByteArray>("pem");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("no PEM") << QByteArray("hello");
    QTest::newRow("RSA of 1024 bits") << publicPem(makeRsaKey(1024));
    QTest::newRow("P-384") << publicPem(makeEcKey("P-384"));
    QTest::newRow("secp256k1") << publicPem(makeEcKey("secp256k1"));
    QTest::newRow("cut off") << publicPem(makeP256Key()).left(80);
}

void TestKeySet::unusableKeyIsRefused()
{
    QFETCH(QByteArray, pem);
    KeySet keys;
    const auto added = keys.addPem(pem);
    QVERIFY(!added);
    QVERIFY(!added.error().detail.isEmpty());
    QVERIFY(keys.isEmpty());
}

void TestKeySet::jwksGivesEveryUsableKey()
{
    const PkeyPtr rsa = makeRsaKey();
    const PkeyPtr ec = makeP256Key();
    const PkeyPtr ed = makeEd25519Key();
    const QByteArray secret(32, 'k');
    const QByteArray jwks = R"({"keys":[)" + publicJwk(rsa, R"("kid":"r","use":"sig")") + ','
        + publicJwk(ec, R"("kid":"e","alg":"ES256")") + ',' + publicJwk(ed, R"("kid":"d")") + ','
        + R"({"kty":"oct","kid":"o","k":")" + base64Url(secret) + R"("},)"
        + publicJwk(rsa, R"("kid":"x","use":"enc")") + ','
        + publicJwk(rsa, R"("kid":"y","alg":"RS512")") + ','
        + R"({"kty":"EC","crv":"P-521","x":"AA","y":"AA"},{"kty":"new"}]})";
    KeySet keys;
    const auto added = keys.addJwks(jwks, {.issuer = "me"});
    QVERIFY2(added, added ? "" : qPrintable(added.error().detail));
    QCOMPARE(*added, 4);
    QCOMPARE(keys.size(), 4);
    const QByteArray claims = R"({"iss":"me",)" + userClaims.mid(1);
    QVERIFY(accepts(keys, signedToken(R"({"alg":"RS256","kid":"r"})", claims, rsa)));
    QVERIFY(accepts(keys, signedToken(R"({"alg":"ES256","kid":"e"})", claims, ec)));
    QVERIFY(accepts(keys, signedToken(R"({"alg":"EdDSA","kid":"d"})", claims, ed)));
    QVERIFY(accepts(keys, hmacToken(R"({"alg":"HS256","kid":"o"})", claims, secret)));
    QVERIFY(!accepts(keys, signedToken(R"({"alg":"RS256","kid":"x"})", claims, rsa)));
    QVERIFY(!accepts(keys, signedToken(R"({"alg":"RS256","kid":"r"})", userClaims, rsa)));
}

void TestKeySet::jwkTakesItsKidAndAlgorithm()
{
    KeySet keys;
    QVERIFY(keys.addJwks(
        R"({"keys":[)" + publicJwk(makeP256Key(), R"("kid":"a")") + "]}", {.kid = "ignored"}));
    QCOMPARE(keys.candidates(Algorithm::ES256, QByteArray("a")).size(), size_t(1));
    QVERIFY(keys.candidates(Algorithm::ES256, QByteArray("ignored")).empty());
    QVERIFY(keys.candidates(Algorithm::HS256, QByteArray("a")).empty());
}

void TestKeySet::badJwksIsRefused_data()
{
    QTest::addColumn<QByteArray>("json");
    const QByteArray good = publicJwk(makeP256Key());
    QTest::newRow("not JSON") << QByteArray("keys");
    QTest::newRow("no keys") << QByteArray("{}");
    QTest::newRow("keys an object") << QByteArray(R"({"keys":{}})");
    QTest::newRow("empty set") << QByteArray(R"({"keys":[]})");
    QTest::newRow("kty twice") << QByteArray(R"({"keys":[{"kty":"oct",)" + good.mid(1) + "]}");
    QTest::newRow("nothing but texts") << QByteArray(R"({"keys":["a"]})");
    QTest::newRow("P-256 point off the curve")
        << QByteArray(R"({"keys":[{"kty":"EC","crv":"P-256","x":")" + base64Url(QByteArray(32, 'x'))
               + R"(","y":")" + base64Url(QByteArray(32, 'y')) + R"("}]})");
    QTest::newRow("P-256 without y") << QByteArray(
        R"({"keys":[{"kty":"EC","crv":"P-256","x":")" + base64Url(QByteArray(32, 'x')) + R"("}]})");
    QTest::newRow("Ed25519 of 31 octets")
        << QByteArray(R"({"keys":[{"kty":"OKP","crv":"Ed25519","x":")"
               + base64Url(QByteArray(31, 'x')) + R"("}]})");
    QTest::newRow("secret of 8 octets")
        << QByteArray(R"({"keys":[{"kty":"oct","k":"MTIzNDU2Nzg"}]})");
    QTest::newRow("RSA of 1024 bits")
        << QByteArray(R"({"keys":[)" + publicJwk(makeRsaKey(1024)) + "]}");
}

void TestKeySet::badJwksIsRefused()
{
    QFETCH(QByteArray, json);
    KeySet keys;
    QVERIFY(!keys.addJwks(json));
    QVERIFY(keys.isEmpty());
}

void TestKeySet::secretFilesMustBePrivate_data()
{
    QTest::addColumn<QByteArray>("content");
    QTest::addColumn<QByteArray>("kind");
    QTest::addColumn<int>("permissions");
    QTest::addColumn<bool>("accepted");
    QTest::addColumn<int>("warnings");
    const PkeyPtr ec = makeP256Key();
    const QByteArray publicSet = R"({"keys":[)" + publicJwk(ec) + "]}";
    const QByteArray secretSet
        = R"({"keys":[{"kty":"oct","k":")" + base64Url(QByteArray(32, 's')) + R"("}]})";
    const auto row = [](const char* name, const char* kind, const QByteArray& content,
                         QFile::Permissions permissions, bool accepted, int warnings = 0) {
        QTest::newRow(name) << content << QByteArray(kind) << int(permissions) << accepted
                            << warnings;
    };
    const QByteArray secret(32, 's');
    row("secret, owner only", "secret", secret, onlyOwner, true);
    row("secret, group may read", "secret", secret, group, true, 1);
    row("secret, group may write", "secret", secret, group | QFile::WriteGroup, false);
    row("secret, everybody may read", "secret", secret, everybody, false);
    row("secret, others may write", "secret", secret, onlyOwner | QFile::WriteOther, false);
    row("public key, everybody may read", "pem", publicPem(ec), everybody, true);
    row("private key, owner only", "pem", privatePem(ec), onlyOwner, true);
    row("private key, group may read", "pem", privatePem(ec), group, true, 1);
    row("private key, everybody may read", "pem", privatePem(ec), everybody, false);
    row("public JWKS, everybody may read", "jwks", publicSet, everybody, true);
    row("symmetric JWKS, owner only", "jwks", secretSet, onlyOwner, true);
    row("symmetric JWKS, everybody may read", "jwks", secretSet, everybody, false);
}

void TestKeySet::secretFilesMustBePrivate()
{
    QFETCH(QByteArray, content);
    QFETCH(QByteArray, kind);
    QFETCH(int, permissions);
    const QString path = write(content, QFile::Permissions::fromInt(permissions));
    KeySet keys;
    QStringList warnings;
    std::optional<Error> error;
    if (kind == "jwks") {
        if (const auto added = keys.addJwksFile(path, {}, &warnings); !added)
            error = added.error();
    } else {
        const auto added = kind == "pem" ? keys.addPemFile(path, {}, &warnings)
                                         : keys.addSecretFile(path, {}, &warnings);
        if (!added)
            error = added.error();
    }
    QTEST(!error, "accepted");
    QTEST(int(warnings.size()), "warnings");
    if (error) {
        QCOMPARE(error->code, ErrorCode::Forbidden);
        QVERIFY(error->detail.contains(path));
        QVERIFY(!error->detail.toUtf8().contains(content.left(8)));
        QVERIFY(keys.isEmpty());
    }
}

void TestKeySet::candidatesGoByAlgorithmAndKid()
{
    KeySet keys;
    QVERIFY(keys.addSecret(QByteArray(32, 'a'), {.kid = "a"}));
    QVERIFY(keys.addSecret(QByteArray(32, 'b')));
    const auto count = [&keys](std::optional<QByteArray> kid) {
        return keys.candidates(Algorithm::HS256, kid).size();
    };
    QCOMPARE(count(QByteArray("a")), size_t(2));
    QCOMPARE(count(QByteArray("b")), size_t(1));
    QCOMPARE(count(QByteArray()), size_t(1));
    QCOMPARE(count(std::nullopt), size_t(1));
    QVERIFY(keys.candidates(Algorithm::RS256, QByteArray("a")).empty());
}

void TestKeySet::numberOfKeysIsBounded()
{
    KeySet keys;
    int added = 0;
    while (added < 1000 && keys.addSecret(QByteArray(32, 'a')))
        ++added;
    QCOMPARE(added, 64);
}

QTEST_GUILESS_MAIN(TestKeySet)
#include "tst_keyset.moc"
