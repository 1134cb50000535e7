// SPDX-License-Identifier: Apache-2.0
#include "common/protocol/engineio3.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::protocol;

namespace {

/// Octets with zeros among them.
QByteArray octets(std::initializer_list<int> values)
{
    QByteArray bytes;
    for (const int value : values)
        bytes += static_cast<char>(value);
    return bytes;
}

/// "type:data" of each packet, binary ones as "binary:" and hexadecimal.
QByteArrayList describe(const std::vector<EnginePacket>& packets)
{
    QByteArrayList lines;
    for (const EnginePacket& packet : packets) {
        if (packet.content == EngineContent::Binary)
            lines << "binary:" + packet.data.toHex();
        else
            lines << static_cast<char>(packet.type) + (':' + packet.data);
    }
    return lines;
}

} // namespace

/// The payloads of Engine.IO 3.
class TestEngineIo3 : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void textPayloadsAreSplit_data();
    void textPayloadsAreSplit();
    void textPayloadsRefused_data();
    void textPayloadsRefused();
    void octetPayloadsAreSplit_data();
    void octetPayloadsAreSplit();
    void octetPayloadsRefused_data();
    void octetPayloadsRefused();
    void packetCountIsBounded();
    void lengthsCountUtf16Units_data();
    void lengthsCountUtf16Units();
    void largeTextsComeBackWhole();
    void binaryOfEverySizeSurvivesBothFramings();
    void webSocketTexts_data();
    void webSocketTexts();
    void webSocketBinariesNeedTheirTypeOctet();
};

void TestEngineIo3::textPayloadsAreSplit_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QByteArrayList>("packets");
    QTest::newRow("one text") << QByteArray("6:4hello") << QByteArrayList{"4:hello"};
    QTest::newRow("three texts") << QByteArray("6:4test16:4test26:4test3")
                                 << QByteArrayList{"4:test1", "4:test2", "4:test3"};
    QTest::newRow("text and base64")
        << QByteArray("6:4hello10:b4AQIDBA==") << QByteArrayList{"4:hello", "binary:01020304"};
    QTest::newRow("empty base64") << QByteArray("2:b4") << QByteArrayList{"binary:"};
    QTest::newRow("ping") << QByteArray("1:2") << QByteArrayList{"2:"};
    QTest::newRow("euro sign is one unit") << QByteArray("2:4\xE2\x82\xAC"
                                                         "1:2")
                                           << QByteArrayList{"4:\xE2\x82\xAC", "2:"};
    QTest::newRow("emoji is two units") << QByteArray("3:4\xF0\x9F\x98\x80"
                                                      "1:2")
                                        << QByteArrayList{"4:\xF0\x9F\x98\x80", "2:"};
    QTest::newRow("colons and digits within a packet")
        << QByteArray("6:4a:1:21:2") << QByteArrayList{"4:a:1:2", "2:"};
    QTest::newRow("empty frames hold no packet") << QByteArray("0:1:20:") << QByteArrayList{"2:"};
    QTest::newRow("an empty payload of the reference parser")
        << QByteArray("0:") << QByteArrayList{};
}

void TestEngineIo3::textPayloadsAreSplit()
{
    QFETCH(QByteArray, body);
    QFETCH(QByteArrayList, packets);
    const auto split = splitEngine3Text(body);
    QVERIFY(split.has_value());
    QCOMPARE(describe(*split), packets);
}

void TestEngineIo3::textPayloadsRefused_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::newRow("empty body") << QByteArray();
    QTest::newRow("no length") << QByteArray("abc");
    QTest::newRow("nothing before the colon") << QByteArray(":4a");
    QTest::newRow("negative length") << QByteArray("-1:4");
    QTest::newRow("hexadecimal length") << QByteArray("0x2:4a");
    QTest::newRow("space in the length") << QByteArray(" 2:4a");
    QTest::newRow("length alone") << QByteArray("6");
    QTest::newRow("length and colon alone") << QByteArray("6:");
    QTest::newRow("length beyond the body") << QByteArray("7:4hello");
    QTest::newRow("length of one too few") << QByteArray("5:4hello");
    QTest::newRow("length of twenty digits") << QByteArray("10000000000000000006:4hello");
    QTest::newRow("length within a surrogate pair") << QByteArray("2:4\xF0\x9F\x98\x80");
    QTest::newRow("emoji counted as four octets") << QByteArray("5:4\xF0\x9F\x98\x80");
    QTest::newRow("unknown type") << QByteArray("2:7a");
    QTest::newRow("bad packet after a good one") << QByteArray("2:4a2:xa");
    QTest::newRow("text that is not UTF-8") << QByteArray("2:4\xFF");
    QTest::newRow("half a character") << QByteArray("2:4\xE2\x82");
    QTest::newRow("surrogate in UTF-8") << QByteArray("2:4\xED\xA0\x80");
    QTest::newRow("base64 of a version 4 payload") << QByteArray("9:bAQIDBA==");
    QTest::newRow("base64 of a ping") << QByteArray("10:b2AQIDBA==");
    QTest::newRow("base64 without padding") << QByteArray("8:b4AQIDBA");
    QTest::newRow("base64 mark alone") << QByteArray("1:b");
    QTest::newRow("separator of version 4") << QByteArray("4a\x1e"
                                                          "4b");
}

