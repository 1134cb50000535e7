// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/session/pendingacks.h"
#include "server/session/socket.h"

namespace gatehouse::session {

class Session;
struct ServerCore;

/// The Socket a namespace handler deals with. Owned by its Session, which keeps it until the turn
/// of the event loop in which it left has ended.
class SocketImpl final : public Socket
{
public:
    SocketImpl(ServerCore& core, Session& session, SocketId id, NamespaceName nsp,
        NamespaceHandler& handler);
    ~SocketImpl() override;

    const SocketId& socketId() const override { return m_id; }
    void deliver(const protocol::EncodedPacketPtr& packet, hub::Urgency urgency) override;

    const NamespaceName& namespaceName() const override { return m_nsp; }
    const SessionId& sessionId() const override;
    const Handshake& handshake() const override;
    const access::Principal& principal() const override { return m_principal; }
    void setPrincipal(access::Principal principal) override;
    void accept() override;
    void refuse(QByteArray jsonPayload) override;
    void emitEvent(QByteArrayView name, const protocol::JsonArgs& args,
        const QList<QByteArray>& attachments) override;
    void emitWithAck(QByteArrayView name, const protocol::JsonArgs& args, Millis timeout,
        AckCallback callback) override;
    void acknowledge(quint64 ackId, const protocol::JsonArgs& args,
        const QList<QByteArray>& attachments) override;
    void join(const RoomName& room) override;
    void leave(const RoomName& room) override;
    void disconnect() override;

    bool isConnected() const { return m_state == State::Connected; }

    void requestConnect(const QByteArray& authJson);
    void receiveEvent(IncomingEvent event);
    void receiveAck(quint64 id, AckReply reply);
    /// Tells the handler and leaves the hub; nothing is sent.
    void end(const QByteArray& reason);

private:
    enum class State : quint8 { Deciding, Connected, Gone };

    void send(const protocol::EncodedPacketPtr& packet);

    ServerCore& m_core;
    Session& m_session;
    const SocketId m_id;
    const NamespaceName m_nsp;
    NamespaceHandler& m_handler;
    State m_state = State::Deciding;
    access::Principal m_principal;
    PendingAcks m_acks;
    std::vector<protocol::EncodedPacketPtr> m_held; ///< emitted before accept()
    std::vector<RoomName> m_joinsHeld;
};

} // namespace gatehouse::session
