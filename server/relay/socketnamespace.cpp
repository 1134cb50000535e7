// SPDX-License-Identifier: Apache-2.0
#include "server/relay/socketnamespace.h"

namespace gatehouse::relay {

class SocketNamespace::SocketPeer final : public Peer
{
public:
    SocketPeer(session::Socket& socket, session::SocketIoServer& sessions)
        : m_socket(socket), m_sessions(sessions)
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
        m_socket.emitEvent(event, args);
    }
    void acknowledge(quint64 ackId, const protocol::JsonArgs& args) override
    {
        m_socket.acknowledge(ackId, args);
    }
    void owesAnswer(quint64 ackId) override { m_socket.owesAnswer(ackId); }
    void releaseAnswer(quint64 ackId) override { m_socket.releaseAnswer(ackId); }
    bool join(const RoomName& room) override { return m_socket.join(room); }
    void leave(const RoomName& room) override { m_socket.leave(room); }
    void close(session::CloseCode code, QLatin1StringView reason) override
    {
        m_sessions.closeSession(m_socket.sessionId(), code, reason);
    }
    quint64 missedEvents() const override { return m_socket.missedEvents(); }
    bool settle() override { return m_sessions.settleBeforeRevocation(m_socket.sessionId()); }

private:
    session::Socket& m_socket;
    session::SocketIoServer& m_sessions;
};

SocketNamespace::SocketNamespace(PeerHandler& handler, session::SocketIoServer& sessions)
    : m_handler(handler), m_sessions(sessions)
{
}

SocketNamespace::~SocketNamespace() = default;

void SocketNamespace::socketConnected(session::Socket& socket)
{
    auto& peer = m_peers[&socket];
    peer = std::make_unique<SocketPeer>(socket, m_sessions);
    m_handler.peerConnected(*peer);
}

void SocketNamespace::eventReceived(session::Socket& socket, const session::IncomingEvent& event)
{
    const auto peer = m_peers.find(&socket);
    if (peer != m_peers.end())
        m_handler.eventReceived(*peer->second, {event.name, event.args, event.ackId});
}

void SocketNamespace::socketDisconnected(session::Socket& socket, const QByteArray& reason)
{
    const auto found = m_peers.find(&socket);
    if (found == m_peers.end())
        return;
    m_handler.peerGone(*found->second, reason);
    m_peers.erase(&socket);
}

std::optional<std::vector<RoomName>> SocketNamespace::recoveryRequested(
    session::Socket&, const session::PastSocket&)
{
    return std::nullopt;
}

} // namespace gatehouse::relay
