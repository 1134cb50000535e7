// SPDX-License-Identifier: Apache-2.0
#include "server/store/directorysql.h"

#include "server/store/pagequery.h"

namespace gatehouse::store {

namespace {

using namespace Qt::StringLiterals;

/// Ids of the second column under the id of the first.
template <class Group, class Member>
QHash<Group, std::vector<Member>> readGroups(Database& database, const QString& sql)
{
    QHash<Group, std::vector<Member>> groups;
    Rows rows = database.query(sql);
    while (rows.next())
        groups[Group{rows.integer(0)}].push_back(Member{rows.integer(1)});
    return groups;
}

template <class Holder>
QHash<Holder, std::vector<model::Rule>> readRules(Database& database, const QString& sql)
{
    QHash<Holder, std::vector<model::Rule>> held;
    Rows rows = database.query(sql);
    while (rows.next()) {
        const auto scope = model::ruleScopeFromName(rows.text(2));
        const auto operation = model::ruleOperationFromName(rows.text(3));
        if (scope && operation)
            held[Holder{rows.integer(0)}].push_back({rows.text(1).toUtf8(), *scope, *operation});
    }
    return held;
}

std::vector<work::Organization> readOrganizations(Database& database)
{
    std::vector<work::Organization> list;
    Rows rows = database.query(u"SELECT id, name, domain, address1, address2, zipcode, country, "
                               "public_key FROM organization ORDER BY id"_s);
    while (rows.next())
        list.push_back({{rows.integer(0)}, rows.text(1), rows.text(2), rows.text(3), rows.text(4),
            rows.text(5), rows.text(6), rows.text(7)});
    return list;
}

std::vector<work::Collaboration> readCollaborations(Database& database)
{
    const auto members = readGroups<CollaborationId, OrganizationId>(database,
        u"SELECT collaboration_id, organization_id FROM member ORDER BY collaboration_id, "
        "organization_id"_s);
    std::vector<work::Collaboration> list;
    Rows rows = database.query(u"SELECT id, name, encrypted FROM collaboration ORDER BY id"_s);
    while (rows.next()) {
        const CollaborationId id{rows.integer(0)};
        list.push_back({id, rows.text(1), rows.integer(2) != 0, members.value(id)});
    }
    return list;
}

std::vector<work::Study> readStudies(Database& database)
{
    const auto members = readGroups<StudyId, OrganizationId>(database,
        u"SELECT study_id, organization_id FROM study_member ORDER BY study_id, organization_id"_s);
    std::vector<work::Study> list;
    Rows rows = database.query(u"SELECT id, name, collaboration_id FROM study ORDER BY id"_s);
    while (rows.next()) {
        const StudyId id{rows.integer(0)};
        list.push_back({id, rows.text(1), {rows.integer(2)}, members.value(id)});
    }
    return list;
}

std::vector<work::Node> readNodes(Database& database)
{
    std::vector<work::Node> list;
    Rows rows = database.query(
        u"SELECT id, name, api_key_hash, collaboration_id, organization_id, last_seen, "
        "keycloak_id FROM node ORDER BY id"_s);
    while (rows.next())
        list.push_back({{rows.integer(0)}, rows.text(1), rows.text(2).toLatin1(), {rows.integer(3)},
            {rows.integer(4)}, rows.timeOrNull(5), rows.text(6)});
    return list;
}

std::vector<work::Role> readRoles(Database& database)
{
    const auto rules = readRules<RoleId>(database,
        u"SELECT role_id, resource, scope, operation FROM role_rule JOIN rule ON rule.id = "
        "rule_id ORDER BY role_id, rule_id"_s);
    std::vector<work::Role> list;
    Rows rows = database.query(
        u"SELECT id, name, description, organization_id, is_default FROM role ORDER BY id"_s);
    while (rows.next()) {
        const RoleId id{rows.integer(0)};
        list.push_back({id, rows.text(1), rows.text(2), {rows.integer(3)}, rows.integer(4) != 0,
            rules.value(id)});
    }
    return list;
}

std::vector<work::User> readUsers(Database& database)
{
    const auto roles = readGroups<UserId, RoleId>(
        database, u"SELECT user_id, role_id FROM user_role ORDER BY user_id, role_id"_s);
    const auto rules = readRules<UserId>(database,
        u"SELECT user_id, resource, scope, operation FROM user_rule JOIN rule ON rule.id = "
        "rule_id ORDER BY user_id, rule_id"_s);
    std::vector<work::User> list;
    Rows rows = database.query(u"SELECT id, username, organization_id, password_hash, email, "
                               "firstname, lastname, keycloak_id FROM user_account ORDER BY id"_s);
    while (rows.next()) {
        const UserId id{rows.integer(0)};
        list.push_back({id, rows.text(1), {rows.integer(2)}, rows.text(3).toUtf8(), rows.text(4),
            rows.text(5), rows.text(6), roles.value(id), rules.value(id), rows.text(7)});
    }
    return list;
}

std::vector<work::AdminAccount> readAdmins(Database& database)
{
    std::vector<work::AdminAccount> list;
    Rows rows = database.query(
        u"SELECT id, name, password_hash, created_at FROM admin_account ORDER BY id"_s);
    while (rows.next())
        list.push_back({{rows.integer(0)}, rows.text(1), rows.text(2).toUtf8(), rows.time(3)});
    return list;
}

} // namespace

work::DirectoryContent readDirectory(Database& database)
{
    return {readOrganizations(database), readCollaborations(database), readStudies(database),
        readNodes(database), readRoles(database), readUsers(database), readAdmins(database)};
}

work::NodeConfig readNodeConfig(Database& database, NodeId node)
{
    work::NodeConfig config;
    Rows rows = database.query(
        u"SELECT key, value FROM node_config WHERE node_id = ? ORDER BY position"_s, node);
    while (rows.next())
        config.push_back({rows.text(0), rows.text(1)});
    return config;
}

void writeNodeConfig(Database& database, NodeId node, const work::NodeConfig& config)
{
    {
        // A node that another server keeps has no row here, and needs none.
        Rows rows = database.query(u"SELECT 1 FROM node WHERE id = ?"_s, node);
        if (!rows.next())
            return;
    }
    database.change(u"DELETE FROM node_config WHERE node_id = ?"_s, node);
    int position = 0;
    for (const work::NodeConfigEntry& entry : config)
        database.change(
            u"INSERT INTO node_config (node_id, position, key, value) VALUES (?, ?, ?, ?)"_s, node,
            position++, entry.key, entry.value);
}

work::AdminAccount insertAdmin(Database& database, const work::NewAdmin& admin)
{
    {
        Rows rows = database.query(u"SELECT 1 FROM admin_account WHERE name = ?"_s, admin.name);
        if (rows.next())
            refuse(ErrorCode::Conflict, u"there is already an admin named "_s + admin.name);
    }
    const qint64 id = database.insert(
        u"INSERT INTO admin_account (name, password_hash, created_at) VALUES (?, ?, ?)"_s,
        admin.name, QString::fromUtf8(admin.passwordHash), admin.createdAt);
    return {{id}, admin.name, admin.passwordHash, admin.createdAt};
}

void updateAdminPassword(Database& database, AdminId admin, const QByteArray& passwordHash)
{
    const int changed
        = database.change(u"UPDATE admin_account SET password_hash = ? WHERE id = ?"_s,
            QString::fromUtf8(passwordHash), admin);
    if (changed == 0)
        refuse(ErrorCode::NotFound, u"no such admin"_s);
}

void deleteAdmin(Database& database, AdminId admin)
{
    database.change(u"DELETE FROM admin_account WHERE id = ?"_s, admin);
}

work::AuditRecord insertAudit(Database& database, work::AuditRecord record)
{
    record.id = database.insert(
        u"INSERT INTO audit (at, actor_kind, actor_id, actor_name, action, target, reason, "
        "outcome, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"_s,
        record.at, record.actorKind, record.actorId, record.actorName, record.action, record.target,
        record.reason, record.outcome, record.detail);
    return record;
}

work::Page<work::AuditRecord> readAudit(Database& database, work::Paging paging)
{
    work::Page<work::AuditRecord> page;
    {
        Rows rows = database.query(u"SELECT COUNT(*) FROM audit"_s);
        if (rows.next())
            page.total = rows.integer(0);
    }
    const Window part = window(paging);
    Rows rows = database.query(
        u"SELECT id, at, actor_kind, actor_id, actor_name, action, target, reason, outcome, "
        "detail FROM audit ORDER BY id DESC LIMIT ? OFFSET ?"_s,
        part.limit, part.offset);
    while (rows.next())
        page.items.push_back({rows.integer(0), rows.time(1), rows.text(2), rows.integer(3),
            rows.text(4), rows.text(5), rows.text(6), rows.text(7), rows.text(8), rows.text(9)});
    return page;
}

QByteArray readSetting(Database& database, const QString& key)
{
    Rows rows = database.query(u"SELECT value FROM setting WHERE key = ?"_s, key);
    if (!rows.next())
        refuse(ErrorCode::NotFound, u"no setting "_s + key);
    return rows.bytes(0);
}

void writeSetting(Database& database, const QString& key, const QByteArray& value)
{
    database.change(u"INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE "
                    "SET value = excluded.value"_s,
        key, value);
}

QByteArray takeSetting(Database& database, const QString& key)
{
    const QByteArray value = readSetting(database, key);
    database.change(u"DELETE FROM setting WHERE key = ?"_s, key);
    return value;
}

} // namespace gatehouse::store
