// SPDX-License-Identifier: Apache-2.0
#include "server/transport/connectioncaps.h"

#include <algorithm>

namespace gatehouse::transport {

ConnectionCaps::Ticket::Ticket(std::shared_ptr<ConnectionCaps> caps, QHostAddress key)
    : m_caps(std::move(caps)), m_key(std::move(key))
{
    ++m_caps->m_total;
    if (!m_key.isNull())
        ++m_caps->m_perAddress[m_key];
}

ConnectionCaps::Ticket::~Ticket()
{
    --m_caps->m_total;
    if (m_key.isNull())
        return;
    const auto count = m_caps->m_perAddress.find(m_key);
    if (--*count == 0)
        m_caps->m_perAddress.erase(count);
}

ConnectionCaps::ConnectionCaps(int maxTotal, int maxPerAddress)
    : m_maxTotal(maxTotal), m_maxPerAddress(maxPerAddress)
{
}

ConnectionCaps::Verdict ConnectionCaps::judge(const QHostAddress& address) const
{
    if (m_total >= m_maxTotal)
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
