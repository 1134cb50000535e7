// SPDX-License-Identifier: Apache-2.0
#include "server/app/relayexplain.h"

#include "common/protocol/socketiopacket.h"

#include <QDateTime>

namespace gatehouse::app {

namespace {

using relay::EventRule;
using relay::Identity;
using relay::PublicationRule;
using relay::RoomRule;
using relay::Rules;
using relay::Standing;

/// Who asks, as one profile sees it.
struct Asker
{
    std::optional<Identity> identity;
    QString text; ///< "subject 214037134477230080, until …", or why there is none
};

Asker askerIn(const Rules& rules, const ClaimVerifiers& verifiers, const QString& token)
{
    if (token.isEmpty())
        return {std::nullopt, QStringLiteral("nobody: no token")};
    const auto verifier = verifiers.find(rules.claims);
    if (verifier == verifiers.end())
        return {std::nullopt, QStringLiteral("nobody: the profile knows no tokens")};
    const QByteArray bytes = token.toUtf8();
    auto claims = verifier->second->verify(bytes);
    if (!claims) {
        return {std::nullopt,
            QStringLiteral("nobody: [claims.%1]: %2").arg(rules.claims, claims.error().detail)};
    }
    Identity identity
        = relay::identityOf(*std::move(claims), access::ProfileVerifier::hashOf(bytes), rules.bits);
    QString text = u"subject " + QString::fromUtf8(identity.claims.subject);
    if (identity.claims.expiresAt)
        text += u", until "
            + QDateTime::fromMSecsSinceEpoch(identity.claims.expiresAt->count(), Qt::UTC)
                  .toString(Qt::ISODate);
    if (const QString bits = relay::bitNames(rules, identity.bits); !bits.isEmpty())
        text += u", " + bits;
    if (identity.claims.isPlatformAdmin)
        text += QStringLiteral(", administrator of the platform");
    return {std::move(identity), text};
}

Standing assumedStanding(const Rules& rules, const QStringList& assumed)
{
    Standing standing;
    for (const QString& word : assumed) {
        standing.isAdmin = standing.isAdmin || word == QStringLiteral("admin");
        standing.bits |= rules.bits.value(word);
    }
    standing.isMember = !assumed.isEmpty();
    return standing;
}

QString placeText(const char* what, const QByteArray& name, ConfigPlace place)
{
    return QStringLiteral("%1 %2 (line %3)")
        .arg(QLatin1StringView(what), QString::fromUtf8(name))
        .arg(place.line);
}

/// What the bus would be asked, and the decision with what was assumed about its answer.
void decide(Explanation& explanation, const Rules& rules, const Asker& asker, const EventRule& rule,
    relay::Needs needs, const QStringList& assumed)
{
    const Identity* identity = asker.identity ? &*asker.identity : nullptr;
    const Standing standing = assumedStanding(rules, assumed);
    explanation.decision = relay::mayUse(needs, rules, identity, &standing);
    const relay::Membership* membership = rules.membership(rule.membership);
    const bool isAsked
        = membership && identity && (needs.level >= relay::Level::Member || needs.bits != 0);
    if (!isAsked)
        return;
    explanation.remark = QStringLiteral(
        "the service behind route \"%1\" is asked (%2); here it is taken to say %3")
                             .arg(membership->route, QString::fromUtf8(membership->method),
                                 assumed.isEmpty() ? QStringLiteral("no (--assume says otherwise)")
                                                   : assumed.join(QStringLiteral(", ")));
}

void fillCommon(Explanation& explanation, const Rules& rules, const Asker& asker,
    const QString& what, const RelayQuestion& question)
{
    explanation.question
        = QStringLiteral("%1: %2 %3%4").arg(rules.name, asker.text, what, question.event);
    if (!question.room.isEmpty())
        explanation.question += u" in " + question.room;
}

QString whereText(const EventRule& rule)
{
    QStringList parts;
    for (const relay::Condition& condition : rule.where) {
        QStringList values;
        for (const QByteArray& value : condition.values)
            values.append(QString::fromUtf8(value));
        parts.append(condition.path.toText() + u'=' + values.join(QStringLiteral(" or ")));
    }
    return parts.isEmpty() ? QString() : u" where " + parts.join(QStringLiteral(" and "));
}

Explanation sending(
    const Rules& rules, const Asker& asker, const EventRule& rule, const RelayQuestion& question)
{
    Explanation explanation;
    fillCommon(explanation, rules, asker, QStringLiteral("sends "), question);
    decide(explanation, rules, asker, rule, rule.needs, question.assumed);
    explanation.sources.append(placeText("event", rule.name, rule.place) + whereText(rule)
        + QStringLiteral(", needs ") + rule.needs.text);
    return explanation;
}

/// What names this room most precisely: "guild_{scope}_logs" for "guild_42_logs", though
/// "guild_{scope}" fits as well.
QByteArray scopeOf(const Rules& rules, const QString& room)
{
    const QByteArray text = room.toUtf8();
    std::optional<QByteArray> best;
    const auto consider = [&](const relay::TextTemplate& name) {
        const auto value = name.valueIn(text);
        if (value && (!best || value->size() < best->size()))
            best = value;
    };
    for (const RoomRule& rule : rules.rooms) {
        consider(rule.room);
        for (const RoomRule::Extra& extra : rule.extras)
            consider(extra.room);
    }
    return best.value_or(QByteArray());
}

/// The ways into the rooms a publication goes to.
void addHearing(std::vector<Explanation>& all, const Rules& rules, const Asker& asker,
    const PublicationRule& publication, const RelayQuestion& question)
{
    // Both name the same rooms when they do so for this scope, or for any other one.
    const QByteArray scope
        = question.room.isEmpty() ? QByteArray("0") : scopeOf(rules, question.room);
    const auto concerns = [&](const relay::TextTemplate& target, const relay::TextTemplate& room) {
        const QByteArray name = room.withValue(scope);
        return !target.isEmpty() && target.withValue(scope) == name
            && (question.room.isEmpty() || name == question.room.toUtf8());
    };
    for (const EventRule& rule : rules.events) {
        const RoomRule* room = rules.room(rule.room);
        if (rule.action != EventRule::Action::Join || !room)
            continue;
        const auto add = [&](const relay::TextTemplate& way, quint64 bits) {
            if (!concerns(publication.room, way) && !concerns(publication.restricted, way))
                return;
            Explanation explanation;
            fillCommon(explanation, rules, asker, QStringLiteral("hears "), question);
            relay::Needs needs = rule.needs;
            needs.bits |= bits;
            decide(explanation, rules, asker, rule, needs, question.assumed);
            explanation.sources.append(
                placeText("publication", publication.event, publication.place)
                + QStringLiteral(" by ") + placeText("event", rule.name, rule.place)
                + whereText(rule) + QStringLiteral(", needs ") + needs.text
                + (bits ? u" and " + relay::bitNames(rules, bits) : QString()));
            explanation.rooms.append(way.toText());
            all.push_back(std::move(explanation));
        };
        add(room->room, 0);
        for (const RoomRule::Extra& extra : room->extras)
            add(extra.room, extra.bits);
    }
}

} // namespace

Result<std::vector<Explanation>> explainRelay(
    const RelayTables& tables, const ClaimVerifiers& verifiers, const RelayQuestion& question)
{
    std::vector<Explanation> all;
    const QByteArray event = question.event.toUtf8();
    for (const Rules& rules : tables.relays) {
        const Asker asker = askerIn(rules, verifiers, question.token);
        for (const EventRule& rule : rules.events) {
            const RoomRule* room = rules.room(rule.room);
            const bool isOtherRoom = room && !question.room.isEmpty()
                && room->room.withValue(scopeOf(rules, question.room)) != question.room.toUtf8();
            if (rule.name == event && !isOtherRoom)
                all.push_back(sending(rules, asker, rule, question));
        }
        for (const PublicationRule& publication : rules.publications) {
            if (publication.event == event)
                addHearing(all, rules, asker, publication, question);
        }
    }
    if (all.empty()) {
        QString about = QStringLiteral("no profile has a rule about \"%1\"").arg(question.event);
        if (!question.room.isEmpty())
            about.append(QStringLiteral(" and the room ")).append(question.room);
        return failure(ErrorCode::NotFound, about);
    }
    return all;
}

} // namespace gatehouse::app
