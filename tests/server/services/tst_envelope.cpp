// SPDX-License-Identifier: Apache-2.0
#include "server/services/envelope.h"

#include <QTest>
#include <QUuid>

using namespace gatehouse;
using namespace gatehouse::services;

class TestEnvelope : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void readsWhatIsThere();
    void writesWhatIsMissingAsNull();
    void refuses_data();
    void refuses();
    void uuidsAreOfVersionFour();
};

void TestEnvelope::readsWhatIsThere()
{
    const QByteArray text = R"({"content": {"n":9007199254740993},"type":"x-request",)"
                            R"("uuid":"u","sender":[["h",1],"bob"],"other":1})";
    const auto envelope = readEnvelope(text, 8);
    QVERIFY(envelope.has_value());
    QCOMPARE(envelope->type, "x-request");
    QCOMPARE(textOf(envelope->uuid), "u");
    QCOMPARE(envelope->sender, R"([["h",1],"bob"])");
    QCOMPARE(envelope->content, R"({"n":9007199254740993})");
    QVERIFY(envelope->responseUuid.isEmpty());
    QCOMPARE(textOf(envelope->sender), "");
}

void TestEnvelope::writesWhatIsMissingAsNull()
{
    Envelope envelope;
    envelope.type = "x";
    envelope.content = "[1]";
    QCOMPARE(writeEnvelope(envelope),
        R"({"type":"x","uuid":null,"response_uuid":null,"sender":null,"pref_dest":null,"content":[1]})");
}

void TestEnvelope::refuses_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("not JSON") << QByteArray("{");
    QTest::newRow("no object") << QByteArray("[]");
    QTest::newRow("no type") << QByteArray("{}");
    QTest::newRow("type is no text") << QByteArray(R"({"type":1})");
    QTest::newRow("type is no type") << QByteArray(R"({"type":"a *"})");
    QTest::newRow("type twice") << QByteArray(R"({"type":"a","type":"b"})");
    QTest::newRow("sender twice") << QByteArray(R"({"type":"a","sender":1,"sender":2})");
    QTest::newRow("too deep") << QByteArray(R"({"type":"a","content":[[[[[[[[1]]]]]]]]})");
}

void TestEnvelope::refuses()
{
    QFETCH(QByteArray, text);
    QVERIFY(!readEnvelope(text, 8));
}

void TestEnvelope::uuidsAreOfVersionFour()
{
    const QUuid first(QString::fromLatin1(textOf(newUuid())));
    const QUuid second(QString::fromLatin1(textOf(newUuid())));
    QCOMPARE(first.version(), QUuid::Random);
    QVERIFY(first != second);
}

QTEST_APPLESS_MAIN(TestEnvelope)
#include "tst_envelope.moc"
