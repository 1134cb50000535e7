// SPDX-License-Identifier: Apache-2.0
#include "common/protocol/msgpackpacket.h"
#include "tests/server/session/fakes.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::session;
using fake::PeerPtr;
using fake::Rig;

namespace {

const NamespaceName root{"/"};

hub::Publication question()
{
    hub::Publication publication;
    publication.nsp = root;
    publication.event = "question";
    return publication;
}

/// What a client was asked: the id to answer with.
QByteArray idIn(const QByteArray& text)
{
    return text.mid(2, text.indexOf('[') - 2);
}

QByteArray msgpack(const QByteArray& text, const QList<QByteArray>& attachments = {})
{
    return protocol::encodeMsgpackPacket(text, attachments);
}

SessionOptions withMsgpack()
{
    SessionOptions options;
    options.allowMsgpack = true;
    return options;
}

} // namespace

/// One event to many: with answers, and to clients that write packets in different ways.
class TestManyClients : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everybodysAnswerIsCollected();
    void whoDoesNotAnswerIsMissing();
    void whoLeavesIsMissingAtOnce();
    void nobodyToAskIsAnAnswerToo();
    void aSecondAnswerCountsForNothing();
    void answersOverTheBoundAreMissing();
    void theFirstPacketTellsTheParser();
    void jsonAndMessagePackShareARoom();
    void aMessagePackClientMaySendBinary();
    void withoutPermissionMessagePackIsAProtocolError();
    void brokenMessagePackEndsTheSession_data();
    void brokenMessagePackEndsTheSession();
};

void TestManyClients::everybodysAnswerIsCollected()
{
    Rig rig;
    const PeerPtr a = rig.openConnected();
    const PeerPtr b = rig.openConnected();
    std::optional<BroadcastReplies> result;
    rig.server.publishWithAcks(
        question(), Millis{100}, [&](BroadcastReplies replies) { result = std::move(replies); });
    const QByteArrayList asked{a->takeTexts().value(0), b->takeTexts().value(0)};
    QCOMPARE(asked.at(0), asked.at(1)); // encoded once, one id for all
    Rig::settle();
    b->sendText(QByteArray("43" + idIn(asked.at(0)) + "[\"b\"]"));
    QVERIFY(!result);
    a->sendText(QByteArray("43" + idIn(asked.at(0)) + "[\"a\"]"));
    QVERIFY(result);
    QCOMPARE(result->asked, 2);
    QCOMPARE(result->missing(), 0);
    QCOMPARE(result->replies.at(0).second.args, QByteArray("\"b\""));
    QCOMPARE(result->replies.at(1).second.args, QByteArray("\"a\""));
}

void TestManyClients::whoDoesNotAnswerIsMissing()
{
    Rig rig;
    const PeerPtr a = rig.openConnected();
    const PeerPtr b = rig.openConnected();
    std::optional<BroadcastReplies> result;
    rig.server.publishWithAcks(
        question(), Millis{100}, [&](BroadcastReplies replies) { result = std::move(replies); });
    a->sendText(QByteArray("43" + idIn(a->takeTexts().value(0)) + "[1]"));
    rig.advance(Millis{99});
    QVERIFY(!result);
    rig.advance(Millis{2});
    QVERIFY(result);
    QCOMPARE(result->replies.size(), size_t(1));
    QCOMPARE(result->missing(), 1);
    // Too late, and ignored.
    b->sendText(QByteArray("43" + idIn(b->takeTexts().value(0)) + "[1]"));
    QVERIFY(!b->isClosed());
}

