// SPDX-License-Identifier: Apache-2.0
#include "server/store/importwrite.h"

#include <algorithm>

namespace gatehouse::store {

namespace {

using namespace Qt::StringLiterals;

[[noreturn]] void refuseAt(const QString& place, const QString& why)
{
    refuse(ErrorCode::BadRequest, place + u": "_s + why);
}

/// Applies an ImportData in the order in which its parts refer to each other.
class ImportWriter
{
public:
    explicit ImportWriter(Database& database) : m_database(database) { }

    ImportReport write(const ImportData& data);

private:
    std::optional<qint64> find(const QString& sql, const QString& name);
    qint64 require(
        const QString& sql, const QString& name, const QString& place, const QString& kind);
    qint64 organizationId(const QString& name, const QString& place);
    qint64 collaborationId(const QString& name, const QString& place);
    qint64 newAuthenticatable(QLatin1StringView kind);
    qint64 ruleId(const ImportRule& rule);

    void write(const ImportOrganization& item);
    void write(const ImportCollaboration& item);
    void write(const ImportStudy& item);
    void write(const ImportRole& item);
    void write(const ImportNode& item);
    void write(const ImportUser& item);
    void writeRoles(const ImportUser& item, qint64 user, qint64 organization);
    void updateNode(const ImportNode& item, qint64 id, qint64 organization, qint64 collaboration);
    void clearChangedKeycloakIds(const ImportData& data);
    void writeKeycloakId(const QString& table, const QString& nameColumn, const QString& place,
        const std::optional<QString>& keycloakId, qint64 id);

