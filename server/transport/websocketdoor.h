// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"
#include "server/session/websocketlink.h"
#include "server/transport/connectioncaps.h"
#include "server/transport/handshaker.h"

#include <memory>
#include <vector>

namespace gatehouse::transport {

class HttpSocket;
class IoThread;
struct TransportContext;

/// Turns connections with a checked upgrade request into WebSocketLinks. The 101 leaves with the
/// first that the link's owner sends. With I/O threads each link goes to the one with the fewest.
class WebSocketDoor
{
public:
    explicit WebSocketDoor(std::shared_ptr<TransportContext> context);
    ~WebSocketDoor();

    Result<void> startThreads(int count); ///< Unavailable when the system gives none
    const std::vector<std::shared_ptr<IoThread>>& threads() const { return m_threads; }

    /// The socket's head has been read; what is unread came early and belongs to the WebSocket.
    void open(HttpSocket& socket, std::unique_ptr<ConnectionCaps::Ticket> ticket,
        const protocol::HttpRequest& request, session::WebSocketAcceptor& acceptor);

private:
    IoThread* leastLoaded() const;

    std::shared_ptr<TransportContext> m_context;
    Handshaker m_handshaker;
    std::vector<std::shared_ptr<IoThread>> m_threads;
};

} // namespace gatehouse::transport
