// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/session/enginesession.h"
#include "server/session/servercore.h"
#include "server/session/socketimpl.h"

namespace gatehouse::session {

/// One connected client: Socket.IO 5 over one Engine.IO 4 session, or Socket.IO 4 over Engine.IO 3,
/// with a socket per namespace. Owned by SocketIoServer; lives until the turn in which it ended is
/// over. Network thread only.
class Session final : private EngineSession::Client, private Timer::Owner
{
public:
    Session(ServerCore& core, SessionOwner& owner, Handshake handshake,
        protocol::EngineDialect dialect);
    ~Session();

    EngineSession& engine() { return m_engine; }
    const EngineSession& engine() const { return m_engine; }
    const SessionId& id() const { return m_engine.id(); }
    const Handshake& handshake() const { return m_handshake; }
    SessionView view() const;

    void opened(); ///< the handshake is answered; the connect timeout begins
    void enterRoot(); ///< what a client of Socket.IO 4 does not ask for but expects
    protocol::SocketIoRevision revision() const;

    /// Takes no more events that have to be answered; what is under way goes on.
    void stopListening() { m_isListening = false; }
    /// Nobody waits for an answer any more, and what a polling client has not fetched is nothing.
    bool isSettled() const;

    // For its sockets.
    void send(const protocol::EncodedPacketPtr& packet, hub::Urgency urgency);
    void sendConnectError(const NamespaceName& nsp, QByteArray jsonPayload);
    void socketAccepted();
    void socketSettled(); ///< its handler knows of it and has identified it, if it can
    void principalChanged();
    void releaseSocket(SocketImpl& socket); ///< it has ended; destroyed when the turn ends
    void leftByServer(const NamespaceName& nsp);
    void notifyChanged();

private:
    void engineMessage(QByteArrayView text) override;
    void engineBinary(QByteArrayView octets) override;
    void engineTransportChanged() override;
    void engineClosed(const QByteArray& reason) override;
    void timerDue(Timer& timer, Millis due) override;

    /// How a client writes packets; the first one tells.
    enum class Parser : quint8 { Unknown, Json, Msgpack };

    void dispatchMsgpack(QByteArrayView octets);
    void dispatch(Result<std::optional<protocol::SocketIoPacket>> decoded);
    void dispatchTo(SocketImpl& socket, protocol::SocketIoPacket packet);
    void connectTo(const protocol::SocketIoPacket& packet);
    void refuseNamespace(const NamespaceName& nsp, QByteArray jsonPayload);
    SocketId newSocketId(const NamespaceName& nsp) const;
    SocketImpl* socketIn(const NamespaceName& nsp) const;
    const SocketImpl* mostPrivileged() const;
    bool hasConnectedSocket() const;
    bool isTooLargeForUnknown(QByteArrayView message); ///< then it is closed

    ServerCore& m_core;
    SessionOwner& m_owner;
    const Handshake m_handshake;
    Parser m_parser = Parser::Unknown; ///< beside what m_engine begins with: both are for sending
    EngineSession m_engine;
    protocol::SocketIoDecoder m_decoder;
    std::vector<std::unique_ptr<SocketImpl>> m_sockets;
    std::vector<NamespaceName> m_leftByServer; ///< what the client sent before it knew is ignored
    std::optional<AddressBook::Place> m_place; ///< while open
    bool m_isListening = true;
    bool m_isIdentified = false; ///< somebody is, in one of the sockets
    Timer m_connectDeadline;
    Timer m_identifyDeadline;
};

} // namespace gatehouse::session
