// SPDX-License-Identifier: Apache-2.0
#include "server/session/socketioserver.h"

#include "server/session/admission.h"
#include "server/session/broadcastacks.h"
#include "server/session/enginefront.h"
#include "server/session/requestfields.h"
#include "server/session/session.h"

#include <unordered_map>

namespace gatehouse::session {

using protocol::HttpRequest;
using protocol::HttpResponse;

namespace {

QUrlQuery withoutEngineItems(QUrlQuery query)
{
    for (const QString& name : {QStringLiteral("EIO"), QStringLiteral("transport"),
             QStringLiteral("t"), QStringLiteral("sid")})
        query.removeAllQueryItems(name);
    return query.isEmpty() ? QUrlQuery() : query;
}

} // namespace

struct SocketIoServer::Private final : SessionOwner, EngineFront::Host, Drain::Host
{
    struct Hasher
    {
        size_t operator()(const SessionId& id) const { return qHash(id); }
    };

    Private(SessionOptions options, hub::Hub& hub, const Clock& clock)
        : core(std::move(options), hub, clock), front(core, *this)
    {
    }

    Session* session(const SessionId& id) const;

    EngineSession* find(const SessionId& id) override;
    bool isGoingDown() const override { return draining != nullptr; }
    bool takesNewSessions() const override;
    std::optional<HttpResponse> newSessionRefusal(const HttpRequest& request) override;
    EngineSession& create(const HttpRequest& request, protocol::EngineDialect dialect) override;
    void opened(const SessionId& id) override;
    void sessionEnding(Session& session) override;
    void sessionEnded(Session& session, const QByteArray& reason) override;
    void displace(const SessionId& id) override;
    std::vector<SessionId> sessionIds() const override;
    void stopListening(const SessionId& id) override;
    bool isSettled(const SessionId& id) const override;
    void endSession(const SessionId& id) override;
    bool isEmpty() const override { return sessions.empty() && core.closingLinks.isEmpty(); }

