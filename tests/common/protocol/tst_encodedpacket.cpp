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

QTEST_APPLESS_MAIN(TestEncodedPacket)
#include "tst_encodedpacket.moc"
