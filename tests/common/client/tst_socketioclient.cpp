// SPDX-License-Identifier: Apache-2.0
#include "common/client/socketioclient.h"
#include "tests/support/scriptedserver.h"

#include <QJsonObject>
#include <QSignalSpy>
#include <QTest>

using namespace gatehouse;
using namespace gatehouse::client;
using namespace gatehouse::test;
using namespace Qt::StringLiterals;

namespace {

const NamespaceName Root{"/"};
const NamespaceName Tasks{"/tasks"};

SocketIoClientOptions optionsFor(const ScriptedServer& server)
{
    SocketIoClientOptions options;
    options.server = server.url();
    options.reconnect = {.first = Millis{20}, .longest = Millis{40}};
    return options;
}

/// A client in the root namespace of a scripted server.
struct Pair
{
    ScriptedServer server;
    SocketIoClient client{optionsFor(server)};
    QSignalSpy events{&client, &SocketIoClient::eventReceived};
    QSignalSpy disconnected{&client, &SocketIoClient::disconnected};
    QSignalSpy left{&client, &SocketIoClient::namespaceDisconnected};

    bool enter(const NamespaceName& nsp = Root)
    {
        client.connectNamespace(nsp);
        client.open();
        if (!server.receive().startsWith("40"))
            return false;
        server.send(nsp == Root ? QByteArray(R"(40{"sid":"s1"})")
                                : QByteArray("40" + nsp.value + R"(,{"sid":"s1"})"));
        return waitUntil([&] { return client.isConnected(nsp); });
    }

    bool hasEnded(const QString& reason)
    {
        return waitUntil([&] { return !disconnected.isEmpty(); })
            && disconnected.first().first().toString().startsWith(reason);
    }
};

ReceivedEvent eventOf(const QSignalSpy& spy, int index = 0)
{
    return spy.at(index).first().value<ReceivedEvent>();
}

} // namespace

class TestSocketIoClient : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void handshakeCarriesHeadersAndQuery();
    void entersNamespacesWithTheirPayload();
    void namespaceAddedLaterIsEnteredAtOnce();
    void refusalIsTold_data();
    void refusalIsTold();
    void leavingANamespaceKeepsTheOthers();
    void serverMayEndANamespace();

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

    void pingsAreAnswered();
    void silentServerIsNoticed();
    void serverThatNeverOpensIsGivenUp();
    void wrongPacketsEndTheSession_data();
    void wrongPacketsEndTheSession();
    void tooLargeMessageEndsTheSession();

    void reconnectsAndEntersAgain();
    void keepsTryingWhileNobodyListens();
    void newOptionsCountForTheNextAttempt();
    void closeMeansClosed();
    void openWhileWaitingTriesAtOnce();
    void slotMayCloseTheClient();
    void slotMayDeleteTheClient();

    void unknownCertificateIsRefused();
    void givenAuthorityIsTrusted();
    void givenAuthorityMayBeTheOnlyOne();
};

void TestSocketIoClient::handshakeCarriesHeadersAndQuery()
{
    ScriptedServer server;
    SocketIoClientOptions options = optionsFor(server);
    options.headers = {{"Authorization", "Bearer abc"}, {"X-Test", "1"}};
    options.query.addQueryItem(u"v"_s, u"4"_s);
    SocketIoClient client(options);
    QSignalSpy connected(&client, &SocketIoClient::connected);
    client.open();
    QVERIFY(waitUntil([&] { return !connected.isEmpty(); }));
    QCOMPARE(client.state(), SocketIoClient::State::Connected);
    const QNetworkRequest request = server.request();
    QCOMPARE(request.rawHeader("Authorization"), "Bearer abc");
    QCOMPARE(request.rawHeader("X-Test"), "1");
    QCOMPARE(request.url().path(), u"/socket.io/"_s);
    const QUrlQuery query(request.url());
    QCOMPARE(query.queryItemValue(u"EIO"_s), u"4"_s);
    QCOMPARE(query.queryItemValue(u"transport"_s), u"websocket"_s);
    QCOMPARE(query.queryItemValue(u"v"_s), u"4"_s);
}