    ServerCore core;
    EngineFront front;
    std::unordered_map<SessionId, std::unique_ptr<Session>, Hasher> sessions;
    std::unique_ptr<Drain> draining;
};

Session* SocketIoServer::Private::session(const SessionId& id) const
{
    const auto found = sessions.find(id);
    return found == sessions.end() ? nullptr : found->second.get();
}

EngineSession* SocketIoServer::Private::find(const SessionId& id)
{
    Session* found = session(id);
    return found ? &found->engine() : nullptr;
}

bool SocketIoServer::Private::takesNewSessions() const
{
    return !draining && int(sessions.size()) < core.options.maxSessions;
}

std::optional<HttpResponse> SocketIoServer::Private::newSessionRefusal(const HttpRequest& request)
{
    return admissionRefusal(core, request, isGoingDown(), !takesNewSessions());
}

EngineSession& SocketIoServer::Private::create(
    const HttpRequest& request, protocol::EngineDialect dialect)
{
    Handshake handshake = handshakeOf(request, core.clock.wall());
    handshake.query = withoutEngineItems(request.query);
    handshake.path.clear();
    auto created = std::make_unique<Session>(core, *this, std::move(handshake), dialect);
    ++core.counters.opened;
    if (isVersion3(dialect))
        ++core.counters.openedEngineIo3;
    const SessionId id = created->id();
    return sessions.emplace(id, std::move(created)).first->second->engine();
}

void SocketIoServer::Private::opened(const SessionId& id)
{
    if (Session* found = session(id)) {
        found->opened();
        core.observers.forEach([&](SessionObserver& o) { o.sessionOpened(id); });
        found->enterRoot();
    }
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

void SocketIoServer::Private::displace(const SessionId& id)
{
    ++core.counters.displacedUnidentified;
    if (Session* found = session(id))
        found->engine().close(QLatin1StringView("unidentified"), CloseCode::Unidentified);
}

std::vector<SessionId> SocketIoServer::Private::sessionIds() const
{
    std::vector<SessionId> ids;
    ids.reserve(sessions.size());
    for (const auto& [id, session] : sessions)
        ids.push_back(id);
    return ids;
}

void SocketIoServer::Private::stopListening(const SessionId& id)
{
    if (Session* found = session(id))
        found->stopListening();
}

bool SocketIoServer::Private::isSettled(const SessionId& id) const
{
    const Session* found = session(id);
    return !found || found->isSettled();
}

void SocketIoServer::Private::endSession(const SessionId& id)
{
    if (Session* found = session(id))
        found->engine().close(QLatin1StringView("server shutting down"), CloseCode::GoingAway);
}

SocketIoServer::SocketIoServer(SessionOptions options, hub::Hub& hub, const Clock& clock)
    : d(std::make_unique<Private>(std::move(options), hub, clock))
{
}

SocketIoServer::~SocketIoServer()
{
    for (const SessionId& id : d->sessionIds())
        d->endSession(id);
    d->core.turn.finish();
}

void SocketIoServer::addNamespace(const NamespaceName& name, NamespaceHandler* handler)
{
    d->core.namespaces[name] = {handler, nullptr};
}

void SocketIoServer::addNamespace(const NamespaceName& name, NamespaceHandler* handler,
    RecoveryOptions recovery, RecoveryJournal* journal)
{
    d->core.namespaces[name] = {
        handler, std::make_unique<NamespaceRecovery>(d->core, name, std::move(recovery), journal)};
}

void SocketIoServer::restoreNamespace(const NamespaceName& name, RecoveredNamespace past)
{
    const auto entry = d->core.namespaces.find(name);
    if (entry != d->core.namespaces.end() && entry->second.recovery)
        entry->second.recovery->restore(std::move(past));
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
    d->front.handleRequest(exchange);
}

void SocketIoServer::completeRefusal(const HttpRequest& request, HttpResponse& response)
{
    d->core.origins.decorate(request, response);
}

std::optional<HttpResponse> SocketIoServer::refusal(const HttpRequest& request)
{
    return d->front.refusal(request);
}

void SocketIoServer::linkOpened(const HttpRequest& request, std::unique_ptr<WebSocketLink> link)
{
    d->front.linkOpened(request, std::move(link));
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
    const Session* found = d->session(id);
    return found ? std::optional(found->view()) : std::nullopt;
}

std::optional<SessionId> SocketIoServer::sessionOf(const SocketId& id) const
{
    const Socket* socket = findSocket(id);
    return socket ? std::optional(socket->sessionId()) : std::nullopt;
}

std::optional<SocketView> SocketIoServer::socket(const SocketId& id) const
{
    const Socket* found = findSocket(id);
    if (!found)
        return std::nullopt;
    return SocketView{found->sessionId(), found->namespaceName(), found->principal(),
        found->handshake().peerAddress, found->handshake().peerPort};
}

Socket* SocketIoServer::findSocket(const SocketId& id) const
{
    return d->core.sockets.value(id);
}

bool SocketIoServer::closeSession(const SessionId& id, CloseCode code, QLatin1StringView reason)
{
    Session* session = d->session(id);
    if (!session)
        return false;
    session->engine().close(reason, code);
    return true;
}

bool SocketIoServer::settleBeforeRevocation(const SessionId& id)
{
    Session* session = d->session(id);
    if (!session || session->engine().flushOrDrop())
        return true;
    ++d->core.counters.revoked;
    session->engine().close(QLatin1StringView("rights changed"), CloseCode::RightsChanged);
    return false;
}

void SocketIoServer::publishWithAcks(
    hub::Publication publication, Millis timeout, BroadcastCallback callback)
{
    session::publishWithAcks(d->core, std::move(publication), timeout, std::move(callback));
}

void SocketIoServer::measureRoundTrip(
    const SessionId& id, std::function<void(Result<Millis>)> callback)
{
    if (Session* session = d->session(id))
        session->engine().measureRoundTrip(std::move(callback));
    else
        callback(failure(ErrorCode::Unavailable, QStringLiteral("the client is gone")));
}

void SocketIoServer::drain(DrainOptions options, std::function<void()> finished)
{
    if (!d->draining)
        d->draining = std::make_unique<Drain>(d->core.timers, *d, options, std::move(finished));
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

qsizetype SocketIoServer::absentSockets() const
{
    qsizetype count = 0;
    for (const auto& [name, entry] : d->core.namespaces)
        count += entry.recovery ? entry.recovery->absentCount() : 0;
    return count;
}

const SessionOptions& SocketIoServer::options() const
{
    return d->core.options;
}

} // namespace gatehouse::session
