// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/protocol/http.h"

#include <QStringList>

#include <optional>

namespace gatehouse::api {

/// Which web pages may use the HTTP API: the same allow-list as for sessions. The page's exact
/// origin is echoed, never "*", because answers are for credentials (Authorization header).
class CorsPolicy
{
public:
    explicit CorsPolicy(QStringList allowedOrigins);

    /// The answer to a preflight, or to a request from a page that is not on the list (403);
    /// nothing: go on with the request.
    std::optional<protocol::HttpResponse> answer(const protocol::HttpRequest& request) const;

    /// Adds the headers by which the browser lets the page read the response.
    void decorate(const protocol::HttpRequest& request, protocol::HttpResponse& response) const;

private:
    bool isAllowed(const QByteArray& origin) const;

    QStringList m_allowedOrigins;
};

} // namespace gatehouse::api
