// SPDX-License-Identifier: Apache-2.0
#include "server/session/socketioserver.h"

#include "server/session/drain.h"
#include "server/session/enginerequest.h"
#include "server/session/session.h"

#include <unordered_map>

namespace gatehouse::session {

using protocol::HttpRequest;
using protocol::HttpResponse;

struct SocketIoServer::Private final : SessionOwner, Drain::Host
{
    struct Hasher
    {
        size_t operator()(const SessionId& id) const { return qHash(id); }
    };

    Private(SessionOptions options, hub::Hub& hub, const Clock& clock)
        : core(std::move(options), hub, clock)
    {
    }

    Session* find(const SessionId& id) const;
    Session& create(const HttpRequest& request);
    void announce(Session& session);
    bool takesNewSessions() const;
    HttpResponse refuseNewSession();
    void handleNew(const HttpExchangePtr& exchange);
    void handleKnown(const HttpExchangePtr& exchange, const SessionId& id);
    std::optional<HttpResponse> upgradeRefusal(const HttpRequest& request);

    void sessionEnding(Session& session) override;
    void sessionEnded(Session& session, const QByteArray& reason) override;
    qsizetype sessionCount() const override { return qsizetype(sessions.size()); }
    void closeSome(qsizetype count) override;
    bool isEmpty() const override { return sessions.empty() && core.closingLinks.isEmpty(); }

