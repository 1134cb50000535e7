// SPDX-License-Identifier: Apache-2.0
#include "server/relay/rules.h"

#include "common/core/strictjson.h"

#include <algorithm>

namespace gatehouse::relay {

namespace {

bool isSame(QByteArrayView a, QByteArrayView b)
{
    if (jsonKind(a) != jsonKind(b))
        return false;
    return jsonKind(a) == JsonKind::String ? jsonText(a) == jsonText(b) : a == b;
}

template <class T>
const T* named(const std::vector<T>& all, const QString& name)
{
    const auto at
        = std::find_if(all.begin(), all.end(), [&](const T& item) { return item.name == name; });
    return at == all.end() ? nullptr : &*at;
}

} // namespace

bool Condition::holds(const Facts& facts) const
{
    const auto value = path.find(facts);
    return value && std::any_of(values.begin(), values.end(), [&](const QByteArray& wanted) {
        return isSame(*value, wanted);
    });
}

bool allHold(const std::vector<Condition>& conditions, const Facts& facts)
{
    return std::all_of(conditions.begin(), conditions.end(),
        [&](const Condition& condition) { return condition.holds(facts); });
}

bool EventRule::fits(const Facts& facts) const
{
    const QByteArrayView payload = facts.payload;
    const auto isKind
        = [&](JsonKind kind) { return !payload.isEmpty() && jsonKind(payload) == kind; };
    bool isArgument = true;
    switch (argument) {
    case ArgumentKind::Object:
        isArgument = isKind(JsonKind::Object);
        break;
    case ArgumentKind::Integer:
        isArgument = isKind(JsonKind::Number);
        break;
    case ArgumentKind::Id:
        isArgument = isKind(JsonKind::Number) || isKind(JsonKind::String);
        break;
    case ArgumentKind::Text:
        isArgument = isKind(JsonKind::String);
        break;
    case ArgumentKind::Any:
        break;
    }
    const auto isThere = [&](const QByteArray& member) {
        const auto value = rawMember(payload, member);
        return value && jsonKind(*value) != JsonKind::Null;
    };
    return isArgument && allHold(where, facts)
        && (has.isEmpty() || (isKind(JsonKind::Object) && std::ranges::all_of(has, isThere)));
}

const Route* Rules::route(const QString& wanted) const
{
    return named(routes, wanted);
}

const Membership* Rules::membership(const QString& wanted) const
{
    return named(memberships, wanted);
}

const RoomRule* Rules::room(const QString& wanted) const
{
    return named(rooms, wanted);
}

} // namespace gatehouse::relay
