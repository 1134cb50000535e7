// SPDX-License-Identifier: Apache-2.0
#include "server/access/claimprofile.h"
#include "tests/server/access/testkeys.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::access;

namespace {

const QByteArray secret("a secret that is long enough");

ClaimProfile profile()
{
    ClaimProfile profile;
    profile.name = QStringLiteral("bot");
    profile.subject = "id";
    profile.displayName = "username";
    profile.issued = "issued_at";
    profile.lifetime = "expires_in";
    profile.permissions = "permissions";
    profile.adminClaim = "root";
    profile.admins = {QStringLiteral("9")};
    return profile;
}

QByteArray token(const QByteArray& payload, const QByteArray& header = R"({"alg":"HS256"})")
{
    return test::hmacToken(header, payload, secret);
}

} // namespace

/// Tokens of issuers who name their claims in their own way.
class TestClaimProfile : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void claimsAreRead_data();
    void claimsAreRead();
    void theEndIsFound_data();
    void theEndIsFound();
    void tokensAreVerified_data();
    void tokensAreVerified();
    void rememberedTokensEnd();
    void revokedTokensStayRefused();
    void rightsAreRead();
    void namesThatAreMeantLocalAreSo();
};

void TestClaimProfile::claimsAreRead_data()
{
    QTest::addColumn<QByteArray>("payload");
    QTest::addColumn<QByteArray>("subject"); // empty: refused
    QTest::addColumn<qint64>("id");
    QTest::newRow("snowflake") << QByteArray(R"({"id":214037134477230080,"exp":5})")
                               << QByteArray("214037134477230080") << qint64{214037134477230080};
    QTest::newRow("digits") << QByteArray(R"({"id":"42","exp":5})") << QByteArray("42")
                            << qint64{42};
    QTest::newRow("word") << QByteArray(R"({"id":"a-b","exp":5})") << QByteArray("a-b")
                          << qint64{0};
    QTest::newRow("leading zero is a word")
        << QByteArray(R"({"id":"042","exp":5})") << QByteArray("042") << qint64{0};
    QTest::newRow("missing") << QByteArray(R"({"sub":1,"exp":5})") << QByteArray() << qint64{0};
    QTest::newRow("zero") << QByteArray(R"({"id":0,"exp":5})") << QByteArray() << qint64{0};
    QTest::newRow("fraction") << QByteArray(R"({"id":1.5,"exp":5})") << QByteArray() << qint64{0};
    QTest::newRow("array") << QByteArray(R"({"id":[1],"exp":5})") << QByteArray() << qint64{0};
    QTest::newRow("control character")
        << QByteArray(R"({"id":"a\u0000b","exp":5})") << QByteArray() << qint64{0};
    QTest::newRow("two of it") << QByteArray(R"({"id":1,"id":2,"exp":5})") << QByteArray()
                               << qint64{0};
    QTest::newRow("no object") << QByteArray("[1]") << QByteArray() << qint64{0};
    QTest::newRow("no JSON") << QByteArray("{id:1}") << QByteArray() << qint64{0};
    QTest::newRow("permissions in words")
        << QByteArray(R"({"id":1,"exp":5,"permissions":"all"})") << QByteArray() << qint64{0};
}

void TestClaimProfile::claimsAreRead()
{
    QFETCH(QByteArray, payload);
    QFETCH(QByteArray, subject);
    QFETCH(qint64, id);
    const auto claims = readProfileClaims(profile(), payload);
    QCOMPARE(claims ? claims->subject : QByteArray(), subject);
    if (!claims)
        return;
    QCOMPARE(claims->id, id);
    QVERIFY(payload.contains(QByteArray("\"id\":" + claims->rawSubject)));
}

