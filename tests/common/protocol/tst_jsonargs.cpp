// SPDX-License-Identifier: Apache-2.0
#include "common/protocol/jsonargs.h"

#include <QJsonObject>
#include <QTest>

using namespace gatehouse::protocol;
using namespace Qt::StringLiterals;

class TestJsonArgs : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void valuesOfEveryType_data();
    void valuesOfEveryType();
    void argumentsThereAndBack();
    void builderJoinsRawAndValues();
    void builderNumbersItsAttachments();
};

void TestJsonArgs::valuesOfEveryType_data()
{
    QTest::addColumn<QJsonValue>("value");
    QTest::addColumn<QByteArray>("json");
    QTest::newRow("null") << QJsonValue() << QByteArray("null");
    QTest::newRow("true") << QJsonValue(true) << QByteArray("true");
    QTest::newRow("64 bits") << QJsonValue(qint64(9'007'199'254'740'993))
                             << QByteArray("9007199254740993");
    QTest::newRow("text") << QJsonValue(u"\u20ac\n"_s) << QByteArray("\"\xE2\x82\xAC\\n\"");
    QTest::newRow("array") << QJsonValue(QJsonArray{1, 2}) << QByteArray("[1,2]");
    QTest::newRow("object") << QJsonValue(QJsonObject{{u"a"_s, 1}}) << QByteArray("{\"a\":1}");
}

void TestJsonArgs::valuesOfEveryType()
{
    QFETCH(QJsonValue, value);
    QFETCH(QByteArray, json);
    QCOMPARE(toJson(value), json);
}

void TestJsonArgs::argumentsThereAndBack()
{
    QCOMPARE(toJsonArgs({}), "");
    QCOMPARE(fromJsonArgs({}), QJsonArray());
    const QJsonArray args{1, u"x"_s, QJsonObject{{u"a"_s, QJsonArray{true}}}};
    QCOMPARE(toJsonArgs(args), R"(1,"x",{"a":[true]})");
    QCOMPARE(fromJsonArgs(toJsonArgs(args)), args);
}

void TestJsonArgs::builderJoinsRawAndValues()
{
    JsonArgsBuilder builder;
    QCOMPARE(builder.args(), "");
    builder.addRaw(R"({"z":1.0,"a":2})").add(u"x"_s).add(3);
    QCOMPARE(builder.args(), R"({"z":1.0,"a":2},"x",3)");
    QVERIFY(builder.attachments().isEmpty());
}

void TestJsonArgs::builderNumbersItsAttachments()
{
    JsonArgsBuilder builder;
    builder.addBinary("one").add(1).addBinary("two");
    QCOMPARE(builder.args(), R"({"_placeholder":true,"num":0},1,{"_placeholder":true,"num":1})");
    QCOMPARE(builder.attachments(), (QList<QByteArray>{"one", "two"}));
}

QTEST_APPLESS_MAIN(TestJsonArgs)
#include "tst_jsonargs.moc"
