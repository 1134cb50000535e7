// SPDX-License-Identifier: Apache-2.0
#include "common/core/utf8.h"

#include <QTest>

using namespace gatehouse;

class TestUtf8 : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void wholeTexts_data();
    void wholeTexts();
    void everyCodePointIsJudgedAsQtEncodesIt();
    void piecesOfOneOctetGiveTheSameVerdict_data();
    void piecesOfOneOctetGiveTheSameVerdict();
    void failsOnTheFirstWrongOctet();
    void aFailureLastsUntilReset();
};

namespace {

void addTexts()
{
    QTest::addColumn<QByteArray>("octets");
    QTest::addColumn<bool>("valid");
    QTest::newRow("empty") << QByteArray() << true;
    QTest::newRow("ascii longer than a word") << QByteArray("The quick brown fox") << true;
    QTest::newRow("NUL") << QByteArray("a\0b", 3) << true;
    QTest::newRow("two octets") << QByteArray("\xC3\xA9") << true;
    QTest::newRow("euro sign") << QByteArray("0123456\xE2\x82\xAC") << true;
    QTest::newRow("last before the surrogates") << QByteArray("\xED\x9F\xBF") << true;
    QTest::newRow("first after the surrogates") << QByteArray("\xEE\x80\x80") << true;
    QTest::newRow("noncharacter U+FFFF") << QByteArray("\xEF\xBF\xBF") << true;
    QTest::newRow("first of four octets") << QByteArray("\xF0\x90\x80\x80") << true;
    QTest::newRow("U+10FFFF") << QByteArray("\xF4\x8F\xBF\xBF") << true;
    QTest::newRow("above U+10FFFF") << QByteArray("\xF4\x90\x80\x80") << false;
    QTest::newRow("lead F5") << QByteArray("\xF5\x80\x80\x80") << false;
    QTest::newRow("lead FF") << QByteArray("\xFF") << false;
    QTest::newRow("continuation alone") << QByteArray("\x80") << false;
    QTest::newRow("overlong slash, C0") << QByteArray("\xC0\xAF") << false;
    QTest::newRow("overlong, C1") << QByteArray("\xC1\xBF") << false;
    QTest::newRow("overlong, three octets") << QByteArray("\xE0\x9F\xBF") << false;
    QTest::newRow("overlong, four octets") << QByteArray("\xF0\x8F\xBF\xBF") << false;
    QTest::newRow("high surrogate") << QByteArray("\xED\xA0\x80") << false;
    QTest::newRow("low surrogate") << QByteArray("\xED\xBF\xBF") << false;
    QTest::newRow("cut after one of two") << QByteArray("a\xC3") << false;
    QTest::newRow("cut after two of three") << QByteArray("\xE2\x82") << false;
    QTest::newRow("cut after three of four") << QByteArray("\xF0\x9F\x98") << false;
    QTest::newRow("ascii inside a character") << QByteArray("\xE2\x82"
                                                            "a")
                                              << false;
    QTest::newRow("wrong third octet") << QByteArray("\xF0\x9F\x98\xC0") << false;
    QTest::newRow("wrong octet after a long ascii run") << QByteArray(100, 'x') + "\xFE" << false;
}

} // namespace

void TestUtf8::wholeTexts_data()
{
    addTexts();
}

void TestUtf8::wholeTexts()
{
    QFETCH(QByteArray, octets);
    QFETCH(bool, valid);
    QCOMPARE(isValidUtf8(octets), valid);
}

void TestUtf8::everyCodePointIsJudgedAsQtEncodesIt()
{
    for (char32_t code = 0; code <= 0x10FFFF; ++code) {
        if (QChar::isSurrogate(code))
            continue;
        const QByteArray octets = QString::fromUcs4(&code, 1).toUtf8();
        if (!isValidUtf8(octets))
            QFAIL(qPrintable(QStringLiteral("U+%1 refused").arg(code, 0, 16)));
        if (octets.size() > 1
            && utf8SequenceLength(octets.begin(), octets.end()) != int(octets.size()))
            QFAIL(qPrintable(QStringLiteral("U+%1 has the wrong length").arg(code, 0, 16)));
    }
}

void TestUtf8::piecesOfOneOctetGiveTheSameVerdict_data()
{
    addTexts();
}

void TestUtf8::piecesOfOneOctetGiveTheSameVerdict()
{
    QFETCH(QByteArray, octets);
    QFETCH(bool, valid);
    Utf8Validator validator;
    bool accepted = true;
    for (qsizetype i = 0; i < octets.size(); ++i)
        accepted = validator.feed(QByteArrayView(octets).sliced(i, 1)) && accepted;
    QCOMPARE(accepted && validator.isComplete(), valid);
}

void TestUtf8::failsOnTheFirstWrongOctet()
{
    Utf8Validator validator;
    QVERIFY(validator.feed("\xF4"));
    QVERIFY(!validator.isComplete());
    QVERIFY(!validator.feed("\x90")); // above U+10FFFF, known before the character ends
}

void TestUtf8::aFailureLastsUntilReset()
{
    Utf8Validator validator;
    QVERIFY(!validator.feed("\xFF"));
    QVERIFY(!validator.feed("fine"));
    QVERIFY(!validator.isComplete());
    validator.reset();
    QVERIFY(validator.feed("fine"));
    QVERIFY(validator.isComplete());
}

QTEST_APPLESS_MAIN(TestUtf8)
#include "tst_utf8.moc"
