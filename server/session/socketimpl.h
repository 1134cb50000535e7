// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/session/pendingacks.h"
#include "server/session/socket.h"

#include <QSet>

namespace gatehouse::session {

class NamespaceRecovery;
class Session;
struct NamespaceEntry;
struct ServerCore;

/// The Socket a namespace handler deals with. Owned by its Session, which keeps it until the turn
/// of the event loop in which it left has ended.
class SocketImpl final : public Socket
{
public:
    SocketImpl(ServerCore& core, Session& session, SocketId id, NamespaceName nsp,
        const NamespaceEntry& entry);
    ~SocketImpl() override;

    const SocketId& socketId() const override { return m_id; }
    void deliver(const protocol::EncodedPacketPtr& packet, hub::Urgency urgency) override;

    const NamespaceName& namespaceName() const override { return m_nsp; }
    const SessionId& sessionId() const override;
    const Handshake& handshake() const override;
    const access::Principal& principal() const override { return m_principal; }
    void setPrincipal(access::Principal principal) override;
    const QByteArray& data() const override { return m_data; }
    void setData(QByteArray data) override;
    bool isRecovered() const override;
    quint64 missedEvents() const override;
    void accept() override;
    void refuse(QByteArray jsonPayload) override;
    void emitEvent(QByteArrayView name, const protocol::JsonArgs& args,
        const QList<QByteArray>& attachments) override;
    void emitWithAck(QByteArrayView name, const protocol::JsonArgs& args, Millis timeout,
        AckCallback callback) override;
    void acknowledge(quint64 ackId, const protocol::JsonArgs& args,
        const QList<QByteArray>& attachments) override;
    void owesAnswer(quint64 ackId) override;
    void releaseAnswer(quint64 ackId) override { m_owed.remove(ackId); }
    bool join(const RoomName& room) override;
    void leave(const RoomName& room) override;
    void disconnect() override;

    bool isConnected() const { return m_state == State::Connected; }
    bool owesAnswers() const { return !m_owed.isEmpty(); }

    void requestConnect(const QByteArray& authJson);
    void receiveEvent(IncomingEvent event);
    void receiveAck(quint64 id, AckReply reply);
    /// As PendingAcks::expect().
    void expectAck(quint64 id, Millis timeout, AckCallback callback);
    /// Tells the handler and leaves the hub; nothing is sent.
    void end(const QByteArray& reason);

private:
    enum class State : quint8 { Deciding, Connected, Gone };

    struct HeldEvent
    {
        QByteArray name;
        protocol::JsonArgs args;
        QList<QByteArray> attachments;
        std::optional<quint64> ackId;
    };
    /// Only where the namespace has recovery.
    struct Stay
    {
        QByteArray pid;
        quint64 since = 0; ///< number of the last event before it came
        quint64 lostUpTo = 0; ///< hub::Absence::lostUpTo
        QByteArray auth; ///< until accept()
        bool isRecovered = false;
    };
    struct Return
    {
        std::vector<hub::PastMembership> rooms;
        std::vector<protocol::EncodedPacketPtr> missed;
    };

    void emitNow(const HeldEvent& event);
    void send(const protocol::EncodedPacketPtr& packet);
    Return beginStay();
    std::optional<Return> returnFrom(const PastSocket& past, quint64 offset);
    std::optional<Return> recover();
    void takeId(SocketId id);
    PastSocket asPast() const;
    void noteChange();

    // First what each delivery looks at, so that it lies in one piece of a cache.
    Session& m_session;
    State m_state = State::Deciding;
    ServerCore& m_core;
    SocketId m_id; ///< final from accept() on
    const NamespaceName m_nsp;
    NamespaceHandler& m_handler;
    NamespaceRecovery* const m_recovery; ///< null: off
    std::unique_ptr<Stay> m_stay; ///< null: off
    access::Principal m_principal;
    PendingAcks m_acks;
    QSet<quint64> m_owed; ///< ids of the client's events that will be acknowledged
    QByteArray m_data;
    std::vector<HeldEvent> m_held; ///< emitted before accept()
    std::vector<RoomName> m_joinsHeld;
    int m_rooms = 0; ///< joined
};

} // namespace gatehouse::session
