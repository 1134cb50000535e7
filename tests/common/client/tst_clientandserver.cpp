// SPDX-License-Identifier: Apache-2.0
// The client against the real server: transport, session and hub in this process.
#include "common/client/socketioclient.h"
#include "server/hub/hub.h"
#include "server/session/socketioserver.h"
#include "server/transport/epolldispatcher.h"
#include "server/transport/server.h"
#include "tests/support/certificate.h"
#include "tests/support/wait.h"

#include <QCoreApplication>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

using namespace gatehouse;
using namespace gatehouse::client;
using namespace gatehouse::test;
using namespace Qt::StringLiterals;

namespace {

const NamespaceName Lobby{"/lobby"};
const NamespaceName Locked{"/locked"};
const RoomName Everybody{"everybody"};

/// Acks "echo" with its arguments, answers "say" with an event of the same, asks back on "ask".
class LobbyHandler final : public session::NamespaceHandler
{
public:
    void connectRequested(session::Socket& socket, const QByteArray& authJson) override
    {
        m_lastAuth = authJson;
        socket.accept();
    }
    void socketConnected(session::Socket& socket) override
    {
        socket.join(Everybody);
        socket.emitEvent("welcome");
    }
    void eventReceived(session::Socket& socket, const session::IncomingEvent& event) override
    {
        if (event.name == "echo" && event.ackId)
            socket.acknowledge(*event.ackId, event.args, event.attachments);
        else if (event.name == "say")
            socket.emitEvent("said", event.args, event.attachments);
        else if (event.name == "ask")
            socket.emitWithAck("question", event.args, Millis{5'000},
                [this](const Result<session::AckReply>& reply) { m_answers.append(reply->args); });
        else if (event.name == "leave me")
            socket.disconnect();
    }
    void socketDisconnected(session::Socket&, const QByteArray& reason) override
    {
        m_reasons.append(reason);
    }

    QByteArray m_lastAuth;
    QList<QByteArray> m_answers;
    QList<QByteArray> m_reasons;
};

class LockedHandler final : public session::NamespaceHandler
{
public:
    void connectRequested(session::Socket& socket, const QByteArray&) override
    {
        socket.refuse(R"({"message":"members only","data":{"code":"forbidden"}})");
    }
    void eventReceived(session::Socket&, const session::IncomingEvent&) override { }
};

/// Outlives every house: connections in their closing handshake go on after the server's end.
const SystemClock s_clock;

/// A whole server on one port.
struct House
{
    explicit House(session::SessionOptions sessionOptions = {},
        transport::TransportOptions transportOptions = {}, quint16 port = 0)
        : sockets(std::move(sessionOptions), hub, s_clock),
          door(std::move(transportOptions), s_clock)
    {
        sockets.addNamespace(Lobby, &lobby);
        sockets.addNamespace(Locked, &locked);
        door.addHandler("/socket.io/", &sockets);
        door.addAcceptor("/socket.io/", &sockets);
        isListening = door.listen(QHostAddress(QHostAddress::LocalHost), port).has_value();
    }

    hub::Hub hub{s_clock};
    LobbyHandler lobby;
    LockedHandler locked;
    session::SocketIoServer sockets;
    transport::Server door;
    bool isListening = false;
};

SocketIoClientOptions optionsFor(const House& house, const QString& scheme = u"http"_s)
{
    SocketIoClientOptions options;
    options.server = QUrl(u"%1://127.0.0.1:%2"_s.arg(scheme).arg(house.door.port()));
    options.reconnect = {.first = Millis{20}, .longest = Millis{40}};
    return options;
}

} // namespace

class TestClientAndServer : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void entersWithItsPayload();
    void isRefusedWithTheServersWords();
    void unknownNamespaceIsRefused();
    void acksGoBothWays();
    void binaryGoesBothWays();
    void payloadsAreNotTouched();
    void largeNonAsciiTextsGoBothWays();
    void serverEndsANamespace();
    void leavingIsSeen();
    void heartbeatKeepsBothSides();
    void comesBackAfterASessionWasClosed();
    void comesBackAfterARestart();
    void manyClientsHearARoom();
    void secureConnectionWorks();

private:
    bool enter(SocketIoClient& client, const QByteArray& auth = {})
    {
        client.connectNamespace(Lobby, auth);
        client.open();
        return waitUntil([&] { return client.isConnected(Lobby); });
    }
};

void TestClientAndServer::entersWithItsPayload()
{
    House house;
    QVERIFY(house.isListening);
    SocketIoClient client(optionsFor(house));
    QSignalSpy events(&client, &SocketIoClient::eventReceived);
    QVERIFY(enter(client, R"({"token":"abc"})"));
    QCOMPARE(house.lobby.m_lastAuth, R"({"token":"abc"})");
    QVERIFY(waitUntil([&] { return !events.isEmpty(); }));
    QCOMPARE(events.first().first().value<ReceivedEvent>().name, "welcome");
    QVERIFY(house.sockets.findSocket(client.socketId(Lobby)));
    QCOMPARE(house.sockets.sessions().size(), size_t(1));
    QVERIFY(house.sockets.sessions().front().transport == session::TransportKind::WebSocket);
}

