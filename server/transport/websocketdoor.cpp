// SPDX-License-Identifier: Apache-2.0
#include "server/transport/websocketdoor.h"

#include "server/transport/descriptorstream.h"
#include "server/transport/socketstream.h"
#include "server/transport/transportcontext.h"
#include "server/transport/websocketconnection.h"

#include <QPointer>
#include <QSslSocket>
#include <QTcpSocket>
#include <QWebSocket>

namespace gatehouse::transport {

struct WebSocketDoor::Handshake
{
    ~Handshake()
    {
        if (socket) {
            socket->abort();
            socket->deleteLater();
        }
    }

    QPointer<QTcpSocket> socket;
    std::unique_ptr<ConnectionCaps::Ticket> ticket;
    protocol::HttpRequest request;
    session::WebSocketAcceptor* acceptor = nullptr;
    QByteArray early;
    std::unique_ptr<Deadline> deadline;
};

namespace {

QByteArray composedHead(quint64 number, const QByteArray& key)
{
    return "GET /" + QByteArray::number(number)
        + " HTTP/1.1\r\n"
          "Host: localhost\r\n"
          "Upgrade: websocket\r\n"
          "Connection: Upgrade\r\n"
          "Sec-WebSocket-Version: 13\r\n"
          "Sec-WebSocket-Key: "
        + key + "\r\n\r\n";
}

void putBack(QTcpSocket& socket, const QByteArray& octets)
{
    for (auto octet = octets.crbegin(); octet != octets.crend(); ++octet)
        socket.ungetChar(*octet);
}

} // namespace

WebSocketDoor::WebSocketDoor(std::shared_ptr<TransportContext> context)
    : m_context(std::move(context)), m_server(QString(), QWebSocketServer::NonSecureMode)
{
    m_server.setMaxPendingConnections(std::numeric_limits<int>::max());
    connect(&m_server, &QWebSocketServer::newConnection, this, &WebSocketDoor::handleNewConnection);
}

WebSocketDoor::~WebSocketDoor()
{
    abortPending();
}

void WebSocketDoor::handOver(QTcpSocket* socket, std::unique_ptr<ConnectionCaps::Ticket> ticket,
    protocol::HttpRequest request, session::WebSocketAcceptor* acceptor)
{
    const quint64 number = ++m_lastNumber;
    auto handshake = std::make_unique<Handshake>();
    handshake->socket = socket;
    handshake->ticket = std::move(ticket);
    handshake->acceptor = acceptor;
    handshake->early = socket->readAll();
    handshake->deadline
        = std::make_unique<Deadline>(m_context->wheel, [this, number] { fail(number); });
    handshake->deadline->start(m_context->options.deadlines.webSocketHandshake);
    connect(socket, &QTcpSocket::disconnected, this, [this, number] { fail(number); });
    putBack(*socket, composedHead(number, request.headers.value("Sec-WebSocket-Key")));
    handshake->request = std::move(request);
    m_handshakes.emplace(number, std::move(handshake));
    m_server.handleConnection(socket);
}

void WebSocketDoor::handleNewConnection()
{
    while (QWebSocket* webSocket = m_server.nextPendingConnection()) {
        const quint64 number = webSocket->requestUrl().path().mid(1).toULongLong();
        const auto found = m_handshakes.find(number);
        if (found == m_handshakes.end()) {
            webSocket->abort();
            webSocket->deleteLater();
            continue;
        }
        const std::unique_ptr<Handshake> handshake = std::move(found->second);
        m_handshakes.erase(found);
        open(*handshake, webSocket);
    }
}

void WebSocketDoor::open(Handshake& handshake, QWebSocket* webSocket)
{
    QTcpSocket* socket = std::exchange(handshake.socket, nullptr);
    handshake.deadline->stop();
    socket->disconnect(this);
    socket->disconnect(&m_server);
    QObject::disconnect(socket, &QTcpSocket::readyRead, webSocket, nullptr);
    webSocket->setParent(nullptr);
    socket->flush(); // the 101 is still in Qt's buffer, and our writes go past that
    std::unique_ptr<ByteStream> stream = makeStream(handshake, socket, webSocket);
    if (!stream) {
        ++m_context->counters.upgradesFailed;
        return;
    }
    ++m_context->counters.upgradesAccepted;
    handshake.acceptor->linkOpened(
        handshake.request, WebSocketConnection::create(m_context, std::move(stream)));
}

std::unique_ptr<ByteStream> WebSocketDoor::makeStream(
    Handshake& handshake, QTcpSocket* socket, QWebSocket* webSocket)
{
    const bool isEncrypted = qobject_cast<QSslSocket*>(socket) != nullptr;
    if (isEncrypted || m_context->options.webSocket.stream == StreamKind::Socket
        || !EpollDispatcher::current()) {
        return std::make_unique<SocketStream>(
            m_context, socket, webSocket, std::move(handshake.ticket), std::move(handshake.early));
    }
    const int descriptor = takeDescriptor(*socket, handshake.early);
    // Behind the abort(): a QWebSocket that believes to be connected writes a close frame.
    webSocket->deleteLater();
    socket->deleteLater();
    if (descriptor < 0)
        return nullptr;
    return std::make_unique<DescriptorStream>(
        m_context, descriptor, std::move(handshake.ticket), std::move(handshake.early));
}

void WebSocketDoor::fail(quint64 number)
{
    const auto found = m_handshakes.find(number);
    if (found == m_handshakes.end())
        return;
    const std::unique_ptr<Handshake> handshake = std::move(found->second);
    m_handshakes.erase(found);
    ++m_context->counters.upgradesFailed;
    if (handshake->socket)
        handshake->socket->disconnect(this);
}

void WebSocketDoor::abortPending()
{
    while (!m_handshakes.empty())
        fail(m_handshakes.begin()->first);
}

} // namespace gatehouse::transport
