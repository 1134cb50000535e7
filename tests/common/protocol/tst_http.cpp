// SPDX-License-Identifier: Apache-2.0
#include "common/protocol/http.h"

#include <QTest>

using namespace gatehouse::protocol;

class TestHttp : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void namesCompareWithoutCase();
    void fieldsListValues_data();
    void fieldsListValues();
};

void TestHttp::namesCompareWithoutCase()
{
    HttpHeaders headers{{"Host", "a"}, {"X-Y", "1"}, {"x-y", "2"}};
    QCOMPARE(headers.value("host"), QByteArray("a"));
    QCOMPARE(headers.value("HOST"), QByteArray("a"));
    QCOMPARE(headers.value("Hos"), QByteArray());
    QCOMPARE(headers.value("Host:"), QByteArray());
    QCOMPARE(headers.count("X-y"), 2);
    headers.set("X-Y", "3");
    QCOMPARE(headers.count("x-y"), 1);
    QCOMPARE(headers.value("x-y"), QByteArray("3"));
}

void TestHttp::fieldsListValues_data()
{
    QTest::addColumn<QByteArrayList>("values");
    QTest::addColumn<bool>("isListed");
    QTest::newRow("no field") << QByteArrayList{} << false;
    QTest::newRow("empty") << QByteArrayList{""} << false;
    QTest::newRow("alone") << QByteArrayList{"upgrade"} << true;
    QTest::newRow("in another case") << QByteArrayList{"UpGrade"} << true;
    QTest::newRow("first") << QByteArrayList{"upgrade,keep-alive"} << true;
    QTest::newRow("in the middle") << QByteArrayList{"a,\tupgrade ,b"} << true;
    QTest::newRow("last") << QByteArrayList{"keep-alive, upgrade"} << true;
    QTest::newRow("in the second field") << QByteArrayList{"keep-alive", "upgrade"} << true;
    QTest::newRow("as a part of another") << QByteArrayList{"upgrades, supgrade"} << false;
    QTest::newRow("between spaces only") << QByteArrayList{"upgrade keep-alive"} << false;
    QTest::newRow("commas only") << QByteArrayList{",,"} << false;
}

void TestHttp::fieldsListValues()
{
    QFETCH(QByteArrayList, values);
    QFETCH(bool, isListed);
    HttpHeaders headers{{"Other", "upgrade"}};
    for (const QByteArray& value : values)
        headers.add("connection", value);
    QCOMPARE(headers.lists("Connection", "Upgrade"), isListed);
}

QTEST_APPLESS_MAIN(TestHttp)

#include "tst_http.moc"