void TestClientAndServer::isRefusedWithTheServersWords()
{
    House house;
    SocketIoClient client(optionsFor(house));
    QSignalSpy refused(&client, &SocketIoClient::connectRefused);
    client.connectNamespace(Locked);
    client.open();
    QVERIFY(waitUntil([&] { return !refused.isEmpty(); }));
    QCOMPARE(refused.first().at(1).toByteArray(),
        R"({"message":"members only","data":{"code":"forbidden"}})");
}

void TestClientAndServer::unknownNamespaceIsRefused()
{
    House house;
    SocketIoClient client(optionsFor(house));
    QSignalSpy refused(&client, &SocketIoClient::connectRefused);
    client.connectNamespace({"/nowhere"});
    client.open();
    QVERIFY(waitUntil([&] { return !refused.isEmpty(); }));
    QCOMPARE(refused.first().at(1).toByteArray(), R"({"message":"Invalid namespace"})");
}

void TestClientAndServer::acksGoBothWays()
{
    House house;
    SocketIoClient client(optionsFor(house));
    QVERIFY(enter(client));
    std::optional<AckReply> reply;
    client.emitWithAck(Lobby, "echo", R"({"b":1,"a":[2]},null)", this,
        [&](const Result<AckReply>& result) { reply = *result; });
    QVERIFY(waitUntil([&] { return reply.has_value(); }));
    QCOMPARE(reply->args, R"({"b":1,"a":[2]},null)");

    connect(&client, &SocketIoClient::eventReceived, this, [&](const ReceivedEvent& event) {
        if (event.name == "question")
            client.acknowledge(event, R"("answer")");
    });
    client.emitEvent(Lobby, "ask");
    QVERIFY(waitUntil([&] { return !house.lobby.m_answers.isEmpty(); }));
    QCOMPARE(house.lobby.m_answers.first(), R"("answer")");
}

