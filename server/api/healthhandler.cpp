// SPDX-License-Identifier: Apache-2.0
#include "server/api/healthhandler.h"

#include "server/access/secrets.h"
#include "server/observe/metrics.h"

#include <QJsonDocument>
#include <QJsonObject>

namespace gatehouse::api {

using protocol::HttpResponse;

HealthHandler::HealthHandler(observe::Metrics& metrics, std::vector<Check> checks,
    std::function<void()> refresh, QByteArray metricsToken)
    : m_metrics(metrics), m_checks(std::move(checks)), m_refresh(std::move(refresh)),
      m_metricsToken(std::move(metricsToken))
{
}

void HealthHandler::handleRequest(const session::HttpExchangePtr& exchange)
{
    const protocol::HttpRequest& request = exchange->request();
    if (request.method != "GET" && request.method != "HEAD") {
        HttpResponse response = HttpResponse::text(405, "method not allowed\n");
        response.headers.add("Allow", "GET, HEAD");
        return exchange->respond(std::move(response));
    }
    HttpResponse response = HttpResponse::text(404, "not found\n");
    if (request.path == QLatin1String("/healthz"))
        response = HttpResponse::text(200, "ok\n");
    else if (request.path == QLatin1String("/readyz"))
        response = ready();
    else if (request.path == QLatin1String("/metrics"))
        response = metrics(request);
    response.headers.add("Cache-Control", "no-store");
    exchange->respond(std::move(response));
}

HttpResponse HealthHandler::ready() const
{
    QJsonObject reasons;
    for (const Check& check : m_checks) {
        const QString fault = check.fault();
        if (!fault.isEmpty())
            reasons.insert(check.name, fault);
    }
    const bool isReady = reasons.isEmpty();
    const QJsonObject json{
        {QStringLiteral("ready"), isReady}, {QStringLiteral("reasons"), reasons}};
    return HttpResponse::json(
        isReady ? 200 : 503, QJsonDocument(json).toJson(QJsonDocument::Compact));
}

HttpResponse HealthHandler::metrics(const protocol::HttpRequest& request) const
{
    if (!m_metricsToken.isEmpty()
        && !access::equalsInConstantTime(request.bearerToken(), m_metricsToken)) {
        HttpResponse response = HttpResponse::text(401, "a token is needed\n");
        response.headers.add("WWW-Authenticate", "Bearer");
        return response;
    }
    if (m_refresh)
        m_refresh();
    return {200, {{"Content-Type", observe::Metrics::contentType()}}, m_metrics.serialize()};
}

} // namespace gatehouse::api
