// SPDX-License-Identifier: Apache-2.0
// Events and acknowledgements of a client, both ways.
#include "tests/common/client/scriptedpair.h"

#include <QJsonObject>
#include <QTest>

using namespace gatehouse;
using namespace gatehouse::client;
using namespace gatehouse::test;
using namespace Qt::StringLiterals;

namespace {

ReceivedEvent eventOf(const QSignalSpy& spy, int index = 0)
{
    return spy.at(index).first().value<ReceivedEvent>();
}

} // namespace

class TestClientEvents : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void eventsArriveUntouched();
    void binaryEventsArriveWhole();
    void eventsAreSent();
    void binaryEventsAreSent();
    void largeNonAsciiTextsGoBothWays();
    void nothingIsSentWithoutANamespace();

    void acksResolve();
    void binaryAckArrives();
    void acksTimeOut();
    void acksFailWithTheConnection();
    void ackAskedForWhileAwayFailsLater();
    void eventsAreAcknowledged();
};

void TestClientEvents::eventsArriveUntouched()
{
    Pair pair;
    QVERIFY(pair.enter());
    pair.server.send(R"(42["m",{"z":1.0,"a":9007199254740993},"x"])");
    pair.server.send(R"(42/other,["not ours"])");
    pair.server.send(R"(427["n"])");
    QVERIFY(waitUntil([&] { return pair.events.size() == 2; }));
    const ReceivedEvent event = eventOf(pair.events);
    QCOMPARE(event.nsp, Root);
    QCOMPARE(event.name, "m");
    QCOMPARE(event.args, R"({"z":1.0,"a":9007199254740993},"x")");
    QCOMPARE(event.json().at(1).toString(), u"x"_s);
    QVERIFY(!event.ackId);
    QCOMPARE(eventOf(pair.events, 1).ackId, std::optional<quint64>(7));
}

