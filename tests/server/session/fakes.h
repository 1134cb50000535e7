// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/session/socketioserver.h"

#include <QCoreApplication>

#include <memory>
#include <optional>
#include <vector>

/// The other side of the session room's interfaces, in memory and under a clock that moves only
/// when told to.
namespace gatehouse::session::fake {

/// A request built from its query, as transport would hand it over.
inline protocol::HttpRequest request(QByteArray method, const QString& query, QByteArray body = {},
    protocol::HttpHeaders headers = {})
{
    protocol::HttpRequest request;
    request.method = std::move(method);
    request.path = QStringLiteral("/socket.io/");
    request.query = QUrlQuery(query);
    request.body = std::move(body);
    request.headers = std::move(headers);
    request.peerAddress = QStringLiteral("192.0.2.7");
    return request;
}

class Exchange final : public HttpExchange
{
public:
    explicit Exchange(protocol::HttpRequest request) : m_request(std::move(request)) { }

    const protocol::HttpRequest& request() const override { return m_request; }
    void respond(protocol::HttpResponse answer) override
    {
        if (response || m_isPeerGone)
            return;
        response = std::move(answer);
        m_peerGone = nullptr;
    }
    void drop() override
    {
        isDropped = !response && !m_isPeerGone;
        m_peerGone = nullptr;
    }
    bool isPeerGone() const override { return m_isPeerGone; }
    void setPeerGoneCallback(std::function<void()> callback) override
    {
        m_peerGone = std::move(callback);
    }

    void abort()
    {
        m_isPeerGone = true;
        if (const auto callback = std::exchange(m_peerGone, nullptr))
            callback();
    }
    int status() const { return response ? response->status : 0; }
    QByteArray body() const { return response ? response->body : QByteArray("(waiting)"); }

    std::optional<protocol::HttpResponse> response;
    bool isDropped = false;

private:
    protocol::HttpRequest m_request;
    std::function<void()> m_peerGone;
    bool m_isPeerGone = false;
};
using ExchangePtr = std::shared_ptr<Exchange>;

/// What the client at the far end of a WebSocket sees and does; outlives the link.
class Peer
{
public:
    void sendText(QByteArrayView text)
    {
        if (receiver)
            receiver->textReceived(text);
    }
    void sendBinary(QByteArrayView octets)
    {
        if (receiver)
            receiver->binaryReceived(octets);
    }
    void sendPong()
    {
        if (receiver)
            receiver->pongReceived();
    }
    /// The socket ends, by the peer or as the answer to our close frame.
    void end(quint16 code = 1005, QLatin1StringView reason = {})
    {
        if (auto* told = std::exchange(receiver, nullptr))
            told->linkClosed(code, reason);
    }
    bool isClosed() const { return closeCode.has_value() || isDestroyed; }
    QByteArrayList takeTexts() { return std::exchange(texts, {}); }

    WebSocketLink::Receiver* receiver = nullptr;
    QByteArrayList texts;
    QList<QByteArray> binaries;
    std::optional<CloseCode> closeCode;
    QByteArray closeReason;
    bool isDestroyed = false;
    qsizetype queuedBytes = 0; ///< what the link pretends to have queued
    int pings = 0; ///< of the WebSocket's own
    quint64 shed = 0; ///< what the link says it has given up
    bool isStalled = false; ///< takes nothing: what is sent waits in `unsent`
    QByteArrayList unsent;

    /// Takes what has waited, and everything from now on.
    void resume()
    {
        isStalled = false;
        texts << std::exchange(unsent, {});
    }
};
using PeerPtr = std::shared_ptr<Peer>;

class Link final : public WebSocketLink
{
public:
    explicit Link(PeerPtr peer) : m_peer(std::move(peer)) { }
    ~Link() override
    {
        m_peer->isDestroyed = true;
        m_peer->receiver = nullptr;
    }

