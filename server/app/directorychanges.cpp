// SPDX-License-Identifier: Apache-2.0
#include "server/app/directorychanges.h"

#include "server/access/rights.h"

#include <QJsonArray>

#include <map>

namespace gatehouse::app {

namespace {

using L = QLatin1StringView;

template <class Tag>
QJsonArray idsOf(const std::vector<Id<Tag>>& ids)
{
    QJsonArray list;
    for (const Id<Tag> id : ids) {
        list.append(id.value);
    }
    return list;
}

QJsonArray textsOf(const std::vector<model::Rule>& rules)
{
    QJsonArray list;
    for (const model::Rule& rule : rules) {
        list.append(access::ruleText(rule));
    }
    return list;
}

QJsonObject described(const work::Organization& organization)
{
    return {{L("name"), organization.name}, {L("domain"), organization.domain},
        {L("country"), organization.country}, {L("public_key"), organization.publicKey}};
}

QJsonObject described(const work::Collaboration& collaboration)
{
    return {{L("name"), collaboration.name}, {L("encrypted"), collaboration.encrypted},
        {L("organizations"), idsOf(collaboration.members)}};
}

QJsonObject described(const work::Study& study)
{
    return {{L("name"), study.name}, {L("collaboration"), study.collaboration.value},
        {L("organizations"), idsOf(study.members)}};
}

QJsonObject described(const work::Node& node)
{
    return {{L("name"), node.name}, {L("organization"), node.organization.value},
        {L("collaboration"), node.collaboration.value}, {L("keycloak_id"), node.keycloakId},
        // Enough to see that it was changed, not enough to search for the key.
        {L("api_key_hash"),
            QString::fromLatin1(
                node.apiKeyHash.first(std::min<qsizetype>(node.apiKeyHash.size(), 8)))}};
}

QJsonObject described(const work::Role& role)
{
    return {{L("name"), role.name}, {L("organization"), role.organization.value},
        {L("rules"), textsOf(role.rules)}};
}

QJsonObject described(const work::User& user)
{
    return {{L("username"), user.username}, {L("organization"), user.organization.value},
        {L("email"), user.email}, {L("keycloak_id"), user.keycloakId},
        {L("has_password"), !user.passwordHash.isEmpty()}, {L("roles"), idsOf(user.roles)},
        {L("rules"), textsOf(user.rules)}};
}

/// Studies and roles are learnt nowhere else.
template <class Entity>
bool isLearnt(const work::Directory& directory, const Entity& entity)
{
    if constexpr (requires { directory.isLearnt(entity.id); })
        return directory.isLearnt(entity.id);
    else
        return false;
}

template <class Entity>
void addChanges(const QString& kind, const work::Directory& directory,
    const std::vector<Entity>& before, const std::vector<Entity>& after,
    std::vector<observe::AuditEntry>& entries)
{
    std::map<qint64, std::pair<QJsonObject, QJsonObject>> states;
    for (const Entity& entity : before) {
        if (!isLearnt(directory, entity))
            states[entity.id.value].first = described(entity);
    }
    for (const Entity& entity : after) {
        if (!isLearnt(directory, entity))
            states[entity.id.value].second = described(entity);
    }
    for (const auto& [id, state] : states) {
        if (state.first == state.second) {
            continue;
        }
        observe::AuditEntry entry;
        entry.action = QStringLiteral("directory:") + kind;
        entry.target = kind + u' ' + QString::number(id);
        entry.before = state.first;
        entry.after = state.second;
        entries.push_back(std::move(entry));
    }
}

} // namespace

std::vector<observe::AuditEntry> directoryChanges(
    const work::Directory& before, const work::DirectoryContent& after)
{
    std::vector<observe::AuditEntry> entries;
    const auto add = [&](const QString& kind, const auto& was, const auto& is) {
        addChanges(kind, before, was, is, entries);
    };
    add(QStringLiteral("organization"), before.organizations(), after.organizations);
    add(QStringLiteral("collaboration"), before.collaborations(), after.collaborations);
    add(QStringLiteral("study"), before.studies(), after.studies);
    add(QStringLiteral("node"), before.nodes(), after.nodes);
    add(QStringLiteral("role"), before.roles(), after.roles);
    add(QStringLiteral("user"), before.users(), after.users);
    return entries;
}

} // namespace gatehouse::app
