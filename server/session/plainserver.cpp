// SPDX-License-Identifier: Apache-2.0
#include "server/session/plainserver.h"

#include "server/session/admission.h"
#include "server/session/drain.h"
#include "server/session/plainsession.h"
#include "server/session/requestfields.h"

#include <algorithm>
#include <unordered_map>

namespace gatehouse::session {

using protocol::HttpRequest;
using protocol::HttpResponse;

namespace {

/// After what a turn sent has been handed to the network.
constexpr Millis queueCheckDelay{5};

} // namespace

struct PlainServer::Private final : PlainSession::Owner, Drain::Host, private Timer::Owner
{
    struct Hasher
    {
        size_t operator()(const SessionId& id) const { return qHash(id); }
    };

    Private(PlainOptions options, hub::Hub& hub, const Clock& clock, PlainHandler& handler)
        : core(std::move(options), hub, clock, handler),
          queueCheck(core.timers, *this, Timer::AfterStall::Fire)
    {
    }

    bool isFull() const { return int(sessions.size()) >= core.options.maxSessions; }
    PlainSession* session(const SessionId& id) const;
    std::optional<HttpResponse> judge(const HttpRequest& request);
    void sessionEnding(PlainSession& session) override;
    void queueGrew() override;
    void timerDue(Timer& timer, Millis due) override;
    std::vector<SessionId> sessionIds() const override;
    void endSession(const SessionId& id) override;
    bool isEmpty() const override { return sessions.empty() && core.closingLinks.isEmpty(); }

    PlainCore core;
    std::unordered_map<SessionId, std::unique_ptr<PlainSession>, Hasher> sessions;
    std::unique_ptr<Drain> draining;
    Timer queueCheck;
};

PlainSession* PlainServer::Private::session(const SessionId& id) const
{
    const auto found = sessions.find(id);
    return found == sessions.end() ? nullptr : found->second.get();
}

std::optional<HttpResponse> PlainServer::Private::judge(const HttpRequest& request)
{
    if (!core.origins.allows(request)) {
        ++core.counters.refusedOrigins;
        return HttpResponse::text(403, "this page's origin is not on the list");
    }
    if (auto refused = admissionRefusal(core, request, draining != nullptr, isFull()))
        return refused;
    std::optional<HttpResponse> refused = core.handler.refusal(request);
    if (refused)
        ++core.counters.refusedByHandler;
    return refused;
}

void PlainServer::Private::sessionEnding(PlainSession& session)
{
    const auto found = sessions.find(session.sessionId());
    Q_ASSERT(found != sessions.end());
    core.turn.destroyLater(std::shared_ptr<PlainSession>(std::move(found->second)));
    sessions.erase(found);
}

void PlainServer::Private::queueGrew()
{
    if (!queueCheck.isRunning())
        queueCheck.startIn(queueCheckDelay);
}

void PlainServer::Private::timerDue(Timer&, Millis)
{
    for (const auto& [id, session] : sessions)
        session->recountQueue();
    while (core.queuedBytes > core.options.maxTotalQueuedBytes && !sessions.empty()) {
        const auto longest = std::max_element(
            sessions.begin(), sessions.end(), [](const auto& left, const auto& right) {
                return left.second->queuedBytes() < right.second->queuedBytes();
            });
        ++core.counters.totalQueueFull;
        longest->second->closeAsSlow();
    }
}

std::vector<SessionId> PlainServer::Private::sessionIds() const
{
    std::vector<SessionId> ids;
    ids.reserve(sessions.size());
    for (const auto& [id, session] : sessions)
        ids.push_back(id);
    return ids;
}

void PlainServer::Private::endSession(const SessionId& id)
{
    if (PlainSession* found = session(id))
        found->close(CloseCode::GoingAway, QLatin1StringView("server shutting down"));
}

PlainServer::PlainServer(
    PlainOptions options, hub::Hub& hub, const Clock& clock, PlainHandler& handler)
    : d(std::make_unique<Private>(std::move(options), hub, clock, handler))
{
}

PlainServer::~PlainServer()
{
    for (const SessionId& id : d->sessionIds())
        d->endSession(id);
    d->core.turn.finish();
}

std::optional<HttpResponse> PlainServer::refusal(const HttpRequest& request)
{
    d->core.timers.run();
    std::optional<HttpResponse> response = d->judge(request);
    if (response)
        d->core.origins.decorate(request, *response);
    return response;
}

void PlainServer::linkOpened(const HttpRequest& request, std::unique_ptr<WebSocketLink> link)
{
    d->core.timers.run();
    if (d->draining || d->isFull()) {
        d->core.closingLinks.close(
            std::move(link), CloseCode::GoingAway, QLatin1StringView("server full"));
        return;
    }
    auto created
        = std::make_unique<PlainSession>(d->core, *d, handshakeOf(request, d->core.clock.wall()));
    PlainSession& session = *created;
    const SessionId id = session.sessionId();
    d->sessions.emplace(id, std::move(created));
    ++d->core.counters.opened;
    session.open(std::move(link));
    d->core.observers.forEach([&](SessionObserver& o) { o.sessionOpened(id); });
    d->core.handler.socketOpened(session);
}

LinkLimits PlainServer::linkLimits() const
{
    const PlainOptions& o = d->core.options;
    return {o.maxMessageBytes, o.maxQueuedBytes, o.maxQueueAge};
}

std::vector<SessionView> PlainServer::sessions() const
{
    std::vector<SessionView> views;
    views.reserve(d->sessions.size());
    for (const auto& [id, session] : d->sessions)
        views.push_back(session->view());
    return views;
}

qsizetype PlainServer::sessionCount() const
{
    return qsizetype(d->sessions.size());
}

std::optional<SessionView> PlainServer::session(const SessionId& id) const
{
    const PlainSession* found = d->session(id);
    return found ? std::optional(found->view()) : std::nullopt;
}

std::optional<SessionId> PlainServer::sessionOf(const SocketId& id) const
{
    const PlainSession* found = d->session({id.value});
    return found ? std::optional(found->sessionId()) : std::nullopt;
}

std::optional<SocketView> PlainServer::socket(const SocketId& id) const
{
    const PlainSession* found = d->session({id.value});
    if (!found)
        return std::nullopt;
    return SocketView{found->sessionId(), d->core.options.nsp, found->principal(),
        found->handshake().peerAddress, found->handshake().peerPort};
}

bool PlainServer::closeSession(const SessionId& id, CloseCode code, QLatin1StringView reason)
{
    PlainSession* found = d->session(id);
    if (!found)
        return false;
    found->close(code, reason);
    return true;
}

void PlainServer::addObserver(SessionObserver* observer)
{
    d->core.observers.add(observer);
}

void PlainServer::removeObserver(SessionObserver* observer)
{
    d->core.observers.remove(observer);
}

PlainSocket* PlainServer::find(const SessionId& id) const
{
    return d->session(id);
}

void PlainServer::drain(Millis spread, std::function<void()> finished)
{
    if (!d->draining)
        d->draining = std::make_unique<Drain>(
            d->core.timers, *d, DrainOptions{spread, Millis{0}}, std::move(finished));
}

void PlainServer::runTimers()
{
    d->core.timers.run();
}

const PlainCounters& PlainServer::counters() const
{
    return d->core.counters;
}

const PlainOptions& PlainServer::options() const
{
    return d->core.options;
}

} // namespace gatehouse::session
