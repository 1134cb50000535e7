// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/session/heartbeat.h"
#include "server/session/plaincore.h"

namespace gatehouse::session {

/// The PlainSocket a handler deals with. Owned by its PlainServer until the turn of the event loop
/// in which it ended is over.
class PlainSession final : public PlainSocket,
                           private WebSocketLink::Receiver,
                           private Heartbeat::Host
{
public:
    /// Who owns the sessions.
    class Owner
    {
    public:
        /// Takes the session out of every index; it stays in memory until the turn ends.
        virtual void sessionEnding(PlainSession& session) = 0;
        virtual void queueGrew() = 0; ///< PlainCore::queuedBytes is over its bound

    protected:
        ~Owner() = default;
    };

    PlainSession(PlainCore& core, Owner& owner, Handshake handshake);
    ~PlainSession() override;

    void open(std::unique_ptr<WebSocketLink> link); ///< once

    const SocketId& socketId() const override { return m_id; }
    void deliver(const protocol::EncodedPacketPtr& packet, hub::Urgency urgency) override;

    SessionId sessionId() const override { return {m_id.value}; }
    const Handshake& handshake() const override { return m_handshake; }
    const access::Principal& principal() const override { return m_principal; }
    void setPrincipal(access::Principal principal) override;
    void send(const protocol::EncodedPacketPtr& packet) override;
    bool join(const RoomName& room) override;
    void leave(const RoomName& room) override;
    qsizetype queuedBytes() const override { return m_link ? m_link->queuedBytes() : 0; }
    quint64 missedEvents() const override { return m_link ? m_link->shedPackets() : 0; }
    void close(CloseCode code, QLatin1StringView reason) override;
    bool settle() override;

    SessionView view() const;
    void closeAsSlow();
    void recountQueue(); ///< brings PlainCore::queuedBytes up to date

private:
    void textReceived(QByteArrayView utf8) override;
    void binaryReceived(QByteArrayView octets) override;
    void pongReceived() override;
    void linkClosed(quint16 code, QLatin1StringView reason) override;
    void sendPing() override;
    void pongMissing() override;
    bool countIn(qsizetype octets); ///< false: over its rate, and closed

    PlainCore& m_core;
    Owner& m_owner;
    const Handshake m_handshake;
    const SocketId m_id;
    access::Principal m_principal;
    AddressBook::Place m_place;
    std::unique_ptr<WebSocketLink> m_link; ///< there while open
    Heartbeat m_heartbeat;
    TokenBucket m_messages;
    TokenBucket m_bytes;
    bool m_isOpen = false;
    bool m_isHeard = false; ///< something came since the last ping
    int m_rooms = 0; ///< joined
    qsizetype m_countedQueue = 0; ///< our part of PlainCore::queuedBytes
    quint64 m_framesIn = 0;
    quint64 m_framesOut = 0;
    quint64 m_bytesIn = 0;
    quint64 m_bytesOut = 0;
};

} // namespace gatehouse::session
