// SPDX-License-Identifier: Apache-2.0
#include "common/protocol/placeholders.h"

#include <QTest>

using namespace gatehouse::protocol;

class TestPlaceholders : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void judgedAgainstTwoAttachments_data();
    void judgedAgainstTwoAttachments();
    void nestedTextIsReadOnce();
};

void TestPlaceholders::judgedAgainstTwoAttachments_data()
{
    QTest::addColumn<QByteArray>("json");
    QTest::addColumn<bool>("valid");
    const auto good = [](const char* name, const char* json) {
        QTest::newRow(name) << QByteArray(json) << true;
    };
    const auto bad = [](const char* name, const char* json) {
        QTest::newRow(name) << QByteArray(json) << false;
    };
    good("none", R"(["a",1,{"b":null}])");
    good("both", R"(["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}])");
    good("number before the mark", R"(["a",{"num":1,"_placeholder":true}])");
    good("space everywhere", R"( [ { "_placeholder" : true , "num" : 1 } ] )");
    good("deep", R"(["a",{"b":[{"c":{"_placeholder":true,"num":1}}]}])");
    good("same attachment twice",
        R"([{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}])");
    good("mark is false", R"([{"_placeholder":false,"num":9}])");
    good("mark is a text", R"([{"_placeholder":"true","num":9}])");
    good("mark is one", R"([{"_placeholder":1,"num":9}])");
    good("num alone", R"([{"num":99}])");
    good("the words as a text", R"(["_placeholder",true,"num",9])");
    good("the words inside a text", R"([{"a":"{\"_placeholder\":true,\"num\":9}"}])");
    good("num of another object", R"([{"num":9,"a":{"_placeholder":true,"num":0}}])");
    good("last mark says no", R"([{"_placeholder":true,"_placeholder":false,"num":9}])");
    good("last num counts", R"([{"_placeholder":true,"num":9,"num":1}])");
    bad("number too large", R"([{"_placeholder":true,"num":2}])");
    bad("number negative", R"([{"_placeholder":true,"num":-1}])");
    bad("number missing", R"([{"_placeholder":true}])");
    bad("number is a text", R"([{"_placeholder":true,"num":"0"}])");
    bad("number is a fraction", R"([{"_placeholder":true,"num":0.5}])");
    bad("number is null", R"([{"_placeholder":true,"num":null}])");
    bad("number is an object", R"([{"_placeholder":true,"num":{"num":0}}])");
    bad("number huge", R"([{"_placeholder":true,"num":18446744073709551616}])");
    bad("name of a property", R"([{"_placeholder":true,"num":"splice"}])");
    bad("mark escaped", R"([{"\u005fplaceholder":true,"num":2}])");
    bad("number escaped", R"([{"_placeholder":true,"n\u0075m":2}])");
    bad("last number counts", R"([{"_placeholder":true,"num":1,"num":9}])");
    bad("after a nested object", R"([{"x":{"num":1},"_placeholder":true,"num":7}])");
    bad("in an array of an object", R"({"a":[1,"x",{"_placeholder":true,"num":3}]})");
    bad("inside a valid one",
        R"([{"_placeholder":true,"num":0,"x":{"_placeholder":true,"num":5}}])");
}

void TestPlaceholders::judgedAgainstTwoAttachments()
{
    QFETCH(QByteArray, json);
    QFETCH(bool, valid);
    QCOMPARE(arePlaceholdersValid(json, 2), valid);
}

void TestPlaceholders::nestedTextIsReadOnce()
{
    // Reading each level anew would take 50'000 * 300 kB.
    QByteArray json;
    for (int i = 0; i < 50'000; ++i)
        json += "{\"a\":";
    json += R"({"_placeholder":true,"num":2})";
    json += QByteArray(50'000, '}');
    QVERIFY(!arePlaceholdersValid(json, 2));
    QVERIFY(arePlaceholdersValid(json, 3));
}

QTEST_APPLESS_MAIN(TestPlaceholders)
#include "tst_placeholders.moc"
