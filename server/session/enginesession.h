// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/protocol/engineio.h"
#include "server/session/heartbeat.h"
#include "server/session/pollingtransport.h"
#include "server/session/turnqueue.h"
#include "server/session/upgrade.h"
#include "server/session/websocketlink.h"

namespace gatehouse::session {

/// One Engine.IO session: a stream of messages in both directions over long polling, a WebSocket,
/// or first the one and then the other, in order and without loss across the change. Owned by its
/// Session; dead after engineClosed(), then every call is without effect. Network thread only.
class EngineSession final : private TurnWork,
                            private Timer::Owner,
                            private WebSocketLink::Receiver,
                            private Upgrade::Host,
                            private Heartbeat::Host
{
public:
    /// The Socket.IO layer above. May close the session from inside any call.
    class Client
    {
    public:
        virtual void engineMessage(QByteArrayView text) = 0; ///< UTF-8 not yet checked on polling
        virtual void engineBinary(QByteArrayView octets) = 0;
        virtual void engineTransportChanged() = 0;
        virtual void engineClosed(const QByteArray& reason) = 0; ///< once

    protected:
        ~Client() = default;
    };

    struct Traffic
    {
        quint64 packetsIn = 0;
        quint64 packetsOut = 0;
        quint64 bytesIn = 0;
        quint64 bytesOut = 0;
    };

    EngineSession(ServerCore& core, Client& client, SessionId id,
        protocol::EngineDialect dialect = protocol::EngineDialect::V4);
    ~EngineSession();

    /// One of these two, once: answers the handshake.
    void openPolling(const HttpExchangePtr& exchange);
    void openWebSocket(std::unique_ptr<WebSocketLink> link);

    void handlePoll(const HttpExchangePtr& exchange);
    void handlePost(const HttpExchangePtr& exchange);
    /// `dialect` is what the WebSocket's own request says; the version stays the session's.
    void startUpgrade(std::unique_ptr<WebSocketLink> link, protocol::EngineDialect dialect);

    void send(const protocol::EncodedPacketPtr& packet, hub::Urgency urgency);
    /// What is queued leaves now or never. True when nothing was dropped.
    bool flushOrDrop();

    void measureRoundTrip(Heartbeat::RoundTripCallback callback);

    /// Tells the peer as far as its transport allows; `reason` is a literal; engineClosed() is
    /// called before it returns.
    void close(QLatin1StringView reason, CloseCode code);
    void protocolError(const Error& error); ///< counts, logs, closes with "parse error"

    bool isOpen() const { return m_state == State::Open; }
    protocol::EngineDialect dialect() const { return m_dialect; }
    const SessionId& id() const { return m_id; }
    TransportKind transport() const;
    qsizetype queuedBytes() const;
    quint64 shedPackets() const; ///< as WebSocketLink::shedPackets(), by every transport it had
    const Traffic& traffic() const { return m_traffic; }

private:
    enum class State : quint8 { New, Open, Closed };

    void textReceived(QByteArrayView utf8) override;
    void binaryReceived(QByteArrayView octets) override;
    void linkClosed(quint16 code, QLatin1StringView reason) override;
    void timerDue(Timer& timer, Millis due) override;
    void endOfTurn() override;
    void sendPing() override;
    void pongMissing() override;
    void upgradeProbed() override;
    void upgradeConfirmed(std::unique_ptr<WebSocketLink> link) override;
    void upgradeFailed() override;

    QByteArray openPacket(const QList<QByteArray>& upgrades) const;
    Result<std::vector<protocol::EnginePacket>> packetsOf(
        const protocol::HttpRequest& request) const;
    void waitForPackets(const HttpExchangePtr& exchange);
    void sendHeartbeat(const protocol::EncodedPacketPtr& packet);
    void answerPing();
    void receiveText(protocol::EnginePacketType type, QByteArrayView data);
    void receiveBinary(QByteArrayView octets);
    void queue(const protocol::EncodedPacketPtr& packet, hub::Urgency urgency);
    void watchQueueAge();
    void closeAsSlow();
    void closedByPeer();
    void pollAborted();
    void endPoll(CloseCode code);
    void releaseUpgrade();
    bool countIn(qsizetype octets); ///< false: over its rate, and closed
    void countOut(const protocol::EncodedPacket& packet);

    // First what each packet sent looks at, so that it lies in few pieces of a cache.
    ServerCore& m_core;
    State m_state = State::New;
    bool m_isDoomed = false; ///< over its queue bound; closes when the turn ends
    const protocol::EngineDialect m_dialect; ///< of the request that made the session
    protocol::EngineDialect m_upgradeDialect = protocol::EngineDialect::V4; ///< of version 3 only
    std::unique_ptr<WebSocketLink> m_link; ///< either this
    Traffic m_traffic;
    std::unique_ptr<PollingTransport> m_polling; ///< or this
    Client& m_client;
    const SessionId m_id;
    std::unique_ptr<Upgrade> m_upgrade;
    Heartbeat m_heartbeat;
    Timer m_queueAge; ///< polling: the oldest packet must be fetched by then
    Timer m_heldPoll; ///< polling: a GET in mid-upgrade is answered then
    quint64 m_shedByPolling = 0; ///< before the upgrade
    TokenBucket m_messages;
    TokenBucket m_bytes;
};

} // namespace gatehouse::session
