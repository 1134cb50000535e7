// SPDX-License-Identifier: Apache-2.0
#include "server/transport/transportcontext.h"

namespace gatehouse::transport {

const WebSocketOptions& TransportContext::webSocketOptions(
    const session::WebSocketAcceptor& acceptor)
{
    const session::LinkLimits limits = acceptor.linkLimits();
    if (limits.isEmpty())
        return options.webSocket;
    auto& own = m_ownOptions[&acceptor];
    if (!own) {
        auto made = std::make_unique<WebSocketOptions>(options.webSocket);
        made->maxMessageBytes = limits.maxMessageBytes.value_or(made->maxMessageBytes);
        made->maxQueuedBytes = limits.maxQueuedBytes.value_or(made->maxQueuedBytes);
        made->maxQueueAge = limits.maxQueueAge.value_or(made->maxQueueAge);
        own = std::move(made);
    }
    return *own;
}

void TransportContext::useRing()
{
    if (options.webSocket.ring == RingUse::Auto && !options.tls.isEnabled()
        && options.webSocket.stream == StreamKind::Descriptor)
        flushList.setRing(SendRing::create(m_whyNoRing));
}

void WebSocketCounters::add(const WebSocketCounters& other)
{
    openWebSockets += other.openWebSockets;
    webSocketProtocolErrors += other.webSocketProtocolErrors;
    webSocketTooBig += other.webSocketTooBig;
    webSocketStalls += other.webSocketStalls;
    webSocketFloods += other.webSocketFloods;
    slowConsumers += other.slowConsumers;
    framesShed += other.framesShed;
    readingPauses += other.readingPauses;
    handOverPauses += other.handOverPauses;
    closeTimeouts += other.closeTimeouts;
    bytesIn += other.bytesIn;
    bytesOut += other.bytesOut;
}

} // namespace gatehouse::transport