void TestClientEvents::binaryEventsArriveWhole()
{
    Pair pair;
    QVERIFY(pair.enter());
    pair.server.send(R"(452-["m",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}])");
    pair.server.sendBinary(QByteArray("\x00\xFF", 2));
    QVERIFY(pair.events.isEmpty());
    pair.server.sendBinary(QByteArray(200'000, 'x'));
    QVERIFY(waitUntil([&] { return pair.events.size() == 1; }));
    QCOMPARE(eventOf(pair.events).attachments,
        (QList<QByteArray>{QByteArray("\x00\xFF", 2), QByteArray(200'000, 'x')}));
}

void TestClientEvents::eventsAreSent()
{
    Pair pair;
    QVERIFY(pair.enter(Tasks));
    QVERIFY(pair.client.emitEvent(Tasks, "m", R"({"z":1.0,"a":2})"));
    QCOMPARE(pair.server.receive(), R"(42/tasks,["m",{"z":1.0,"a":2}])");
    QVERIFY(pair.client.emitEvent(Tasks, "m"));
    QCOMPARE(pair.server.receive(), R"(42/tasks,["m"])");
    QVERIFY(pair.client.emitJson(Tasks, "j", {1, QJsonObject{{u"a"_s, true}}}));
    QCOMPARE(pair.server.receive(), R"(42/tasks,["j",1,{"a":true}])");
}

void TestClientEvents::binaryEventsAreSent()
{
    Pair pair;
    QVERIFY(pair.enter());
    QVERIFY(pair.client.emitEvent(Root, "m", R"({"_placeholder":true,"num":0})", {"\xFF\x01"}));
    QCOMPARE(pair.server.receive(), R"(451-["m",{"_placeholder":true,"num":0}])");
    QCOMPARE(pair.server.receive(), "\xFF\x01");
}

void TestClientEvents::largeNonAsciiTextsGoBothWays()
{
    // Over Qt's own frame size of 512 KiB, where it would cut inside a character.
    const QByteArray text = "\"x" + QByteArray("\xE2\x82\xAC").repeated(300'000) + '"';
    Pair pair;
    QVERIFY(pair.enter());
    QVERIFY(pair.client.emitEvent(Root, "m", text));
    QCOMPARE(pair.server.receive().size(), text.size() + 8);
    pair.server.send(QByteArray("42[\"m\"," + text + ']'));
    QVERIFY(waitUntil([&] { return pair.events.size() == 1; }));
    QCOMPARE(eventOf(pair.events).args, text);
}

void TestClientEvents::nothingIsSentWithoutANamespace()
{
    Pair pair;
    QVERIFY(!pair.client.emitEvent(Root, "m"));
    QVERIFY(pair.enter());
    QVERIFY(!pair.client.emitEvent(Tasks, "m"));
    pair.client.acknowledge({Tasks, "m", {}, {}, 1});
    pair.client.acknowledge({Root, "m", {}, {}, std::nullopt});
    QVERIFY(holdsFor([&] { return !pair.server.hasReceived(); }, Millis{30}));
}

void TestClientEvents::acksResolve()
{
    Pair pair;
    QVERIFY(pair.enter(Tasks));
    std::optional<AckReply> reply;
    pair.client.emitJsonWithAck(
        Tasks, "ask", {1}, this, [&](const Result<AckReply>& result) { reply = *result; });
    QCOMPARE(pair.server.receive(), R"(42/tasks,0["ask",1])");
    pair.server.send(R"(43/tasks,0[{"ok":true},2])");
    QVERIFY(waitUntil([&] { return reply.has_value(); }));
    QCOMPARE(reply->args, R"({"ok":true},2)");
    QCOMPARE(reply->json().at(1).toInt(), 2);
}

void TestClientEvents::binaryAckArrives()
{
    Pair pair;
    QVERIFY(pair.enter());
    std::optional<AckReply> reply;
    pair.client.emitWithAck(
        Root, "ask", {}, this, [&](const Result<AckReply>& result) { reply = *result; });
    QCOMPARE(pair.server.receive(), R"(420["ask"])");
    pair.server.send(R"(461-0[{"_placeholder":true,"num":0}])");
    pair.server.sendBinary("octets");
    QVERIFY(waitUntil([&] { return reply.has_value(); }));
    QCOMPARE(reply->attachments, QList<QByteArray>{"octets"});
}

void TestClientEvents::acksTimeOut()
{
    Pair pair;
    QVERIFY(pair.enter());
    std::optional<Error> error;
    pair.client.emitWithAck(
        Root, "ask", {}, this, [&](const Result<AckReply>& reply) { error = reply.error(); },
        Millis{20});
    QVERIFY(waitUntil([&] { return error.has_value(); }));
    QCOMPARE(error->code, ErrorCode::Timeout);
    pair.server.send("430[]"); // too late, and no harm
    pair.server.send(R"(42["after"])");
    QVERIFY(waitUntil([&] { return pair.events.size() == 1; }));
}

void TestClientEvents::acksFailWithTheConnection()
{
    Pair pair;
    QVERIFY(pair.enter());
    std::optional<Error> error;
    pair.client.emitWithAck(
        Root, "ask", {}, this, [&](const Result<AckReply>& reply) { error = reply.error(); });
    pair.server.receive();
    pair.server.abort();
    QVERIFY(waitUntil([&] { return error.has_value(); }));
    QCOMPARE(error->code, ErrorCode::Unavailable);
}

void TestClientEvents::ackAskedForWhileAwayFailsLater()
{
    SocketIoClient client;
    std::optional<Error> error;
    client.emitWithAck(
        Root, "ask", {}, this, [&](const Result<AckReply>& reply) { error = reply.error(); });
    QVERIFY(!error);
    QVERIFY(waitUntil([&] { return error.has_value(); }));
    QCOMPARE(error->code, ErrorCode::Unavailable);
}

void TestClientEvents::eventsAreAcknowledged()
{
    Pair pair;
    QVERIFY(pair.enter(Tasks));
    connect(&pair.client, &SocketIoClient::eventReceived, this, [&](const ReceivedEvent& event) {
        pair.client.acknowledge(event, R"("got it")");
        pair.client.acknowledge(event, R"({"_placeholder":true,"num":0})", {"\x01"});
    });
    pair.server.send(R"(42/tasks,12["ask"])");
    QCOMPARE(pair.server.receive(), R"(43/tasks,12["got it"])");
    QCOMPARE(pair.server.receive(), R"(461-/tasks,12[{"_placeholder":true,"num":0}])");
    QCOMPARE(pair.server.receive(), "\x01");
}

QTEST_GUILESS_MAIN(TestClientEvents)
#include "tst_clientevents.moc"
