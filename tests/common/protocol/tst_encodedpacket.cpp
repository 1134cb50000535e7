// SPDX-License-Identifier: Apache-2.0
#include "common/protocol/encodedpacket.h"

#include <QTest>

using namespace gatehouse::protocol;

class TestEncodedPacket : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void textHasOneFrame();
    void attachmentsFollowAsBinaryFrames();
    void pollingPayloadOfTextIsTheText();
    void pollingPayloadHoldsAttachmentsAsBase64();
    void binaryAloneHasNoTextFrame();
    void eachEncodingIsMadeOnce();
    void costCountsTextAndAttachments();
    void textIsTheSamePacketForEveryDialect();
    void oldClientsGetTheTypeInFrontOfBinary();
    void clientsWithoutBinaryGetBase64Texts();
    void oldPayloadsStandBehindTheirLength();
    void oldEncodingsAreMadeOnce();
};

void TestEncodedPacket::textHasOneFrame()
{
    QCOMPARE(EncodedPacket::create("2")->webSocketFrames(),
        QByteArray("\x81\x01"
                   "2"));
}

void TestEncodedPacket::attachmentsFollowAsBinaryFrames()
{
    const auto packet = EncodedPacket::create("452-[]", {"\x01\x02", QByteArray(200, 'x')});
    QCOMPARE(packet->webSocketFrames(),
        QByteArray("\x81\x06"
                   "452-[]\x82\x02\x01\x02\x82\x7E",
            14)
            + QByteArray("\x00\xC8", 2) + QByteArray(200, 'x'));
}

void TestEncodedPacket::pollingPayloadOfTextIsTheText()
{
    const auto packet = EncodedPacket::create("42[\"a\"]");
    QCOMPARE(packet->pollingPayload(), "42[\"a\"]");
    QVERIFY(packet->pollingPayload().constData() == packet->text().constData());
}

void TestEncodedPacket::pollingPayloadHoldsAttachmentsAsBase64()
{
    const auto packet = EncodedPacket::create("452-[]", {"\x01\x02\x03\x04", ""});
    QCOMPARE(packet->pollingPayload(),
        QByteArray("452-[]\x1e"
                   "bAQIDBA==\x1e"
                   "b"));
}

void TestEncodedPacket::binaryAloneHasNoTextFrame()
{
    const auto packet = EncodedPacket::createBinary("\x01\x02\x03\x04");
    QCOMPARE(packet->webSocketFrames(), QByteArray("\x82\x04\x01\x02\x03\x04"));
    QCOMPARE(packet->pollingPayload(), "bAQIDBA==");
    QCOMPARE(packet->costBytes(), 4);
}

void TestEncodedPacket::eachEncodingIsMadeOnce()
{
    const auto packet = EncodedPacket::create("451-[]", {"x"});
    QVERIFY(packet->webSocketFrames().constData() == packet->webSocketFrames().constData());
    QVERIFY(packet->pollingPayload().constData() == packet->pollingPayload().constData());
}

void TestEncodedPacket::costCountsTextAndAttachments()
{
    QCOMPARE(EncodedPacket::create("2")->costBytes(), 1);
    QCOMPARE(EncodedPacket::create("451-[]", {QByteArray(100, 'x')})->costBytes(), 106);
}

void TestEncodedPacket::textIsTheSamePacketForEveryDialect()
{
    const auto packet = EncodedPacket::create("42[\"a\"]");
    for (const auto dialect : {EngineDialect::V4, EngineDialect::V3, EngineDialect::V3Base64})
        QCOMPARE(EncodedPacket::forWebSocket(packet, dialect), packet);
    const auto binary = EncodedPacket::create("451-[]", {"x"});
    QCOMPARE(EncodedPacket::forWebSocket(binary, EngineDialect::V4), binary);
}

void TestEncodedPacket::oldClientsGetTheTypeInFrontOfBinary()
{
    const auto packet = EncodedPacket::create("452-[]", {"\x01\x02", ""});
    QCOMPARE(EncodedPacket::forWebSocket(packet, EngineDialect::V3)->webSocketFrames(),
        QByteArray("\x81\x06"
                   "452-[]\x82\x03\x04\x01\x02\x82\x01\x04"));
    const auto alone = EncodedPacket::createBinary("\x01");
    QCOMPARE(EncodedPacket::forWebSocket(alone, EngineDialect::V3)->webSocketFrames(),
        QByteArray("\x82\x02\x04\x01"));
}

void TestEncodedPacket::clientsWithoutBinaryGetBase64Texts()
{
    const auto packet = EncodedPacket::create("451-[]", {"\x01\x02\x03"});
    QCOMPARE(EncodedPacket::forWebSocket(packet, EngineDialect::V3Base64)->webSocketFrames(),
        QByteArray("\x81\x06"
                   "451-[]\x81\x06"
                   "b4AQID"));
    const auto alone = EncodedPacket::createBinary("\x01\x02\x03");
    QCOMPARE(EncodedPacket::forWebSocket(alone, EngineDialect::V3Base64)->webSocketFrames(),
        QByteArray("\x81\x06"
                   "b4AQID"));
}

void TestEncodedPacket::oldPayloadsStandBehindTheirLength()
{
    const auto packet = EncodedPacket::create("451-[\"\xE2\x82\xAC\"]", {"\x01\x02\x03\x04"});
    QCOMPARE(packet->textPayload3(),
        "9:451-[\"\xE2\x82\xAC\"]"
        "10:b4AQIDBA==");
    QCOMPARE(packet->octetPayload3(),
        QByteArray("\0\1\1\xff"
                   "451-[\"\xE2\x82\xAC\"]"
                   "\1\5\xff\4\1\2\3\4",
            23));
    const auto alone = EncodedPacket::createBinary("\x01\x02\x03\x04");
    QCOMPARE(alone->textPayload3(), "10:b4AQIDBA==");
    QCOMPARE(alone->octetPayload3(), QByteArray("\1\5\xff\4\1\2\3\4"));
}

void TestEncodedPacket::oldEncodingsAreMadeOnce()
{
    const auto packet = EncodedPacket::create("451-[]", {"x"});
    for (const auto dialect : {EngineDialect::V3, EngineDialect::V3Base64}) {
        QCOMPARE(EncodedPacket::forWebSocket(packet, dialect),
            EncodedPacket::forWebSocket(packet, dialect));
    }
    QVERIFY(packet->textPayload3().constData() == packet->textPayload3().constData());
    QVERIFY(packet->octetPayload3().constData() == packet->octetPayload3().constData());
}

QTEST_APPLESS_MAIN(TestEncodedPacket)
#include "tst_encodedpacket.moc"
