// SPDX-License-Identifier: Apache-2.0
#include "server/session/upgrade.h"

#include "server/session/servercore.h"

namespace gatehouse::session {

Upgrade::Upgrade(ServerCore& core, Host& host, std::unique_ptr<WebSocketLink> link)
    : m_core(core), m_host(host), m_link(std::move(link)), m_deadline(core.timers, *this)
{
    m_link->setReceiver(this);
    m_deadline.startIn(core.options.upgradeTimeout);
}

void Upgrade::abandon()
{
    m_deadline.cancel();
    if (m_link) {
        m_core.closingLinks.close(
            std::move(m_link), CloseCode::Normal, QLatin1StringView("session closed"));
    }
}

void Upgrade::textReceived(QByteArrayView utf8)
{
    if (!m_link)
        return;
    if (!m_isProbed && utf8 == "2probe") {
        m_isProbed = true;
        m_link->send(protocol::EncodedPacket::create("3probe"));
        m_host.upgradeProbed();
    } else if (m_isProbed && utf8 == "5") {
        m_deadline.cancel();
        m_host.upgradeConfirmed(std::move(m_link));
    } else {
        fail(QLatin1StringView("not an upgrade"));
    }
}

void Upgrade::binaryReceived(QByteArrayView)
{
    fail(QLatin1StringView("not an upgrade"));
}

void Upgrade::linkClosed(quint16, QLatin1StringView)
{
    if (!m_link)
        return;
    m_deadline.cancel();
    m_core.turn.destroyLater(std::shared_ptr<WebSocketLink>(std::move(m_link)));
    m_host.upgradeFailed();
}

void Upgrade::timerDue(Timer&, Millis)
{
    fail(QLatin1StringView("upgrade timeout"));
}

void Upgrade::fail(QLatin1StringView reason)
{
    if (!m_link)
        return;
    m_deadline.cancel();
    m_core.closingLinks.close(std::move(m_link), CloseCode::PolicyViolation, reason);
    m_host.upgradeFailed();
}

} // namespace gatehouse::session
