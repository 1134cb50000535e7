// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/protocol/http.h"

#include <QSet>
#include <QStringList>

namespace gatehouse::session {

/// Which web pages may talk to us (CORS with credentials, Fetch standard section 3.2). An origin is
/// compared octet by octet with the list; nothing is guessed from suffixes or ports. An immutable
/// value.
class OriginPolicy
{
public:
    /// "*" allows any single Origin.
    explicit OriginPolicy(const QStringList& allowedOrigins);

    /// No Origin header is no browser, and allowed; more than one is never allowed.
    bool allows(const protocol::HttpRequest& request) const;

    /// Names the request's own origin, never "*": credentials need it, and caches must know.
    void decorate(const protocol::HttpRequest& request, protocol::HttpResponse& response) const;

    /// The answer to OPTIONS, with the headers and methods the page may use.
    protocol::HttpResponse preflight(
        const protocol::HttpRequest& request, QByteArray methods) const;

private:
    QSet<QByteArray> m_allowed;
    bool m_allowsAny = false;
};

} // namespace gatehouse::session
