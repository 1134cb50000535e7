// SPDX-License-Identifier: Apache-2.0
#include "server/transport/connectioncaps.h"

#include <algorithm>

namespace gatehouse::transport {

ConnectionCaps::Ticket::Ticket(std::shared_ptr<ConnectionCaps> caps, QHostAddress key)
    : m_caps(std::move(caps)), m_key(std::move(key))
{
    m_caps->enter(m_key);
}

ConnectionCaps::Ticket::~Ticket()
{
    m_caps->leave(m_key);
}

void ConnectionCaps::enter(const QHostAddress& key)
{
    const std::lock_guard lock(m_mutex);
    ++m_total;
    if (!key.isNull())
        ++m_perAddress[key];
}

void ConnectionCaps::leave(const QHostAddress& key)
{
    const std::lock_guard lock(m_mutex);
    --m_total;
    if (key.isNull())
        return;
    const auto count = m_perAddress.find(key);
    if (--*count == 0)
        m_perAddress.erase(count);
}

int ConnectionCaps::total() const
{
    const std::lock_guard lock(m_mutex);
    return m_total;
}

int ConnectionCaps::countOf(const QHostAddress& address) const
{
    const std::lock_guard lock(m_mutex);
    return m_perAddress.value(keyOf(address));
}

ConnectionCaps::ConnectionCaps(int maxTotal, int maxPerAddress)
    : m_maxTotal(maxTotal), m_maxPerAddress(maxPerAddress)
{
}

ConnectionCaps::Verdict ConnectionCaps::judge(const QHostAddress& address) const
{
    if (total() >= m_maxTotal)
        return Verdict::TotalCap;
    if (!address.isNull() && countOf(address) >= m_maxPerAddress)
        return Verdict::AddressCap;
    return Verdict::Admitted;
}

std::unique_ptr<ConnectionCaps::Ticket> ConnectionCaps::admit(const QHostAddress& address)
{
    return std::make_unique<Ticket>(shared_from_this(), keyOf(address));
}

QHostAddress ConnectionCaps::keyOf(const QHostAddress& address)
{
    if (address.protocol() != QAbstractSocket::IPv6Protocol)
        return address;
    Q_IPV6ADDR octets = address.toIPv6Address();
    std::fill(octets.c + 8, octets.c + 16, quint8(0));
    return QHostAddress(octets);
}

} // namespace gatehouse::transport