void TestEngineIo3::textPayloadsRefused()
{
    QFETCH(QByteArray, body);
    const auto split = splitEngine3Text(body);
    QVERIFY(!split);
    QCOMPARE(split.error().code, ErrorCode::Malformed);
}

void TestEngineIo3::octetPayloadsAreSplit_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QByteArrayList>("packets");
    QTest::newRow("text and binary")
        << octets({0, 4, 255, '4', 0xE2, 0x82, 0xAC, 1, 5, 255, 4, 1, 2, 3, 4})
        << QByteArrayList{"4:\xE2\x82\xAC", "binary:01020304"};
    QTest::newRow("length of two digits") << octets({0, 1, 1, 255, '4'}) + "0123456789"
            + octets({0, 1, 255, '2'}) << QByteArrayList{"4:0123456789", "2:"};
    QTest::newRow("binary of its own framing's octets")
        << octets({1, 5, 255, 4, 0, 1, 255, 4}) << QByteArrayList{"binary:0001ff04"};
    QTest::newRow("empty binary") << octets({1, 1, 255, 4}) << QByteArrayList{"binary:"};
    QTest::newRow("base64 in a text")
        << octets({0, 6, 255}) + "b4AQID" << QByteArrayList{"binary:010203"};
    QTest::newRow("empty frame") << octets({0, 0, 255, 0, 1, 255, '3'}) << QByteArrayList{"3:"};
}

void TestEngineIo3::octetPayloadsAreSplit()
{
    QFETCH(QByteArray, body);
    QFETCH(QByteArrayList, packets);
    const auto split = splitEngine3Octets(body);
    QVERIFY(split.has_value());
    QCOMPARE(describe(*split), packets);
}

void TestEngineIo3::octetPayloadsRefused_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::newRow("empty body") << QByteArray();
    QTest::newRow("text framing") << QByteArray("6:4hello");
    QTest::newRow("unknown mark") << octets({2, 1, 255, '2'});
    QTest::newRow("mark alone") << octets({0});
    QTest::newRow("no length") << octets({0, 255, '2'});
    QTest::newRow("length without an end") << octets({0, 1, 1, 1});
    QTest::newRow("length of ASCII digits") << octets({0, '1', 255, '2'});
    QTest::newRow("length beyond the body") << octets({0, 2, 255, '2'});
    QTest::newRow("length of twenty digits")
        << octets({0}) + QByteArray(20, '\x01') + octets({255, '2'});
    QTest::newRow("text that is not UTF-8") << octets({0, 2, 255, '4', 0xFF});
    QTest::newRow("binary with the digit of its type") << octets({1, 2, 255, '4', 1});
    QTest::newRow("binary ping") << octets({1, 1, 255, 2});
    QTest::newRow("rest after the last frame") << octets({0, 1, 255, '2', 7});
}

void TestEngineIo3::octetPayloadsRefused()
{
    QFETCH(QByteArray, body);
    const auto split = splitEngine3Octets(body);
    QVERIFY(!split);
    QCOMPARE(split.error().code, ErrorCode::Malformed);
}

void TestEngineIo3::packetCountIsBounded()
{
    const EnginePayloadLimits two{.maxPackets = 2};
    QVERIFY(splitEngine3Text("1:21:2", two));
    QCOMPARE(splitEngine3Text("1:21:21:2", two).error().code, ErrorCode::TooLarge);
    QCOMPARE(splitEngine3Text("0:0:0:", two).error().code, ErrorCode::TooLarge);
    const QByteArray ping = octets({0, 1, 255, '2'});
    QVERIFY(splitEngine3Octets(ping.repeated(2), two));
    QCOMPARE(splitEngine3Octets(ping.repeated(3), two).error().code, ErrorCode::TooLarge);
}

