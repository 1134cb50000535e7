// SPDX-License-Identifier: Apache-2.0
#include "server/app/explain.h"

#include "server/access/policy.h"
#include "server/identity/identities.h"

#include <algorithm>

namespace gatehouse::app {

namespace {

using access::Decision;

/// An entity by its number or its name.
template <class Tag, class Find>
auto byNumberOrName(const QString& text, Find find) -> decltype(find(text))
{
    bool isNumber = false;
    const qint64 number = text.toLongLong(&isNumber);
    if (isNumber) {
        if (const auto* found = find(Tag{number})) {
            return found;
        }
    }
    return find(text);
}

QStringList sourcesOf(const work::Directory& directory, const work::User& user, const QString& rule)
{
    const auto holds = [&rule](const std::vector<model::Rule>& rules) {
        return std::any_of(rules.begin(), rules.end(),
            [&rule](const model::Rule& one) { return access::ruleText(one) == rule; });
    };
    QStringList sources;
    for (const RoleId id : user.roles) {
        const work::Role* role = directory.role(id);
        if (role && holds(role->rules)) {
            sources.append(QStringLiteral("role \"%1\"").arg(role->name));
        }
    }
    if (holds(user.rules)) {
        sources.append(QStringLiteral("given directly"));
    }
    return sources;
}

bool isToldToCollaboration(const QString& event)
{
    static const QStringList events{QStringLiteral("new_task"), QStringLiteral("status_update"),
        QStringLiteral("algorithm_status_change"), QStringLiteral("algorithm_log"),
        QStringLiteral("kill_containers")};
    return events.contains(event);
}

/// These go to the room of the organization that they are about as well.
bool isToldToOrganization(const QString& event)
{
    static const QStringList events{
        QStringLiteral("node-online"), QStringLiteral("node-offline"), QStringLiteral("message")};
    return events.contains(event);
}

void explainHearing(Explanation& explanation, const QString& event, const access::Principal& user,
    const access::Rights& rights, const work::Collaboration& collaboration,
    const work::Directory& directory)
{
    std::vector<CollaborationId> all;
    for (const work::Collaboration& one : directory.collaborations()) {
        all.push_back(one.id);
    }
    const access::RoomGrant grant = access::roomsFor(user, rights, all);
    const RoomName wide = access::collaborationRoom(collaboration.id);
    const RoomName narrow = access::organizationRoom(collaboration.id, rights.organization);
    const bool isWide
        = std::find(grant.rooms.begin(), grant.rooms.end(), wide) != grant.rooms.end();
    const bool isNarrow
        = std::find(grant.rooms.begin(), grant.rooms.end(), narrow) != grant.rooms.end();
    explanation.decision = grant.decision;
    if (isWide) {
        explanation.rooms.append(QString::fromUtf8(wide.value));
        return;
    }
    if (isNarrow && isToldToOrganization(event)) {
        explanation.rooms.append(QString::fromUtf8(narrow.value));
        explanation.remark = QStringLiteral("only where it is about the user's own organization");
        return;
    }
    explanation.decision.allowed = false;
    if (grant.decision.allowed) {
        explanation.decision.reason = isNarrow
            ? QStringLiteral("this event is told to the whole collaboration only, and the rule "
                             "reaches the room of the own organization")
            : QStringLiteral("the rule does not reach this collaboration");
    }
}

} // namespace

Result<Explanation> explain(const work::Directory& directory, const ExplainArguments& question)
{
    const auto* user = byNumberOrName<UserId>(
        question.user, [&](const auto& key) { return directory.user(key); });
    if (!user) {
        return failure(
            ErrorCode::NotFound, QStringLiteral("there is no user \"%1\"").arg(question.user));
    }
    const auto* collaboration = byNumberOrName<CollaborationId>(
        question.collaboration, [&](const auto& key) { return directory.collaboration(key); });
    if (!collaboration) {
        return failure(ErrorCode::NotFound,
            QStringLiteral("there is no collaboration \"%1\"").arg(question.collaboration));
    }
    access::Principal principal;
    principal.kind = access::PrincipalKind::User;
    principal.id = user->id.value;
    principal.name = user->username;
    principal.organization = user->organization;
    const access::Rights rights = identity::rightsOf(directory, user->id);
    Explanation explanation;
    QString verb = QStringLiteral("hears ") + question.event;
    if (isToldToCollaboration(question.event) || isToldToOrganization(question.event)) {
        explainHearing(explanation, question.event, principal, rights, *collaboration, directory);
    } else if (question.event == QLatin1StringView("kill")) {
        verb = QStringLiteral("kills tasks");
        explanation.decision = access::mayKill(principal, rights, collaboration->id);
    } else if (question.event == QLatin1StringView("create_task")) {
        verb = QStringLiteral("creates tasks");
        explanation.decision = access::mayCreateTask(
            principal, rights, {collaboration->id, collaboration->members, collaboration->members});
        explanation.remark
            = QStringLiteral("a node's own policy (allowed_users, allowed_orgs) may still refuse");
    } else {
        return failure(ErrorCode::BadRequest,
            QStringLiteral("\"%1\" is no event users hear, nor kill or create_task")
                .arg(question.event));
    }
    const work::Organization* organization = directory.organization(user->organization);
    explanation.question
        = QStringLiteral("%1 (user %2 of %3) %4 in %5 (collaboration %6)")
              .arg(user->username, QString::number(user->id.value),
                  organization ? organization->name : QStringLiteral("nowhere"), verb,
                  collaboration->name, QString::number(collaboration->id.value));
    explanation.sources = sourcesOf(directory, *user, explanation.decision.rule);
    return explanation;
}

QString Explanation::text() const
{
    QString lines
        = question + (decision.allowed ? QStringLiteral(": yes\n") : QStringLiteral(": no\n"));
    const auto add = [&lines](const char* name, const QString& value) {
        if (!value.isEmpty()) {
            lines += QStringLiteral("  %1 %2\n").arg(QLatin1StringView(name), value);
        }
    };
    add("rule:  ", decision.rule);
    add("from:  ", sources.join(QStringLiteral(", ")));
    add("reason:", decision.reason);
    add("room:  ", rooms.join(QStringLiteral(", ")));
    add("note:  ", remark);
    return lines;
}

} // namespace gatehouse::app
