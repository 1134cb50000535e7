// SPDX-License-Identifier: Apache-2.0
#include "server/observe/redact.h"

#include <QTest>

#include <algorithm>
#include <ctime>
#include <limits>

using namespace gatehouse::observe;

class TestRedact : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void secretDisappears_data();
    void secretDisappears();
    void harmlessTextStays_data();
    void harmlessTextStays();
    void structureAroundASecretStays_data();
    void structureAroundASecretStays();
    void controlCharactersAreEscaped_data();
    void controlCharactersAreEscaped();
    void noLengthHidesASecret();
    void costGrowsWithTheLengthAlone();
};

void TestRedact::secretDisappears_data()
{
    QTest::addColumn<QString>("text");
    // Each text holds the secret MARKED, or the number 1923512129, somewhere.
    const auto row = [](const char* name, const char* text) {
        QTest::newRow(name) << QString::fromUtf8(text);
    };
    row("bearer", "Authorization: Bearer MARKED");
    row("bearer in lower case", "authorization=bearer MARKED");
    row("bearer alone", "sent Bearer MARKED, refused");
    row("basic", "Authorization: Basic MARKED==");
    row("query parameter", "GET /socket.io/?EIO=4&token=MARKED&t=1");
    row("access_token parameter", "/x?access_token=MARKED");
    row("json member", R"({"token":"MARKED"})");
    row("json member with spaces", R"({"refresh_token" : "MARKED"})");
    row("json member with an escape", R"({"token":"a\"MARKED"})");
    row("json member cut off", R"({"password":"MARKED)");
    row("json within a text", R"("{\"api_key\":\"MARKED\",\"a\":1}")");
    row("json in a nested object", R"(40/gh-admin,{"auth":{"token":"MARKED"}})");
    row("python dict", "{'api_key': 'MARKED'}");
    row("password", "password=MARKED");
    row("password in quotes", R"(password="MARKED two words")");
    row("camel case", R"({"accessToken":"MARKED"})");
    row("header of a proxy", "X-Api-Key: MARKED");
    row("cookie", "Cookie: a=1; token=2; session=MARKED");
    row("set-cookie", "Set-Cookie: sid=MARKED; Path=/");
    row("environment", "GATEHOUSE_JWT_SECRET=MARKED");
    row("in the file", "secret_file.secret=MARKED");
    row("nonce as a number", R"({"nonce":1923512129})");
    row("a JWT anywhere", R"(42["x","eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOjd9.MARKED"])");
    row("a JWT without signature", "eyJhbGciOiJIUzI1NiJ9.MARKED");
    row("two of them", "token=MARKED password=MARKED");
}

void TestRedact::secretDisappears()
{
    QFETCH(QString, text);
    const QString clean = redacted(text);
    QVERIFY2(!clean.contains(QLatin1StringView("MARKED")), qPrintable(clean));
    QVERIFY2(!clean.contains(QLatin1StringView("1923512129")), qPrintable(clean));
    QVERIFY(clean.contains(QLatin1StringView("[redacted]")));
}

void TestRedact::harmlessTextStays_data()
{
    QTest::addColumn<QString>("text");
    const auto row = [](const char* name, const char* text) {
        QTest::newRow(name) << QString::fromUtf8(text);
    };
    row("empty", "");
    row("plain", "node Alpha joined room collaboration_1");
    row("the word token", "token has expired");
    row("basics as a word", "basics of tokens");
    row("a file name", "eye.catcher of keys");
    row("where a secret is", "auth.secret_file: /etc/gatehouse/nofile: No such file or directory");
    row("where secrets are",
        "auth.accepted_secrets: /etc/gatehouse/old: No such file or directory");
    row("json of where a secret is", R"({"secret_file":"/etc/gatehouse/secret"})");
    row("json of an action", R"({"action":"node:renewToken","at":5})");
}

void TestRedact::harmlessTextStays()
{
    QFETCH(QString, text);
    QCOMPARE(redacted(text), text);
}

