// SPDX-License-Identifier: Apache-2.0
#include "server/services/typenames.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::services;

class TestTypeNames : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void namesThatAreTypes_data();
    void namesThatAreTypes();
    void patterns_data();
    void patterns();
    void badPatterns();
};

void TestTypeNames::namesThatAreTypes_data()
{
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<bool>("isType");
    QTest::newRow("usual") << QByteArray("file-list-request") << true;
    QTest::newRow("dots and colons") << QByteArray("a.B_9:c") << true;
    QTest::newRow("longest") << QByteArray(128, 'a') << true;
    QTest::newRow("too long") << QByteArray(129, 'a') << false;
    QTest::newRow("empty") << QByteArray() << false;
    QTest::newRow("space") << QByteArray("a b") << false;
    QTest::newRow("wildcard of the bus") << QByteArray("a.*") << false;
    QTest::newRow("hash of the bus") << QByteArray("#") << false;
    QTest::newRow("dot at the front") << QByteArray(".a") << false;
    QTest::newRow("dot at the end") << QByteArray("a.") << false;
    QTest::newRow("empty word") << QByteArray("a..b") << false;
    QTest::newRow("not ASCII") << QByteArray("a\xC3\xA9") << false;
    QTest::newRow("zero octet") << QByteArray("a\0b", 3) << false;
}

void TestTypeNames::namesThatAreTypes()
{
    QFETCH(QByteArray, name);
    QTEST(isTypeName(name), "isType");
}

void TestTypeNames::patterns_data()
{
    QTest::addColumn<QString>("pattern");
    QTest::addColumn<QByteArray>("type");
    QTest::addColumn<bool>("matches");
    const auto row = [](const char* tag, const char* pattern, const char* type, bool matches) {
        QTest::newRow(tag) << QString::fromLatin1(pattern) << QByteArray(type) << matches;
    };
    row("whole", "cursor-move", "cursor-move", true);
    row("whole is not the beginning", "cursor", "cursor-move", false);
    row("beginning", "file-*", "file-join", true);
    row("beginning of another", "file-*", "afile-join", false);
    row("end", "*-response", "login-response", true);
    row("end of another", "*-response", "login-responses", false);
    row("middle", "*list*", "file-list-request", true);
    row("everything", "*", "x", true);
}

void TestTypeNames::patterns()
{
    QFETCH(QString, pattern);
    QFETCH(QByteArray, type);
    const auto made = TypePatterns::parse({QStringLiteral("never"), pattern});
    QVERIFY(made.has_value());
    QTEST(made->match(type), "matches");
}

void TestTypeNames::badPatterns()
{
    for (const char* bad : {"", "a b", "a*b", "**x*y"})
        QVERIFY2(!TypePatterns::parse({QString::fromLatin1(bad)}), bad);
}

QTEST_APPLESS_MAIN(TestTypeNames)
#include "tst_typenames.moc"
