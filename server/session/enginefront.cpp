// SPDX-License-Identifier: Apache-2.0
#include "server/session/enginefront.h"

#include "server/session/enginesession.h"
#include "server/session/servercore.h"

namespace gatehouse::session {

using protocol::HttpRequest;
using protocol::HttpResponse;

namespace {

/// Clients of Engine.IO 3 know a foreign origin as a 400, later ones as a 403.
HttpResponse foreignOrigin(const HttpRequest& request)
{
    HttpResponse response = errorResponse(EngineError::Forbidden);
    if (request.query.queryItemValue(QStringLiteral("EIO")) == QStringLiteral("3"))
        response.status = 400;
    return response;
}

} // namespace

void EngineFront::handleRequest(const HttpExchangePtr& exchange)
{
    // A session whose time is up must not be revived by a request of the same millisecond.
    m_core.timers.run();
    const HttpRequest& request = exchange->request();
    if (!m_core.origins.allows(request)) {
        ++m_core.counters.refusedOrigins;
        answer(m_core, exchange, foreignOrigin(request));
        return;
    }
    if (request.method == "OPTIONS") {
        exchange->respond(m_core.origins.preflight(request, "GET, POST, OPTIONS"));
        return;
    }
    const auto wanted = readEngineRequest(request, Arrival::Request, m_core.options);
    if (!wanted) {
        ++m_core.counters.refusedRequests;
        answer(m_core, exchange, wanted.error());
    } else if (wanted->sid) {
        handleKnown(exchange, *wanted->sid);
    } else {
        handleNew(exchange, wanted->dialect);
    }
}

void EngineFront::handleNew(const HttpExchangePtr& exchange, protocol::EngineDialect dialect)
{
    if (auto refusal = m_host.newSessionRefusal(exchange->request())) {
        answer(m_core, exchange, *std::move(refusal));
        return;
    }
    EngineSession& session = m_host.create(exchange->request(), dialect);
    session.openPolling(exchange);
    m_host.opened(session.id());
}

void EngineFront::handleKnown(const HttpExchangePtr& exchange, const SessionId& id)
{
    const QByteArray& method = exchange->request().method;
    EngineSession* session = m_host.find(id);
    if (!session && method == "POST" && m_host.isGoingDown()) {
        // python-engineio never reconnects after a POST that was refused; it does after none.
        ++m_core.counters.refusedRequests;
        exchange->drop();
    } else if (!session) {
        ++m_core.counters.refusedRequests;
        answer(m_core, exchange, EngineError::UnknownSession);
    } else if (method == "GET") {
        session->handlePoll(exchange);
    } else if (method == "POST") {
        session->handlePost(exchange);
    } else {
        ++m_core.counters.refusedRequests;
        HttpResponse response = errorResponse(EngineError::BadMethod);
        response.status = 405;
        response.headers.add("Allow", "GET, POST, OPTIONS");
        answer(m_core, exchange, std::move(response));
    }
}

std::optional<HttpResponse> EngineFront::refusal(const HttpRequest& request)
{
    m_core.timers.run();
    std::optional<HttpResponse> response = upgradeRefusal(request);
    if (response)
        m_core.origins.decorate(request, *response);
    return response;
}

std::optional<HttpResponse> EngineFront::upgradeRefusal(const HttpRequest& request)
{
    if (!m_core.origins.allows(request)) {
        ++m_core.counters.refusedOrigins;
        return foreignOrigin(request);
    }
    const auto wanted = readEngineRequest(request, Arrival::Upgrade, m_core.options);
    if (!wanted || (wanted->sid && !m_host.find(*wanted->sid))) {
        ++m_core.counters.refusedRequests;
        return errorResponse(wanted ? EngineError::UnknownSession : wanted.error());
    }
    return wanted->sid ? std::nullopt : m_host.newSessionRefusal(request);
}

void EngineFront::linkOpened(const HttpRequest& request, std::unique_ptr<WebSocketLink> link)
{
    m_core.timers.run();
    const auto wanted = readEngineRequest(request, Arrival::Upgrade, m_core.options);
    EngineSession* session = wanted && wanted->sid ? m_host.find(*wanted->sid) : nullptr;
    if (session) {
        session->startUpgrade(std::move(link), wanted->dialect);
    } else if (wanted && !wanted->sid && m_host.takesNewSessions()) {
        EngineSession& created = m_host.create(request, wanted->dialect);
        created.openWebSocket(std::move(link));
        m_host.opened(created.id());
    } else {
        // The session ended, or the last place was taken, while hands were shaken.
        m_core.closingLinks.close(
            std::move(link), CloseCode::PolicyViolation, QLatin1StringView("no such session"));
    }
}

} // namespace gatehouse::session
