// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/clientfixture.h"

#include "common/core/strictjson.h"
#include "common/protocol/jsonargs.h"

#include <QDateTime>
#include <QJsonObject>
#include <QTimer>

#include <array>

namespace gatehouse::conformance {

using protocol::JsonArgsBuilder;

namespace {

/// Longer than the shortest timeout of Node, which is a millisecond. Cases that begin with polling
/// give up to 50 ms to a handshake and an answer; on WebSockets nothing is in a hurry. The
/// reference server ends the poll of a client that upgrades up to 100 ms after its probe, and one
/// case counts for 100 ms what comes over polling.
constexpr Millis pollingPause{5};
constexpr Millis webSocketPause{50};
constexpr Millis upgradePause{120};

const QByteArray firstAttachment(R"({"_placeholder":true,"num":0})");

QByteArray nowAsJson()
{
    return protocol::toJson(QDateTime::currentDateTimeUtc().toString(Qt::ISODateWithMs));
}

QByteArray handshakeAsJson(const session::Socket& socket, const QByteArray& authJson)
{
    const session::Handshake& handshake = socket.handshake();
    QJsonObject query;
    for (const auto& [name, value] : handshake.query.queryItems(QUrl::FullyDecoded))
        query.insert(name, value);
    QJsonObject headers;
    for (const protocol::HttpHeader& header : handshake.headers.fields())
        headers.insert(QString::fromLatin1(header.name).toLower(), QString::fromUtf8(header.value));
    return "{\"query\":" + protocol::toJson(query) + ",\"headers\":" + protocol::toJson(headers)
        + ",\"auth\":" + (authJson.isEmpty() ? QByteArray("{}") : authJson)
        + ",\"address\":" + protocol::toJson(handshake.peerAddress)
        + ",\"secure\":" + (handshake.secure ? "true" : "false") + '}';
}

/// Whether the first argument is an object with these members around one attachment.
bool isWrappedAttachment(const session::IncomingEvent& event)
{
    const QByteArray list = '[' + event.args + ']';
    const auto object = rawElement(list, 0);
    if (!object || event.attachments.size() != 1)
        return false;
    return rawMember(*object, "hello") == "\"lol\"" && rawMember(*object, "goodbye") == "\"gotcha\""
        && rawMember(*object, "message") == firstAttachment;
}

bool isOneAttachment(const session::IncomingEvent& event)
{
    return event.attachments.size() == 1 && event.args == firstAttachment;
}

} // namespace

void ClientSuiteNamespace::connectRequested(session::Socket& socket, const QByteArray& authJson)
{
    Q_UNUSED(authJson)
    if (socket.handshake().query.hasQueryItem(QStringLiteral("fail")))
        socket.refuse("{\"message\":\"Auth failed (main namespace)\"}");
    else
        socket.accept();
}

void ClientSuiteNamespace::eventReceived(
    session::Socket& socket, const session::IncomingEvent& event)
{
    const auto acknowledge = [&](const QByteArray& args) {
        if (event.ackId)
            socket.acknowledge(*event.ackId, args, event.attachments);
    };
    if (event.name == "echo")
        acknowledge(event.args);
    else if (event.name == "getAckDate")
        acknowledge(nowAsJson());
    else if (event.name == "getId")
        acknowledge(protocol::jsonString(socket.socketId().value));
    else if (event.name == "getHandshake")
        acknowledge(handshakeAsJson(socket, {}));
    else if (event.name == "ack")
        askBack(socket);
    else if (event.name == "doge" || event.name == "getbin")
        socket.emitEvent(event.name == "doge" ? "doge" : "takebin", firstAttachment, {"asdfasdf"});
    else
        answerTexts(socket, event.name);
    answerBinary(socket, event);
}

void ClientSuiteNamespace::answerTexts(session::Socket& socket, const QByteArray& event)
{
    static constexpr std::array texts{
        "てすと", "Я Б Г Д Ж Й", "Ä ä Ü ü ß", "utf8 — string", "utf8 — string"};
    if (event == "hi")
        socket.emitEvent("hi");
    else if (event == "false")
        socket.emitEvent("false", "false");
    else if (event == "getDate")
        socket.emitEvent("takeDate", nowAsJson());
    else if (event == "getDateObj")
        socket.emitEvent("takeDateObj", "{\"date\":" + nowAsJson() + '}');
    else if (event == "getUtf8") {
        for (const char* text : texts)
            socket.emitEvent("takeUtf8", protocol::jsonString(text));
    }
}

void ClientSuiteNamespace::answerBinary(
    session::Socket& socket, const session::IncomingEvent& event)
{
    const QByteArray before = socket.data(); // the last part of a series that came as it should
    const QByteArray& name = event.name;
    if (name == "buffa" && isOneAttachment(event))
        socket.emitEvent("buffack");
    else if (name == "blob" && isOneAttachment(event))
        socket.emitEvent("back");
    else if ((name == "jsonbuff" || name == "jsonblob") && isWrappedAttachment(event))
        socket.emitEvent(QByteArray(name + "-ack"));
    else if ((name == "abuff1" || name == "blob1") && isOneAttachment(event))
        socket.setData(name);
    else if (name == "abuff2" && before == "abuff1")
        socket.emitEvent("abuff2-ack");
    else if (name == "blob2" && before == "blob1" && event.args == "\"second\"")
        socket.setData(name);
    else if (name == "blob3" && before == "blob2" && isOneAttachment(event))
        socket.emitEvent("blob3-ack");
}

void ClientSuiteNamespace::askBack(session::Socket& socket)
{
    // The answer comes while the socket lives: with its end the callback gets an error.
    socket.emitWithAck("ack", {}, Millis{5'000}, [&socket](const Result<session::AckReply>& reply) {
        if (reply && reply->args == "5,{\"test\":true}")
            socket.emitEvent("got it");
    });
}

void ClientSuiteSideNamespace::connectRequested(session::Socket& socket, const QByteArray& authJson)
{
    if (m_does == Does::Refuse) {
        socket.refuse("{\"message\":\"Auth failed (custom namespace)\"}");
        return;
    }
    socket.accept();
    if (m_does == Does::TellHandshake)
        socket.emitEvent("handshake", handshakeAsJson(socket, authJson));
}

void ClientSuiteSideNamespace::eventReceived(
    session::Socket& socket, const session::IncomingEvent& event)
{
    if (event.name == "getId" && event.ackId)
        socket.acknowledge(*event.ackId, protocol::jsonString(socket.socketId().value));
}

/// A WebSocket of a client that is to wait.
class ClientSuiteFixture::Arrival final : public session::WebSocketLink::Receiver
{
public:
    Arrival(
        ClientSuiteFixture& fixture, quint64 number, std::unique_ptr<session::WebSocketLink> opened)
        : link(std::move(opened)), m_fixture(fixture), m_number(number)
    {
        link->setReceiver(this);
    }
    void textReceived(QByteArrayView) override { } // nothing is said before the open packet
    void binaryReceived(QByteArrayView) override { }
    void linkClosed(quint16, QLatin1StringView) override
    {
        QTimer::singleShot(0, &m_fixture.m_context,
            [&fixture = m_fixture, number = m_number] { fixture.m_arriving.erase(number); });
    }