    ServerCore core;
    std::unordered_map<SessionId, std::unique_ptr<Session>, Hasher> sessions;
    std::unique_ptr<Drain> draining;
};

Session* SocketIoServer::Private::find(const SessionId& id) const
{
    const auto found = sessions.find(id);
    return found == sessions.end() ? nullptr : found->second.get();
}

Session& SocketIoServer::Private::create(const HttpRequest& request)
{
    Handshake handshake;
    handshake.headers = request.headers;
    handshake.query = request.query;
    handshake.peerAddress = request.peerAddress;
    handshake.secure = request.secure;
    handshake.at = core.clock.wall();
    auto session = std::make_unique<Session>(core, *this, std::move(handshake));
    ++core.counters.opened;
    return *sessions.emplace(session->id(), std::move(session)).first->second;
}

void SocketIoServer::Private::announce(Session& session)
{
    session.opened();
    core.observers.forEach([&](SessionObserver& o) { o.sessionOpened(session.id()); });
}

bool SocketIoServer::Private::takesNewSessions() const
{
    return !draining && int(sessions.size()) < core.options.maxSessions;
}

HttpResponse SocketIoServer::Private::refuseNewSession()
{
    ++core.counters.refusedSessions;
    return overloadedResponse(draining ? "Server is going down" : "Too many sessions");
}

void SocketIoServer::Private::handleNew(const HttpExchangePtr& exchange)
{
    if (!takesNewSessions()) {
        HttpResponse response = refuseNewSession();
        core.origins.decorate(exchange->request(), response);
        exchange->respond(std::move(response));
        return;
    }
    Session& session = create(exchange->request());
    session.engine().openPolling(exchange);
    announce(session);
}

void SocketIoServer::Private::handleKnown(const HttpExchangePtr& exchange, const SessionId& id)
{
    const QByteArray& method = exchange->request().method;
    Session* session = find(id);
    if (!session) {
        ++core.counters.refusedRequests;
        answer(core, exchange, EngineError::UnknownSession);
    } else if (method == "GET") {
        session->engine().handlePoll(exchange);
    } else if (method == "POST") {
        session->engine().handlePost(exchange);
    } else {
        ++core.counters.refusedRequests;
        HttpResponse response = errorResponse(EngineError::BadMethod);
        response.status = 405;
        response.headers.add("Allow", "GET, POST, OPTIONS");
        core.origins.decorate(exchange->request(), response);
        exchange->respond(std::move(response));
    }
}

std::optional<HttpResponse> SocketIoServer::Private::upgradeRefusal(const HttpRequest& request)
{
    if (!core.origins.allows(request)) {
        ++core.counters.refusedOrigins;
        return errorResponse(EngineError::Forbidden);
    }
    const auto wanted = readEngineRequest(request, Arrival::Upgrade);
    if (!wanted || (wanted->sid && !find(*wanted->sid))) {
        ++core.counters.refusedRequests;
        return errorResponse(wanted ? EngineError::UnknownSession : wanted.error());
    }
    if (!wanted->sid && !takesNewSessions())
        return refuseNewSession();
    return std::nullopt;
}

void SocketIoServer::Private::sessionEnding(Session& session)
{
    const auto found = sessions.find(session.id());
    Q_ASSERT(found != sessions.end());
    core.turn.destroyLater(std::shared_ptr<Session>(std::move(found->second)));
    sessions.erase(found);
}

void SocketIoServer::Private::sessionEnded(Session& session, const QByteArray& reason)
{
    ++core.counters.closed;
    core.observers.forEach([&](SessionObserver& o) { o.sessionClosed(session.id(), reason); });
}

void SocketIoServer::Private::closeSome(qsizetype count)
{
    for (; count > 0 && !sessions.empty(); --count) {
        sessions.begin()->second->engine().close(
            QLatin1StringView("server shutting down"), CloseCode::GoingAway);
    }
}

SocketIoServer::SocketIoServer(SessionOptions options, hub::Hub& hub, const Clock& clock)
    : d(std::make_unique<Private>(std::move(options), hub, clock))
{
}

SocketIoServer::~SocketIoServer()
{
    d->closeSome(d->sessionCount());
    d->core.turn.finish();
}

void SocketIoServer::addNamespace(const NamespaceName& name, NamespaceHandler* handler)
{
    d->core.namespaces.insert(name, handler);
}

void SocketIoServer::addObserver(SessionObserver* observer)
{
    d->core.observers.add(observer);
}

void SocketIoServer::removeObserver(SessionObserver* observer)
{
    d->core.observers.remove(observer);
}

void SocketIoServer::handleRequest(const HttpExchangePtr& exchange)
{
    // A session whose time is up must not be revived by a request of the same millisecond.
    d->core.timers.run();
    const HttpRequest& request = exchange->request();
    if (!d->core.origins.allows(request)) {
        ++d->core.counters.refusedOrigins;
        answer(d->core, exchange, EngineError::Forbidden);
        return;
    }
    if (request.method == "OPTIONS") {
        exchange->respond(d->core.origins.preflight(request, "GET, POST, OPTIONS"));
        return;
    }
    const auto wanted = readEngineRequest(request, Arrival::Request);
    if (!wanted) {
        ++d->core.counters.refusedRequests;
        answer(d->core, exchange, wanted.error());
    } else if (wanted->sid) {
        d->handleKnown(exchange, *wanted->sid);
    } else {
        d->handleNew(exchange);
    }
}

std::optional<HttpResponse> SocketIoServer::refusal(const HttpRequest& request)
{
    d->core.timers.run();
    std::optional<HttpResponse> response = d->upgradeRefusal(request);
    if (response)
        d->core.origins.decorate(request, *response);
    return response;
}

void SocketIoServer::linkOpened(const HttpRequest& request, std::unique_ptr<WebSocketLink> link)
{
    d->core.timers.run();
    const auto wanted = readEngineRequest(request, Arrival::Upgrade);
    Session* session = wanted && wanted->sid ? d->find(*wanted->sid) : nullptr;
    if (session) {
        session->engine().startUpgrade(std::move(link));
    } else if (wanted && !wanted->sid && d->takesNewSessions()) {
        Session& created = d->create(request);
        created.engine().openWebSocket(std::move(link));
        d->announce(created);
    } else {
        d->core.closingLinks.close(
            std::move(link), CloseCode::PolicyViolation, QLatin1StringView("no such session"));
    }
}

std::vector<SessionView> SocketIoServer::sessions() const
{
    std::vector<SessionView> views;
    views.reserve(d->sessions.size());
    for (const auto& [id, session] : d->sessions)
        views.push_back(session->view());
    return views;
}

std::optional<SessionView> SocketIoServer::session(const SessionId& id) const
{
    const Session* session = d->find(id);
    return session ? std::optional(session->view()) : std::nullopt;
}

Socket* SocketIoServer::findSocket(const SocketId& id) const
{
    return d->core.sockets.value(id);
}

bool SocketIoServer::closeSession(const SessionId& id, CloseCode code, QLatin1StringView reason)
{
    Session* session = d->find(id);
    if (!session)
        return false;
    session->engine().close(reason, code);
    return true;
}

void SocketIoServer::measureRoundTrip(
    const SessionId& id, std::function<void(Result<Millis>)> callback)
{
    if (Session* session = d->find(id))
        session->engine().measureRoundTrip(std::move(callback));
    else
        callback(failure(ErrorCode::Unavailable, QStringLiteral("the client is gone")));
}

void SocketIoServer::drain(Millis spread, std::function<void()> finished)
{
    if (!d->draining)
        d->draining = std::make_unique<Drain>(d->core.timers, *d, spread, std::move(finished));
}

void SocketIoServer::runTimers()
{
    d->core.timers.run();
}

const SessionCounters& SocketIoServer::counters() const
{
    d->core.counters.stalls = d->core.timers.stalls();
    return d->core.counters;
}

const SessionOptions& SocketIoServer::options() const
{
    return d->core.options;
}

} // namespace gatehouse::session
