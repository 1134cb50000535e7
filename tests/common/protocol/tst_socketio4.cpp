// SPDX-License-Identifier: Apache-2.0
#include "common/core/strictjson.h"
#include "common/protocol/socketio4.h"
#include "common/protocol/socketiopacket.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::protocol;

/// Entering a namespace as Socket.IO 4 has it.
class TestSocketIo4 : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void queriesBecomePayloads_data();
    void queriesBecomePayloads();
    void errorsLoseTheirObject_data();
    void errorsLoseTheirObject();
    void connectsAreRead_data();
    void connectsAreRead();
    void connectsRefused_data();
    void connectsRefused();
    void aQueryMayBeLongerThanAName();
    void inVersion5AQueryIsPartOfTheName();
};

void TestSocketIo4::queriesBecomePayloads_data()
{
    QTest::addColumn<QByteArray>("query");
    QTest::addColumn<QByteArray>("payload");
    const auto row = [](const char* name, const char* query, const char* payload) {
        QTest::newRow(name) << QByteArray(query) << QByteArray(payload);
    };
    row("nothing", "", "");
    row("one item", "token=abc", R"({"token":"abc"})");
    row("two items", "b=2&a=1", R"({"a":"1","b":"2"})");
    row("name alone", "token", R"({"token":""})");
    row("empty value", "token=", R"({"token":""})");
    row("value with an equals sign", "token=a=b", R"({"token":"a=b"})");
    row("empty items", "&&a=1&", R"({"a":"1"})");
    row("only separators", "&&", "");
    row("the last of a name counts", "a=1&a=2", R"({"a":"2"})");
    row("escapes", "t%6Fken=%C3%A9%26%3D%22", R"({"token":"é&=\""})");
    row("plus is a space", "a=b+c%2B", R"({"a":"b c+"})");
    row("escapes that are not UTF-8", "a=%FF", "{\"a\":\"\xEF\xBF\xBD\"}");
    row("escaped control character", "a=%0A%00b", R"({"a":"\n\u0000b"})");
}

void TestSocketIo4::queriesBecomePayloads()
{
    QFETCH(QByteArray, query);
    QFETCH(QByteArray, payload);
    const QByteArray made = connectPayloadFromQuery(query);
    QCOMPARE(made, payload);
    QVERIFY(made.isEmpty() || checkJson(made).has_value());
}

void TestSocketIo4::errorsLoseTheirObject_data()
{
    QTest::addColumn<QByteArray>("payload");
    QTest::addColumn<QByteArray>("error");
    const auto row = [](const char* name, const char* payload, const char* error) {
        QTest::newRow(name) << QByteArray(payload) << QByteArray(error);
    };
    row("message", R"({"message":"Invalid namespace"})", R"("Invalid namespace")");
    row("message and data", R"({"message":"no","data":{"code":7}})", R"({"code":7})");
    row("data is null", R"({"message":"no","data":null})", R"("no")");
    row("neither", R"({"why":1})", R"({"why":1})");
    row("text", R"("no")", R"("no")");
}

void TestSocketIo4::errorsLoseTheirObject()
{
    QFETCH(QByteArray, payload);
    QFETCH(QByteArray, error);
    QCOMPARE(connectErrorOf4(payload), error);
}

void TestSocketIo4::connectsAreRead_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("nsp");
    QTest::addColumn<QByteArray>("payload");
    const auto row = [](const char* name, const char* text, const char* nsp, const char* payload) {
        QTest::newRow(name) << QByteArray(text) << QByteArray(nsp) << QByteArray(payload);
    };
    row("with a comma", "0/admin,", "/admin", "");
    row("without a comma", "0/admin", "/admin", "");
    row("with a query", "0/admin?token=a,", "/admin", R"({"token":"a"})");
    row("with a query, without a comma", "0/admin?token=a", "/admin", R"({"token":"a"})");
    row("with an empty query", "0/admin?,", "/admin", "");
    row("to the root, with a query", "0/?token=a,", "/", R"({"token":"a"})");
}

void TestSocketIo4::connectsAreRead()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, nsp);
    QFETCH(QByteArray, payload);
    SocketIoDecoder decoder({}, SocketIoRevision::Four);
    const auto packet = decoder.addText(text);
    QVERIFY(packet && *packet);
    QCOMPARE((*packet)->type, PacketType::Connect);
    QCOMPARE((*packet)->nsp.value, nsp);
    QCOMPARE((*packet)->payload, payload);
}

void TestSocketIo4::connectsRefused_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("name too long") << "0/" + QByteArray(200, 'x') + "?a=1,";
    QTest::newRow("control character in the name") << QByteArray("0/a\nb?a=1,");
    QTest::newRow("id") << QByteArray("0/admin?a=1,7");
}

void TestSocketIo4::connectsRefused()
{
    QFETCH(QByteArray, text);
    SocketIoDecoder decoder({}, SocketIoRevision::Four);
    QVERIFY(!decoder.addText(text));
}

void TestSocketIo4::aQueryMayBeLongerThanAName()
{
    const QByteArray token(4'000, 'x');
    SocketIoDecoder decoder({}, SocketIoRevision::Four);
    const auto packet = decoder.addText(QByteArray("0/admin?token=" + token + ','));
    QVERIFY(packet && *packet);
    QCOMPARE((*packet)->payload, QByteArray(R"({"token":")" + token + R"("})"));
}

void TestSocketIo4::inVersion5AQueryIsPartOfTheName()
{
    SocketIoDecoder decoder;
    const auto packet = decoder.addText("0/admin?token=a,");
    QVERIFY(packet && *packet);
    QCOMPARE((*packet)->nsp.value, "/admin?token=a");
    QVERIFY((*packet)->payload.isEmpty());
}

QTEST_APPLESS_MAIN(TestSocketIo4)
#include "tst_socketio4.moc"