void TestSocketIoClient::entersNamespacesWithTheirPayload()
{
    ScriptedServer server;
    SocketIoClient client(optionsFor(server));
    QSignalSpy entered(&client, &SocketIoClient::namespaceConnected);
    client.connectNamespace(Root);
    client.connectNamespace(Tasks, R"({"token":"abc"})");
    client.open();
    QList<QByteArray> received{server.receive(), server.receive()};
    std::sort(received.begin(), received.end());
    QCOMPARE(received, (QList<QByteArray>{"40", R"(40/tasks,{"token":"abc"})"}));
    QVERIFY(!client.isConnected(Tasks));
    server.send(R"(40/tasks,{"sid":"s2","pid":"p"})");
    QVERIFY(waitUntil([&] { return client.isConnected(Tasks); }));
    QCOMPARE(client.socketId(Tasks).value, "s2");
    QVERIFY(!client.isConnected(Root));
    QCOMPARE(entered.size(), 1);
    QCOMPARE(entered.first().first().value<NamespaceName>(), Tasks);
}

void TestSocketIoClient::namespaceAddedLaterIsEnteredAtOnce()
{
    Pair pair;
    QVERIFY(pair.enter());
    pair.client.connectNamespace(Tasks);
    QCOMPARE(pair.server.receive(), "40/tasks,");
    pair.client.connectNamespace(Tasks, "{}"); // already asked for
    QVERIFY(holdsFor([&] { return !pair.server.hasReceived(); }, Millis{30}));
}

void TestSocketIoClient::refusalIsTold_data()
{
    QTest::addColumn<QByteArray>("packet");
    QTest::addColumn<QByteArray>("json");
    QTest::newRow("object") << QByteArray(R"(44/tasks,{"message":"no"})")
                            << QByteArray(R"({"message":"no"})");
    QTest::newRow("text") << QByteArray(R"(44/tasks,"no")") << QByteArray(R"("no")");
}

void TestSocketIoClient::refusalIsTold()
{
    QFETCH(QByteArray, packet);
    QFETCH(QByteArray, json);
    Pair pair;
    QVERIFY(pair.enter());
    QSignalSpy refused(&pair.client, &SocketIoClient::connectRefused);
    pair.client.connectNamespace(Tasks);
    pair.server.receive();
    pair.server.send(packet);
    QVERIFY(waitUntil([&] { return !refused.isEmpty(); }));
    QCOMPARE(refused.first().at(0).value<NamespaceName>(), Tasks);
    QCOMPARE(refused.first().at(1).toByteArray(), json);
    QVERIFY(!pair.client.isConnected(Tasks));
    QVERIFY(pair.client.isConnected(Root));
    // With another payload the caller may ask again.
    pair.client.connectNamespace(Tasks, "{}");
    QCOMPARE(pair.server.receive(), "40/tasks,{}");
}

void TestSocketIoClient::leavingANamespaceKeepsTheOthers()
{
    Pair pair;
    QVERIFY(pair.enter());
    pair.client.connectNamespace(Tasks);
    pair.server.receive();
    pair.server.send(R"(40/tasks,{"sid":"s2"})");
    QVERIFY(waitUntil([&] { return pair.client.isConnected(Tasks); }));
    pair.client.disconnectNamespace(Tasks);
    QCOMPARE(pair.server.receive(), "41/tasks,");
    QCOMPARE(pair.left.size(), 1);
    QCOMPARE(pair.left.first().at(1).toString(), u"io client disconnect"_s);
    QVERIFY(pair.client.isConnected(Root));
    pair.client.disconnectNamespace(Tasks); // once is enough
    QCOMPARE(pair.left.size(), 1);
}

void TestSocketIoClient::serverMayEndANamespace()
{
    Pair pair;
    QVERIFY(pair.enter());
    std::optional<Error> error;
    pair.client.emitWithAck(
        Root, "ask", {}, this, [&](const Result<AckReply>& reply) { error = reply.error(); });
    pair.server.receive();
    pair.server.send("41");
    QVERIFY(waitUntil([&] { return !pair.left.isEmpty(); }));
    QCOMPARE(pair.left.first().at(1).toString(), u"io server disconnect"_s);
    QCOMPARE(error->code, ErrorCode::Unavailable);
    QVERIFY(!pair.client.isConnected(Root));
    QCOMPARE(pair.client.state(), SocketIoClient::State::Connected);
}

void TestSocketIoClient::eventsArriveUntouched()
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

