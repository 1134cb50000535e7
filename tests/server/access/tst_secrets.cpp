// SPDX-License-Identifier: Apache-2.0
#include "server/access/secrets.h"

#include <QFile>
#include <QRegularExpression>
#include <QSet>
#include <QTemporaryDir>
#include <QTest>

#include <array>

using namespace gatehouse;
using namespace gatehouse::access;

class TestSecrets : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;

private Q_SLOTS:
    void randomValuesDoNotRepeat();
    void randomOctetsAreEvenlySpread();
    void uuidHasItsForm();
    void oneTimePasswordIsReadable();
    void comparisonIsExact_data();
    void comparisonIsExact();
    void secretFileIsMadeOnceAndPrivately();
    void existingSecretIsKept();
    void unreadableSecretIsAnError_data();
    void unreadableSecretIsAnError();
};

void TestSecrets::randomValuesDoNotRepeat()
{
    QSet<QByteArray> seen;
    for (int i = 0; i < 20'000; ++i) {
        const QByteArray token = randomToken(16);
        QCOMPARE(token.size(), 22);
        seen.insert(token);
        seen.insert(randomUuid());
    }
    QCOMPARE(seen.size(), 40'000);
    QCOMPARE(randomToken().size(), 43);
    QCOMPARE(randomBytes(7).size(), 7);
}

void TestSecrets::randomOctetsAreEvenlySpread()
{
    // 65536 octets, 256 of each expected with a deviation of 16: ten deviations are no accident.
    std::array<int, 256> counts{};
    for (const char octet : randomBytes(65'536))
        ++counts[uchar(octet)];
    for (const int count : counts)
        QVERIFY(count > 96 && count < 416);
}

void TestSecrets::uuidHasItsForm()
{
    const QRegularExpression form(
        QStringLiteral("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"));
    for (int i = 0; i < 100; ++i)
        QVERIFY(form.match(QString::fromLatin1(randomUuid())).hasMatch());
}

void TestSecrets::oneTimePasswordIsReadable()
{
    const QRegularExpression form(QStringLiteral("^[A-HJKMNP-Z2-9]{5}(-[A-HJKMNP-Z2-9]{5}){4}$"));
    QSet<QChar> letters;
    QSet<QString> seen;
    for (int i = 0; i < 200; ++i) {
        const QString password = oneTimePassword();
        QVERIFY2(form.match(password).hasMatch(), qPrintable(password));
        seen.insert(password);
        for (const QChar c : password)
            letters.insert(c);
    }
    QCOMPARE(seen.size(), 200);
    QCOMPARE(letters.size(), 32); // all 31 and the dash
}

void TestSecrets::comparisonIsExact_data()
{
    QTest::addColumn<QByteArray>("a");
    QTest::addColumn<QByteArray>("b");
    QTest::addColumn<bool>("equal");
    QTest::newRow("equal") << QByteArray("abc") << QByteArray("abc") << true;
    QTest::newRow("first octet") << QByteArray("xbc") << QByteArray("abc") << false;
    QTest::newRow("last octet") << QByteArray("abx") << QByteArray("abc") << false;
    QTest::newRow("shorter") << QByteArray("ab") << QByteArray("abc") << false;
    QTest::newRow("empty") << QByteArray() << QByteArray("a") << false;
    QTest::newRow("both empty") << QByteArray() << QByteArray() << true;
    QTest::newRow("after NUL") << QByteArray("a\0b", 3) << QByteArray("a\0c", 3) << false;
}

void TestSecrets::comparisonIsExact()
{
    QFETCH(QByteArray, a);
    QFETCH(QByteArray, b);
    QTEST(equalsInConstantTime(a, b), "equal");
    QTEST(equalsInConstantTime(b, a), "equal");
}

void TestSecrets::secretFileIsMadeOnceAndPrivately()
{
    const QString path = m_folder.filePath(QStringLiteral("made"));
    QVERIFY(createSecretFile(path, "first"));
    QCOMPARE(QFile::permissions(path)
            & (QFile::ReadGroup | QFile::WriteGroup | QFile::ReadOther | QFile::WriteOther),
        QFile::Permissions());
    QCOMPARE(createSecretFile(path, "second").error().code, ErrorCode::Conflict);
    QCOMPARE(readSecretFile(path)->content, QByteArray("first"));
    QVERIFY(readSecretFile(path)->warnings.isEmpty());
}

void TestSecrets::existingSecretIsKept()
{
    const QString path = m_folder.filePath(QStringLiteral("kept"));
    const QByteArray made = readOrCreateSecretFile(path)->content;
    QCOMPARE(made.size(), 43);
    QCOMPARE(readOrCreateSecretFile(path)->content, made);
    QFile::setPermissions(path, QFile::permissions(path) | QFile::ReadOther);
    QCOMPARE(readOrCreateSecretFile(path).error().code, ErrorCode::Forbidden);
}

void TestSecrets::unreadableSecretIsAnError_data()
{
    QTest::addColumn<QString>("path");
    QTest::addColumn<ErrorCode>("code");
    const auto file = [this](const char* name, const QByteArray& content) {
        const QString path = m_folder.filePath(QString::fromLatin1(name));
        QFile made(path);
        if (!made.open(QIODevice::WriteOnly) || made.write(content) != content.size())
            qFatal("cannot write");
        made.setPermissions(QFile::ReadOwner | QFile::WriteOwner);
        return path;
    };
    QTest::newRow("not there") << m_folder.filePath(QStringLiteral("none")) << ErrorCode::NotFound;
    QTest::newRow("a folder") << m_folder.path() << ErrorCode::BadRequest;
    QTest::newRow("a device") << QStringLiteral("/dev/zero") << ErrorCode::BadRequest;
    QTest::newRow("empty") << file("empty", "") << ErrorCode::BadRequest;
    QTest::newRow("a line feed only") << file("feed", "\n\n") << ErrorCode::BadRequest;
    QTest::newRow("too large") << file("large", QByteArray(65'537, 'x')) << ErrorCode::BadRequest;
}

void TestSecrets::unreadableSecretIsAnError()
{
    QFETCH(QString, path);
    const auto secret = readSecretFile(path);
    QVERIFY(!secret);
    QTEST(secret.error().code, "code");
    QVERIFY(secret.error().detail.startsWith(path));
}

QTEST_GUILESS_MAIN(TestSecrets)
#include "tst_secrets.moc"