    std::unique_ptr<session::WebSocketLink> link;

private:
    ClientSuiteFixture& m_fixture;
    const quint64 m_number;
};

ClientSuiteFixture::ClientSuiteFixture(const Clock& clock)
    : m_hub(clock), m_server(
                        [] {
                            session::SessionOptions options;
                            options.pingInterval = Millis{2'000};
                            return options;
                        }(),
                        m_hub, clock)
{
    m_server.addNamespace({"/"}, &m_root, session::RecoveryOptions{});
    for (const char* name : {"/foo", "/timeout_socket", "/valid", "/asd"})
        m_server.addNamespace({name}, &m_plain, session::RecoveryOptions{});
    m_server.addNamespace({"/abc"}, &m_telling, session::RecoveryOptions{});
    m_server.addNamespace({"/no"}, &m_closed, session::RecoveryOptions{});
}

ClientSuiteFixture::~ClientSuiteFixture() = default;

void ClientSuiteFixture::attach(transport::Server& door)
{
    door.addHandler("/socket.io/", this);
    door.addAcceptor("/socket.io/", this);
}

void ClientSuiteFixture::handleRequest(const session::HttpExchangePtr& exchange)
{
    if (exchange->request().queryItem(QStringLiteral("sid")))
        m_server.handleRequest(exchange);
    else
        QTimer::singleShot(pollingPause, Qt::PreciseTimer, &m_context,
            [this, exchange] { m_server.handleRequest(exchange); });
}

std::optional<protocol::HttpResponse> ClientSuiteFixture::refusal(
    const protocol::HttpRequest& request)
{
    return m_server.refusal(request);
}

void ClientSuiteFixture::linkOpened(
    const protocol::HttpRequest& request, std::unique_ptr<session::WebSocketLink> link)
{
    const bool isUpgrade = request.queryItem(QStringLiteral("sid")).has_value();
    const Millis pause = isUpgrade ? upgradePause : webSocketPause;
    const quint64 number = ++m_arrivals;
    m_arriving.emplace(number, std::make_unique<Arrival>(*this, number, std::move(link)));
    QTimer::singleShot(pause, Qt::PreciseTimer, &m_context, [this, number, request] {
        const auto found = m_arriving.find(number);
        if (found == m_arriving.end())
            return; // it has gone
        auto opened = std::move(found->second->link);
        m_arriving.erase(found);
        m_server.linkOpened(request, std::move(opened));
    });
}

} // namespace gatehouse::conformance
