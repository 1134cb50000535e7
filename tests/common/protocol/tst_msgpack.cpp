// SPDX-License-Identifier: Apache-2.0
#include "common/protocol/msgpack.h"
#include "common/protocol/msgpackpacket.h"

#include <QTest>

#include <random>

using namespace gatehouse;
using namespace gatehouse::protocol;

namespace {

/// The JSON of one value, or "!" and why not.
QByteArray toJson(const QByteArray& octets, QList<QByteArray>* attachments = nullptr)
{
    QList<QByteArray> own;
    QByteArray json;
    MsgpackReader reader(octets, 8);
    const auto read = reader.value(json, attachments ? *attachments : own, 3);
    if (!read)
        return "!" + read.error().detail.toUtf8();
    return reader.isAtEnd() ? json : QByteArray("!something left");
}

QByteArray toMsgpack(const QByteArray& json, const QList<QByteArray>& attachments = {})
{
    QByteArray octets;
    appendMsgpackValue(octets, json, attachments);
    return octets;
}

QByteArray hex(const char* text)
{
    return QByteArray::fromHex(text);
}

} // namespace

class TestMsgpack : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void valuesSurviveBothWays_data();
    void valuesSurviveBothWays();
    void otherSpellingsAreRead_data();
    void otherSpellingsAreRead();
    void hostileOctetsAreRefused_data();
    void hostileOctetsAreRefused();
    void binaryBecomesAttachmentsAndBack();
    void whatOnlyLooksLikeAPlaceholderStays();
    void sizesOfEveryWidth_data();
    void sizesOfEveryWidth();
    void anyOctetsAreReadOrRefused();
    void packetsAreThoseOfTheNpmParser_data();
    void packetsAreThoseOfTheNpmParser();
    void badPacketsAreRefused_data();
    void badPacketsAreRefused();
};

void TestMsgpack::valuesSurviveBothWays_data()
{
    QTest::addColumn<QByteArray>("json");
    QTest::addColumn<QByteArray>("octets");
    const auto row = [](const char* name, const char* json, const char* octets) {
        QTest::newRow(name) << QByteArray(json) << hex(octets);
    };
    row("null", "null", "c0");
    row("true", "true", "c3");
    row("false", "false", "c2");
    row("zero", "0", "00");
    row("largest small", "127", "7f");
    row("one octet", "128", "cc80");
    row("two octets", "65535", "cdffff");
    row("four octets", "4294967295", "ceffffffff");
    row("eight octets", "4294967296", "cf0000000100000000");
    row("beyond JavaScript's numbers", "9007199254740993", "cf0020000000000001");
    row("largest signed", "9223372036854775807", "cf7fffffffffffffff");
    row("largest unsigned", "18446744073709551615", "cfffffffffffffffff");
    row("smallest small", "-32", "e0");
    row("minus 33", "-33", "d0df");
    row("two negative octets", "-129", "d1ff7f");
    row("four negative octets", "-32769", "d2ffff7fff");
    row("smallest", "-9223372036854775808", "d38000000000000000");
    row("fraction", "0.1", "cb3fb999999999999a");
    row("whole number that is no integer", "1.0", "cb3ff0000000000000");
    row("large exponent", "1e+300", "cb7e37e43c8800759c");
    row("empty text", "\"\"", "a0");
    row("text", "\"\xc3\xa4\"", "a2c3a4");
    row("escapes", "\"\\\"\\\\\\n\\u0001\"", "a4225c0a01");
    row("empty array", "[]", "90");
    row("empty object", "{}", "80");
    row("nested", "{\"a\":[1,{\"b\":null}],\"c\":\"]},\"}",
        "82a1619201"
        "81a162c0a163"
        "a35d7d2c");
}

void TestMsgpack::valuesSurviveBothWays()
{
    QFETCH(QByteArray, json);
    QFETCH(QByteArray, octets);
    QCOMPARE(toMsgpack(json).toHex(), octets.toHex());
    QCOMPARE(toJson(octets), json);
}

