// SPDX-License-Identifier: Apache-2.0
#include "server/relay/publications.h"

#include "common/core/strictjson.h"
#include "server/observe/log.h"
#include "server/relay/scope.h"

namespace gatehouse::relay {

Publications::Publications(
    const Rules& rules, RoomScopes& scopes, hub::Hub& hub, bus::Bus& bus, RelayCounters& counters)
    : m_rules(rules), m_scopes(scopes), m_hub(hub), m_bus(bus), m_counters(counters)
{
    m_hub.addObserver(this);
}

Publications::~Publications()
{
    m_hub.removeObserver(this);
}

std::optional<QByteArray> Publications::patternFor(
    const PublicationRule& rule, const RoomName& room) const
{
    const auto scope = m_scopes.constFind(room);
    const auto isRoom = [&](const TextTemplate& name) {
        if (name.isEmpty())
            return false;
        if (scope != m_scopes.constEnd())
            return name.withValue(scope->text) == room.value;
        // Entered in another way than by choice.
        return name.isFixed() ? name.toText().toUtf8() == room.value
                              : name.valueIn(room.value).has_value();
    };
    if (!isRoom(rule.room) && !isRoom(rule.restricted))
        return std::nullopt;
    if (rule.topic.isFixed())
        return rule.topic.toText().toUtf8();
    if (scope == m_scopes.constEnd())
        return std::nullopt;
    return rule.topic.withValue(scope->text);
}

void Publications::roomOpened(const NamespaceName& nsp, const RoomName& room)
{
    if (nsp != m_rules.nsp)
        return;
    for (size_t i = 0; i < m_rules.publications.size(); ++i) {
        const PublicationRule& rule = m_rules.publications[i];
        const auto pattern = patternFor(rule, room);
        if (!pattern)
            continue;
        Binding& binding = m_bindings[{i, *pattern}];
        if (++binding.rooms > 1)
            continue;
        binding.ticket = m_bus.subscribe(
            rule.exchange, *pattern,
            [this, &rule](const bus::Message& message) { return received(rule, message); },
            [this, &binding] {
                m_counters.boundTopics += binding.isBound ? 0 : 1;
                binding.isBound = true;
            });
    }
}

void Publications::roomClosed(const NamespaceName& nsp, const RoomName& room)
{
    if (nsp != m_rules.nsp)
        return;
    for (size_t i = 0; i < m_rules.publications.size(); ++i) {
        const auto pattern = patternFor(m_rules.publications[i], room);
        const auto bound = pattern ? m_bindings.find({i, *pattern}) : m_bindings.end();
        if (bound == m_bindings.end() || --bound->second.rooms > 0)
            continue;
        m_counters.boundTopics -= bound->second.isBound ? 1 : 0;
        m_bindings.erase(bound);
    }
    m_scopes.remove(room);
}

bus::Verdict Publications::received(const PublicationRule& rule, const bus::Message& message)
{
    ++m_counters.publications;
    const auto bad = [&](const QString& why) {
        ++m_counters.badPublications;
        observe::log(observe::Level::Warning, observe::category::bus,
            QStringLiteral("Message on %1 goes to no room: %2")
                .arg(QString::fromUtf8(message.topic), why));
        return bus::Verdict::Rejected;
    };
    if (const auto checked = checkJson(message.body); !checked)
        return bad(checked.error().toError().detail);
    Facts facts;
    facts.body = message.body;
    // A topic of one scope says which one it is, whatever the body says.
    QByteArray scope;
    if (const auto value
        = rule.topic.isFixed() ? std::nullopt : rule.topic.valueIn(message.topic)) {
        scope = protocol::jsonString(*value);
        facts.scope = scope;
    }
    const bool isRestricted = !rule.restricted.isEmpty() && !allHold(rule.openWhen, facts);
    const auto room = (isRestricted ? rule.restricted : rule.room).fill(facts);
    if (!room)
        return bad(room.error().detail);
    m_counters.restrictedPublications += isRestricted ? 1 : 0;
    auto payload
        = rule.payload.isEmpty() ? Result<QByteArray>(message.body) : rule.payload.fill(facts);
    if (!payload)
        return bad(payload.error().detail);
    m_hub.publish({m_rules.nsp, {RoomName{*room}}, rule.event, *std::move(payload), {}, {}});
    return bus::Verdict::Accepted;
}

} // namespace gatehouse::relay
