// SPDX-License-Identifier: Apache-2.0
#include "server/transport/websocketdoor.h"

#include "server/transport/bytestream.h"
#include "server/transport/httpsocket.h"
#include "server/transport/transportcontext.h"
#include "server/transport/websocketconnection.h"

namespace gatehouse::transport {

WebSocketDoor::WebSocketDoor(std::shared_ptr<TransportContext> context)
    : m_context(std::move(context))
{
}

void WebSocketDoor::open(HttpSocket& socket, std::unique_ptr<ConnectionCaps::Ticket> ticket,
    const protocol::HttpRequest& request, session::WebSocketAcceptor& acceptor)
{
    QByteArray answer = m_handshaker.answerTo(request.headers.value("Sec-WebSocket-Key"));
    std::unique_ptr<ByteStream> stream = socket.takeStream(m_context, std::move(ticket));
    if (answer.isEmpty() || !stream) {
        ++m_context->counters.upgradesFailed;
        return;
    }
    ++m_context->counters.upgradesAccepted;
    acceptor.linkOpened(request,
        WebSocketConnection::create(m_context, m_context->webSocketOptions(acceptor),
            std::move(stream), std::move(answer)));
}

} // namespace gatehouse::transport
