// SPDX-License-Identifier: Apache-2.0
#include "server/hub/slowpolicies.h"

#include "common/core/strictjson.h"

#include <QHash>

namespace gatehouse::hub {

namespace {

/// The seed of Qt's hash changes from process to process; a key lives in one process only.
quint64 keyOf(const RoomName& room, QByteArrayView event, QByteArrayView value)
{
    return qHashMulti(0, room.value, event, value);
}

} // namespace

Result<SlowPolicies::Rule> SlowPolicies::parseRule(const QString& text)
{
    const auto wrong = [&text](const char* why) {
        return failure(ErrorCode::BadRequest,
            QStringLiteral("\"%1\" is not NAMESPACE room|event NAME POLICY: %2")
                .arg(text, QLatin1StringView(why)));
    };
    const QStringList words = text.simplified().split(u' ');
    if (words.size() != 4)
        return wrong("four words are needed");
    Rule rule;
    rule.nsp = {words[0].toUtf8()};
    if (!words[0].startsWith(u'/'))
        return wrong("a namespace starts with /");
    if (words[1] == QLatin1StringView("room"))
        rule.subject = Subject::Room;
    else if (words[1] != QLatin1StringView("event"))
        return wrong("the second word is room or event");
    rule.name = words[2].toUtf8();
    rule.isPrefix = rule.name.endsWith('*');
    if (rule.isPrefix)
        rule.name.chop(1);
    const QString policy = words[3].section(u':', 0, 0);
    rule.field = words[3].section(u':', 1).toUtf8();
    if (policy == QLatin1StringView("keep-latest"))
        rule.action = Action::KeepLatest;
    else if (words[3] == QLatin1StringView("drop-oldest"))
        rule.action = Action::DropOldest;
    else if (words[3] != QLatin1StringView("disconnect"))
        return wrong("the policy is disconnect, drop-oldest, keep-latest or keep-latest:FIELD");
    return rule;
}

Result<SlowPolicies> SlowPolicies::parse(const QStringList& rules)
{
    SlowPolicies policies;
    for (const QString& text : rules) {
        auto rule = parseRule(text);
        if (!rule)
            return tl::unexpected<Error>(rule.error());
        policies.m_rules.push_back(*std::move(rule));
    }
    return policies;
}

bool SlowPolicies::Rule::fits(const RoomName& room, QByteArrayView event) const
{
    const QByteArrayView subjectName
        = subject == Subject::Room ? QByteArrayView(room.value) : event;
    if (subjectName.isEmpty())
        return false;
    return isPrefix ? subjectName.startsWith(name) : subjectName == name;
}

protocol::Shedding SlowPolicies::sheddingOf(const NamespaceName& nsp, const RoomName& room,
    QByteArrayView event, const protocol::JsonArgs& args) const
{
    for (const Rule& rule : m_rules) {
        if (rule.nsp != nsp || !rule.fits(room, event))
            continue;
        switch (rule.action) {
        case Action::Disconnect:
            return {};
        case Action::DropOldest:
            return protocol::Shedding::oldestFirst();
        case Action::KeepLatest:
            break;
        }
        if (rule.field.isEmpty())
            return protocol::Shedding::keepLatest(keyOf(room, event, {}));
        const QByteArray array = '[' + args + ']';
        const auto first = rawElement(array, 0);
        const auto value = first ? rawMember(*first, rule.field) : std::nullopt;
        // Without the field nothing tells which events replace each other.
        return value ? protocol::Shedding::keepLatest(keyOf(room, event, *value))
                     : protocol::Shedding();
    }
    return {};
}

} // namespace gatehouse::hub
