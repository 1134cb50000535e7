// SPDX-License-Identifier: Apache-2.0
// How one connection lives and ends: heartbeats, broken packets, a server that dies, certificates.
#include "tests/common/client/scriptedpair.h"

#include <QRegularExpression>
#include <QTest>

using namespace gatehouse;
using namespace gatehouse::client;
using namespace gatehouse::test;
using namespace Qt::StringLiterals;

class TestWebSocketSession : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void pingsAreAnswered();
    void silentServerIsNoticed();
    void serverThatNeverOpensIsGivenUp();
    void wrongPacketsEndTheSession_data();
    void wrongPacketsEndTheSession();
    void tooLargeMessageEndsTheSession();
    void killedServerIsLeftQuietly_data();
    void killedServerIsLeftQuietly();

    void unknownCertificateIsRefused();
    void givenAuthorityIsTrusted();
    void givenAuthorityMayBeTheOnlyOne();
};

void TestWebSocketSession::pingsAreAnswered()
{
    Pair pair;
    QVERIFY(pair.enter());
    pair.server.send("2");
    QCOMPARE(pair.server.receive(), "3");
    pair.server.send("6");
    pair.server.send("2");
    QCOMPARE(pair.server.receive(), "3");
}

void TestWebSocketSession::silentServerIsNoticed()
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

void TestWebSocketSession::serverThatNeverOpensIsGivenUp()
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

void TestWebSocketSession::wrongPacketsEndTheSession_data()
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

void TestWebSocketSession::wrongPacketsEndTheSession()
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

void TestWebSocketSession::tooLargeMessageEndsTheSession()
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

void TestWebSocketSession::killedServerIsLeftQuietly_data()
{
    QTest::addColumn<bool>("reset");
    QTest::newRow("end of stream") << false;
    QTest::newRow("reset") << true;
}

void TestWebSocketSession::killedServerIsLeftQuietly()
{
    // Qt warns of every use of a socket that is gone.
    QTest::failOnWarning(QRegularExpression(u"."_s));
    QFETCH(bool, reset);
    Pair pair;
    QVERIFY(pair.enter());
    pair.server.stopListening();
    if (reset)
        pair.server.reset();
    else
        pair.server.abort();
    QSignalSpy failed(&pair.client, &SocketIoClient::connectFailed);
    QVERIFY(pair.hasEnded(u"transport close"_s));
    QVERIFY(waitUntil([&] { return failed.size() >= 2; }));
}

void TestWebSocketSession::unknownCertificateIsRefused()
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

void TestWebSocketSession::givenAuthorityIsTrusted()
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

void TestWebSocketSession::givenAuthorityMayBeTheOnlyOne()
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

QTEST_GUILESS_MAIN(TestWebSocketSession)
#include "tst_websocketsession.moc"
