// SPDX-License-Identifier: Apache-2.0
// What a client does with namespaces and attempts: entering, leaving, coming back.
#include "tests/common/client/scriptedpair.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::client;
using namespace gatehouse::test;
using namespace Qt::StringLiterals;

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

    void reconnectsAndEntersAgain();
    void keepsTryingWhileNobodyListens();
    void newOptionsCountForTheNextAttempt();
    void closeMeansClosed();
    void openWhileWaitingTriesAtOnce();
    void slotMayCloseTheClient();
    void slotMayDeleteTheClient();
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

QTEST_GUILESS_MAIN(TestSocketIoClient)
#include "tst_socketioclient.moc"
