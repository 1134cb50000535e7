// SPDX-License-Identifier: Apache-2.0
#include "common/protocol/engineio.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::protocol;

class TestEngineIo : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void singlePackets_data();
    void singlePackets();
    void payloadIsSplitInOrder();
    void payloadsRefused_data();
    void payloadsRefused();
    void packetCountIsBounded();
    void binaryOfEverySizeSurvives();
    void packetsAreJoined();
    void openPacketHasExactlyFiveKeys();
    void openPacketIsReadBack();
    void openPacketsRefused_data();
    void openPacketsRefused();
};

void TestEngineIo::singlePackets_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<char>("type"); // '\0': refused
    QTest::addColumn<QByteArray>("data");
    QTest::newRow("open") << QByteArray("0{}") << '0' << QByteArray("{}");
    QTest::newRow("close") << QByteArray("1") << '1' << QByteArray();
    QTest::newRow("ping probe") << QByteArray("2probe") << '2' << QByteArray("probe");
    QTest::newRow("pong") << QByteArray("3") << '3' << QByteArray();
    QTest::newRow("message") << QByteArray("4hello") << '4' << QByteArray("hello");
    QTest::newRow("empty message") << QByteArray("4") << '4' << QByteArray();
    QTest::newRow("upgrade") << QByteArray("5") << '5' << QByteArray();
    QTest::newRow("noop") << QByteArray("6") << '6' << QByteArray();
    QTest::newRow("nothing") << QByteArray() << '\0' << QByteArray();
    QTest::newRow("digit seven") << QByteArray("7") << '\0' << QByteArray();
    QTest::newRow("letters") << QByteArray("abc") << '\0' << QByteArray();
    QTest::newRow("base64 outside a payload") << QByteArray("bAQID") << '\0' << QByteArray();
    QTest::newRow("slash, below the digits") << QByteArray("/") << '\0' << QByteArray();
}

void TestEngineIo::singlePackets()
{
    QFETCH(QByteArray, text);
    QFETCH(char, type);
    QFETCH(QByteArray, data);
    const auto packet = parseEnginePacket(text);
    QCOMPARE(packet.has_value(), type != '\0');
    if (packet) {
        QCOMPARE(static_cast<char>(packet->type), type);
        QCOMPARE(packet->data, data);
    } else {
        QCOMPARE(packet.error().code, ErrorCode::Malformed);
    }
}

void TestEngineIo::payloadIsSplitInOrder()
{
    const auto packets = splitEnginePayload("4hello\x1e"
                                            "bAQIDBA==\x1e"
                                            "2\x1e"
                                            "4\xE2\x82\xAC");
    QVERIFY(packets.has_value());
    QCOMPARE(packets->size(), size_t(4));
    QCOMPARE(packets->at(0).data, "hello");
    QCOMPARE(packets->at(0).content, EngineContent::Text);
    QCOMPARE(packets->at(1).type, EnginePacketType::Message);
    QCOMPARE(packets->at(1).content, EngineContent::Binary);
    QCOMPARE(packets->at(1).data, QByteArray("\x01\x02\x03\x04"));
    QCOMPARE(packets->at(2).type, EnginePacketType::Ping);
    QCOMPARE(packets->at(3).data, "\xE2\x82\xAC");
}

void TestEngineIo::payloadsRefused_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::newRow("empty body") << QByteArray();
    QTest::newRow("unknown type") << QByteArray("abc");
    QTest::newRow("separator first") << QByteArray("\x1e"
                                                   "4a");
    QTest::newRow("separator last") << QByteArray("4a\x1e");
    QTest::newRow("two separators") << QByteArray("4a\x1e\x1e"
                                                  "4b");
    QTest::newRow("bad packet after a good one") << QByteArray("4a\x1e"
                                                               "9b");
    QTest::newRow("text that is not UTF-8") << QByteArray("4\xFF");
    QTest::newRow("base64 without padding") << QByteArray("bAQIDBA");
    QTest::newRow("base64 with half its padding") << QByteArray("bAQIDBA=");
    QTest::newRow("base64 with too much padding") << QByteArray("bAQID====");
    QTest::newRow("base64 of padding alone") << QByteArray("b====");
    QTest::newRow("base64 with three paddings") << QByteArray("bA===");
    QTest::newRow("base64 with stray bits, one octet") << QByteArray("bAR==");
    QTest::newRow("base64 with stray bits, two octets") << QByteArray("bAAB=");
    QTest::newRow("base64 with a space") << QByteArray("bAQI AQID");
    QTest::newRow("base64 with a line feed") << QByteArray("bAQID\nAQI");
    QTest::newRow("base64url") << QByteArray("b-_-_");
    QTest::newRow("base64 with padding inside") << QByteArray("bAQ==AQ==");
}

