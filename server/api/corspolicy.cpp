// SPDX-License-Identifier: Apache-2.0
#include "server/api/corspolicy.h"

namespace gatehouse::api {

CorsPolicy::CorsPolicy(QStringList allowedOrigins) : m_allowedOrigins(std::move(allowedOrigins)) { }

std::optional<protocol::HttpResponse> CorsPolicy::answer(const protocol::HttpRequest& request) const
{
    const int origins = request.headers.count("Origin");
    if (origins > 1 || (origins == 1 && !isAllowed(request.headers.value("Origin"))))
        return protocol::HttpResponse::json(
            403, R"({"msg":"This origin is not allowed","code":"forbidden"})");
    if (request.method != "OPTIONS")
        return std::nullopt;
    protocol::HttpResponse response;
    response.headers.add("Access-Control-Allow-Methods", "DELETE, GET, HEAD, OPTIONS, PATCH, POST");
    const QByteArray wanted = request.headers.value("Access-Control-Request-Headers");
    if (!wanted.isEmpty())
        response.headers.add("Access-Control-Allow-Headers", wanted);
    response.headers.add("Access-Control-Max-Age", "600");
    decorate(request, response);
    return response;
}

void CorsPolicy::decorate(
    const protocol::HttpRequest& request, protocol::HttpResponse& response) const
{
    const QByteArray origin = request.headers.value("Origin");
    response.headers.add("Vary", "Origin");
    if (origin.isEmpty() || !isAllowed(origin))
        return;
    response.headers.set("Access-Control-Allow-Origin", origin);
    response.headers.set("Access-Control-Allow-Credentials", "true");
    response.headers.set("Access-Control-Expose-Headers", "total-count, Link, jwt-token");
}

bool CorsPolicy::isAllowed(const QByteArray& origin) const
{
    // Compared octet by octet: another case, port, prefix or suffix is another origin.
    for (const QString& allowed : m_allowedOrigins) {
        if (allowed == QLatin1String("*") || allowed.toUtf8() == origin)
            return true;
    }
    return false;
}

} // namespace gatehouse::api
