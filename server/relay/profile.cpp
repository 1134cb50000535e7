// SPDX-License-Identifier: Apache-2.0
#include "server/relay/profile.h"

#include "common/core/strictjson.h"
#include "server/relay/payload.h"

#include <algorithm>

namespace gatehouse::relay {

namespace {

constexpr Millis sweepInterval{1'000};

QByteArray factsOf(const Peer& peer)
{
    const session::Handshake& handshake = peer.handshake();
    return R"({"id":)" + protocol::jsonString(peer.id().value) + R"(,"address":)"
        + protocol::jsonString(handshake.peerAddress.toUtf8()) + R"(,"port":)"
        + QByteArray::number(handshake.peerPort) + '}';
}

} // namespace

Profile::Profile(Rules rules, ProfileServices services)
    : m_rules(std::move(rules)), m_services(services), m_caller(m_rules, services.bus),
      m_answers(m_rules), m_choices(m_rules, m_scopes),
      m_memberships(m_rules, m_caller, services.clock, m_counters),
      m_elevation(m_rules, services.verifier, services.guesses, services.clock, m_counters),
      m_requests(m_rules, m_caller, m_answers, m_counters),
      m_publications(m_rules, m_scopes, services.hub, services.bus, m_counters),
      m_controls(m_rules, services.bus,
          {[this](QByteArrayView nonce, const QByteArray& token) {
               return m_elevation.registerNonce(nonce, token);
           },
              [this](const QByteArray& token) { return demote(token); },
              [this](std::function<void(const Result<void>&)> done) {
                  if (m_elevation.verifier())
                      m_elevation.verifier()->keepRevocations(std::move(done));
                  else
                      done({});
              },
              [this](const QByteArray& nonce, const QByteArray& tokenHash) {
                  // Two at once: one of them is not who it should be.
                  const auto token = m_elevation.redeemedElsewhere(nonce, tokenHash);
                  if (token && demote(*token))
                      m_controls.tellRevoked(access::ProfileVerifier::hashOf(*token));
              },
              [this] {
                  return m_elevation.verifier() ? m_elevation.verifier()->revocations()
                                                : QHash<QByteArray, Millis>();
              },
              [this](const QByteArray& tokenHash, Millis until) {
                  access::ProfileVerifier* const verifier = m_elevation.verifier();
                  const qsizetype before = verifier ? verifier->revokedTokens() : 0;
                  if (verifier)
                      verifier->addRevocation(tokenHash, until);
                  if (verifier && verifier->revokedTokens() > before)
                      sweep(); // who is elevated with it is not any more
              }},
          m_counters)
{
    m_elevation.setRedeemed([this](const QByteArray& nonce, const QByteArray& tokenHash) {
        m_controls.tellRedeemed(nonce, tokenHash);
    });
    for (const EventRule& rule : m_rules.events)
        m_rulesOf[rule.name].push_back(&rule);
    QObject::connect(&m_sweeper, &QTimer::timeout, &m_sweeper, [this] { sweep(); });
    m_sweeper.start(sweepInterval);
}

// What is still under way ends with its requests: by then there is nobody to tell.
Profile::~Profile()
{
    for (const auto& [peer, client] : m_clients)
        client->isGone = true;
}

// Clients

bool Profile::recognizes(const session::Handshake& handshake)
{
    return m_elevation.byCookie(handshake).has_value();
}

void Profile::peerConnected(Peer& peer)
{
    auto client = std::make_shared<Client>(Client{.peer = peer, .peerFacts = factsOf(peer)});
    m_clients.emplace(&peer, client);
    m_counters.clients = quint64(m_clients.size());
    auto identity = m_elevation.byCookie(peer.handshake());
    if (!identity)
        identity = m_elevation.byQuery(peer.handshake());
    if (identity)
        elevate(*client, *std::move(identity));
}

void Profile::peerGone(Peer& peer, const QByteArray&)
{
    const auto found = m_clients.find(&peer);
    if (found == m_clients.end())
        return;
    const ClientPtr client = std::move(found->second);
    m_clients.erase(found);
    client->isGone = true;
    m_requests.drop(*client);
    m_counters.clients = quint64(m_clients.size());
    m_counters.elevatedClients -= client->identity ? 1 : 0;
}

void Profile::elevate(Client& client, Identity identity)
{
    ++m_counters.elevations;
    m_counters.elevatedClients += client.identity ? 0 : 1;
    client.peer.setPrincipal(identity.principal());
    client.identityFacts = identity.facts();
    client.identity = std::move(identity);
    client.unfinishedDemotion.clear();
    Facts facts;
    facts.peer = client.peerFacts;
    facts.principal = client.identityFacts;
    if (const auto room = m_rules.elevatedRoom.fill(facts); room && !room->isEmpty())
        client.peer.join(RoomName{*room});
}

void Profile::loseIdentity(const ClientPtr& client, const Refusal& refusal)
{
    if (!client->identity)
        return;
    ++m_counters.demotions;
    --m_counters.elevatedClients;
    m_memberships.forget(*client->identity);
    client->peer.settle();
    if (client->isGone) // it could not take what was under way
        return;
    Facts facts;
    facts.peer = client->peerFacts;
    facts.principal = client->identityFacts;
    if (const auto room = m_rules.elevatedRoom.fill(facts); room && !room->isEmpty())
        client->peer.leave(RoomName{*room});
    m_choices.leaveAll(*client);
    client->identity.reset();
    client->identityFacts.clear();
    client->peer.setPrincipal({});
    m_requests.drop(*client, &refusal);
}

bool Profile::demote(const QByteArray& token)
{
    if (!m_elevation.revoke(token))
        return false;
    sweep();
    return true;
}

ClientPtr Profile::clientOf(const SocketId& id) const
{
    const auto found = std::find_if(m_clients.begin(), m_clients.end(),
        [&](const auto& entry) { return entry.first->id() == id; });
    return found == m_clients.end() ? nullptr : found->second;
}

QByteArray Profile::demotableToken(const SocketId& id) const
{
    const ClientPtr client = clientOf(id);
    if (!client || !m_elevation.verifier())
        return {};
    return client->identity ? client->identity->tokenHash : client->unfinishedDemotion;
}

bool Profile::canDemote(const SocketId& id) const
{
    return !demotableToken(id).isEmpty();
}

void Profile::demoteClient(const SocketId& id, std::function<void(const Result<void>&)> done)
{
    const QByteArray hash = demotableToken(id);
    if (hash.isEmpty()) {
        done(failure(ErrorCode::Conflict, QStringLiteral("the client has no login")));
        return;
    }
    for (const auto& [peer, client] : m_clients) {
        if (!client->identity || client->identity->tokenHash != hash)
            continue;
        m_elevation.verifier()->revoke(client->identity->claims, hash);
        client->unfinishedDemotion = hash;
    }
    sweep();
    m_controls.finishRevocation(hash,
        [this, alive = std::weak_ptr(m_alive), hash, done = std::move(done)](
            const Result<void>& finished) {
            if (!alive.expired() && finished)
                demotionEnded(hash);
            done(finished);
        });
}

void Profile::demotionEnded(const QByteArray& tokenHash)
{
    for (const auto& [peer, client] : m_clients) {
        if (client->unfinishedDemotion == tokenHash)
            client->unfinishedDemotion.clear();
    }
}

void Profile::sweep()
{
    m_elevation.sweep();
    std::vector<ClientPtr> all;
    all.reserve(m_clients.size());
    for (const auto& [peer, client] : m_clients) {
        if (client->identity || !client->choices.isEmpty())
            all.push_back(client);
    }
    for (const ClientPtr& client : all)
        sweepClient(client);
}

// Behind what it still was sent; at most one in each round.
void Profile::tellGap(Client& client)
{
    const quint64 missed = client.peer.missedEvents();
    if (missed == client.missedEvents || m_rules.gapEvent.isEmpty())
        return;
    ++m_counters.gaps;
    client.peer.send(
        m_rules.gapEvent, R"({"missed":)" + QByteArray::number(missed - client.missedEvents) + '}');
    client.missedEvents = missed;
}

void Profile::sweepClient(const ClientPtr& client)
{
    if (client->isGone)
        return;
    if (client->identity) {
        if (const auto good = m_elevation.recheck(*client->identity); !good) {
            loseIdentity(client, good.error());
            return;
        }
    }
    tellGap(*client);
    const Millis now = m_services.clock.monotonic();
    std::vector<std::pair<QString, Choice>> due;
    for (auto it = client->choices.begin(); it != client->choices.end(); ++it) {
        for (Choice& choice : *it) {
            const bool isEnded = choice.identity && !m_elevation.recheck(*choice.identity);
            if (!isEnded && now < choice.recheckAt)
                continue;
            choice.recheckAt = now + m_rules.recheck;
            due.emplace_back(isEnded ? it.key() : QString(), choice);
        }
    }
    for (const auto& [endedRule, choice] : due) {
        if (!endedRule.isEmpty())
            m_choices.leave(*client, endedRule, choice.scope);
        else
            recheckChoice(client, choice);
    }
}

// Somebody who was let in may have left the guild since. Only a word of the service puts one out:
// while it is silent, those who are in stay in, and nobody new comes in.
void Profile::recheckChoice(const ClientPtr& client, const Choice& choice)
{
    const Membership* membership = m_rules.membership(choice.rule->membership);
    if (!membership || !choice.identity)
        return;
    const std::weak_ptr<Client> weak = client;
    m_memberships.askAnew(*membership, *choice.identity, choice.scope,
        [this, weak, choice](const tl::expected<Standing, Refusal>& got) {
            const ClientPtr asked = weak.lock();
            if (!asked || asked->isGone || !got)
                return;
            const QString& roomRule = choice.rule->room;
            const auto& held = asked->choices.value(roomRule);
            const bool isStillIn = std::any_of(held.begin(), held.end(),
                [&](const Choice& other) { return other.scope.text == choice.scope.text; });
            if (!isStillIn)
                return;
            EventCall call{.client = asked, .rule = choice.rule, .payload = choice.payload};
            call.scope = choice.scope;
            call.identity = choice.identity;
            call.identityFacts = choice.identity->facts();
            const quint64 bits = bitsIn(m_rules, *choice.identity, &*got);
            const bool isIn = bool(mayUse(choice.rule->needs, m_rules, &*choice.identity, &*got));
            const bool isSame = isIn
                && m_choices.roomsFor(*m_rules.room(roomRule), call.facts(), bits) == choice.rooms;
            if (isSame)
                return;
            ++m_counters.lostMemberships;
            asked->peer.settle();
            if (asked->isGone)
                return;
            m_choices.leave(*asked, roomRule, choice.scope);
            if (isIn)
                m_choices.choose(call, bits, m_services.clock.monotonic() + m_rules.recheck);
        });
}

// Events

const EventRule* Profile::ruleFor(const QByteArray& event, const Facts& facts, bool& isKnown) const
{
    const auto rules = m_rulesOf.constFind(event);
    isKnown = rules != m_rulesOf.constEnd();
    if (!isKnown)
        return nullptr;
    const auto fitting = std::find_if(
        rules->begin(), rules->end(), [&](const EventRule* rule) { return rule->fits(facts); });
    return fitting == rules->end() ? nullptr : *fitting;
}

void Profile::eventReceived(Peer& peer, const PeerEvent& event)
{
    const auto found = m_clients.find(&peer);
    if (found == m_clients.end())
        return;
    auto call = std::make_shared<EventCall>(
        EventCall{.client = found->second, .payload = firstArgument(event.args)});
    call->ackId = event.ackId;
    if (m_rules.readsTextPayloads)
        call->payload = objectInText(call->payload);
    bool isKnown = false;
    call->rule = ruleFor(event.name, call->facts(), isKnown);
    if (!isKnown) {
        ++m_counters.unknownEvents;
        if (m_rules.closesUnknownEvents)
            peer.close(session::CloseCode::PolicyViolation, QLatin1StringView("unknown event"));
        return;
    }
    if (!call->rule) {
        ++m_counters.badEvents;
        call->rule = m_rulesOf.constFind(event.name)->front();
        m_answers.refuse(*call, {400, QStringLiteral("no such request")});
        return;
    }
    ++m_counters.events;
    handle(call);
}

void Profile::refuse(const EventCall& call, const Refusal& refusal)
{
    if (refusal.code == 401)
        ++m_counters.unauthenticated;
    else if (refusal.code == 403)
        ++m_counters.forbidden;
    else if (refusal.code == 429)
        ++m_counters.limited;
    else if (refusal.code == 400)
        ++m_counters.badEvents;
    m_answers.refuse(call, refusal);
}

// Whose right counts for this event: that of the token it brings along, or that of the connection,
// if it is still one.
std::optional<Refusal> Profile::identify(EventCall& call)
{
    Client& client = *call.client;
    const bool isCredential = call.rule->action == EventRule::Action::Elevate;
    const auto raw
        = call.rule->token && !isCredential ? call.rule->token->find(call.facts()) : std::nullopt;
    if (raw) {
        const auto token = jsonKind(*raw) == JsonKind::String ? jsonText(*raw) : std::nullopt;
        auto identity = m_elevation.byToken(
            client.peer.handshake().peerAddress, token.value_or(QByteArray()));
        if (!identity)
            return identity.error();
        call.identityFacts = identity->facts();
        call.identity = *std::move(identity);
        return std::nullopt;
    }
    if (!client.identity)
        return std::nullopt;
    if (const auto good = m_elevation.recheck(*client.identity); !good) {
        loseIdentity(call.client, good.error());
        return call.rule->needs.level == Level::Open ? std::nullopt : std::optional(good.error());
    }
    call.identity = client.identity;
    call.identityFacts = client.identityFacts;
    return std::nullopt;
}

std::optional<Refusal> Profile::readScope(EventCall& call) const
{
    if (!call.rule->scope)
        return std::nullopt;
    const auto raw = call.rule->scope->find(call.facts());
    if (raw) {
        call.scope = Scope::read(*raw);
        if (!call.scope)
            return Refusal{400, call.rule->scope->toText() + QStringLiteral(" has a wrong value")};
    } else if (!call.rule->scope->isOptional()) {
        return Refusal{400, call.rule->scope->toText() + QStringLiteral(" is missing")};
    }
    return std::nullopt;
}

void Profile::handle(const EventCallPtr& call)
{
    const EventRule& rule = *call->rule;
    if (rule.action == EventRule::Action::Refuse) {
        refuse(*call, {403, QStringLiteral("this event is not taken")});
        return;
    }
    // Who one is comes first: nobody learns by error texts what a service would take.
    if (const auto refusal = identify(*call)) {
        refuse(*call, *refusal);
        return;
    }
    if (rule.needs.level != Level::Open && !call->identity) {
        refuse(*call, refusalOf({ErrorCode::TokenMissing, {}}));
        return;
    }
    if (const auto fault = faultInFields(rule.fields, call->payload, m_rules.maxIds)) {
        refuse(*call, {400, *fault});
        return;
    }
    if (const auto refusal = readScope(*call)) {
        refuse(*call, *refusal);
        return;
    }
    if (call->client->requestsUnderWay >= m_rules.maxRequestsPerClient) {
        refuse(*call, {429, QStringLiteral("too many requests are under way")});
        return;
    }
    if (rule.action == EventRule::Action::Join)
        ++call->client->choosing[rule.room];
    const Membership* membership = m_rules.membership(rule.membership);
    const bool isAsked = membership && call->scope && rule.needs.level != Level::Open
        && (rule.needs.level >= Level::Member || rule.needs.bits != 0);
    if (!isAsked) {
        decide(call, nullptr);
        return;
    }
    call->beginWaiting();
    const quint64 choice = call->client->choosing.value(rule.room);
    m_memberships.ask(*membership, *call->identity, *call->scope,
        [this, call, choice](const tl::expected<Standing, Refusal>& got) {
            Client& client = *call->client;
            --client.requestsUnderWay;
            if (client.isGone)
                return;
            const bool isLate = call->rule->action == EventRule::Action::Join
                && client.choosing.value(call->rule->room) != choice;
            if (isLate) // it has chosen something else since
                return;
            if (!got) {
                refuse(*call, got.error());
                return;
            }
            // The answer took its time: the token may have ended meanwhile.
            if (const auto good = m_elevation.recheck(*call->identity); !good) {
                refuse(*call, good.error());
                return;
            }
            decide(call, &*got);
        });
}

void Profile::decide(const EventCallPtr& call, const Standing* standing)
{
    const Identity* identity = call->identity ? &*call->identity : nullptr;
    const access::Decision decision = mayUse(call->rule->needs, m_rules, identity, standing);
    if (decision)
        act(call, standing);
    else
        refuse(*call, {403, decision.reason});
}

void Profile::act(const EventCallPtr& call, const Standing* standing)
{
    switch (call->rule->action) {
    case EventRule::Action::Request:
        m_requests.start(call);
        break;
    case EventRule::Action::Publish:
        publish(call);
        break;
    case EventRule::Action::Elevate:
        elevateByEvent(*call);
        break;
    case EventRule::Action::Join:
        join(call, standing);
        break;
    case EventRule::Action::Leave:
        ++call->client->choosing[call->rule->room]; // a choice still under way is over too
        m_choices.leave(*call->client, call->rule->room, call->scope);
        m_answers.send(*call, call->rule->answer.last, call->facts(), true);
        break;
    case EventRule::Action::Refuse:
        break;
    }
}

void Profile::join(const EventCallPtr& call, const Standing* standing)
{
    const quint64 bits = call->identity ? bitsIn(m_rules, *call->identity, standing) : 0;
    const Millis recheckAt = m_services.clock.monotonic() + m_rules.recheck;
    if (const auto refusal = m_choices.choose(*call, bits, recheckAt)) {
        refuse(*call, *refusal);
        return;
    }
    ++m_counters.joins;
    const auto room = m_rules.room(call->rule->room)->room.fill(call->facts());
    const QByteArray answer
        = R"({"room":)" + protocol::jsonString(room.value_or(QByteArray())) + '}';
    Facts facts = call->facts();
    facts.body = answer;
    m_answers.send(*call, call->rule->answer.last, facts, true);
}

void Profile::elevateByEvent(const EventCall& call)
{
    Client& client = *call.client;
    const QString& address = client.peer.handshake().peerAddress;
    const EventRule& rule = *call.rule;
    const auto nonce = rule.nonce ? rule.nonce->find(call.facts()) : std::nullopt;
    const auto rawToken = rule.token && !nonce ? rule.token->find(call.facts()) : std::nullopt;
    const auto token
        = rawToken && jsonKind(*rawToken) == JsonKind::String ? jsonText(*rawToken) : std::nullopt;
    auto identity = nonce ? m_elevation.byNonce(address, *nonce)
                          : m_elevation.byToken(address, token.value_or(QByteArray()));
    Facts facts = call.facts();
    if (!identity) {
        if (rule.answer.closing.isEmpty()) // an empty acknowledgement would be one of success
            return m_answers.refuse(call, identity.error(), true);
        const QByteArray error = identity.error().toJson();
        facts.error = error;
        m_answers.send(call, rule.answer.closing, facts, true);
        return;
    }
    elevate(client, *std::move(identity));
    const auto room = m_rules.elevatedRoom.fill(facts);
    const QByteArray answer
        = R"({"room":)" + protocol::jsonString(room.value_or(QByteArray())) + '}';
    facts.body = answer;
    m_answers.send(call, rule.answer.last, facts, true);
}

void Profile::publish(const EventCallPtr& call)
{
    const EventRule& rule = *call->rule;
    const auto topic = rule.topic.fill(call->facts());
    auto body = rule.body.fill(call->facts());
    if (!topic || !body) {
        refuse(*call, {400, (topic ? body.error() : topic.error()).detail});
        return;
    }
    bus::Publication message{.exchange = rule.exchange, .topic = *topic, .body = *std::move(body)};
    message.properties.contentType = "application/json";
    call->beginWaiting();
    m_services.bus.publish(std::move(message),
        [this, alive = std::weak_ptr(m_alive), call](bus::Outcome outcome, const Error& error) {
            if (alive.expired()) // the bus may outlive us with a confirm outstanding
                return;
            --call->client->requestsUnderWay;
            const bool isOut = outcome == bus::Outcome::Confirmed || outcome == bus::Outcome::Kept;
            if (isOut)
                m_answers.send(*call, call->rule->answer.last, call->facts(), true);
            else
                refuse(*call, refusalOf(error));
        });
}

} // namespace gatehouse::relay
