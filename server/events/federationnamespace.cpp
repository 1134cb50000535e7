// SPDX-License-Identifier: Apache-2.0
#include "server/events/federationnamespace.h"

#include "common/core/strictjson.h"
#include "server/access/policy.h"
#include "server/access/tokenverifier.h"
#include "server/events/algorithmloghandler.h"
#include "server/events/algorithmstatushandler.h"
#include "server/events/federationeventhandler.h"
#include "server/events/foreignruns.h"
#include "server/events/historyjson.h"
#include "server/events/killdelivery.h"
#include "server/events/nodeinfohandler.h"
#include "server/events/nodemetricshandler.h"
#include "server/hub/hub.h"
#include "server/identity/identities.h"
#include "server/observe/log.h"
#include "server/observe/metrics.h"
#include "server/session/socketioserver.h"
#include "server/work/journal.h"
#include "server/work/presence.h"
#include "server/work/taskservice.h"

#include <algorithm>

namespace gatehouse::events {

using access::PrincipalKind;
using identity::Inquiry;

namespace {

/// Where log lines are written at once: what else is swept has seconds.
constexpr Millis defaultSweepInterval{200};
/// For a client to come back to this namespace after another one: its CONNECT packets follow each
/// other at once.
constexpr Millis handOverTime{2'000};

void logAbout(observe::Level level, QLatin1StringView category, const QString& text,
    const session::Socket& socket, const access::Principal& principal = {})
{
    observe::log(level, category, text, {.node = principal.nodeId(), .socket = socket.socketId()});
}

bool isSamePlace(const access::Principal& a, const access::Principal& b)
{
    return a.name == b.name && a.organization == b.organization
        && a.collaboration == b.collaboration;
}

QByteArray tokenOf(const session::Socket& socket)
{
    const QByteArray header = socket.handshake().headers.value("Authorization");
    return access::TokenVerifier::bearerToken(header).value_or(QByteArray());
}

QString kindTitle(PrincipalKind kind)
{
    QString title = access::name(kind);
    title[0] = title[0].toUpper();
    return title;
}

} // namespace

FederationNamespace::FederationNamespace(
    FederationServices services, FederationAnnouncer& announcer, FederationOptions options)
    : m_services(services), m_announcer(announcer), m_options(options),
      m_kills(std::make_unique<KillDelivery>(
          services.server, services.tasks, services.presence, m_options.maxKillsPerEvent)),
      m_foreignRuns(std::make_unique<ForeignRuns>(
          services.elsewhere, services.server, services.tasks, services.clock, m_options)),
      m_logBudget(m_options.maxLoggedEvents, m_options.loggedEventsWindow),
      m_historyBudget(m_options.maxHistoryQuestions, m_options.loggedEventsWindow),
      m_refusals(services.metrics, services.clock, m_options.maxLoggedEvents,
          m_options.loggedEventsWindow),
      m_nodeWrites(services.journal, services.clock, m_options.nodeWriteInterval)
{
    const auto add = [this](const QByteArray& event, auto handler) {
        auto* raw = handler.get();
        m_handlers.insert(event, raw);
        m_ownedHandlers.push_back(std::move(handler));
        return raw;
    };
    add("algorithm_status_change",
        std::make_unique<AlgorithmStatusHandler>(
            services.hub, services.tasks, m_refusals, services.clock, m_options, *m_foreignRuns));
    add("node_info_update",
        std::make_unique<NodeInfoHandler>(services.presence, m_nodeWrites, m_refusals, m_options));
    add("node_metrics_update", std::make_unique<NodeMetricsHandler>(services.presence, m_refusals));
    m_logHandler = add("algorithm_log",
        std::make_unique<AlgorithmLogHandler>(
            services.hub, services.tasks, m_refusals, m_options, *m_foreignRuns));
    services.directory.addObserver(this);
    m_timer.callOnTimeout(&m_timer, [this] { sweep(); });
    const bool mayWait = m_options.logFlushInterval > Millis{0};
    m_timer.start(mayWait ? m_options.logFlushInterval : defaultSweepInterval);
}

FederationNamespace::~FederationNamespace()
{
    m_services.directory.removeObserver(this);
}

Result<identity::Identity> FederationNamespace::identityOf(const session::Socket& socket) const
{
    auto identity = m_services.identities.identifyFrom(
        socket.handshake().peerAddress, tokenOf(socket), m_options.expiredTokenGrace);
    if (identity && (identity->isContainer() || identity->claims.type != access::TokenType::Access))
        return failure(
            ErrorCode::TokenInvalid, QStringLiteral("not an access token of a user or node"));
    return identity;
}

std::optional<std::vector<RoomName>> FederationNamespace::recoveryRequested(
    session::Socket& socket, const session::PastSocket& past)
{
    const auto identity = identityOf(socket);
    if (!identity || identity->principal.kind != past.principalKind
        || identity->principal.id != past.principalId)
        return std::nullopt;
    // Its rooms and what it missed are given at once; another server that knows better is asked
    // only then.
    if (!m_services.identities.isHolderSettled(tokenOf(socket), m_options.expiredTokenGrace))
        return std::nullopt;
    return roomsOf(identity->principal); // by the rules as they are now
}

/// An issuer signs with a new key before anybody has heard of it. Its first client waits until the
/// key is known, instead of being told that its token is wrong.
void FederationNamespace::socketConnected(session::Socket& socket)
{
    m_early.insert(socket.socketId(), {&socket, {}, 0});
    const auto known = later(socket, &FederationNamespace::findHolder);
    const Inquiry inquiry = m_services.identities.awaitKeyOf(socket.handshake().peerAddress,
        tokenOf(socket), identity::KeyWait::NextQuestion, [known] { known({}); });
    if (inquiry == Inquiry::NotNeeded)
        findHolder(socket);
    else if (inquiry == Inquiry::Refused)
        sendAway(socket);
}

/// The same where another server knows who there is.
void FederationNamespace::findHolder(session::Socket& socket)
{
    const Inquiry inquiry = m_services.identities.awaitHolderOf(socket.handshake().peerAddress,
        tokenOf(socket), m_options.expiredTokenGrace, later(socket, &FederationNamespace::admit));
    if (inquiry == Inquiry::NotNeeded)
        admit(socket);
    else if (inquiry == Inquiry::Refused)
        sendAway(socket);
}

/// Goes on with a socket if it is still there by then, with its token if that was not refused.
std::function<void(Result<void>)> FederationNamespace::later(
    const session::Socket& socket, void (FederationNamespace::*step)(session::Socket&))
{
    return [this, step, id = socket.socketId(), alive = std::weak_ptr(m_alive)](
               const Result<void>& verdict) {
        if (alive.expired())
            return;
        const auto early = m_early.constFind(id);
        if (early == m_early.cend())
            return;
        if (verdict)
            (this->*step)(*early->socket);
        else
            refuse(*early->socket, verdict.error());
    };
}

/// There is no place for it to wait. Ending the session brings it back in a moment; to stay without
/// an identity would keep it away for the whole grace period. Not from inside its own CONNECT.
void FederationNamespace::sendAway(const session::Socket& socket)
{
    logAbout(observe::Level::Warning, observe::category::auth,
        QStringLiteral("Client from %1 is sent away for now: too many wait for their tokens' sake")
            .arg(socket.handshake().peerAddress),
        socket);
    QTimer::singleShot(0, &m_timer, [this, session = socket.sessionId()] {
        m_services.server.closeSession(
            session, session::CloseCode::RateLimited, QLatin1StringView("too many wait"));
    });
}

/// False for somebody about whom nobody is being asked, and beyond the bounds.
bool FederationNamespace::keepForLater(const SocketId& id, const session::IncomingEvent& event)
{
    const auto early = m_early.find(id);
    if (early == m_early.end())
        return false;
    qsizetype bytes = event.name.size() + event.args.size();
    for (const QByteArray& attachment : event.attachments)
        bytes += attachment.size();
    if (early->events.size() >= m_options.maxEarlyEvents
        || early->bytes + bytes > m_options.maxEarlyEventBytes)
        return false;
    early->bytes += bytes;
    early->events.push_back(event);
    return true;
}

void FederationNamespace::admit(session::Socket& socket)
{
    const auto identity = identityOf(socket);
    if (!identity)
        return refuse(socket, identity.error());
    const SocketId id = socket.socketId();
    const Early early = m_early.take(id);
    enter(socket, identity->principal);
    for (const session::IncomingEvent& event : early.events) {
        if (const MemberPtr member = m_members.value(id))
            eventReceived(*member->socket, event);
    }
}

void FederationNamespace::refuse(session::Socket& socket, const Error& error)
{
    const Early early = m_early.take(socket.socketId());
    m_services.metrics.eventsIgnored.Increment(double(early.events.size()));
    handleRefusedToken(socket, error);
}

void FederationNamespace::enter(session::Socket& socket, const access::Principal& principal)
{
    m_services.metrics.tokensAccepted.Increment();
    socket.setPrincipal(principal);
    const auto member = std::make_shared<Member>();
    m_members.insert(socket.socketId(), member);
    if (principal.kind == PrincipalKind::Node)
        m_socketsOf.insert(principal.nodeId(), socket.socketId());
    else
        m_users.insert(socket.socketId());
    member->socket = &socket;
    member->principal = principal;
    const Millis now = m_services.clock.monotonic();
    if (principal.expiresAt)
        member->tokenEnd = now + (*principal.expiresAt - m_services.clock.wall());
    logAbout(observe::Level::Info, observe::category::auth,
        QStringLiteral("Client identified as %1 <%2> from %3")
            .arg(access::name(principal.kind), principal.name, socket.handshake().peerAddress),
        socket, principal);
    if (principal.kind == PrincipalKind::Node)
        admitNode(member);
    else
        joinRooms(member, roomsOf(principal));
}

void FederationNamespace::eventReceived(
    session::Socket& socket, const session::IncomingEvent& event)
{
    const auto found = m_members.constFind(socket.socketId());
    if (event.name == "message" || event.name == "error") {
        logWordsOf(socket, {}, observe::Level::Info,
            QStringLiteral("Received %1: %2")
                .arg(QString::fromUtf8(event.name),
                    QString::fromUtf8(
                        event.args.first(std::min<qsizetype>(event.args.size(), 1'024)))));
        return;
    }
    if (found == m_members.cend()) {
        if (!keepForLater(socket.socketId(), event))
            m_services.metrics.eventsIgnored.Increment();
        return;
    }
    const access::Principal principal = (*found)->principal;
    if (event.name == "ping") {
        handlePing(**found);
        return;
    }
    if (event.name == "room:history") {
        handleHistory(**found, event);
        return;
    }
    FederationEventHandler* handler = m_handlers.value(event.name);
    if (!handler) {
        m_services.metrics.eventsIgnored.Increment();
        return;
    }
    if (principal.kind == PrincipalKind::Node)
        return handler->handle(principal, socket.socketId(), event);
    m_services.metrics.eventsIgnored.Increment();
    logWordsOf(socket, principal, observe::Level::Warning,
        QStringLiteral("%1 <%2> sent %3, which only nodes may send: ignored")
            .arg(kindTitle(principal.kind), principal.name, QString::fromUtf8(event.name)));
}

/// A line about what a client has sent, as long as it has not caused too many.
void FederationNamespace::logWordsOf(const session::Socket& socket,
    const access::Principal& principal, observe::Level level, const QString& text)
{
    const auto verdict = m_logBudget.take(socket.socketId(), m_services.clock.monotonic());
    using Verdict = WindowBudget<SocketId>::Verdict;
    if (verdict == Verdict::Refused)
        return;
    const bool isLast = verdict == Verdict::GrantedAsLast;
    const QString end = isLast ? QStringLiteral(" (more of this client are left out)") : QString();
    logAbout(level, observe::category::ws, text + end, socket, principal);
}

void FederationNamespace::socketDisconnected(session::Socket& socket, const QByteArray& reason)
{
    const SocketId id = socket.socketId();
    m_logBudget.forget(id);
    m_historyBudget.forget(id);
    m_unidentified.remove(id);
    m_early.remove(id);
    const MemberPtr member = m_members.take(id);
    if (!member)
        return;
    const access::Principal& principal = member->principal;
    m_socketsOf.remove(principal.nodeId(), id);
    m_users.remove(id);
    leaveRooms(member, std::vector(member->rooms));
    member->socket = nullptr;
    logAbout(observe::Level::Info, observe::category::auth,
        QStringLiteral("%1 disconnected: %2").arg(principal.name, QString::fromUtf8(reason)),
        socket, principal);
    if (principal.kind != PrincipalKind::Node)
        return;
    const NodeId node = principal.nodeId();
    // A node that is back was not away: nobody may hear it go.
    if (reason == session::supersededReason)
        m_handOvers.insert(id, {node, m_services.clock.monotonic() + handOverTime});
    else
        m_services.presence.socketClosed(node, id); // node-offline with the last one
    m_nodeWrites.seen(node);
}

void FederationNamespace::flush()
{
    m_logHandler->flush();
    m_nodeWrites.flush();
}

void FederationNamespace::sweep()
{
    const Millis now = m_services.clock.monotonic();
    m_logHandler->flush();
    m_nodeWrites.sweep();
    sweepStrangers(now);
    sweepHandOvers(now);
    if (m_options.liveTokenEnd == LiveTokenEnd::Renew)
        sweepTokens(now);
}

void FederationNamespace::directoryChanged()
{
    const QList<SocketId> ids = m_members.keys();
    for (const SocketId& id : ids)
        reviewMember(id);
}

/// Where another server's holders are learnt one by one, nobody but those concerned is looked at.
void FederationNamespace::directoryPartChanged(const work::DirectoryPart& part)
{
    std::vector<SocketId> concerned;
    for (const NodeId node : part.nodes) {
        const auto [from, to] = std::as_const(m_socketsOf).equal_range(node);
        concerned.insert(concerned.end(), from, to);
    }
    for (const SocketId& id : std::as_const(m_users)) {
        if (isConcerned(m_members.value(id)->principal, part))
            concerned.push_back(id);
    }
    for (const SocketId& id : concerned)
        reviewMember(id);
}

/// A user's rooms follow from its rules and the collaborations of its organization; with a global
/// rule, from all there are.
bool FederationNamespace::isConcerned(
    const access::Principal& user, const work::DirectoryPart& part) const
{
    const auto has = [](const auto& list, auto id) {
        return std::find(list.begin(), list.end(), id) != list.end();
    };
    return has(part.users, user.userId()) || has(part.organizations, user.organization)
        || (!part.collaborations.empty()
            && m_services.identities.rightsOf(user).has(
                "event", model::RuleScope::Global, model::RuleOperation::Receive));
}

/// Whoever is no longer in the directory goes; who somebody is and its rooms follow what the
/// directory and the rules say now.
void FederationNamespace::reviewMember(const SocketId& id)
{
    const MemberPtr member = m_members.value(id);
    if (!member)
        return; // went while others were reviewed
    const auto current = m_services.identities.current(member->principal);
    if (!current)
        return endRemoved(*member);
    const std::vector<RoomName> wanted = roomsOf(*current);
    const auto without
        = [](const std::vector<RoomName>& rooms, const std::vector<RoomName>& other) {
              std::vector<RoomName> rest;
              for (const RoomName& room : rooms) {
                  if (std::find(other.begin(), other.end(), room) == other.end())
                      rest.push_back(room);
              }
              return rest;
          };
    const std::vector<RoomName> old = without(member->rooms, wanted);
    const std::vector<RoomName> fresh = without(wanted, member->rooms);
    // Events of a lost room that have not left yet must not do so after this.
    if (!old.empty() && !m_services.server.settleBeforeRevocation(member->socket->sessionId()))
        return;
    leaveRooms(member, old); // under the name it came in with
    if (!member->socket)
        return;
    if (!isSamePlace(member->principal, *current)) {
        member->principal = *current;
        member->socket->setPrincipal(*current);
    }
    if (current->kind == PrincipalKind::Node)
        m_announcer.nodeMoved(current->nodeId());
    joinRooms(member, fresh);
}

/// DISCONNECT tells client libraries to stay away. What then is left of the session ends under a
/// name, unless it is somebody else in another namespace.
void FederationNamespace::endRemoved(const Member& member)
{
    const SessionId session = member.socket->sessionId();
    logAbout(observe::Level::Info, observe::category::auth,
        QStringLiteral("%1 <%2> is not known any more: its connection ends")
            .arg(kindTitle(member.principal.kind), member.principal.name),
        *member.socket, member.principal);
    if (!m_services.server.settleBeforeRevocation(session))
        return;
    member.socket->disconnect();
    const auto view = m_services.server.session(session);
    if (view && !view->principal.isIdentified())
        m_services.server.closeSession(
            session, session::CloseCode::Unidentified, QLatin1StringView("holder gone"));
}

void FederationNamespace::handleRefusedToken(session::Socket& socket, const Error& error)
{
    logAbout(observe::Level::Warning, observe::category::auth,
        QStringLiteral("Client from %1 is not identified: %2 (%3)")
            .arg(socket.handshake().peerAddress, traits(error.code).name, error.detail),
        socket);
    if (error.code != ErrorCode::TokenExpired) {
        if (error.code == ErrorCode::RateLimited)
            m_services.metrics.tokensLocked.Increment();
        else if (error.code != ErrorCode::TokenMissing)
            m_services.metrics.tokensInvalid.Increment();
        if (error.code == ErrorCode::TokenForged)
            socket.emitEvent("invalid_token");
        return addStranger(socket, {});
    }
    m_services.metrics.tokensExpired.Increment();
    QByteArray subject = m_services.identities.expiredSubject(tokenOf(socket));
    if (subject.isEmpty())
        subject = socket.handshake().peerAddress.toUtf8();
    addStranger(socket, subject);
}

void FederationNamespace::addStranger(session::Socket& socket, QByteArray expiredSubject)
{
    const SocketId id = socket.socketId();
    Stranger& stranger = m_unidentified[id];
    stranger.socket = &socket;
    stranger.closeAt = m_services.clock.monotonic() + m_options.unidentifiedGrace;
    stranger.expiredSubject = std::move(expiredSubject);
    if (!stranger.expiredSubject.isEmpty())
        sendExpiredToken(stranger);
    m_strangerOrder.push_back(id);
    // Not from inside this call: the oldest could be a neighbour in a loop above us.
    if (m_unidentified.size() > m_options.maxUnidentified)
        QTimer::singleShot(0, &m_timer, [this] { sweepStrangers(m_services.clock.monotonic()); });
}

void FederationNamespace::closeStranger(const SocketId& id)
{
    const Stranger stranger = m_unidentified.take(id);
    if (!stranger.socket)
        return;
    const SessionId session = stranger.socket->sessionId();
    logAbout(observe::Level::Info, observe::category::auth,
        QStringLiteral("Client from %1 closed: no identity in time")
            .arg(stranger.socket->handshake().peerAddress),
        *stranger.socket);
    const auto view = m_services.server.session(session);
    // Ending the session lets client libraries come back by themselves, DISCONNECT would not; but
    // the same session may be somebody in another namespace.
    if (view && !view->principal.isIdentified()) {
        m_services.server.closeSession(
            session, session::CloseCode::Unidentified, QLatin1StringView("unidentified"));
    } else {
        stranger.socket->disconnect();
    }
}

/// At most once per identity and interval: a client whose fresh token is refused again (clocks
/// apart) comes back at once, without end. The event is held back, not lost.
void FederationNamespace::sendExpiredToken(Stranger& stranger)
{
    if (!mayAskForRenewal())
        return;
    const Millis now = m_services.clock.monotonic();
    const auto last = m_expiredTold.constFind(stranger.expiredSubject);
    if (last != m_expiredTold.cend() && now - *last < m_options.expiredTokenInterval)
        return;
    m_expiredTold.insert(stranger.expiredSubject, now);
    stranger.expiredSubject.clear();
    stranger.socket->emitEvent("expired_token");
}

/// Not while the HTTP side cannot serve: whoever is asked then fails and does not ask again.
bool FederationNamespace::mayAskForRenewal()
{
    const QString fault = m_services.restFault ? m_services.restFault() : QString();
    const bool mustHold = !fault.isEmpty();
    if (std::exchange(m_isHoldingRenewals, mustHold) != mustHold) {
        observe::log(mustHold ? observe::Level::Warning : observe::Level::Info,
            observe::category::auth,
            mustHold ? QStringLiteral("No client is asked to renew its token for now: ") + fault
                     : QStringLiteral("Clients are asked to renew their tokens again"));
    }
    return !mustHold;
}

void FederationNamespace::admitNode(const MemberPtr& member)
{
    session::Socket& socket = *member->socket;
    const NodeId node = member->principal.nodeId();
    socket.emitEvent("sync");
    m_handOvers.remove(socket.socketId());
    // Its first socket makes node-online, before the node itself is in the rooms.
    m_services.presence.socketOpened(node, socket.socketId(), socket.handshake().peerAddress);
    m_nodeWrites.seen(node);
    joinRooms(member, roomsOf(member->principal));
    if (member->socket)
        m_kills->nodeConnected(*member->socket, node);
}

void FederationNamespace::joinRooms(const MemberPtr& member, const std::vector<RoomName>& rooms)
{
    for (const RoomName& room : rooms) {
        if (!member->socket)
            return; // closed by what it was sent
        member->socket->join(room);
        member->rooms.push_back(room);
        tellRoom(room,
            QStringLiteral("%1 <%2> joined room <%3>")
                .arg(kindTitle(member->principal.kind), member->principal.name,
                    QString::fromUtf8(room.value)));
    }
}

void FederationNamespace::leaveRooms(const MemberPtr& member, const std::vector<RoomName>& rooms)
{
    for (const RoomName& room : rooms) {
        if (!member->socket)
            return;
        member->socket->leave(room);
        std::erase(member->rooms, room);
        tellRoom(room,
            QStringLiteral("%1 left room %2")
                .arg(member->principal.name, QString::fromUtf8(room.value)));
    }
}

void FederationNamespace::tellRoom(const RoomName& room, const QString& text)
{
    observe::log(observe::Level::Info, observe::category::room, text);
    if (room == access::allNodesRoom())
        return; // spans collaborations, which must not know of each other
    hub::Publication publication;
    publication.nsp = federationNamespace();
    publication.rooms = {room};
    publication.event = "message";
    publication.args = protocol::jsonString(text.toUtf8());
    m_services.hub.publish(publication);
}

std::vector<RoomName> FederationNamespace::roomsOf(const access::Principal& principal) const
{
    std::vector<CollaborationId> all;
    if (principal.kind == PrincipalKind::User) { // a node's are its own, however many there are
        for (const work::Collaboration& collaboration : m_services.directory.collaborations())
            all.push_back(collaboration.id);
    }
    return access::roomsFor(principal, m_services.identities.rightsOf(principal), all).rooms;
}

void FederationNamespace::handlePing(Member& member)
{
    if (member.principal.kind != PrincipalKind::Node)
        return;
    const NodeId node = member.principal.nodeId();
    m_services.presence.seen(node);
    m_nodeWrites.seen(node);
}

/// What a room one is in had lately. Beyond vantage6, whose clients never ask.
void FederationNamespace::handleHistory(const Member& member, const session::IncomingEvent& event)
{
    if (!event.ackId || !member.socket)
        return;
    const auto question = firstObject(event.args);
    const auto rawRoom = question ? rawMember(*question, "room") : std::nullopt;
    const RoomName room{(rawRoom ? jsonText(*rawRoom) : std::nullopt).value_or(QByteArray())};
    const auto answer
        = [&](const QByteArray& json) { member.socket->acknowledge(*event.ackId, json); };
    using Verdict = WindowBudget<SocketId>::Verdict;
    const auto verdict
        = m_historyBudget.take(member.socket->socketId(), m_services.clock.monotonic());
    if (verdict == Verdict::Refused)
        return answer(historyError(ErrorCode::RateLimited));
    // Rooms of others and rooms that do not exist look alike.
    if (std::find(member.rooms.begin(), member.rooms.end(), room) == member.rooms.end()
        || room == access::allNodesRoom())
        return answer(historyError(ErrorCode::Forbidden));
    answer(historyJson(m_services.history.after(
        room, quint64(idMember(*question, "after")), m_options.maxHistoryBytes)));
}

void FederationNamespace::sweepStrangers(Millis now)
{
    std::erase_if(
        m_strangerOrder, [this](const SocketId& id) { return !m_unidentified.contains(id); });
    const qsizetype excess = m_unidentified.size() - m_options.maxUnidentified;
    const std::vector<SocketId> order = m_strangerOrder;
    for (size_t i = 0; i < order.size(); ++i) {
        const auto found = m_unidentified.find(order[i]);
        if (found == m_unidentified.end())
            continue;
        if (qsizetype(i) < excess || found->closeAt <= now)
            closeStranger(order[i]);
        else if (!found->expiredSubject.isEmpty())
            sendExpiredToken(*found);
    }
    m_expiredTold.removeIf([this, now](const QHash<QByteArray, Millis>::iterator& told) {
        return now - *told >= m_options.expiredTokenInterval;
    });
}

void FederationNamespace::sweepHandOvers(Millis now)
{
    const QList<SocketId> ids = m_handOvers.keys();
    for (const SocketId& id : ids) {
        if (m_handOvers.value(id).until <= now)
            m_services.presence.socketClosed(m_handOvers.take(id).node, id);
    }
}

void FederationNamespace::sweepTokens(Millis now)
{
    std::vector<SessionId> overdue;
    const QList<MemberPtr> members = m_members.values();
    for (const MemberPtr& member : members) {
        if (!member->socket || !member->tokenEnd || *member->tokenEnd > now)
            continue;
        if (member->wasTold) {
            overdue.push_back(member->socket->sessionId());
            continue;
        }
        if (!mayAskForRenewal())
            continue;
        member->wasTold = true;
        member->tokenEnd = now + m_options.unidentifiedGrace;
        member->socket->emitEvent("expired_token");
    }
    for (const SessionId& session : overdue) {
        m_services.server.closeSession(
            session, session::CloseCode::Unidentified, QLatin1StringView("token expired"));
    }
}

} // namespace gatehouse::events