void TestEngineIo3::lengthsCountUtf16Units_data()
{
    QTest::addColumn<QString>("text");
    QTest::newRow("ASCII") << QStringLiteral("hello");
    QTest::newRow("umlauts") << QStringLiteral("größer");
    QTest::newRow("euro sign") << QStringLiteral("€");
    QTest::newRow("Japanese") << QStringLiteral("てすと");
    QTest::newRow("emoji") << QStringLiteral("\U0001F600 and \U0001F469\u200D\U0001F4BB");
    QTest::newRow("highest character") << QStringLiteral("\U0010FFFF");
    QTest::newRow("nothing") << QString();
}

void TestEngineIo3::lengthsCountUtf16Units()
{
    QFETCH(QString, text);
    QByteArray payload;
    appendEngine3Text(payload, QByteArray('4' + text.toUtf8()));
    appendEngine3Text(payload, "2");
    QCOMPARE(payload, QByteArray::number(text.size() + 1) + ":4" + text.toUtf8() + "1:2");
    const auto split = splitEngine3Text(payload);
    QVERIFY(split.has_value());
    QCOMPARE(describe(*split), (QByteArrayList{"4:" + text.toUtf8(), "2:"}));
}

void TestEngineIo3::largeTextsComeBackWhole()
{
    const QByteArray text = QStringLiteral("é€\U0001F600a").repeated(50'000).toUtf8();
    QByteArray payload;
    appendEngine3Text(payload, QByteArray('4' + text));
    appendEngine3Text(payload, QByteArray('4' + text));
    QVERIFY(payload.startsWith("250001:4"));
    const auto split = splitEngine3Text(payload);
    QVERIFY(split.has_value());
    QCOMPARE(split->size(), size_t(2));
    QVERIFY(split->at(0).data == text && split->at(1).data == text);
}

void TestEngineIo3::binaryOfEverySizeSurvivesBothFramings()
{
    QByteArray message;
    for (int size = 0; size < 300; ++size) {
        QByteArray text;
        appendEngine3Text(text, encodeEngine3Base64(message));
        const auto fromText = splitEngine3Text(text);
        QVERIFY(fromText && fromText->size() == 1);
        QCOMPARE(fromText->front().data, message);
        QByteArray binary;
        appendEngine3Octets(binary, EngineContent::Binary, encodeEngine3Binary(message));
        const auto fromOctets = splitEngine3Octets(binary);
        QVERIFY(fromOctets && fromOctets->size() == 1);
        QCOMPARE(fromOctets->front().data, message);
        message += static_cast<char>(size);
    }
}

void TestEngineIo3::webSocketTexts_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("packet"); // null: refused
    QTest::newRow("message") << QByteArray("4hello") << QByteArray("4:hello");
    QTest::newRow("probe") << QByteArray("2probe") << QByteArray("2:probe");
    QTest::newRow("base64") << QByteArray("b4AQID") << QByteArray("binary:010203");
    QTest::newRow("base64 without a type") << QByteArray("bAQID") << QByteArray();
    QTest::newRow("rubbish") << QByteArray("abc") << QByteArray();
    QTest::newRow("nothing") << QByteArray() << QByteArray();
}

void TestEngineIo3::webSocketTexts()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, packet);
    const auto parsed = parseEngine3Text(text);
    QCOMPARE(parsed.has_value(), !packet.isNull());
    if (parsed)
        QCOMPARE(describe({*parsed}), QByteArrayList{packet});
}

void TestEngineIo3::webSocketBinariesNeedTheirTypeOctet()
{
    QCOMPARE(parseEngine3Binary(QByteArray("\x04\x01\x02")).value(), QByteArrayView("\x01\x02"));
    QCOMPARE(parseEngine3Binary(QByteArray("\x04")).value(), QByteArrayView(""));
    QVERIFY(!parseEngine3Binary(QByteArray("4abc")));
    QVERIFY(!parseEngine3Binary(QByteArray("\x02")));
    QVERIFY(!parseEngine3Binary({}));
}

QTEST_APPLESS_MAIN(TestEngineIo3)
#include "tst_engineio3.moc"
