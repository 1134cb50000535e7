// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/session/timerqueue.h"
#include "server/session/websocketlink.h"

namespace gatehouse::session {

struct ServerCore;

/// A WebSocket that wants to take over a polling session (Engine.IO 4, "Upgrade"): "2probe" is
/// answered "3probe", then "5" makes it the session's transport. Anything else ends the attempt and
/// leaves the session as it was. Owned by the EngineSession.
class Upgrade final : private WebSocketLink::Receiver, private Timer::Owner
{
public:
    class Host
    {
    public:
        virtual void upgradeProbed() = 0; ///< free the client's GET, it waits for that
        virtual void upgradeConfirmed(std::unique_ptr<WebSocketLink> link) = 0;
        virtual void upgradeFailed() = 0; ///< the link is being closed already

    protected:
        ~Host() = default;
    };

    Upgrade(ServerCore& core, Host& host, std::unique_ptr<WebSocketLink> link);

    void abandon(); ///< the session is over; the host is not told

    bool isProbed() const { return m_isProbed; }

private:
    void textReceived(QByteArrayView utf8) override;
    void binaryReceived(QByteArrayView octets) override;
    void linkClosed(quint16 code, QLatin1StringView reason) override;
    void timerDue(Timer& timer, Millis due) override;
    void fail(QLatin1StringView reason);

    ServerCore& m_core;
    Host& m_host;
    std::unique_ptr<WebSocketLink> m_link; ///< null when handed over or closing
    Timer m_deadline;
    bool m_isProbed = false;
};

} // namespace gatehouse::session