void TestRedact::structureAroundASecretStays_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("clean");
    const auto row = [](const char* name, const char* text, const char* clean) {
        QTest::newRow(name) << QString::fromUtf8(text) << QString::fromUtf8(clean);
    };
    row("json stays json", R"({"a":1,"token":"x","b":2})", R"({"a":1,"token":"[redacted]","b":2})");
    row("query goes on", "/x?token=abc&EIO=4", "/x?token=[redacted]&EIO=4");
    row("time of expiry is no secret", R"({"tokenExpiresAt":1800000000000})",
        R"({"tokenExpiresAt":1800000000000})");
}

void TestRedact::structureAroundASecretStays()
{
    QFETCH(QString, text);
    QTEST(redacted(text), "clean");
}

void TestRedact::controlCharactersAreEscaped_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("escaped");
    const auto row = [](const char* name, const QString& text, const char* escaped) {
        QTest::newRow(name) << text << QString::fromUtf8(escaped);
    };
    row("carriage return, line feed", QStringLiteral("a\r\nb"), R"(a\r\nb)");
    row("tab", QStringLiteral("a\tb"), R"(a\tb)");
    row("NUL", QStringLiteral("a") + QChar(u'\0') + QLatin1Char('b'), R"(a\x00b)");
    row("terminal escape", QStringLiteral("\x1b[31m"), R"(\x1b[31m)");
    row("delete and C1", QString(QChar(0x7f)) + QChar(0x9b), R"(\x7f\x9b)");
    row("line separator", QStringLiteral("a\u2028b"), R"(a\u2028b)");
    row("direction override", QStringLiteral("\u202egpj.exe"), R"(\u202egpj.exe)");
    row("letters stay", QStringLiteral("né ü 漢 😀"), "né ü 漢 😀");
}

void TestRedact::controlCharactersAreEscaped()
{
    QFETCH(QString, text);
    QTEST(escapedControls(text), "escaped");
}

namespace {

/// Nanoseconds of this thread's processor time, the least of three: what others do does not count.
qint64 costOf(const QString& text)
{
    const auto now = [] {
        timespec time{};
        ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        return qint64(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
    };
    qint64 least = std::numeric_limits<qint64>::max();
    for (int i = 0; i < 3; ++i) {
        const qint64 began = now();
        (void)redacted(text);
        least = std::min(least, now() - began);
    }
    return least;
}

} // namespace

/// What comes before a secret, however long, must not hide it.
void TestRedact::noLengthHidesASecret()
{
    for (const char* seed : {"token", "token-secret.", "\"token", "a-", "cookie ", "\\\""}) {
        const QString before = QString::fromLatin1(seed).repeated(200'000 / int(qstrlen(seed)));
        const QString text = redacted(before + QStringLiteral(" password=MARKED"));
        QVERIFY2(!text.contains(QStringLiteral("MARKED")), seed);
    }
}

/// Eight times the text may cost eight times as much, with room for caches, but not sixty-four
/// times.
void TestRedact::costGrowsWithTheLengthAlone()
{
    // Texts made to make a careless expression go back and forth.
    for (const char* seed : {"token", "\\", "\"token\":\"\\", "ey-aaaa.", "a-", "bearer ",
             "cookie ", "\\\"token\\\":\\\"", "token-secret.", "eyaaaa"}) {
        const auto text = [seed](qsizetype length) {
            return QString::fromLatin1(seed).repeated(length / qsizetype(qstrlen(seed)));
        };
        const qint64 few = costOf(text(2'048));
        const qint64 many = costOf(text(16'384));
        QVERIFY2(many < 24 * std::max<qint64>(few, 10'000),
            qPrintable(QStringLiteral("%1: %2 ns, then %3 ns")
                           .arg(QLatin1StringView(seed))
                           .arg(few)
                           .arg(many)));
    }
}

QTEST_GUILESS_MAIN(TestRedact)
#include "tst_redact.moc"