void TestSocketIoClient::binaryEventsArriveWhole()
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

void TestSocketIoClient::eventsAreSent()
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

void TestSocketIoClient::binaryEventsAreSent()
{
    Pair pair;
    QVERIFY(pair.enter());
    QVERIFY(pair.client.emitEvent(Root, "m", R"({"_placeholder":true,"num":0})", {"\xFF\x01"}));
    QCOMPARE(pair.server.receive(), R"(451-["m",{"_placeholder":true,"num":0}])");
    QCOMPARE(pair.server.receive(), "\xFF\x01");
}

void TestSocketIoClient::largeNonAsciiTextsGoBothWays()
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

void TestSocketIoClient::nothingIsSentWithoutANamespace()
{
    Pair pair;
    QVERIFY(!pair.client.emitEvent(Root, "m"));
    QVERIFY(pair.enter());
    QVERIFY(!pair.client.emitEvent(Tasks, "m"));
    pair.client.acknowledge({Tasks, "m", {}, {}, 1});
    pair.client.acknowledge({Root, "m", {}, {}, std::nullopt});
    QVERIFY(holdsFor([&] { return !pair.server.hasReceived(); }, Millis{30}));
}

void TestSocketIoClient::acksResolve()
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

void TestSocketIoClient::binaryAckArrives()
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

void TestSocketIoClient::acksTimeOut()
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

void TestSocketIoClient::acksFailWithTheConnection()
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

void TestSocketIoClient::ackAskedForWhileAwayFailsLater()
{
    SocketIoClient client;
    std::optional<Error> error;
    client.emitWithAck(
        Root, "ask", {}, this, [&](const Result<AckReply>& reply) { error = reply.error(); });
    QVERIFY(!error);
    QVERIFY(waitUntil([&] { return error.has_value(); }));
    QCOMPARE(error->code, ErrorCode::Unavailable);
}

void TestSocketIoClient::eventsAreAcknowledged()
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

void TestSocketIoClient::pingsAreAnswered()
{
    Pair pair;
    QVERIFY(pair.enter());
    pair.server.send("2");
    QCOMPARE(pair.server.receive(), "3");
    pair.server.send("6");
    pair.server.send("2");
    QCOMPARE(pair.server.receive(), "3");
}

void TestSocketIoClient::silentServerIsNoticed()
{
    Pair pair;
    pair.server.setOpenPacket(R"(0{"sid":"e1","upgrades":[],"pingInterval":60,"pingTimeout":60})");
    QVERIFY(pair.enter());
    // Whatever arrives counts as a sign of life.
    for (int i = 0; i < 5; ++i) {
        QVERIFY(holdsFor([&] { return pair.disconnected.isEmpty(); }, Millis{40}));
        pair.server.send("2");
    }
    QVERIFY(pair.hasEnded(u"ping timeout"_s));
}

void TestSocketIoClient::serverThatNeverOpensIsGivenUp()
{
    ScriptedServer server(QByteArray{});
    SocketIoClientOptions options = optionsFor(server);
    options.connectTimeout = Millis{40};
    SocketIoClient client(options);
    QSignalSpy failed(&client, &SocketIoClient::connectFailed);
    client.open();
    QVERIFY(waitUntil([&] { return failed.size() >= 2; }));
    QCOMPARE(failed.first().first().toString(), u"timeout"_s);
}

void TestSocketIoClient::wrongPacketsEndTheSession_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("reason");
    QTest::newRow("letters") << QByteArray("abc") << u"parse error"_s;
    QTest::newRow("empty") << QByteArray("") << u"parse error"_s;
    QTest::newRow("unknown Socket.IO type") << QByteArray("47") << u"parse error"_s;
    QTest::newRow("event that is an object") << QByteArray("42{}") << u"parse error"_s;
    QTest::newRow("broken JSON") << QByteArray(R"(42["m",])") << u"parse error"_s;
    QTest::newRow("second open packet") << ScriptedServer::defaultOpenPacket() << u"parse error"_s;
    QTest::newRow("placeholder of no attachment")
        << QByteArray(R"(451-["m",{"_placeholder":true,"num":5}])") << u"parse error"_s;
    QTest::newRow("close packet") << QByteArray("1") << u"transport close"_s;
}