void TestClaimProfile::theEndIsFound_data()
{
    QTest::addColumn<QByteArray>("members");
    QTest::addColumn<qint64>("end"); // -1: refused
    const auto row = [](const char* name, const char* members, qint64 end) {
        QTest::newRow(name) << QByteArray(members) << end;
    };
    row("exp", R"("exp":1000)", 1'000'000);
    row("issue and life time", R"("issued_at":1000,"expires_in":60)", 1'060'000);
    row("a naive time is UTC", R"("issued_at":"1970-01-01T00:10:00.250123","expires_in":60)",
        660'250);
    row("an offset counts", R"("issued_at":"1970-01-01T02:10:00+02:00","expires_in":60)", 660'000);
    row("the earlier one", R"("exp":100,"issued_at":1000,"expires_in":60)", 100'000);
    row("the other earlier one", R"("exp":9000,"issued_at":1000,"expires_in":60)", 1'060'000);
    row("none", R"("x":1)", -1);
    row("half of it", R"("issued_at":1000)", -1);
    row("no time", R"("issued_at":"yesterday","expires_in":60)", -1);
    row("negative life", R"("issued_at":1000,"expires_in":-60)", -1);
    row("exp in words", R"("exp":"1000")", -1);
    row("after the year 9999", R"("exp":1e300)", -1);
}

void TestClaimProfile::theEndIsFound()
{
    QFETCH(QByteArray, members);
    QFETCH(qint64, end);
    const auto claims = readProfileClaims(profile(), R"({"id":1,)" + members + '}');
    QCOMPARE(claims ? claims->expiresAt->count() : -1, end);
}

void TestClaimProfile::tokensAreVerified_data()
{
    QTest::addColumn<QByteArray>("token");
    QTest::addColumn<int>("code"); // -1: good
    const QByteArray good(R"({"id":1,"exp":1800000100})");
    const auto row = [](const char* name, const QByteArray& made, ErrorCode code) {
        QTest::newRow(name) << made << int(code);
    };
    QTest::newRow("good") << token(good) << -1;
    row("none", {}, ErrorCode::TokenMissing);
    row("long", QByteArray(9'000, 'a'), ErrorCode::TokenInvalid);
    row("ended", token(R"({"id":1,"exp":1799999900})"), ErrorCode::TokenExpired);
    row("not yet", token(R"({"id":1,"exp":1800000100,"nbf":1800000050})"), ErrorCode::TokenInvalid);
    row("another key", test::hmacToken(R"({"alg":"HS256"})", good, "another secret, long"),
        ErrorCode::TokenForged);
    row("alg none", test::signedPart(R"({"alg":"none"})", good) + '.', ErrorCode::TokenInvalid);
    row("algorithm not in the list", token(good, R"({"alg":"RS256"})"), ErrorCode::TokenInvalid);
    row("two parts", "a.b", ErrorCode::TokenInvalid);
}

void TestClaimProfile::tokensAreVerified()
{
    QFETCH(QByteArray, token);
    QFETCH(int, code);
    const ManualClock clock;
    KeySet keys;
    QVERIFY(keys.addSecret(secret));
    ProfileVerifier verifier(profile(), keys, clock);
    for (int i = 0; i < 2; ++i) { // the second time it is remembered
        const auto claims = verifier.verify(token);
        QCOMPARE(claims ? -1 : int(claims.error().code), code);
    }
}

void TestClaimProfile::rememberedTokensEnd()
{
    ManualClock clock;
    KeySet keys;
    QVERIFY(keys.addSecret(secret));
    ProfileVerifier verifier(profile(), keys, clock);
    const QByteArray made = token(R"({"id":1,"exp":1800000100})");
    const auto claims = verifier.verify(made);
    QVERIFY(claims);
    clock.advance(Millis{109'999});
    QVERIFY(verifier.recheck(*claims, ProfileVerifier::hashOf(made)));
    clock.advance(Millis{2});
    QCOMPARE(verifier.verify(made).error().code, ErrorCode::TokenExpired);
    QVERIFY(!verifier.recheck(*claims, ProfileVerifier::hashOf(made)));
}

void TestClaimProfile::revokedTokensStayRefused()
{
    ManualClock clock;
    KeySet keys;
    QVERIFY(keys.addSecret(secret));
    ProfileVerifier verifier(profile(), keys, clock);
    QVERIFY(!verifier.revoke("nonsense"));
    QByteArrayList all;
    for (int i = 1; i <= 200; ++i) {
        all.append(token(R"({"id":)" + QByteArray::number(i) + R"(,"exp":1800000100})"));
        QVERIFY(verifier.revoke(all.last()));
    }
    for (const QByteArray& made : all)
        QCOMPARE(verifier.verify(made).error().code, ErrorCode::TokenInvalid);
    QCOMPARE(verifier.revokedTokens(), 200);
    QVERIFY(verifier.revoke(all.first())); // whoever got no answer says it again
    QCOMPARE(verifier.revokedTokens(), 200);
    // Another run, or another process, knows them by their hashes.
    KeySet same;
    QVERIFY(same.addSecret(secret));
    ProfileVerifier other(profile(), std::move(same), clock);
    int told = 0;
    other.setRevoked([&] { ++told; });
    for (int again = 0; again < 2; ++again) {
        for (auto it = verifier.revocations().cbegin(); it != verifier.revocations().cend(); ++it)
            other.addRevocation(it.key(), it.value());
    }
    other.addRevocation("ended", Millis{1});
    QCOMPARE(told, 200);
    QCOMPARE(other.verify(all.last()).error().code, ErrorCode::TokenInvalid);
    clock.advance(Millis{200'000}); // all have ended by themselves
    for (int i = 0; i < 300; ++i)
        verifier.revoke(token(R"({"id":1,"exp":18000)" + QByteArray::number(10'000 + i) + '}'));
    QVERIFY(verifier.revokedTokens() <= 300);
}

void TestClaimProfile::rightsAreRead()
{
    const auto read = [](const char* members) {
        return readProfileClaims(profile(), R"({"exp":5,)" + QByteArray(members) + '}').value();
    };
    QCOMPARE(read(R"("id":1,"permissions":274)").permissions, 274);
    QCOMPARE(read(R"("id":1,"permissions":["a","b"])").permissionNames,
        (QStringList{QStringLiteral("a"), QStringLiteral("b")}));
    QVERIFY(!read(R"("id":1)").isPlatformAdmin);
    QVERIFY(read(R"("id":9)").isPlatformAdmin);
    QVERIFY(read(R"("id":1,"root":true)").isPlatformAdmin);
    QVERIFY(!read(R"("id":1,"root":"true")").isPlatformAdmin);
    QCOMPARE(read(R"("id":1,"username":"b\u00f6b")").name, QStringLiteral("böb"));
    QCOMPARE(read(R"("id":1)").name, QStringLiteral("1"));
}

void TestClaimProfile::namesThatAreMeantLocalAreSo()
{
    ClaimProfile local = profile();
    local.naiveTime = ClaimProfile::NaiveTime::Local;
    const auto claims
        = readProfileClaims(local, R"({"id":1,"issued_at":"2020-01-01T12:00:00","expires_in":0})");
    QCOMPARE(
        claims->expiresAt->count(), QDateTime(QDate(2020, 1, 1), QTime(12, 0)).toMSecsSinceEpoch());
}

QTEST_GUILESS_MAIN(TestClaimProfile)
#include "tst_claimprofile.moc"
