// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/session/websocketlink.h"
#include "server/transport/connectioncaps.h"
#include "server/transport/handshaker.h"

#include <memory>

namespace gatehouse::transport {

class HttpSocket;
struct TransportContext;

/// Turns connections with a checked upgrade request into WebSocketLinks. The 101 leaves with the
/// first that the link's owner sends.
class WebSocketDoor
{
public:
    explicit WebSocketDoor(std::shared_ptr<TransportContext> context);

    /// The socket's head has been read; what is unread came early and belongs to the WebSocket.
    void open(HttpSocket& socket, std::unique_ptr<ConnectionCaps::Ticket> ticket,
        const protocol::HttpRequest& request, session::WebSocketAcceptor& acceptor);

private:
    std::shared_ptr<TransportContext> m_context;
    Handshaker m_handshaker;
};

} // namespace gatehouse::transport