void TestMsgpack::otherSpellingsAreRead_data()
{
    QTest::addColumn<QByteArray>("octets");
    QTest::addColumn<QByteArray>("json");
    QTest::newRow("float of four octets") << hex("ca3f000000") << QByteArray("0.5");
    QTest::newRow("not a number") << hex("cb7ff8000000000000") << QByteArray("null");
    QTest::newRow("infinity") << hex("cbfff0000000000000") << QByteArray("null");
    QTest::newRow("undefined") << hex("d40000") << QByteArray("null");
    QTest::newRow("date") << hex("d7000000000000000001")
                          << QByteArray("\"1970-01-01T00:00:00.001Z\"");
    QTest::newRow("date no calendar has") << hex("d7007fffffffffffffff") << QByteArray("null");
    QTest::newRow("long spelling of a text") << hex("db0000000161") << QByteArray("\"a\"");
    QTest::newRow("long spelling of an array") << hex("dd00000001c0") << QByteArray("[null]");
    QTest::newRow("long spelling of a map")
        << hex("df00000001a161c0") << QByteArray("{\"a\":null}");
    QTest::newRow("long spelling of a number") << hex("d3ffffffffffffffff") << QByteArray("-1");
}

void TestMsgpack::otherSpellingsAreRead()
{
    QFETCH(QByteArray, octets);
    QFETCH(QByteArray, json);
    QCOMPARE(toJson(octets), json);
}

void TestMsgpack::hostileOctetsAreRefused_data()
{
    QTest::addColumn<QByteArray>("octets");
    QTest::newRow("nothing") << QByteArray();
    QTest::newRow("never used head") << hex("c1");
    QTest::newRow("text that ends early") << hex("a561");
    QTest::newRow("text of 4 GB") << hex("dbffffffff61");
    QTest::newRow("array of 4 billion") << hex("ddffffffffc0");
    QTest::newRow("map of 4 billion") << hex("dfffffffff");
    QTest::newRow("binary of 4 GB") << hex("c6ffffffff00");
    QTest::newRow("extension of 4 GB") << hex("c9ffffffff0000");
    QTest::newRow("unknown extension") << hex("d40100");
    QTest::newRow("extension of 16 octets") << hex("d800") + QByteArray(16, '\0');
    QTest::newRow("number cut off") << hex("cf00000000");
    QTest::newRow("text that is not UTF-8") << hex("a1ff");
    QTest::newRow("half a surrogate pair") << hex("a3eda080");
    QTest::newRow("number as a name") << hex("8101c0");
    QTest::newRow("map as a name") << hex("8180c0");
    QTest::newRow("nine levels") << QByteArray(9, '\x91') + '\xc0';
    QTest::newRow("a million levels") << QByteArray(1'000'000, '\x91');
    QTest::newRow("four attachments") << hex("94c400c400c400c400");
}

void TestMsgpack::hostileOctetsAreRefused()
{
    QFETCH(QByteArray, octets);
    QVERIFY2(toJson(octets).startsWith('!'), toJson(octets).constData());
}

void TestMsgpack::binaryBecomesAttachmentsAndBack()
{
    QList<QByteArray> attachments;
    // A Buffer, and an ArrayBuffer in notepack.io's spelling.
    const QByteArray json = toJson(hex("9282a161c40201ffa162c0c7030000ff00"), &attachments);
    QCOMPARE(json,
        QByteArray(
            R"([{"a":{"_placeholder":true,"num":0},"b":null},{"_placeholder":true,"num":1}])"));
    QCOMPARE(attachments, QList<QByteArray>({hex("01ff"), hex("00ff00")}));
    QCOMPARE(toMsgpack(json, attachments).toHex(), QByteArray("9282a161c40201ffa162c0c40300ff00"));
    const QByteArray spaced = R"([ { "num" : 0 , "_placeholder" : true } , 1 ])";
    QCOMPARE(toMsgpack(spaced, attachments).toHex(), QByteArray("92c40201ff01"));
}

void TestMsgpack::whatOnlyLooksLikeAPlaceholderStays()
{
    const QByteArray json = R"([{"_placeholder":true,"num":0},{"_placeholder":true,"num":"}"}])";
    QCOMPARE(toJson(toMsgpack(json)), json);
    const QByteArray beyond = R"({"_placeholder":true,"num":1})";
    QCOMPARE(toJson(toMsgpack(beyond, {"x"})), beyond);
}

void TestMsgpack::sizesOfEveryWidth_data()
{
    QTest::addColumn<int>("size");
    for (const int size : {15, 16, 31, 32, 255, 256, 65'535, 65'536})
        QTest::addRow("%d", size) << size;
}