void TestSocketIoClient::wrongPacketsEndTheSession()
{
    QFETCH(QByteArray, text);
    QFETCH(QString, reason);
    Pair pair;
    QVERIFY(pair.enter());
    pair.server.send(text);
    QVERIFY(pair.hasEnded(reason));
    QCOMPARE(pair.left.size(), 1);
    QVERIFY(pair.events.isEmpty());
    QVERIFY(waitUntil([&] { return pair.server.connectionCount() == 2; })); // and comes back
}

void TestSocketIoClient::tooLargeMessageEndsTheSession()
{
    ScriptedServer server;
    SocketIoClientOptions options = optionsFor(server);
    options.maxMessageBytes = 1'000;
    SocketIoClient client(options);
    QSignalSpy disconnected(&client, &SocketIoClient::disconnected);
    QSignalSpy connected(&client, &SocketIoClient::connected);
    client.open();
    QVERIFY(waitUntil([&] { return !connected.isEmpty(); }));
    server.send(QByteArray("42[\"m\",\"" + QByteArray(2'000, 'x') + "\"]"));
    QVERIFY(waitUntil([&] { return !disconnected.isEmpty(); }));
}

void TestSocketIoClient::reconnectsAndEntersAgain()
{
    Pair pair;
    QSignalSpy reconnecting(&pair.client, &SocketIoClient::reconnecting);
    QVERIFY(pair.enter());
    pair.client.connectNamespace(Root, R"({"token":"renewed"})");
    pair.server.close(QWebSocketProtocol::CloseCodeGoingAway, u"draining"_s);
    QVERIFY(pair.hasEnded(u"transport close: draining"_s));
    QVERIFY(!pair.client.isConnected(Root));
    QCOMPARE(pair.server.receive(), R"(40{"token":"renewed"})");
    QCOMPARE(reconnecting.size(), 1);
    pair.server.send(R"(40{"sid":"s2"})");
    QVERIFY(waitUntil([&] { return pair.client.isConnected(Root); }));
    QCOMPARE(pair.client.socketId(Root).value, "s2");
}

void TestSocketIoClient::keepsTryingWhileNobodyListens()
{
    Pair pair;
    QSignalSpy failed(&pair.client, &SocketIoClient::connectFailed);
    QVERIFY(pair.enter());
    pair.server.stopListening();
    pair.server.abort();
    QVERIFY(waitUntil([&] { return failed.size() >= 3; }));
    QVERIFY(failed.first().first().toString().startsWith(u"transport error"_s));
    pair.server.listenAgain();
    QCOMPARE(pair.server.receive(), "40");
}

void TestSocketIoClient::newOptionsCountForTheNextAttempt()
{
    Pair pair;
    QVERIFY(pair.enter());
    SocketIoClientOptions options = optionsFor(pair.server);
    options.headers = {{"Authorization", "Bearer new"}};
    pair.client.setOptions(options);
    pair.client.reopen();
    QCOMPARE(pair.server.receive(), "41");
    QCOMPARE(pair.server.receive(), "40");
    QCOMPARE(pair.server.request().rawHeader("Authorization"), "Bearer new");
    QCOMPARE(pair.disconnected.first().first().toString(), u"io client disconnect"_s);
}

void TestSocketIoClient::closeMeansClosed()
{
    Pair pair;
    QVERIFY(pair.enter());
    pair.client.close();
    QCOMPARE(pair.client.state(), SocketIoClient::State::Closed);
    QCOMPARE(pair.disconnected.size(), 1);
    QCOMPARE(pair.left.size(), 1);
    QCOMPARE(pair.server.receive(), "41");
    QVERIFY(waitUntil([&] { return !pair.server.isConnected(); }));
    QVERIFY(holdsFor([&] { return pair.server.connectionCount() == 1; }, Millis{100}));
    pair.client.close();
    QCOMPARE(pair.disconnected.size(), 1);
    pair.client.open(); // and the namespace is still wanted
    QCOMPARE(pair.server.receive(), "40");
}

void TestSocketIoClient::openWhileWaitingTriesAtOnce()
{
    Pair pair;
    SocketIoClientOptions options = optionsFor(pair.server);
    options.reconnect = {.first = Millis{100'000}, .longest = Millis{100'000}};
    pair.client.setOptions(options);
    QVERIFY(pair.enter());
    pair.server.abort();
    QVERIFY(waitUntil([&] { return pair.client.state() == SocketIoClient::State::Waiting; }));
    pair.client.open();
    QCOMPARE(pair.server.receive(), "40");
}

void TestSocketIoClient::slotMayCloseTheClient()
{
    Pair pair;
    QVERIFY(pair.enter());
    connect(&pair.client, &SocketIoClient::eventReceived, this, [&] { pair.client.close(); });
    pair.server.send(R"(42["m"])");
    pair.server.send(R"(42["m"])");
    QVERIFY(waitUntil([&] { return pair.client.state() == SocketIoClient::State::Closed; }));
    QCOMPARE(pair.events.size(), 1);
    // Closing while it tells of a lost connection stops the next attempt too.
    pair.client.open();
    connect(&pair.client, &SocketIoClient::disconnected, this, [&] { pair.client.close(); });
    QVERIFY(waitUntil([&] { return pair.client.state() == SocketIoClient::State::Connected; }));
    pair.server.abort();
    QVERIFY(waitUntil([&] { return pair.client.state() == SocketIoClient::State::Closed; }));
    QVERIFY(holdsFor([&] { return pair.server.connectionCount() == 2; }, Millis{100}));
}

void TestSocketIoClient::slotMayDeleteTheClient()
{
    for (const QByteArray packet :
        {R"(42["m"])", R"(40{"sid":"x"})", "41", "42{}", "1", "44\"no\""}) {
        ScriptedServer server;
        auto* client = new SocketIoClient(optionsFor(server));
        bool isGone = false;
        const auto destroy = [&] {
            isGone = true;
            delete client;
        };
        client->connectNamespace(Root);
        client->connectNamespace(Tasks);
        client->open();
        server.receive();
        server.receive();
        server.send(R"(40/tasks,{"sid":"t"})");
        QVERIFY(waitUntil([&] { return client->isConnected(Tasks); }));
        connect(client, &SocketIoClient::eventReceived, this, destroy);
        connect(client, &SocketIoClient::namespaceConnected, this, destroy);
        connect(client, &SocketIoClient::namespaceDisconnected, this, destroy);
        connect(client, &SocketIoClient::connectRefused, this, destroy);
        if (packet == "41") {
            server.send("41/tasks,");
        } else {
            server.send(packet);
        }
        QVERIFY2(waitUntil([&] { return isGone; }), packet.constData());
    }
}

void TestSocketIoClient::unknownCertificateIsRefused()
{
    ScriptedServer server(makeSelfSigned());
    SocketIoClient client(optionsFor(server));
    QSignalSpy failed(&client, &SocketIoClient::connectFailed);
    client.open();
    QVERIFY(waitUntil([&] { return !failed.isEmpty(); }));
    const QString reason = failed.first().first().toString();
    QVERIFY2(reason.contains(u"self-signed"_s), qPrintable(reason));
    QCOMPARE(server.connectionCount(), 0);
}

void TestSocketIoClient::givenAuthorityIsTrusted()
{
    const SelfSigned identity = makeSelfSigned();
    ScriptedServer server(identity);
    SocketIoClientOptions options = optionsFor(server);
    options.extraAuthorities = {identity.certificate()};
    SocketIoClient client(options);
    client.connectNamespace(Root);
    client.open();
    QCOMPARE(server.receive(), "40");
}

void TestSocketIoClient::givenAuthorityMayBeTheOnlyOne()
{
    const SelfSigned identity = makeSelfSigned();
    ScriptedServer server(identity);
    SocketIoClientOptions options = optionsFor(server);
    options.authorities = Authorities::ExtraOnly;
    options.extraAuthorities = {makeSelfSigned("another").certificate()};
    SocketIoClient client(options);
    QSignalSpy failed(&client, &SocketIoClient::connectFailed);
    client.open();
    QVERIFY(waitUntil([&] { return !failed.isEmpty(); }));
    options.extraAuthorities = {identity.certificate()};
    client.setOptions(options);
    QSignalSpy connected(&client, &SocketIoClient::connected);
    client.reopen();
    QVERIFY(waitUntil([&] { return !connected.isEmpty(); }));
}

QTEST_GUILESS_MAIN(TestSocketIoClient)
#include "tst_socketioclient.moc"
