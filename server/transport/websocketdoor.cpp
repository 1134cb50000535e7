// SPDX-License-Identifier: Apache-2.0
#include "server/transport/websocketdoor.h"

#include "server/transport/bytestream.h"
#include "server/transport/httpsocket.h"
#include "server/transport/iothread.h"
#include "server/transport/transportcontext.h"
#include "server/transport/websocketconnection.h"

#include <algorithm>

namespace gatehouse::transport {

WebSocketDoor::WebSocketDoor(std::shared_ptr<TransportContext> context)
    : m_context(std::move(context))
{
}

WebSocketDoor::~WebSocketDoor() = default;

Result<void> WebSocketDoor::startThreads(int count)
{
    for (int number = 1; number <= count; ++number) {
        auto thread = IoThread::start(m_context->options, m_context->clock, number);
        if (!thread) {
            m_threads.clear();
            return tl::unexpected(thread.error());
        }
        m_threads.push_back(std::move(*thread));
    }
    return {};
}

IoThread* WebSocketDoor::leastLoaded() const
{
    const auto least = std::ranges::min_element(
        m_threads, {}, [](const auto& thread) { return thread->linkCount(); });
    return least == m_threads.end() ? nullptr : least->get();
}

void WebSocketDoor::open(HttpSocket& socket, std::unique_ptr<ConnectionCaps::Ticket> ticket,
    const protocol::HttpRequest& request, session::WebSocketAcceptor& acceptor)
{
    QByteArray answer = m_handshaker.answerTo(request.headers.value("Sec-WebSocket-Key"));
    IoThread* const thread = leastLoaded();
    const TransportContextPtr& context = thread ? thread->context() : m_context;
    std::unique_ptr<ByteStream> stream = socket.takeStream(context, std::move(ticket));
    if (answer.isEmpty() || !stream) {
        ++m_context->counters.upgradesFailed;
        return;
    }
    ++m_context->counters.upgradesAccepted;
    const WebSocketOptions& options = context->webSocketOptions(acceptor);
    acceptor.linkOpened(request,
        thread ? thread->adopt(std::move(stream), options, std::move(answer))
               : WebSocketConnection::create(
                   m_context, options, std::move(stream), std::move(answer)));
}

} // namespace gatehouse::transport
