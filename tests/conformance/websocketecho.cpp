// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/websocketecho.h"

namespace gatehouse::conformance {

using protocol::EncodedPacket;

class WebSocketEcho::Connection final : public session::WebSocketLink::Receiver
{
public:
    Connection(WebSocketEcho& server, std::unique_ptr<session::WebSocketLink> link)
        : m_server(server), m_link(std::move(link))
    {
        m_link->setReceiver(this);
    }

private:
    void textReceived(QByteArrayView utf8) override
    {
        m_link->send(EncodedPacket::create(utf8.toByteArray()));
    }
    void binaryReceived(QByteArrayView octets) override
    {
        m_link->send(EncodedPacket::createBinary(octets.toByteArray()));
    }
    void linkClosed(quint16, QLatin1StringView) override
    {
        m_server.m_connections.erase(this); // and with it this object
    }

    WebSocketEcho& m_server;
    std::unique_ptr<session::WebSocketLink> m_link;
};

WebSocketEcho::WebSocketEcho() = default;
WebSocketEcho::~WebSocketEcho() = default;

transport::TransportOptions WebSocketEcho::doorOptions() const
{
    transport::TransportOptions options;
    options.webSocket.maxMessageBytes = 16 << 20;
    options.webSocket.maxQueuedBytes = 64 << 20;
    return options;
}

void WebSocketEcho::attach(transport::Server& door)
{
    door.addAcceptor("/", this);
}

std::optional<protocol::HttpResponse> WebSocketEcho::refusal(const protocol::HttpRequest&)
{
    return std::nullopt;
}

void WebSocketEcho::linkOpened(
    const protocol::HttpRequest&, std::unique_ptr<session::WebSocketLink> link)
{
    auto connection = std::make_unique<Connection>(*this, std::move(link));
    Connection* key = connection.get();
    m_connections.emplace(key, std::move(connection));
}

} // namespace gatehouse::conformance
