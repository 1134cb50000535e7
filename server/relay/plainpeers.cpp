// SPDX-License-Identifier: Apache-2.0
#include "server/relay/plainpeers.h"

#include "server/relay/refusal.h"
#include "server/session/requestfields.h"

namespace gatehouse::relay {

namespace {

/// The one payload of an event with any number of arguments; none counts as an empty object.
QByteArrayView firstOf(const QByteArray& argsInBrackets)
{
    return rawElement(argsInBrackets, 0).value_or(QByteArrayView("{}"));
}

} // namespace

class PlainPeers::PlainPeer final : public Peer
{
public:
    PlainPeer(session::PlainSocket& socket, const protocol::JsonDialect& dialect)
        : m_socket(socket), m_dialect(dialect)
    {
    }

    const SocketId& id() const override { return m_socket.socketId(); }
    const session::Handshake& handshake() const override { return m_socket.handshake(); }
    const access::Principal& principal() const override { return m_socket.principal(); }
    void setPrincipal(access::Principal principal) override
    {
        m_socket.setPrincipal(std::move(principal));
    }
    void send(QByteArrayView event, const protocol::JsonArgs& args) override
    {
        const QByteArray list = '[' + args + ']';
        m_socket.sendText(protocol::encodeJsonEvent(m_dialect, event, firstOf(list)));
    }
    void acknowledge(quint64, const protocol::JsonArgs&) override { }
    bool join(const RoomName& room) override { return m_socket.join(room); }
    void leave(const RoomName& room) override { m_socket.leave(room); }
    void close(session::CloseCode code, QLatin1StringView reason) override
    {
        m_socket.close(code, reason);
    }
    quint64 missedEvents() const override { return m_socket.missedEvents(); }
    bool settle() override { return m_socket.settle(); }

private:
    session::PlainSocket& m_socket;
    const protocol::JsonDialect& m_dialect;
};

PlainPeers::PlainPeers(PeerHandler& handler, protocol::JsonDialect dialect,
    protocol::JsonEventLimits limits, Gatekeeper gatekeeper)
    : m_handler(handler), m_dialect(std::move(dialect)), m_limits(limits),
      m_gatekeeper(std::move(gatekeeper))
{
}

PlainPeers::~PlainPeers() = default;

std::optional<protocol::HttpResponse> PlainPeers::refusal(const protocol::HttpRequest& request)
{
    if (!m_gatekeeper || m_gatekeeper(session::handshakeOf(request, Millis{0})))
        return std::nullopt;
    return protocol::HttpResponse::text(401, "not authenticated");
}

void PlainPeers::socketOpened(session::PlainSocket& socket)
{
    auto& peer = m_peers[&socket];
    peer = std::make_unique<PlainPeer>(socket, m_dialect);
    m_handler.peerConnected(*peer);
}

void PlainPeers::textReceived(session::PlainSocket& socket, QByteArrayView utf8)
{
    const auto peer = m_peers.find(&socket);
    if (peer == m_peers.end())
        return;
    auto event = protocol::decodeJsonEvent(m_dialect, utf8, m_limits);
    if (!event) {
        ++m_badFrames;
        peer->second->send("error", Refusal{400, event.error().detail}.toJson());
        return;
    }
    m_handler.eventReceived(
        *peer->second, {std::move(event->name), std::move(event->payload), std::nullopt});
}

void PlainPeers::socketClosed(session::PlainSocket& socket, const QByteArray& reason)
{
    const auto found = m_peers.find(&socket);
    if (found == m_peers.end())
        return;
    m_handler.peerGone(*found->second, reason);
    m_peers.erase(&socket);
}

} // namespace gatehouse::relay