void TestClientAndServer::binaryGoesBothWays()
{
    House house;
    SocketIoClient client(optionsFor(house));
    QVERIFY(enter(client));
    QByteArray octets(300'000, '\0');
    for (qsizetype i = 0; i < octets.size(); ++i)
        octets[i] = static_cast<char>(i * 7);
    const protocol::JsonArgs args
        = R"({"x":{"_placeholder":true,"num":1}},{"_placeholder":true,"num":0})";
    std::optional<AckReply> reply;
    client.emitWithAck(Lobby, "echo", args, this,
        [&](const Result<AckReply>& result) { reply = *result; }, Millis{5'000}, {octets, "\xFF"});
    QVERIFY(waitUntil([&] { return reply.has_value(); }));
    QCOMPARE(reply->args, args);
    QCOMPARE(reply->attachments, (QList<QByteArray>{octets, "\xFF"}));
}

void TestClientAndServer::payloadsAreNotTouched()
{
    const QByteArray args
        = R"({"z":1.0,"a":9007199254740993,"e":1e2,"u":"\u00e9\ud83d\ude00","s":"a\/b"} , -0)";
    House house;
    SocketIoClient client(optionsFor(house));
    QSignalSpy events(&client, &SocketIoClient::eventReceived);
    QVERIFY(enter(client));
    client.emitEvent(Lobby, "say", args);
    QVERIFY(waitUntil([&] { return events.size() == 2; }));
    QCOMPARE(events.at(1).first().value<ReceivedEvent>().args, args);
}

void TestClientAndServer::largeNonAsciiTextsGoBothWays()
{
    const QByteArray text = "\"x" + QByteArray("\xE2\x82\xAC").repeated(300'000) + '"';
    House house;
    SocketIoClient client(optionsFor(house));
    QSignalSpy events(&client, &SocketIoClient::eventReceived);
    QVERIFY(enter(client));
    client.emitEvent(Lobby, "say", text);
    QVERIFY(waitUntil([&] { return events.size() == 2; }));
    QCOMPARE(events.at(1).first().value<ReceivedEvent>().args, text);
}

void TestClientAndServer::serverEndsANamespace()
{
    House house;
    SocketIoClient client(optionsFor(house));
    QSignalSpy left(&client, &SocketIoClient::namespaceDisconnected);
    QVERIFY(enter(client));
    client.emitEvent(Lobby, "leave me");
    QVERIFY(waitUntil([&] { return !left.isEmpty(); }));
    QCOMPARE(left.first().at(1).toString(), u"io server disconnect"_s);
    QCOMPARE(client.state(), SocketIoClient::State::Connected);
}

void TestClientAndServer::leavingIsSeen()
{
    House house;
    SocketIoClient client(optionsFor(house));
    QVERIFY(enter(client));
    client.disconnectNamespace(Lobby);
    QVERIFY(waitUntil([&] { return !house.lobby.m_reasons.isEmpty(); }));
    QCOMPARE(house.lobby.m_reasons.first(), "client namespace disconnect");
    QVERIFY(enter(client));
    client.close();
    QVERIFY(waitUntil([&] { return house.sockets.sessions().empty(); }));
    QCOMPARE(house.hub.subscriberCount(Lobby), 0);
}

void TestClientAndServer::heartbeatKeepsBothSides()
{
    session::SessionOptions options;
    options.pingInterval = Millis{30};
    options.pingTimeout = Millis{100};
    House house(options);
    SocketIoClient client(optionsFor(house));
    QSignalSpy disconnected(&client, &SocketIoClient::disconnected);
    QVERIFY(enter(client));
    QVERIFY(holdsFor([&] { return disconnected.isEmpty(); }, Millis{500}));
    QCOMPARE(house.sockets.counters().pingTimeouts, quint64(0));
}

void TestClientAndServer::comesBackAfterASessionWasClosed()
{
    House house;
    SocketIoClient client(optionsFor(house));
    QSignalSpy disconnected(&client, &SocketIoClient::disconnected);
    QVERIFY(enter(client));
    const SocketId before = client.socketId(Lobby);
    QVERIFY(house.sockets.closeSession(house.sockets.sessions().front().id,
        session::CloseCode::Kicked, QLatin1StringView("kicked")));
    QVERIFY(waitUntil([&] { return !disconnected.isEmpty(); }));
    QVERIFY(waitUntil([&] { return client.isConnected(Lobby); }));
    QVERIFY(client.socketId(Lobby) != before);
}

void TestClientAndServer::comesBackAfterARestart()
{
    auto house = std::make_unique<House>();
    SocketIoClient client(optionsFor(*house));
    QVERIFY(enter(client, R"({"again":true})"));
    const quint16 port = house->door.port();
    house.reset();
    QVERIFY(waitUntil([&] { return !client.isConnected(Lobby); }));
    house = std::make_unique<House>(session::SessionOptions(), transport::TransportOptions(), port);
    QVERIFY(house->isListening);
    QVERIFY(waitUntil([&] { return client.isConnected(Lobby); }));
    QCOMPARE(house->lobby.m_lastAuth, R"({"again":true})");
}

void TestClientAndServer::manyClientsHearARoom()
{
    constexpr int Count = 100;
    House house;
    int heard = 0;
    std::vector<std::unique_ptr<SocketIoClient>> clients;
    for (int i = 0; i < Count; ++i) {
        clients.push_back(std::make_unique<SocketIoClient>(optionsFor(house)));
        connect(clients.back().get(), &SocketIoClient::eventReceived, this,
            [&](const ReceivedEvent& event) { heard += event.name == "news" ? 1 : 0; });
        clients.back()->connectNamespace(Lobby);
        clients.back()->open();
    }
    QVERIFY(waitUntil([&] { return house.hub.subscriberCount(Lobby) == Count; }));
    hub::Publication publication;
    publication.nsp = Lobby;
    publication.rooms = {Everybody};
    publication.event = "news";
    QCOMPARE(house.hub.publish(publication).recipients, Count);
    QVERIFY(waitUntil([&] { return heard == Count; }));
}

void TestClientAndServer::secureConnectionWorks()
{
    const SelfSigned identity = makeSelfSigned();
    QTemporaryDir folder;
    const auto write = [&](const QString& name, const QByteArray& pem) {
        QFile file(folder.filePath(name));
        return file.open(QIODevice::WriteOnly) && file.write(pem) == pem.size();
    };
    QVERIFY(write(u"cert.pem"_s, identity.certificatePem) && write(u"key.pem"_s, identity.keyPem));
    transport::TransportOptions secure;
    secure.tls = {folder.filePath(u"cert.pem"_s), folder.filePath(u"key.pem"_s)};
    House house({}, secure);
    QVERIFY(house.isListening);
    SocketIoClientOptions options = optionsFor(house, u"https"_s);
    options.authorities = Authorities::ExtraOnly;
    options.extraAuthorities = {identity.certificate()};
    SocketIoClient client(options);
    QSignalSpy failed(&client, &SocketIoClient::connectFailed);
    QSignalSpy events(&client, &SocketIoClient::eventReceived);
    QVERIFY2(enter(client), failed.isEmpty() ? "" : qPrintable(failed.first().first().toString()));
    const QByteArray text = '"' + QByteArray("\xE2\x82\xAC").repeated(200'000) + '"';
    client.emitEvent(Lobby, "say", text);
    QVERIFY(waitUntil([&] { return events.size() == 2; }));
    QCOMPARE(events.at(1).first().value<ReceivedEvent>().args, text);
}

int main(int argc, char** argv)
{
    QCoreApplication::setEventDispatcher(new transport::EpollDispatcher);
    QCoreApplication application(argc, argv);
    TestClientAndServer test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_clientandserver.moc"
