// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/protocol/enginedialect.h"
#include "server/session/timerqueue.h"
#include "server/session/websocketlink.h"

#include <vector>

namespace gatehouse::session {

/// A WebSocket as sessions of Engine.IO 3 see it: binary packets with their type octet or as base64
/// on the wire, without either above. Owned by the EngineSession in the place of the link it wraps.
class Version3Link final : public WebSocketLink,
                           private WebSocketLink::Receiver,
                           private Timer::Owner
{
public:
    enum class Start : quint8 {
        AtOnce,
        /// Nothing is sent for a moment: clients exist that look for packets only after they have
        /// heard that their WebSocket is open, and lose one that comes with the 101. The reference
        /// project's suite is one of them.
        Gently,
    };

    Version3Link(std::unique_ptr<WebSocketLink> link, protocol::EngineDialect dialect,
        TimerQueue& timers, Start start);
    ~Version3Link() override;

    void setReceiver(WebSocketLink::Receiver* receiver) override;
    void send(const protocol::EncodedPacketPtr& packet) override;
    qsizetype queuedBytes() const override;
    quint64 shedPackets() const override { return m_link->shedPackets(); }
    void sendPing() override;
    bool isBusy() const override;
    bool isReadingPaused() const override { return m_link->isReadingPaused(); }
    bool flushOrDrop() override;
    void close(CloseCode code, QLatin1StringView reason) override;

private:
    void textReceived(QByteArrayView utf8) override;
    void binaryReceived(QByteArrayView octets) override;
    void linkClosed(quint16 code, QLatin1StringView reason) override;
    void timerDue(Timer& timer, Millis due) override;
    void begin();

    const std::unique_ptr<WebSocketLink> m_link;
    const protocol::EngineDialect m_dialect;
    WebSocketLink::Receiver* m_receiver = nullptr;
    Timer m_start;
    std::vector<protocol::EncodedPacketPtr> m_held; ///< while m_start runs
};

} // namespace gatehouse::session
