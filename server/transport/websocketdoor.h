// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/session/websocketlink.h"
#include "server/transport/connectioncaps.h"
#include "server/transport/handshaker.h"

#include <memory>

class QTcpSocket;

namespace gatehouse::transport {

class ByteStream;
struct TransportContext;

/// Turns connections with a checked upgrade request into WebSocketLinks. The 101 leaves with the
/// first that the link's owner sends.
class WebSocketDoor
{
public:
    explicit WebSocketDoor(std::shared_ptr<TransportContext> context);

    /// The socket's head has been read; what is unread came early and belongs to the WebSocket.
    void open(QTcpSocket* socket, std::unique_ptr<ConnectionCaps::Ticket> ticket,
        const protocol::HttpRequest& request, session::WebSocketAcceptor& acceptor);

private:
    /// Null: the connection broke meanwhile.
    std::unique_ptr<ByteStream> makeStream(
        QTcpSocket* socket, std::unique_ptr<ConnectionCaps::Ticket> ticket);

    std::shared_ptr<TransportContext> m_context;
    Handshaker m_handshaker;
};

} // namespace gatehouse::transport
