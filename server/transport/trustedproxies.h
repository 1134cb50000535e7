// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"
#include "common/protocol/http.h"

#include <QHostAddress>
#include <QStringList>

#include <vector>

namespace gatehouse::transport {

/// Who may say on whose behalf a request comes.
class TrustedProxies
{
public:
    /// Addresses and subnets; BadRequest names the first that is neither.
    static Result<TrustedProxies> parse(const QStringList& list);

    bool contains(const QHostAddress& address) const;

    /// The client's address: the peer's own, or, when the peer is a trusted proxy, the last address
    /// of X-Forwarded-For that is not one. Fields of untrusted peers change nothing.
    QHostAddress clientAddress(
        const QHostAddress& peer, const protocol::HttpHeaders& headers) const;

    /// The client's end of the way is encrypted, according to a trusted proxy.
    bool saysSecure(const QHostAddress& peer, const protocol::HttpHeaders& headers) const;

private:
    using Subnet = QPair<QHostAddress, int>;
    std::vector<Subnet> m_subnets;
};

/// IPv4 addresses mapped into IPv6 become IPv4, scope ids go.
QHostAddress plainAddress(const QHostAddress& address);

} // namespace gatehouse::transport