    void setReceiver(Receiver* receiver) override { m_peer->receiver = receiver; }
    void send(const protocol::EncodedPacketPtr& packet) override
    {
        if (m_peer->closeCode)
            return;
        (m_peer->isStalled ? m_peer->unsent : m_peer->texts) << packet->text();
        m_peer->binaries << packet->attachments();
    }
    qsizetype queuedBytes() const override { return m_peer->queuedBytes; }
    quint64 shedPackets() const override { return m_peer->shed; }
    void sendPing() override { ++m_peer->pings; }
    bool isBusy() const override { return m_peer->queuedBytes > 0; }
    bool flushOrDrop() override { return std::exchange(m_peer->unsent, {}).isEmpty(); }
    void close(CloseCode code, QLatin1StringView reason) override
    {
        m_peer->closeCode = code;
        m_peer->closeReason = QByteArray(reason.data(), reason.size());
    }

private:
    PeerPtr m_peer;
};

/// A namespace that writes down what happens, and does what the test tells it to.
class Namespace : public NamespaceHandler
{
public:
    void connectRequested(Socket& socket, const QByteArray& authJson) override
    {
        lines << "request " + authJson;
        last = &socket;
        if (onRequest)
            onRequest(socket);
        else
            socket.accept();
    }
    void connectAbandoned(Socket&) override { lines << "abandoned"; }
    void socketConnected(Socket& socket) override
    {
        lines << "connected";
        if (onConnected)
            onConnected(socket);
    }
    void eventReceived(Socket& socket, const IncomingEvent& event) override
    {
        lines << "event " + event.name + ' ' + event.args;
        events.push_back(event);
        if (onEvent)
            onEvent(socket, event);
    }
    void socketDisconnected(Socket& socket, const QByteArray& reason) override
    {
        lines << "disconnected " + reason;
        if (onDisconnected)
            onDisconnected(socket);
    }
    QByteArrayList takeLines() { return std::exchange(lines, {}); }

    QByteArrayList lines;
    std::vector<IncomingEvent> events;
    Socket* last = nullptr; ///< dangles after its disconnect
    std::function<void(Socket&)> onRequest;
    std::function<void(Socket&)> onConnected;
    std::function<void(Socket&, const IncomingEvent&)> onEvent;
    std::function<void(Socket&)> onDisconnected;
};

/// A server, and clients by function call.
class Rig
{
public:
    explicit Rig(SessionOptions options = {}) : hub(clock), server(std::move(options), hub, clock)
    {
        server.addNamespace({"/"}, &root);
        server.addNamespace({"/custom"}, &custom);
    }

    /// The timings of the reference conformance suites.
    static SessionOptions quick()
    {
        SessionOptions options;
        options.pingInterval = Millis{300};
        options.pingTimeout = Millis{200};
        options.connectTimeout = Millis{1'000};
        return options;
    }

    /// Lets the event loop's turn end.
    static void settle() { QCoreApplication::processEvents(); }

    void advance(Millis time)
    {
        for (; time > Millis{0}; time -= Millis{1}) {
            clock.advance(Millis{1});
            server.runTimers();
        }
        settle();
    }

    ExchangePtr send(protocol::HttpRequest request)
    {
        auto exchange = std::make_shared<Exchange>(std::move(request));
        server.handleRequest(exchange);
        return exchange;
    }
    ExchangePtr get(const QString& query) { return send(request("GET", query)); }
    ExchangePtr poll(const QByteArray& sid)
    {
        return get(QStringLiteral("EIO=4&transport=polling&sid=") + QString::fromLatin1(sid));
    }
    ExchangePtr post(const QByteArray& sid, QByteArray body)
    {
        return send(request("POST",
            QStringLiteral("EIO=4&transport=polling&sid=") + QString::fromLatin1(sid),
            std::move(body)));
    }

    /// A new polling session; its id.
    QByteArray openPolling()
    {
        return sidOf(get(QStringLiteral("EIO=4&transport=polling"))->body());
    }

    /// A WebSocket, if the server does not refuse it; see refused.
    PeerPtr openWebSocket(const QString& query = QStringLiteral("EIO=4&transport=websocket"),
        protocol::HttpHeaders headers = {})
    {
        const auto wanted = request("GET", query, {}, std::move(headers));
        refused = server.refusal(wanted);
        if (refused)
            return nullptr;
        auto peer = std::make_shared<Peer>();
        server.linkOpened(wanted, std::make_unique<Link>(peer));
        return peer;
    }
    PeerPtr openUpgrade(const QByteArray& sid)
    {
        return openWebSocket(
            QStringLiteral("EIO=4&transport=websocket&sid=") + QString::fromLatin1(sid));
    }

    /// A WebSocket session connected to "/", its handshake answers already taken.
    PeerPtr openConnected()
    {
        PeerPtr peer = openWebSocket();
        peer->sendText("40");
        peer->takeTexts();
        root.takeLines();
        return peer;
    }

    static QByteArray sidOf(const QByteArray& openPacket)
    {
        const auto begin = openPacket.indexOf("\"sid\":\"") + 7;
        return openPacket.mid(begin, openPacket.indexOf('"', begin) - begin);
    }

    ManualClock clock;
    Namespace root;
    Namespace custom;
    hub::Hub hub;
    SocketIoServer server;
    std::optional<protocol::HttpResponse> refused;
};

} // namespace gatehouse::session::fake
