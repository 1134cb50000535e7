// SPDX-License-Identifier: Apache-2.0
#include "server/api/apihandler.h"

#include "server/api/entityresource.h"
#include "server/api/killresource.h"
#include "server/api/resource.h"
#include "server/api/runresource.h"
#include "server/api/serviceresource.h"
#include "server/api/taskresource.h"
#include "server/api/tokenresource.h"
#include "server/api/worksessionresource.h"
#include "server/observe/metrics.h"
#include "server/work/presence.h"

#include <algorithm>

namespace gatehouse::api {

namespace {

std::optional<Caller> callerOf(const identity::Identity& identity)
{
    switch (identity.claims.kind) {
    case access::TokenKind::User:
        return Caller::User;
    case access::TokenKind::Node:
        return Caller::Node;
    case access::TokenKind::Container:
        return Caller::Container;
    case access::TokenKind::Service:
    case access::TokenKind::Admin:
        return std::nullopt;
    }
    return std::nullopt;
}

} // namespace

ApiHandler::ApiHandler(ApiServices services, ApiOptions options)
    : m_services(std::move(services)), m_options(std::move(options)),
      m_origins(m_options.allowedOrigins)
{
    const WireJson json(
        m_options.apiPath, m_options.form, m_services.directory, m_services.presence);
    m_resources.push_back(std::make_unique<TokenResource>(m_services, m_options.form));
    m_resources.push_back(std::make_unique<TaskResource>(m_services, json));
    m_resources.push_back(std::make_unique<RunResource>(m_services, json));
    m_resources.push_back(std::make_unique<KillResource>(m_services));
    m_resources.push_back(std::make_unique<EntityResource>(m_services, json));
    m_resources.push_back(std::make_unique<ServiceResource>(m_services, m_options.form));
    if (m_options.form == WireForm::V5)
        m_resources.push_back(std::make_unique<WorkSessionResource>(m_services, json));
    for (const auto& resource : m_resources)
        resource->addTo(m_router, m_options.apiPath);
    m_overdueTimer.setSingleShot(true);
    m_overdueTimer.callOnTimeout(&m_overdueTimer, [this] { failOverdue(); });
}

ApiHandler::~ApiHandler() = default;

void ApiHandler::completeRefusal(
    const protocol::HttpRequest& request, protocol::HttpResponse& response)
{
    m_origins.decorate(request, response);
}

void ApiHandler::handleRequest(const session::HttpExchangePtr& exchange)
{
    const protocol::HttpRequest& request = exchange->request();
    if (!m_origins.allows(request)) {
        protocol::HttpResponse refusal = protocol::HttpResponse::json(
            403, R"({"msg":"This origin is not allowed","code":"forbidden"})");
        m_origins.decorate(request, refusal); // another origin may get another answer
        return exchange->respond(std::move(refusal));
    }
    if (request.method == "OPTIONS")
        return exchange->respond(
            m_origins.preflight(request, "DELETE, GET, HEAD, OPTIONS, PATCH, POST"));
    RouteAnswer found = m_router.find(request.method, request.path);
    auto* route = std::get_if<RouteFound>(&found);
    const auto call = std::make_shared<ApiCall>(exchange,
        route ? std::move(route->ids) : std::vector<qint64>(), m_origins, m_options, m_services);
    if (route) {
        serve(call, *route->route, route->callers);
    } else if (const auto* wrong = std::get_if<WrongMethod>(&found)) {
        const ErrorTraits& error = traits(ErrorCode::MethodNotAllowed);
        call->reply(error.httpStatus,
            {{QStringLiteral("msg"), QStringLiteral("The method is not allowed here")},
                {QStringLiteral("code"), QString(error.name)}},
            {{"Allow", wrong->allowed.join(", ")}});
    } else {
        call->fail({ErrorCode::NotFound, QStringLiteral("There is nothing at this address")});
    }
}

void ApiHandler::serve(const ApiCallPtr& call, const ApiRoute& route, Callers callers)
{
    const auto identified = [this, call, &route, callers] {
        if (!identify(*call, callers))
            return;
        route(call);
        watch(call);
    };
    const bool waits = callers != Callers(Caller::Anyone)
        && m_services.identities.awaitKeyOf(call->request().peerAddress,
               call->request().bearerToken(), identity::KeyWait::Answer,
               [alive = std::weak_ptr(m_alive), identified] {
                   if (!alive.expired())
                       identified();
               })
            == identity::Inquiry::Asked;
    if (!waits)
        identified();
}

void ApiHandler::watch(const ApiCallPtr& call)
{
    dropAnswered();
    if (call->isAnswered())
        return;
    m_waiting.push_back({call, m_services.clock.monotonic() + m_options.answerTimeout});
    if (!m_overdueTimer.isActive())
        m_overdueTimer.start(m_options.answerTimeout);
}

void ApiHandler::failOverdue()
{
    const Millis now = m_services.clock.monotonic();
    while (!m_waiting.empty() && m_waiting.front().until <= now) {
        const ApiCallPtr call = m_waiting.front().call.lock();
        m_waiting.pop_front();
        if (call && !call->isAnswered())
            call->failOverdue();
    }
    dropAnswered();
    if (!m_waiting.empty()) // at least a millisecond: the two clocks need not agree
        m_overdueTimer.start(std::max(m_waiting.front().until - now, Millis{1}));
}

/// Those at the front; what they held of memory is free then.
void ApiHandler::dropAnswered()
{
    while (!m_waiting.empty()) {
        const ApiCallPtr call = m_waiting.front().call.lock();
        if (call && !call->isAnswered())
            return;
        m_waiting.pop_front();
    }
}

/// False when it has been answered already.
bool ApiHandler::identify(ApiCall& call, Callers callers)
{
    if (callers == Callers(Caller::Anyone))
        return true;
    auto identity = m_services.identities.identifyFrom(
        call.request().peerAddress, call.request().bearerToken());
    if (!identity) {
        countRefusedToken(identity.error().code);
        call.fail(identity.error());
        return false;
    }
    m_services.metrics.tokensAccepted.Increment();
    const auto caller = callerOf(*identity);
    if (!caller || !callers.testFlag(*caller)
        || identity->claims.type != access::TokenType::Access) {
        m_services.metrics.decisionsDenied.Increment();
        call.fail({ErrorCode::Forbidden,
            QStringLiteral("A token of this kind is not allowed to do this")});
        return false;
    }
    if (*caller == Caller::Node)
        m_services.presence.seen(identity->principal.nodeId());
    call.setCaller(std::move(*identity));
    return true;
}

void ApiHandler::countRefusedToken(ErrorCode code)
{
    if (code == ErrorCode::TokenExpired)
        m_services.metrics.tokensExpired.Increment();
    else if (code == ErrorCode::RateLimited)
        m_services.metrics.tokensLocked.Increment();
    else if (code != ErrorCode::TokenMissing)
        m_services.metrics.tokensInvalid.Increment();
}

} // namespace gatehouse::api