void TestMsgpack::sizesOfEveryWidth()
{
    QFETCH(int, size);
    const QByteArray text = '"' + QByteArray(size, 'x') + '"';
    QCOMPARE(toJson(toMsgpack(text)), text);
    QByteArray array("[0");
    QByteArray object("{\"0\":0");
    for (int i = 1; i < size; ++i) {
        array += ",0";
        object += ",\"" + QByteArray::number(i) + "\":0";
    }
    array += ']';
    object += '}';
    QCOMPARE(toJson(toMsgpack(array)), array);
    QCOMPARE(toJson(toMsgpack(object)), object);
    QList<QByteArray> back;
    const QByteArray binary(size, '\x7f');
    toJson(toMsgpack(R"({"_placeholder":true,"num":0})", {binary}), &back);
    QCOMPARE(back, QList<QByteArray>({binary}));
}

void TestMsgpack::anyOctetsAreReadOrRefused()
{
    std::mt19937 random(7);
    for (int round = 0; round < 50'000; ++round) {
        QByteArray octets(int(random() % 40), '\0');
        for (char& octet : octets)
            octet = char(random());
        const QByteArray json = toJson(octets);
        if (!json.startsWith('!')) {
            SocketIoDecoder decoder;
            QVERIFY2(decoder.addText(QByteArray("2[\"e\"," + json + ']')), json.constData());
        }
    }
}

void TestMsgpack::packetsAreThoseOfTheNpmParser_data()
{
    QTest::addColumn<QByteArray>("octets");
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("answer"); // what we write for the same packet
    // {type:0,nsp:"/"} with data undefined
    QTest::newRow("connect") << hex("83a474797065"
                                    "00a36e7370a12fa464617461d40000")
                             << QByteArray("40") << hex("82a47479706500a36e7370a12f");
    // {type:2,data:["e",1],options:{compress:true},id:3,nsp:"/n"}
    QTest::newRow("event") << hex(
        "85a47479706502a46461746192a16501a76f7074696f6e7381a8636f6d7072657373"
        "c3a2696403a36e7370a22f6e")
                           << QByteArray("42/n,3[\"e\",1]")
                           << hex("84a47479706502a36e7370a22f6ea2696403a46461746192a16501");
    QTest::newRow("binary event") << hex("83a47479706502a36e7370a12fa46461746192a165c401ff")
                                  << QByteArray(R"(451-["e",{"_placeholder":true,"num":0}])")
                                  << hex("83a47479706502a36e7370a12fa46461746192a165c401ff");
    QTest::newRow("disconnect") << hex("82a47479706501a36e7370a22f6e") << QByteArray("41/n,")
                                << hex("82a47479706501a36e7370a22f6e");
    QTest::newRow("ack") << hex("84a47479706503a36e7370a12fa2696400a46461746190")
                         << QByteArray("430[]")
                         << hex("84a47479706503a36e7370a12fa2696400a46461746190");
}

void TestMsgpack::packetsAreThoseOfTheNpmParser()
{
    QFETCH(QByteArray, octets);
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, answer);
    const auto packet = parseMsgpackPacket(octets, {});
    QVERIFY(packet);
    const EncodedPacketPtr encoded = encode(*packet);
    QCOMPARE(encoded->text(), text);
    QCOMPARE(encodeMsgpackPacket(encoded->text(), encoded->attachments()).toHex(), answer.toHex());
}

void TestMsgpack::badPacketsAreRefused_data()
{
    QTest::addColumn<QByteArray>("octets");
    QTest::newRow("not a map") << hex("90");
    QTest::newRow("empty map") << hex("80");
    QTest::newRow("no namespace") << hex("81a47479706502");
    QTest::newRow("type 5") << hex("82a47479706505a36e7370a12f");
    QTest::newRow("type as text") << hex("82a474797065a132a36e7370a12f");
    QTest::newRow("type of 64 bits") << hex("82a474797065cfffffffffffffffffa36e7370a12f");
    QTest::newRow("namespace without slash") << hex("82a47479706500a36e7370a161");
    QTest::newRow("namespace with a comma") << hex("82a47479706500a36e7370a32f612c");
    QTest::newRow("negative id") << hex("83a47479706502a36e7370a12fa26964ff");
    QTest::newRow("binary in a connect") << hex("83a47479706500a36e7370a12fa46461746181a161c400");
    QTest::newRow("something behind it") << hex("82a47479706500a36e7370a12f00");
    QTest::newRow("map of 4 billion") << hex("dfffffffff");
}

void TestMsgpack::badPacketsAreRefused()
{
    QFETCH(QByteArray, octets);
    QVERIFY(!parseMsgpackPacket(octets, {}));
}

QTEST_GUILESS_MAIN(TestMsgpack)
#include "tst_msgpack.moc"
