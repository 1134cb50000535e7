// SPDX-License-Identifier: Apache-2.0
#include "server/transport/websocketdoor.h"

#include "server/transport/descriptorstream.h"
#include "server/transport/socketstream.h"
#include "server/transport/transportcontext.h"
#include "server/transport/websocketconnection.h"

#include <QSslSocket>

namespace gatehouse::transport {

WebSocketDoor::WebSocketDoor(std::shared_ptr<TransportContext> context)
    : m_context(std::move(context))
{
}

void WebSocketDoor::open(QTcpSocket* socket, std::unique_ptr<ConnectionCaps::Ticket> ticket,
    const protocol::HttpRequest& request, session::WebSocketAcceptor& acceptor)
{
    QByteArray answer = m_handshaker.answerTo(request.headers.value("Sec-WebSocket-Key"));
    std::unique_ptr<ByteStream> stream = makeStream(socket, std::move(ticket));
    if (answer.isEmpty() || !stream) {
        ++m_context->counters.upgradesFailed;
        return;
    }
    ++m_context->counters.upgradesAccepted;
    acceptor.linkOpened(
        request, WebSocketConnection::create(m_context, std::move(stream), std::move(answer)));
}

std::unique_ptr<ByteStream> WebSocketDoor::makeStream(
    QTcpSocket* socket, std::unique_ptr<ConnectionCaps::Ticket> ticket)
{
    const bool isEncrypted = qobject_cast<QSslSocket*>(socket) != nullptr;
    if (isEncrypted || m_context->options.webSocket.stream == StreamKind::Socket
        || !EpollDispatcher::current())
        return std::make_unique<SocketStream>(m_context, socket, std::move(ticket));
    QByteArray early;
    const int descriptor = takeDescriptor(*socket, early);
    socket->deleteLater(); // it may be on the stack
    if (descriptor < 0)
        return nullptr;
    return std::make_unique<DescriptorStream>(
        m_context, descriptor, std::move(ticket), std::move(early));
}

} // namespace gatehouse::transport