void TestEngineIo::payloadsRefused()
{
    QFETCH(QByteArray, body);
    const auto packets = splitEnginePayload(body);
    QVERIFY(!packets);
    QCOMPARE(packets.error().code, ErrorCode::Malformed);
}

void TestEngineIo::packetCountIsBounded()
{
    const EnginePayloadLimits three{.maxPackets = 3};
    QVERIFY(splitEnginePayload("4\x1e"
                               "4\x1e"
                               "4",
        three));
    const auto packets = splitEnginePayload("4\x1e"
                                            "4\x1e"
                                            "4\x1e"
                                            "4",
        three);
    QVERIFY(!packets);
    QCOMPARE(packets.error().code, ErrorCode::TooLarge);
}

void TestEngineIo::binaryOfEverySizeSurvives()
{
    QByteArray octets;
    for (int size = 0; size < 20; ++size) {
        const auto packets = splitEnginePayload(encodeEngineBinary(octets));
        QVERIFY(packets.has_value());
        QCOMPARE(packets->front().data, octets);
        octets += static_cast<char>(250 + size);
    }
}

void TestEngineIo::packetsAreJoined()
{
    QByteArray payload;
    appendToEnginePayload(payload, "4a");
    QCOMPARE(payload, "4a");
    appendToEnginePayload(payload, encodeEngineBinary("\x01\x02\x03\x04"));
    appendToEnginePayload(payload, "2");
    QCOMPARE(payload,
        QByteArray("4a\x1e"
                   "bAQIDBA==\x1e"
                   "2"));
}

void TestEngineIo::openPacketHasExactlyFiveKeys()
{
    const EngineHandshake handshake{
        SessionId{"abc\"1"}, {"websocket"}, Millis{25'000}, Millis{60'000}, 1'000'000};
    QCOMPARE(encodeEngineOpen(handshake),
        R"(0{"sid":"abc\"1","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":60000,"maxPayload":1000000})");
    QVERIFY(encodeEngineOpen({SessionId{"a"}, {}, Millis{1}, Millis{1}, 1})
                .contains("\"upgrades\":[]"));
}

void TestEngineIo::openPacketIsReadBack()
{
    const EngineHandshake sent{
        SessionId{"abc"}, {"websocket", "other"}, Millis{300}, Millis{200}, 5'000'000'000};
    const auto read = parseEngineOpen(encodeEngineOpen(sent).sliced(1));
    QVERIFY(read.has_value());
    QCOMPARE(read->sid, sent.sid);
    QCOMPARE(read->upgrades, sent.upgrades);
    QCOMPARE(read->pingInterval, sent.pingInterval);
    QCOMPARE(read->pingTimeout, sent.pingTimeout);
    QCOMPARE(read->maxPayload, sent.maxPayload);
}

void TestEngineIo::openPacketsRefused_data()
{
    QTest::addColumn<QByteArray>("json");
    QTest::newRow("nothing") << QByteArray();
    QTest::newRow("not JSON") << QByteArray("{");
    QTest::newRow("array") << QByteArray("[]");
    QTest::newRow("no sid") << QByteArray(R"({"pingInterval":1,"pingTimeout":1})");
    QTest::newRow("empty sid") << QByteArray(R"({"sid":"","pingInterval":1,"pingTimeout":1})");
    QTest::newRow("sid is a number") << QByteArray(R"({"sid":1,"pingInterval":1,"pingTimeout":1})");
    QTest::newRow("no interval") << QByteArray(R"({"sid":"a","pingTimeout":1})");
    QTest::newRow("interval of zero")
        << QByteArray(R"({"sid":"a","pingInterval":0,"pingTimeout":1})");
    QTest::newRow("negative timeout")
        << QByteArray(R"({"sid":"a","pingInterval":1,"pingTimeout":-1})");
    QTest::newRow("timeout is text")
        << QByteArray(R"({"sid":"a","pingInterval":1,"pingTimeout":"1"})");
}

void TestEngineIo::openPacketsRefused()
{
    QFETCH(QByteArray, json);
    const auto read = parseEngineOpen(json);
    QVERIFY(!read);
    QCOMPARE(read.error().code, ErrorCode::Malformed);
}

QTEST_APPLESS_MAIN(TestEngineIo)
#include "tst_engineio.moc"
