// SPDX-License-Identifier: Apache-2.0
#include "server/transport/trustedproxies.h"

#include <algorithm>

namespace gatehouse::transport {

QHostAddress plainAddress(const QHostAddress& address)
{
    bool isIpv4 = false;
    const quint32 ipv4 = address.toIPv4Address(&isIpv4);
    if (isIpv4)
        return QHostAddress(ipv4);
    QHostAddress plain = address;
    plain.setScopeId({});
    return plain;
}

Result<TrustedProxies> TrustedProxies::parse(const QStringList& list)
{
    TrustedProxies proxies;
    for (const QString& text : list) {
        Subnet subnet = QHostAddress::parseSubnet(text);
        const QHostAddress single(text);
        if (!single.isNull())
            subnet = {single, single.protocol() == QAbstractSocket::IPv4Protocol ? 32 : 128};
        if (subnet.first.isNull() || subnet.second < 0)
            return failure(ErrorCode::BadRequest,
                QStringLiteral("trusted proxy \"%1\" is no address and no subnet").arg(text));
        proxies.m_subnets.push_back(subnet);
    }
    return proxies;
}

bool TrustedProxies::contains(const QHostAddress& address) const
{
    return std::ranges::any_of(
        m_subnets, [&](const Subnet& subnet) { return address.isInSubnet(subnet); });
}

QHostAddress TrustedProxies::clientAddress(
    const QHostAddress& peer, const protocol::HttpHeaders& headers) const
{
    QHostAddress client = peer;
    if (!contains(client))
        return client;
    QList<QByteArray> hops;
    for (const protocol::HttpHeader& field : headers.fields()) {
        if (protocol::equalsWithoutCase(field.name, "X-Forwarded-For"))
            hops += field.value.split(',');
    }
    // From the nearest hop back; what stands before the first stranger is his own claim.
    while (!hops.isEmpty() && contains(client)) {
        const QHostAddress hop(QString::fromLatin1(hops.takeLast().trimmed()));
        if (hop.isNull())
            break;
        client = plainAddress(hop);
    }
    return client;
}

bool TrustedProxies::saysSecure(
    const QHostAddress& peer, const protocol::HttpHeaders& headers) const
{
    return contains(peer)
        && protocol::equalsWithoutCase(headers.value("X-Forwarded-Proto"), "https");
}

} // namespace gatehouse::transport
