// SPDX-License-Identifier: Apache-2.0
#include "server/relay/choices.h"

#include <algorithm>

namespace gatehouse::relay {

namespace {

bool contains(const std::vector<RoomName>& rooms, const RoomName& room)
{
    return std::find(rooms.begin(), rooms.end(), room) != rooms.end();
}

bool isHeld(const Client& client, const RoomName& room)
{
    return std::any_of(client.choices.begin(), client.choices.end(), [&](const auto& choices) {
        return std::any_of(choices.begin(), choices.end(),
            [&](const Choice& choice) { return contains(choice.rooms, room); });
    });
}

} // namespace

std::vector<RoomName> Choices::roomsFor(
    const RoomRule& rule, const Facts& facts, quint64 bits) const
{
    std::vector<RoomName> rooms;
    const auto add = [&](const TextTemplate& name) {
        if (auto filled = name.fill(facts))
            rooms.push_back(RoomName{*std::move(filled)});
    };
    add(rule.room);
    for (const RoomRule::Extra& extra : rule.extras) {
        if ((extra.bits & bits) == extra.bits && allHold(extra.where, facts))
            add(extra.room);
    }
    return rooms;
}

std::optional<Refusal> Choices::choose(const EventCall& call, quint64 bits, Millis recheckAt) const
{
    Client& client = *call.client;
    const RoomRule& rule = *m_rules.room(call.rule->room);
    const Facts facts = call.facts();
    if (const auto room = rule.room.fill(facts); !room)
        return Refusal{400, room.error().detail};
    Choice choice{call.scope.value_or(Scope{}), roomsFor(rule, facts, bits), call.rule,
        call.payload, call.identity, recheckAt};

    // The new rooms before the old ones are left: a client never is nowhere.
    for (size_t i = 0; i < choice.rooms.size(); ++i) {
        if (call.scope)
            m_scopes.insert(choice.rooms[i], *call.scope);
        if (isHeld(client, choice.rooms[i]) || client.peer.join(choice.rooms[i]))
            continue;
        for (size_t k = 0; k < i; ++k) {
            if (!isHeld(client, choice.rooms[k]))
                client.peer.leave(choice.rooms[k]);
        }
        return Refusal{429, QStringLiteral("in too many rooms")};
    }
    std::vector<Choice>& choices = client.choices[rule.name];
    const auto isOver = [&](const Choice& other) {
        return rule.isSingle || other.scope.text == choice.scope.text;
    };
    std::vector<Choice> over;
    std::copy_if(choices.begin(), choices.end(), std::back_inserter(over), isOver);
    std::erase_if(choices, isOver);
    choices.push_back(std::move(choice));
    for (const Choice& old : over) {
        for (const RoomName& room : old.rooms) {
            if (!isHeld(client, room))
                client.peer.leave(room);
        }
    }
    return std::nullopt;
}

void Choices::leave(
    Client& client, const QString& roomRule, const std::optional<Scope>& scope) const
{
    const auto known = client.choices.find(roomRule);
    if (known == client.choices.end())
        return;
    std::vector<Choice> over;
    const auto isOver
        = [&](const Choice& choice) { return !scope || choice.scope.text == scope->text; };
    std::copy_if(known->begin(), known->end(), std::back_inserter(over), isOver);
    std::erase_if(*known, isOver);
    for (const Choice& choice : over) {
        for (const RoomName& room : choice.rooms) {
            if (!isHeld(client, room))
                client.peer.leave(room);
        }
    }
}

void Choices::leaveAll(Client& client) const
{
    const QStringList rules = client.choices.keys();
    for (const QString& rule : rules)
        leave(client, rule, std::nullopt);
    client.choices.clear();
    client.choosing.clear();
}

} // namespace gatehouse::relay
