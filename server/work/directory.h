// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/ids.h"
#include "common/core/observerlist.h"
#include "server/work/entities.h"

#include <QHash>
#include <QString>

#include <utility>
#include <vector>

namespace gatehouse::work {

/// Everything the directory holds, as loaded from the database.
struct DirectoryContent
{
    std::vector<Organization> organizations;
    std::vector<Collaboration> collaborations;
    std::vector<Study> studies;
    std::vector<Node> nodes;
    std::vector<Role> roles;
    std::vector<User> users;
    std::vector<AdminAccount> admins;
};

class DirectoryObserver
{
public:
    virtual ~DirectoryObserver() = default;
    virtual void directoryChanged() { } ///< anything may differ; pointers got earlier are gone
};

/// Who exists and who belongs to whom, in memory: every lookup is a hash. Loaded at start, replaced
/// as a whole when an import changed the database. Pointers and references stay good until the next
/// change. Owned by the composition root; network thread only.
class Directory
{
public:
    Directory() = default;
    Q_DISABLE_COPY_MOVE(Directory)

    void replace(DirectoryContent content);
    /// Takes organizations, collaborations, nodes and users that are new or differ, each as a whole;
    /// what is not named stays. Says nothing to observers when nothing differs.
    void learn(const DirectoryContent& content);
    void remove(NodeId node);
    void remove(UserId user);
    void setPublicKey(OrganizationId id, const QString& key);
    void setPasswordHash(UserId id, const QByteArray& hash);
    void addAdmin(const AdminAccount& admin);

    void addObserver(DirectoryObserver* observer); ///< not owned
    void removeObserver(DirectoryObserver* observer);

    // Null when there is none.
    const Organization* organization(OrganizationId id) const;
    const Organization* organization(const QString& name) const;
    const Collaboration* collaboration(CollaborationId id) const;
    const Collaboration* collaboration(const QString& name) const;
    const Study* study(StudyId id) const;
    const Node* node(NodeId id) const;
    const Node* node(const QString& name) const;
    const Node* nodeByApiKey(QByteArrayView apiKey) const;
    const Node* nodeByKeycloakId(const QString& id) const;
    const Node* nodeOf(OrganizationId organization, CollaborationId collaboration) const;
    const User* user(UserId id) const;
    const User* user(const QString& username) const;
    const User* userByKeycloakId(const QString& id) const;
    const Role* role(RoleId id) const;
    const AdminAccount* admin(AdminId id) const;
    const AdminAccount* admin(const QString& name) const;

    // Ascending by id.
    const std::vector<Organization>& organizations() const { return m_content.organizations; }
    const std::vector<Collaboration>& collaborations() const { return m_content.collaborations; }
    const std::vector<Study>& studies() const { return m_content.studies; }
    const std::vector<Node>& nodes() const { return m_content.nodes; }
    const std::vector<User>& users() const { return m_content.users; }
    const std::vector<Role>& roles() const { return m_content.roles; }
    const std::vector<AdminAccount>& admins() const { return m_content.admins; }

    bool isMember(OrganizationId organization, CollaborationId collaboration) const;
    const std::vector<CollaborationId>& collaborationsOf(OrganizationId organization) const;
    const std::vector<NodeId>& nodesOf(CollaborationId collaboration) const;

    /// Of the roles and directly given, ascending, each once; empty for an unknown user.
    const std::vector<model::Rule>& rulesOf(UserId id) const;

private:
    void rebuild();
    void notify();

    DirectoryContent m_content;
    QHash<OrganizationId, size_t> m_organizations;
    QHash<QString, size_t> m_organizationNames;
    QHash<CollaborationId, size_t> m_collaborations;
    QHash<QString, size_t> m_collaborationNames;
    QHash<StudyId, size_t> m_studies;
    QHash<NodeId, size_t> m_nodes;
    QHash<QString, size_t> m_nodeNames;
    QHash<QByteArray, size_t> m_nodeKeys;
    QHash<QString, size_t> m_nodeKeycloakIds;
    QHash<std::pair<OrganizationId, CollaborationId>, size_t> m_nodePlaces;
    QHash<UserId, size_t> m_users;
    QHash<QString, size_t> m_userNames;
    QHash<QString, size_t> m_userKeycloakIds;
    QHash<RoleId, size_t> m_roles;
    QHash<AdminId, size_t> m_admins;
    QHash<QString, size_t> m_adminNames;
    QHash<OrganizationId, std::vector<CollaborationId>> m_collaborationsOf;
    QHash<CollaborationId, std::vector<NodeId>> m_nodesOf;
    QHash<UserId, std::vector<model::Rule>> m_rulesOf;
    ObserverList<DirectoryObserver> m_observers;
};

} // namespace gatehouse::work
