// SPDX-License-Identifier: Apache-2.0
#include "server/relay/controls.h"

#include "common/core/strictjson.h"
#include "common/protocol/socketiopacket.h"
#include "server/access/claimprofile.h"
#include "server/observe/log.h"

#include <QSet>

#include <algorithm>

namespace gatehouse::relay {

namespace {

constexpr char queueHeader[] = "queue";
constexpr char redeemedType[] = "redeemed";
constexpr char revokedType[] = "revoked";
constexpr char askRevokedType[] = "ask-revoked";
constexpr int revokedPerMessage = 10; // the smallest bus.message_size is 1 KiB
constexpr Millis gatherTime{100};

QByteArray controlTopic(const Rules& rules)
{
    return "relay." + rules.name.toUtf8() + ".control";
}

/// The parts of a call's envelope; nothing for one that is none.
struct ControlCall
{
    QByteArray method;
    QByteArrayView args;
};

std::optional<ControlCall> readCall(const QByteArray& body)
{
    if (!checkJson(body))
        return std::nullopt;
    const auto rawMethod = rawMember(body, "method");
    const auto method = rawMethod && jsonKind(*rawMethod) == JsonKind::String ? jsonText(*rawMethod)
                                                                              : std::nullopt;
    if (!method)
        return std::nullopt;
    const auto args = rawMember(body, "args");
    return ControlCall{
        *method, args && jsonKind(*args) == JsonKind::Array ? *args : QByteArrayView("[]")};
}

QByteArray answer(int status, const QString& message)
{
    return R"({"resp":{"message":)" + protocol::jsonString(message.toUtf8()) + R"(},"sc":)"
        + QByteArray::number(status) + '}';
}

QByteArray revocation(const QByteArray& tokenHash, Millis until)
{
    return "[\"" + tokenHash.toHex() + "\"," + QByteArray::number(until.count()) + ']';
}

bus::Publication revokedMessage(const Rules& rules, const QByteArrayList& revocations)
{
    bus::Publication message;
    message.topic = controlTopic(rules);
    message.body = R"({"method":"revoked","args":[)" + revocations.join(',') + "]}";
    message.properties.type = revokedType;
    return message;
}

} // namespace

Controls::Controls(
    const Rules& rules, bus::Bus& bus, ControlActions actions, RelayCounters& counters)
    : m_rules(rules), m_bus(bus), m_actions(std::move(actions)), m_counters(counters)
{
    QSet<QByteArray> queues;
    for (const ControlRule& rule : rules.controls)
        queues.insert(rule.queue);
    for (const QByteArray& queue : queues) {
        m_tickets.push_back(
            m_bus.serve(queue, [this, queue](const bus::Message& call, bus::Reply reply) {
                called(queue, call, std::move(reply));
            }));
    }
    if (rules.claims.isEmpty() && queues.isEmpty()) // nobody can have a token
        return;
    // What another process was told, by a service or an administrator.
    m_tickets.push_back(m_bus.subscribe(
        {}, controlTopic(rules),
        [this](const bus::Message& told) {
            if (told.properties.sender != m_bus.nodeName())
                hear(told);
            return bus::Verdict::Accepted;
        },
        [this] {
            m_isBound = true;
            askForRevocations();
        }));
    m_tellTimer.setSingleShot(true);
    m_tellTimer.callOnTimeout([this] { tellRevocations(); });
    m_bus.addObserver(static_cast<bus::StateObserver*>(this));
}

Controls::~Controls()
{
    m_bus.removeObserver(static_cast<bus::StateObserver*>(this));
}

void Controls::busStateChanged(const bus::BusState&)
{
    askForRevocations();
}

// Who was away for long has lost what was said meanwhile.
void Controls::askForRevocations()
{
    if (!m_isBound || !m_bus.state().isUp())
        return;
    bus::Publication asked;
    asked.topic = controlTopic(m_rules);
    asked.body = R"({"method":"ask-revoked","args":[]})";
    asked.properties.type = askRevokedType;
    m_bus.publish(std::move(asked));
}

void Controls::tellRevocations()
{
    const QHash<QByteArray, Millis> all = m_actions.revocations();
    QByteArrayList entries;
    for (auto it = all.cbegin(); it != all.cend(); ++it) {
        entries.append(revocation(it.key(), *it));
        if (entries.size() < revokedPerMessage && std::next(it) != all.cend())
            continue;
        m_bus.publish(revokedMessage(m_rules, entries));
        entries.clear();
    }
}

void Controls::tellRevoked(const QByteArray& tokenHash, bus::Published done)
{
    bus::Publication told = revokedMessage(
        m_rules, {revocation(tokenHash, m_actions.revocations().value(tokenHash))});
    told.care = bus::Care::Kept;
    m_bus.publish(std::move(told), std::move(done));
}

// The others need not wait for this disk: until it takes it again they would let the token in.
void Controls::finishRevocation(
    const QByteArray& tokenHash, std::function<void(const Result<void>&)> done)
{
    m_actions.keepRevocations([this, alive = std::weak_ptr(m_alive), tokenHash,
                                  done = std::move(done)](const Result<void>& kept) {
        if (alive.expired())
            return;
        tellRevoked(tokenHash, [kept, done](bus::Outcome outcome, const Error& error) {
            if (kept && outcome == bus::Outcome::Refused)
                done(tl::unexpected<Error>(error));
            else
                done(kept);
        });
    });
}

void Controls::hearRevocations(QByteArrayView args)
{
    for (JsonArrayWalker items(args); items.next();) {
        const auto hash = rawElement(items.value(), 0);
        const auto until = rawElement(items.value(), 1);
        const auto text = hash ? jsonText(*hash) : std::nullopt;
        const auto end = until ? jsonInteger(*until) : std::nullopt;
        if (text && text->size() == 64 && end)
            m_actions.revokedElsewhere(QByteArray::fromHex(*text), Millis{*end});
    }
}

void Controls::hear(const bus::Message& told)
{
    const auto call = readCall(told.body);
    if (!call)
        return;
    if (told.properties.type == redeemedType) {
        const auto nonce = rawElement(call->args, 0);
        const auto hash = rawElement(call->args, 1);
        const auto nonceText = nonce ? jsonText(*nonce) : std::nullopt;
        const auto hashText = hash ? jsonText(*hash) : std::nullopt;
        if (nonceText && hashText)
            m_actions.redeemedElsewhere(*nonceText, QByteArray::fromHex(*hashText));
        return;
    }
    if (told.properties.type == askRevokedType) {
        if (!m_tellTimer.isActive())
            m_tellTimer.start(gatherTime);
        return;
    }
    if (told.properties.type == revokedType) {
        hearRevocations(call->args);
        return;
    }
    const QByteArray queue = told.properties.header(queueHeader);
    for (const ControlRule& rule : m_rules.controls) {
        if (rule.queue == queue && rule.method == call->method)
            act(rule, call->args);
    }
}

void Controls::tellRedeemed(const QByteArray& nonce, const QByteArray& tokenHash)
{
    bus::Publication told;
    told.topic = controlTopic(m_rules);
    told.body = R"({"method":"redeemed","args":[)" + protocol::jsonString(nonce) + ','
        + protocol::jsonString(tokenHash.toHex()) + "]}";
    told.properties.type = redeemedType;
    told.care = bus::Care::Kept; // one that is lost would be good twice
    m_bus.publish(std::move(told));
}

std::optional<QByteArray> Controls::tokenIn(const ControlRule& rule, QByteArrayView args) const
{
    const auto raw = rawElement(args, rule.tokenArg);
    return raw && jsonKind(*raw) == JsonKind::String ? jsonText(*raw) : std::nullopt;
}

bool Controls::act(const ControlRule& rule, QByteArrayView args)
{
    const auto token = tokenIn(rule, args);
    if (!token)
        return false;
    if (rule.action == ControlRule::Action::Demote)
        return m_actions.demote(*token);
    const auto nonce = rawElement(args, rule.nonceArg);
    return nonce && m_actions.registerNonce(*nonce, *token);
}

void Controls::called(const QByteArray& queue, const bus::Message& message, bus::Reply reply)
{
    ++m_counters.controlCalls;
    const auto call = readCall(message.body);
    const auto rule = std::find_if(
        m_rules.controls.begin(), m_rules.controls.end(), [&](const ControlRule& candidate) {
            return call && candidate.queue == queue && candidate.method == call->method;
        });
    if (rule == m_rules.controls.end()) {
        ++m_counters.badControlCalls;
        reply.finish(answer(400, QStringLiteral("no such method")));
        return;
    }
    if (!act(*rule, call->args)) {
        ++m_counters.badControlCalls;
        observe::log(observe::Level::Warning, observe::category::bus,
            QStringLiteral("Control call %1 refused: its token is not good")
                .arg(QString::fromUtf8(rule->method)));
        reply.finish(answer(400, QStringLiteral("invalid arguments or token")));
        return;
    }
    if (rule->action != ControlRule::Action::Demote)
        return passOn(*rule, message, std::move(reply));
    const QByteArray hash = access::ProfileVerifier::hashOf(*tokenIn(*rule, call->args));
    finishRevocation(hash,
        [kept = std::make_shared<bus::Reply>(std::move(reply))](const Result<void>& finished) {
            kept->finish(finished ? answer(200, QStringLiteral("demoted"))
                                  : answer(503, finished.error().detail));
        });
}

// Done here is not done: until the others have it, who asked has to ask again. A nonce is not kept
// for them, it would be good for longer than it should.
void Controls::passOn(const ControlRule& rule, const bus::Message& call, bus::Reply reply)
{
    bus::Publication told;
    told.topic = controlTopic(m_rules);
    told.body = call.body;
    told.properties.headers.emplace_back(queueHeader, rule.queue);
    m_bus.publish(std::move(told),
        [kept = std::make_shared<bus::Reply>(std::move(reply))](
            bus::Outcome outcome, const Error& error) {
            kept->finish(outcome == bus::Outcome::Refused
                    ? answer(503, error.detail)
                    : answer(200, QStringLiteral("registered")));
        });
}

} // namespace gatehouse::relay