void TestManyClients::whoLeavesIsMissingAtOnce()
{
    Rig rig;
    const PeerPtr a = rig.openConnected();
    std::optional<BroadcastReplies> result;
    rig.server.publishWithAcks(
        question(), Millis{60'000}, [&](BroadcastReplies replies) { result = std::move(replies); });
    Rig::settle();
    a->end();
    QVERIFY(result);
    QCOMPARE(result->missing(), 1);
}

void TestManyClients::nobodyToAskIsAnAnswerToo()
{
    Rig rig;
    std::optional<BroadcastReplies> result;
    rig.server.publishWithAcks(
        question(), Millis{100}, [&](BroadcastReplies replies) { result = std::move(replies); });
    QVERIFY(!result); // never from inside the call
    QTRY_VERIFY(result);
    QCOMPARE(result->asked, 0);
}

void TestManyClients::aSecondAnswerCountsForNothing()
{
    Rig rig;
    const PeerPtr a = rig.openConnected();
    const PeerPtr b = rig.openConnected();
    int calls = 0;
    rig.server.publishWithAcks(question(), Millis{100}, [&](BroadcastReplies) { ++calls; });
    Rig::settle();
    const QByteArray answer = "43" + idIn(a->takeTexts().value(0)) + "[]";
    a->sendText(answer);
    a->sendText(answer);
    QCOMPARE(calls, 0);
    b->sendText(answer);
    QCOMPARE(calls, 1);
}

void TestManyClients::answersOverTheBoundAreMissing()
{
    SessionOptions options;
    options.maxBroadcastReplyBytes = 10;
    Rig rig(options);
    const PeerPtr a = rig.openConnected();
    const PeerPtr b = rig.openConnected();
    std::optional<BroadcastReplies> result;
    rig.server.publishWithAcks(
        question(), Millis{100}, [&](BroadcastReplies replies) { result = std::move(replies); });
    Rig::settle();
    const QByteArray answer = "43" + idIn(a->takeTexts().value(0)) + "[\"12345\"]";
    a->sendText(answer);
    b->sendText(answer);
    QVERIFY(result);
    QCOMPARE(result->missing(), 1);
    QCOMPARE(rig.server.counters().refusedAcks, quint64(1));
}

void TestManyClients::theFirstPacketTellsTheParser()
{
    Rig rig(withMsgpack());
    const PeerPtr peer = rig.openWebSocket();
    peer->takeTexts();
    peer->binaries.clear();
    peer->sendBinary(msgpack("40{\"token\":\"t\"}"));
    QCOMPARE(rig.root.takeLines(), QByteArrayList({"request {\"token\":\"t\"}", "connected"}));
    QVERIFY(peer->takeTexts().join().isEmpty());
    QCOMPARE(peer->binaries.size(), 1);
    const auto answer = protocol::parseMsgpackPacket(peer->binaries.first(), {});
    QVERIFY(answer);
    QCOMPARE(answer->type, protocol::PacketType::Connect);
    peer->sendText("2[\"e\"]"); // and it stays so
    Rig::settle();
    QVERIFY(peer->isClosed());
}

void TestManyClients::jsonAndMessagePackShareARoom()
{
    Rig rig(withMsgpack());
    const PeerPtr json = rig.openConnected();
    const PeerPtr packed = rig.openWebSocket();
    packed->sendBinary(msgpack("40"));
    packed->binaries.clear();
    hub::Publication publication;
    publication.nsp = root;
    publication.event = "e";
    publication.args = R"(9007199254740993,0.5,{"_placeholder":true,"num":0})";
    publication.attachments = {QByteArray("\x00\xff", 2)};
    rig.hub.publish(publication);
    QCOMPARE(json->takeTexts(), QByteArrayList({"451-[\"e\"," + publication.args + ']'}));
    QCOMPARE(json->binaries.last(), publication.attachments.first());
    QCOMPARE(packed->binaries,
        QList<QByteArray>(
            {msgpack("451-[\"e\"," + publication.args + ']', publication.attachments)}));
    const auto read = protocol::parseMsgpackPacket(packed->binaries.first(), {});
    QCOMPARE(read->payload, QByteArray("[\"e\"," + publication.args + ']'));
    QCOMPARE(read->attachments, publication.attachments);
}

void TestManyClients::aMessagePackClientMaySendBinary()
{
    Rig rig(withMsgpack());
    const PeerPtr packed = rig.openWebSocket();
    packed->sendBinary(msgpack("40"));
    packed->sendBinary(msgpack(R"(451-7["e",{"_placeholder":true,"num":0},-5])", {"octets"}));
    QCOMPARE(rig.root.events.size(), size_t(1));
    const IncomingEvent& event = rig.root.events.front();
    QCOMPARE(event.name, QByteArray("e"));
    QCOMPARE(event.args, QByteArray(R"({"_placeholder":true,"num":0},-5)"));
    QCOMPARE(event.attachments, QList<QByteArray>({"octets"}));
    QCOMPARE(event.ackId, std::optional<quint64>(7));
}

void TestManyClients::withoutPermissionMessagePackIsAProtocolError()
{
    Rig rig;
    const PeerPtr peer = rig.openWebSocket();
    peer->sendBinary(msgpack("40"));
    Rig::settle();
    QCOMPARE(peer->closeReason, QByteArray("parse error"));
}

void TestManyClients::brokenMessagePackEndsTheSession_data()
{
    QTest::addColumn<QByteArray>("octets");
    QTest::newRow("cut off") << msgpack("42[\"e\"]").chopped(1);
    QTest::newRow("reserved name") << msgpack("42[\"connect\"]");
    QTest::newRow("number as name") << msgpack("42[7]");
    QTest::newRow("ack without id") << msgpack("43[]");
    QTest::newRow("second connect") << msgpack("40");
    QTest::newRow("connect with a list") << msgpack("40[]");
    QTest::newRow("not a packet") << QByteArray("\xc0");
}

void TestManyClients::brokenMessagePackEndsTheSession()
{
    QFETCH(QByteArray, octets);
    Rig rig(withMsgpack());
    const PeerPtr peer = rig.openWebSocket();
    peer->sendBinary(msgpack("40"));
    peer->sendBinary(octets);
    Rig::settle();
    QCOMPARE(peer->closeReason, QByteArray("parse error"));
    QCOMPARE(rig.server.counters().protocolErrors, quint64(1));
}

QTEST_GUILESS_MAIN(TestManyClients)
#include "tst_manyclients.moc"