    Database& m_database;
    ImportReport m_report;
};

ImportReport ImportWriter::write(const ImportData& data)
{
    for (const ImportOrganization& item : data.organizations)
        write(item);
    for (const ImportCollaboration& item : data.collaborations)
        write(item);
    for (const ImportStudy& item : data.studies)
        write(item);
    for (const ImportRole& item : data.roles)
        write(item);
    clearChangedKeycloakIds(data);
    for (const ImportNode& item : data.nodes)
        write(item);
    for (const ImportUser& item : data.users)
        write(item);
    return m_report;
}

std::optional<qint64> ImportWriter::find(const QString& sql, const QString& name)
{
    Rows rows = m_database.query(sql, name);
    return rows.next() ? std::optional(rows.integer(0)) : std::nullopt;
}

qint64 ImportWriter::require(
    const QString& sql, const QString& name, const QString& place, const QString& kind)
{
    const std::optional<qint64> id = find(sql, name);
    if (!id)
        refuseAt(place, u"there is no %1 \"%2\""_s.arg(kind, name));
    return *id;
}

qint64 ImportWriter::organizationId(const QString& name, const QString& place)
{
    return require(u"SELECT id FROM organization WHERE name = ?"_s, name, place, u"organization"_s);
}

qint64 ImportWriter::collaborationId(const QString& name, const QString& place)
{
    return require(
        u"SELECT id FROM collaboration WHERE name = ?"_s, name, place, u"collaboration"_s);
}

qint64 ImportWriter::newAuthenticatable(QLatin1StringView kind)
{
    return m_database.insert(u"INSERT INTO authenticatable (kind) VALUES (?)"_s, kind);
}

qint64 ImportWriter::ruleId(const ImportRule& item)
{
    const model::Rule& rule = item.rule;
    Rows rows = m_database.query(
        u"SELECT id FROM rule WHERE resource = ? AND scope = ? AND operation = ?"_s,
        QString::fromUtf8(rule.resource), name(rule.scope), name(rule.operation));
    if (!rows.next())
        refuseAt(item.place,
            u"there is no rule %1/%2/%3"_s.arg(QString::fromUtf8(rule.resource),
                QString(name(rule.operation)).toLower(), QString(name(rule.scope)).toLower()));
    return rows.integer(0);
}

void ImportWriter::write(const ImportOrganization& item)
{
    const work::Organization& o = item.entity;
    if (const auto id = find(u"SELECT id FROM organization WHERE name = ?"_s, o.name)) {
        // A public key comes from the organization's node as well: an empty one keeps it.
        m_database.change(u"UPDATE organization SET domain = ?, address1 = ?, address2 = ?, "
                          "zipcode = ?, country = ?, public_key = CASE ? WHEN '' THEN public_key "
                          "ELSE ? END WHERE id = ?"_s,
            o.domain, o.address1, o.address2, o.zipcode, o.country, o.publicKey, o.publicKey, *id);
        ++m_report.organizations.updated;
        return;
    }
    m_database.change(u"INSERT INTO organization (name, domain, address1, address2, zipcode, "
                      "country, public_key) VALUES (?, ?, ?, ?, ?, ?, ?)"_s,
        o.name, o.domain, o.address1, o.address2, o.zipcode, o.country, o.publicKey);
    ++m_report.organizations.created;
}

void ImportWriter::write(const ImportCollaboration& item)
{
    std::optional<qint64> id = find(u"SELECT id FROM collaboration WHERE name = ?"_s, item.name);
    if (id) {
        m_database.change(
            u"UPDATE collaboration SET encrypted = ? WHERE id = ?"_s, item.encrypted, *id);
        m_database.change(u"DELETE FROM member WHERE collaboration_id = ?"_s, *id);
        ++m_report.collaborations.updated;
    } else {
        id = m_database.insert(u"INSERT INTO collaboration (name, encrypted) VALUES (?, ?)"_s,
            item.name, item.encrypted);
        ++m_report.collaborations.created;
    }
    for (qsizetype i = 0; i < item.organizations.size(); ++i) {
        const QString place = u"%1.organizations[%2]"_s.arg(item.place).arg(i);
        m_database.change(u"INSERT INTO member (collaboration_id, organization_id) VALUES (?, ?)"_s,
            *id, organizationId(item.organizations[i], place));
    }
    m_database.change(
        u"DELETE FROM study_member WHERE study_id IN (SELECT id FROM study WHERE collaboration_id "
        "= ?) AND organization_id NOT IN (SELECT organization_id FROM member WHERE "
        "collaboration_id = ?)"_s,
        *id, *id);
    Rows rows = m_database.query(
        u"SELECT node.name, organization.name FROM node JOIN organization ON organization.id = "
        "organization_id WHERE collaboration_id = ? AND organization_id NOT IN (SELECT "
        "organization_id FROM member WHERE collaboration_id = ?)"_s,
        *id, *id);
    if (rows.next())
        refuseAt(item.place + u".organizations"_s,
            u"\"%1\" cannot leave, its node \"%2\" is there"_s.arg(rows.text(1), rows.text(0)));
}

void ImportWriter::write(const ImportStudy& item)
{
    const qint64 collaboration
        = collaborationId(item.collaboration, item.place + u".collaboration"_s);
    std::optional<qint64> id = find(u"SELECT id FROM study WHERE name = ?"_s, item.name);
    if (id) {
        m_database.change(
            u"UPDATE study SET collaboration_id = ? WHERE id = ?"_s, collaboration, *id);
        m_database.change(u"DELETE FROM study_member WHERE study_id = ?"_s, *id);
        ++m_report.studies.updated;
    } else {
        id = m_database.insert(u"INSERT INTO study (name, collaboration_id) VALUES (?, ?)"_s,
            item.name, collaboration);
        ++m_report.studies.created;
    }
    for (qsizetype i = 0; i < item.organizations.size(); ++i) {
        const QString place = u"%1.organizations[%2]"_s.arg(item.place).arg(i);
        const qint64 organization = organizationId(item.organizations[i], place);
        const int added = m_database.change(
            u"INSERT INTO study_member (study_id, organization_id) SELECT ?, organization_id FROM "
            "member WHERE collaboration_id = ? AND organization_id = ?"_s,
            *id, collaboration, organization);
        if (added == 0)
            refuseAt(place,
                u"\"%1\" is no member of the collaboration \"%2\""_s.arg(
                    item.organizations[i], item.collaboration));
    }
}

void ImportWriter::write(const ImportRole& item)
{
    const qint64 organization = item.organization.isEmpty()
        ? 0
        : organizationId(item.organization, item.place + u".organization"_s);
    std::optional<qint64> id;
    bool isDefault = false;
    {
        Rows rows = m_database.query(
            u"SELECT id, is_default FROM role WHERE name = ? AND organization_id = ?"_s, item.name,
            organization);
        if (rows.next()) {
            id = rows.integer(0);
            isDefault = rows.integer(1) != 0;
        }
    }
    if (isDefault)
        refuseAt(item.place, u"\"%1\" is a default role and cannot be changed"_s.arg(item.name));
    if (id) {
        m_database.change(u"UPDATE role SET description = ? WHERE id = ?"_s, item.description, *id);
        m_database.change(u"DELETE FROM role_rule WHERE role_id = ?"_s, *id);
        ++m_report.roles.updated;
    } else {
        id = m_database.insert(
            u"INSERT INTO role (name, description, organization_id) VALUES (?, ?, ?)"_s, item.name,
            item.description, organization);
        ++m_report.roles.created;
    }
    for (const ImportRule& rule : item.rules)
        m_database.change(
            u"INSERT INTO role_rule (role_id, rule_id) VALUES (?, ?) ON CONFLICT DO NOTHING"_s, *id,
            ruleId(rule));
}

void ImportWriter::write(const ImportNode& item)
{
    const qint64 organization = organizationId(item.organization, item.place + u".organization"_s);
    const qint64 collaboration
        = collaborationId(item.collaboration, item.place + u".collaboration"_s);
    {
        Rows rows = m_database.query(
            u"SELECT 1 FROM member WHERE organization_id = ? AND collaboration_id = ?"_s,
            organization, collaboration);
        if (!rows.next())
            refuseAt(item.place,
                u"\"%1\" is no member of the collaboration \"%2\""_s.arg(
                    item.organization, item.collaboration));
    }
    {
        Rows rows = m_database.query(u"SELECT name FROM node WHERE organization_id = ? AND "
                                     "collaboration_id = ? AND name <> ?"_s,
            organization, collaboration, item.name);
        if (rows.next())
            refuseAt(item.place,
                u"\"%1\" has already the node \"%2\" in \"%3\""_s.arg(
                    item.organization, rows.text(0), item.collaboration));
    }
    if (item.apiKeyHash) {
        Rows rows
            = m_database.query(u"SELECT name FROM node WHERE api_key_hash = ? AND name <> ?"_s,
                QString::fromLatin1(*item.apiKeyHash), item.name);
        if (rows.next())
            refuseAt(item.place + u".api_key"_s,
                u"the node \"%1\" has the same key"_s.arg(rows.text(0)));
    }
    if (const auto id = find(u"SELECT id FROM node WHERE name = ?"_s, item.name)) {
        updateNode(item, *id, organization, collaboration);
        return;
    }
    const bool hasKeycloakId = item.keycloakId && !item.keycloakId->isEmpty();
    if (!item.apiKeyHash && !hasKeycloakId)
        refuseAt(item.place, u"a new node needs an api_key or a keycloak_id"_s);
    const qint64 id = newAuthenticatable(QLatin1StringView("node"));
    // No key has a hash that is no hexadecimal number: who has only an identity in Keycloak cannot
    // log in here.
    const QString hash = item.apiKeyHash ? QString::fromLatin1(*item.apiKeyHash)
                                         : QString(u"none:"_s + QString::number(id));
    m_database.change(u"INSERT INTO node (id, name, api_key_hash, collaboration_id, "
                      "organization_id) VALUES (?, ?, ?, ?, ?)"_s,
        id, item.name, hash, collaboration, organization);
    writeKeycloakId(u"node"_s, u"name"_s, item.place, item.keycloakId, id);
    ++m_report.nodes.created;
}

/// An id may move from one to another in one file, whoever stands there first.
void ImportWriter::clearChangedKeycloakIds(const ImportData& data)
{
    for (const ImportNode& item : data.nodes) {
        if (item.keycloakId)
            m_database.change(
                u"UPDATE node SET keycloak_id = '' WHERE name = ? AND keycloak_id <> ?"_s,
                item.name, *item.keycloakId);
    }
    for (const ImportUser& item : data.users) {
        if (item.keycloakId)
            m_database.change(u"UPDATE user_account SET keycloak_id = '' WHERE username = ? AND "
                              "keycloak_id <> ?"_s,
                item.entity.username, *item.keycloakId);
    }
}

void ImportWriter::writeKeycloakId(const QString& table, const QString& nameColumn,
    const QString& place, const std::optional<QString>& keycloakId, qint64 id)
{
    if (!keycloakId)
        return;
    if (!keycloakId->isEmpty()) {
        Rows rows = m_database.query(
            u"SELECT %1 FROM %2 WHERE keycloak_id = ? AND id <> ?"_s.arg(nameColumn, table),
            *keycloakId, id);
        if (rows.next())
            refuseAt(place + u".keycloak_id"_s,
                u"the %1 \"%2\" has the same id"_s.arg(
                    nameColumn == u"name" ? u"node"_s : u"user"_s, rows.text(0)));
    }
    m_database.change(u"UPDATE %1 SET keycloak_id = ? WHERE id = ?"_s.arg(table), *keycloakId, id);
}

void ImportWriter::updateNode(
    const ImportNode& item, qint64 id, qint64 organization, qint64 collaboration)
{
    Rows rows = m_database.query(
        u"SELECT 1 FROM node WHERE id = ? AND organization_id = ? AND collaboration_id = ?"_s, id,
        organization, collaboration);
    // Its runs belong to it by organization and collaboration: a moved node would orphan them.
    if (!rows.next())
        refuseAt(item.place,
            u"the node \"%1\" exists with another organization or collaboration"_s.arg(item.name));
    if (item.apiKeyHash)
        m_database.change(u"UPDATE node SET api_key_hash = ? WHERE id = ?"_s,
            QString::fromLatin1(*item.apiKeyHash), id);
    writeKeycloakId(u"node"_s, u"name"_s, item.place, item.keycloakId, id);
    ++m_report.nodes.updated;
}

void ImportWriter::write(const ImportUser& item)
{
    Q_ASSERT_X(!item.password, "writeImport", "hashPasswords() comes first");
    const work::User& u = item.entity;
    const qint64 organization = organizationId(item.organization, item.place + u".organization"_s);
    std::optional<qint64> id
        = find(u"SELECT id FROM user_account WHERE username = ?"_s, u.username);
    if (id) {
        m_database.change(u"UPDATE user_account SET organization_id = ?, email = ?, firstname = ?, "
                          "lastname = ? WHERE id = ?"_s,
            organization, u.email, u.firstname, u.lastname, *id);
        if (!item.keepPassword)
            m_database.change(u"UPDATE user_account SET password_hash = ? WHERE id = ?"_s,
                QString::fromUtf8(u.passwordHash), *id);
        m_database.change(u"DELETE FROM user_role WHERE user_id = ?"_s, *id);
        m_database.change(u"DELETE FROM user_rule WHERE user_id = ?"_s, *id);
        ++m_report.users.updated;
    } else {
        id = newAuthenticatable(QLatin1StringView("user"));
        m_database.change(
            u"INSERT INTO user_account (id, username, organization_id, password_hash, email, "
            "firstname, lastname) VALUES (?, ?, ?, ?, ?, ?, ?)"_s,
            *id, u.username, organization, QString::fromUtf8(u.passwordHash), u.email, u.firstname,
            u.lastname);
        ++m_report.users.created;
    }
    writeKeycloakId(u"user_account"_s, u"username"_s, item.place, item.keycloakId, *id);
    writeRoles(item, *id, organization);
    for (const ImportRule& rule : item.rules)
        m_database.change(
            u"INSERT INTO user_rule (user_id, rule_id) VALUES (?, ?) ON CONFLICT DO NOTHING"_s, *id,
            ruleId(rule));
}

void ImportWriter::writeRoles(const ImportUser& item, qint64 user, qint64 organization)
{
    for (qsizetype i = 0; i < item.roles.size(); ++i) {
        // A role of the user's own organization hides a general one of the same name.
        std::optional<qint64> role;
        {
            Rows rows = m_database.query(u"SELECT id FROM role WHERE name = ? AND organization_id "
                                         "IN (0, ?) ORDER BY organization_id DESC LIMIT 1"_s,
                item.roles[i], organization);
            if (rows.next())
                role = rows.integer(0);
        }
        if (!role)
            refuseAt(u"%1.roles[%2]"_s.arg(item.place).arg(i),
                u"there is no role \"%1\" for \"%2\""_s.arg(item.roles[i], item.organization));
        m_database.change(u"INSERT INTO user_role (user_id, role_id) VALUES (?, ?)"_s, user, *role);
    }
}

} // namespace

ImportReport writeImport(Database& database, const ImportData& data)
{
    return ImportWriter(database).write(data);
}

} // namespace gatehouse::store
