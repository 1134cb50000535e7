// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/ids.h"
#include "common/core/observerlist.h"
#include "server/work/entities.h"

#include <QHash>
#include <QSet>
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

/// What learning or forgetting one holder has changed. All that follows from it is named: of a
/// collaboration that got a member, that organization and no other.
struct DirectoryPart
{
    std::vector<NodeId> nodes;
    std::vector<UserId> users;
    std::vector<OrganizationId>
        organizations; ///< that are new, renamed, or in other collaborations
    std::vector<CollaborationId> collaborations; ///< that are new or differ in more than members

    bool isEmpty() const
    {
        return nodes.empty() && users.empty() && organizations.empty() && collaborations.empty();
    }
};

class DirectoryObserver
{
public:
    virtual ~DirectoryObserver() = default;
    virtual void directoryChanged() { } ///< anything may differ; pointers got earlier are gone
    /// Only this differs; pointers got earlier are gone all the same. Whoever has work for
    /// everybody there is does it for these alone.
    virtual void directoryPartChanged(const DirectoryPart& part)
    {
        Q_UNUSED(part)
        directoryChanged();
    }
};

/// Who exists and who belongs to whom, in memory: every lookup is a hash and at most a binary
/// search. Loaded at start, replaced as a whole when an import changed the database; beside another
/// server (docs/beside.md) its holders are learnt and forgotten one by one, which costs what they
/// are, not what everybody is. Pointers and references stay good until the next change. Owned by
/// the composition root; network thread only.
class Directory
{
public:
    Directory() = default;
    Q_DISABLE_COPY_MOVE(Directory)

    void replace(DirectoryContent content);
    /// What the database has now, in place of what it had. What has been learnt stays, and counts
    /// where the database knows the same number.
    void reload(DirectoryContent database);
    /// Takes organizations, collaborations, nodes and users that are new or differ, each as a
    /// whole; what is not named stays. Says nothing to observers when nothing differs.
    void learn(const DirectoryContent& content);
    void remove(NodeId node);
    void remove(UserId user);

    /// Known from elsewhere, so that the database has no say in it.
    bool isLearnt(OrganizationId id) const { return m_learntOrganizations.contains(id); }
    bool isLearnt(CollaborationId id) const { return m_learntCollaborations.contains(id); }
    bool isLearnt(NodeId id) const { return m_learntNodes.contains(id); }
    bool isLearnt(UserId id) const { return m_learntUsers.contains(id); }
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
    void notify(const DirectoryPart& part);

    void put(const Organization& organization, DirectoryPart& changed);
    void put(const Collaboration& collaboration, DirectoryPart& changed);
    void put(const Node& node, DirectoryPart& changed);
    void put(const User& user, DirectoryPart& changed);
    void setMembers(CollaborationId id, const std::vector<OrganizationId>& before,
        const std::vector<OrganizationId>& after, DirectoryPart& changed);
    void enter(const Node& node);
    void leave(const Node& node);
    void enter(const User& user);
    void leave(const User& user);

    DirectoryContent m_content;
    QHash<QString, OrganizationId> m_organizationNames;
    QHash<QString, CollaborationId> m_collaborationNames;
    QHash<QString, NodeId> m_nodeNames;
    QHash<QByteArray, NodeId> m_nodeKeys;
    QHash<QString, NodeId> m_nodeKeycloakIds;
    QHash<std::pair<OrganizationId, CollaborationId>, NodeId> m_nodePlaces;
    QHash<QString, UserId> m_userNames;
    QHash<QString, UserId> m_userKeycloakIds;
    QHash<QString, AdminId> m_adminNames;
    QHash<OrganizationId, std::vector<CollaborationId>> m_collaborationsOf;
    QHash<CollaborationId, std::vector<NodeId>> m_nodesOf;
    QHash<UserId, std::vector<model::Rule>> m_rulesOf;
    QSet<OrganizationId> m_learntOrganizations;
    QSet<CollaborationId> m_learntCollaborations;
    QSet<NodeId> m_learntNodes;
    QSet<UserId> m_learntUsers;
    ObserverList<DirectoryObserver> m_observers;
};

} // namespace gatehouse::work
