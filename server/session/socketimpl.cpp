// SPDX-License-Identifier: Apache-2.0
#include "server/session/socketimpl.h"

#include "server/session/servercore.h"
#include "server/session/session.h"

namespace gatehouse::session {

SocketImpl::SocketImpl(
    ServerCore& core, Session& session, SocketId id, NamespaceName nsp, NamespaceHandler& handler)
    : m_core(core), m_session(session), m_id(std::move(id)), m_nsp(std::move(nsp)),
      m_handler(handler), m_acks(core)
{
    m_core.sockets.insert(m_id, this);
}

SocketImpl::~SocketImpl() = default;

const SessionId& SocketImpl::sessionId() const
{
    return m_session.id();
}

const Handshake& SocketImpl::handshake() const
{
    return m_session.handshake();
}

void SocketImpl::setPrincipal(access::Principal principal)
{
    m_principal = std::move(principal);
    if (m_state != State::Gone)
        m_session.notifyChanged();
}

void SocketImpl::requestConnect(const QByteArray& authJson)
{
    m_handler.connectRequested(*this, authJson);
}

void SocketImpl::accept()
{
    if (m_state != State::Deciding)
        return;
    m_state = State::Connected;
    protocol::SocketIoPacket answer;
    answer.type = protocol::PacketType::Connect;
    answer.nsp = m_nsp;
    if (m_session.revision() == protocol::SocketIoRevision::Five)
        answer.payload = "{\"sid\":\"" + m_id.value + "\"}";
    m_session.send(protocol::encode(answer), hub::Urgency::Reliable);
    m_core.hub.attach(m_nsp, *this);
    for (const RoomName& room : std::exchange(m_joinsHeld, {}))
        m_core.hub.join(m_nsp, room, *this);
    for (const protocol::EncodedPacketPtr& packet : std::exchange(m_held, {}))
        m_session.send(packet, hub::Urgency::Reliable);
    m_session.socketAccepted();
    m_handler.socketConnected(*this);
}

void SocketImpl::refuse(QByteArray jsonPayload)
{
    if (m_state != State::Deciding)
        return;
    m_state = State::Gone;
    m_session.sendConnectError(m_nsp, std::move(jsonPayload));
    m_core.sockets.remove(m_id);
    m_acks.close();
    m_session.releaseSocket(*this);
}

void SocketImpl::send(const protocol::EncodedPacketPtr& packet)
{
    if (m_state == State::Connected)
        m_session.send(packet, hub::Urgency::Reliable);
    else if (m_state == State::Deciding)
        m_held.push_back(packet);
}

void SocketImpl::deliver(const protocol::EncodedPacketPtr& packet, hub::Urgency urgency)
{
    if (m_state == State::Connected)
        m_session.send(packet, urgency);
}

void SocketImpl::emitEvent(
    QByteArrayView name, const protocol::JsonArgs& args, const QList<QByteArray>& attachments)
{
    if (m_state != State::Gone)
        send(protocol::encodeEvent(m_nsp, name, args, attachments));
}

void SocketImpl::emitWithAck(
    QByteArrayView name, const protocol::JsonArgs& args, Millis timeout, AckCallback callback)
{
    if (const auto id = m_acks.add(timeout, std::move(callback)))
        send(protocol::encodeEvent(m_nsp, name, args, {}, *id));
}

void SocketImpl::acknowledge(
    quint64 ackId, const protocol::JsonArgs& args, const QList<QByteArray>& attachments)
{
    if (m_state == State::Connected)
        send(protocol::encodeAck(m_nsp, ackId, args, attachments));
}

void SocketImpl::join(const RoomName& room)
{
    if (m_state == State::Connected)
        m_core.hub.join(m_nsp, room, *this);
    else if (m_state == State::Deciding)
        m_joinsHeld.push_back(room);
}

void SocketImpl::leave(const RoomName& room)
{
    std::erase(m_joinsHeld, room);
    m_core.hub.leave(m_nsp, room, *this);
}

void SocketImpl::disconnect()
{
    if (m_state == State::Deciding) {
        refuse(QByteArrayLiteral("{\"message\":\"Connection refused\"}"));
    } else if (m_state == State::Connected) {
        protocol::SocketIoPacket goodbye;
        goodbye.type = protocol::PacketType::Disconnect;
        goodbye.nsp = m_nsp;
        send(protocol::encode(goodbye));
        m_session.leftByServer(m_nsp);
        end("server namespace disconnect");
        m_session.releaseSocket(*this);
    }
}

void SocketImpl::receiveEvent(IncomingEvent event)
{
    m_core.observers.forEach([&](SessionObserver& o) { o.eventReceived(*this, event); });
    if (m_state == State::Connected)
        m_handler.eventReceived(*this, event);
}

void SocketImpl::receiveAck(quint64 id, AckReply reply)
{
    m_acks.answered(id, std::move(reply));
}

void SocketImpl::end(const QByteArray& reason)
{
    const State before = std::exchange(m_state, State::Gone);
    if (before == State::Gone)
        return;
    m_held.clear();
    if (before == State::Connected)
        m_handler.socketDisconnected(*this, reason);
    else
        m_handler.connectAbandoned(*this);
    m_core.hub.detach(m_nsp, *this);
    m_core.sockets.remove(m_id);
    m_acks.close();
}

} // namespace gatehouse::session
