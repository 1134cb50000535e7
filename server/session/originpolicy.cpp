// SPDX-License-Identifier: Apache-2.0
#include "server/session/originpolicy.h"

namespace gatehouse::session {

OriginPolicy::OriginPolicy(const QStringList& allowedOrigins)
{
    for (const QString& origin : allowedOrigins) {
        if (origin == u'*')
            m_allowsAny = true;
        else
            m_allowed.insert(origin.toUtf8());
    }
}

bool OriginPolicy::allows(const protocol::HttpRequest& request) const
{
    const int origins = request.headers.count("Origin");
    if (origins == 0)
        return true;
    if (origins > 1)
        return false;
    return m_allowsAny || m_allowed.contains(request.headers.value("Origin"));
}

void OriginPolicy::decorate(
    const protocol::HttpRequest& request, protocol::HttpResponse& response) const
{
    response.headers.add("Vary", "Origin");
    if (!request.headers.has("Origin") || !allows(request))
        return;
    response.headers.add("Access-Control-Allow-Origin", request.headers.value("Origin"));
    response.headers.add("Access-Control-Allow-Credentials", "true");
}

protocol::HttpResponse OriginPolicy::preflight(
    const protocol::HttpRequest& request, QByteArray methods) const
{
    protocol::HttpResponse response;
    response.status = 204;
    decorate(request, response);
    response.headers.add("Access-Control-Allow-Methods", std::move(methods));
    const QByteArray wanted = request.headers.value("Access-Control-Request-Headers");
    if (!wanted.isEmpty())
        response.headers.add("Access-Control-Allow-Headers", wanted);
    return response;
}

} // namespace gatehouse::session
