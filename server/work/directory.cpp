// SPDX-License-Identifier: Apache-2.0
#include "server/work/directory.h"

#include <algorithm>

namespace gatehouse::work {

namespace {

template <class List, class Key>
auto find(const List& list, const QHash<Key, size_t>& index, const Key& key) -> decltype(&list[0])
{
    const auto found = index.constFind(key);
    return found == index.constEnd() ? nullptr : &list[*found];
}

template <class List>
void sortById(List& list)
{
    std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
}

template <class List, class Key, class Field>
void index(const List& list, QHash<Key, size_t>& into, Field field)
{
    into.clear();
    into.reserve(qsizetype(list.size()));
    for (size_t i = 0; i < list.size(); ++i)
        into.insert(list[i].*field, i);
}

template <class List>
void sortUnique(List& list)
{
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
}

template <class Key, class Value>
const Value& valueOrEmpty(const QHash<Key, Value>& hash, const Key& key)
{
    static const Value empty;
    const auto found = hash.constFind(key);
    return found == hash.constEnd() ? empty : *found;
}

} // namespace

void Directory::replace(DirectoryContent content)
{
    m_content = std::move(content);
    rebuild();
    notify();
}

namespace {

/// True when the list is another one afterwards.
template <class List>
bool upsert(List& list, const List& fresh)
{
    bool changed = false;
    for (const auto& entity : fresh) {
        const auto known = std::find_if(
            list.begin(), list.end(), [&](const auto& one) { return one.id == entity.id; });
        if (known == list.end())
            list.push_back(entity);
        else if (*known == entity)
            continue;
        else
            *known = entity;
        changed = true;
    }
    return changed;
}

} // namespace

void Directory::learn(const DirectoryContent& content)
{
    bool changed = upsert(m_content.organizations, content.organizations);
    changed = upsert(m_content.collaborations, content.collaborations) || changed;
    changed = upsert(m_content.nodes, content.nodes) || changed;
    changed = upsert(m_content.users, content.users) || changed;
    if (!changed)
        return;
    rebuild();
    notify();
}

void Directory::remove(NodeId id)
{
    if (std::erase_if(m_content.nodes, [id](const Node& node) { return node.id == id; }) > 0) {
        rebuild();
        notify();
    }
}

void Directory::remove(UserId id)
{
    if (std::erase_if(m_content.users, [id](const User& user) { return user.id == id; }) > 0) {
        rebuild();
        notify();
    }
}

void Directory::setPublicKey(OrganizationId id, const QString& key)
{
    const auto found = m_organizations.constFind(id);
    if (found == m_organizations.constEnd())
        return;
    m_content.organizations[*found].publicKey = key;
    notify();
}

void Directory::setPasswordHash(UserId id, const QByteArray& hash)
{
    const auto found = m_users.constFind(id);
    if (found == m_users.constEnd())
        return;
    m_content.users[*found].passwordHash = hash;
    notify();
}

void Directory::addAdmin(const AdminAccount& admin)
{
    m_content.admins.push_back(admin);
    rebuild();
    notify();
}

void Directory::addObserver(DirectoryObserver* observer)
{
    m_observers.add(observer);
}

void Directory::removeObserver(DirectoryObserver* observer)
{
    m_observers.remove(observer);
}

const Organization* Directory::organization(OrganizationId id) const
{
    return find(m_content.organizations, m_organizations, id);
}

const Organization* Directory::organization(const QString& name) const
{
    return find(m_content.organizations, m_organizationNames, name);
}

const Collaboration* Directory::collaboration(CollaborationId id) const
{
    return find(m_content.collaborations, m_collaborations, id);
}

const Collaboration* Directory::collaboration(const QString& name) const
{
    return find(m_content.collaborations, m_collaborationNames, name);
}

const Study* Directory::study(StudyId id) const
{
    return find(m_content.studies, m_studies, id);
}

const Node* Directory::node(NodeId id) const
{
    return find(m_content.nodes, m_nodes, id);
}

const Node* Directory::node(const QString& name) const
{
    return find(m_content.nodes, m_nodeNames, name);
}

const Node* Directory::nodeByApiKey(QByteArrayView apiKey) const
{
    if (apiKey.isEmpty())
        return nullptr;
    return find(m_content.nodes, m_nodeKeys, apiKeyHash(apiKey));
}

const Node* Directory::nodeByKeycloakId(const QString& id) const
{
    return id.isEmpty() ? nullptr : find(m_content.nodes, m_nodeKeycloakIds, id);
}

const Node* Directory::nodeOf(OrganizationId organization, CollaborationId collaboration) const
{
    return find(m_content.nodes, m_nodePlaces, std::pair(organization, collaboration));
}

const User* Directory::user(UserId id) const
{
    return find(m_content.users, m_users, id);
}

const User* Directory::user(const QString& username) const
{
    return find(m_content.users, m_userNames, username);
}

const User* Directory::userByKeycloakId(const QString& id) const
{
    return id.isEmpty() ? nullptr : find(m_content.users, m_userKeycloakIds, id);
}

const Role* Directory::role(RoleId id) const
{
    return find(m_content.roles, m_roles, id);
}

const AdminAccount* Directory::admin(AdminId id) const
{
    return find(m_content.admins, m_admins, id);
}

const AdminAccount* Directory::admin(const QString& name) const
{
    return find(m_content.admins, m_adminNames, name);
}

bool Directory::isMember(OrganizationId organization, CollaborationId collaboration) const
{
    const std::vector<CollaborationId>& of = collaborationsOf(organization);
    return std::binary_search(of.begin(), of.end(), collaboration);
}

const std::vector<CollaborationId>& Directory::collaborationsOf(OrganizationId organization) const
{
    return valueOrEmpty(m_collaborationsOf, organization);
}

const std::vector<NodeId>& Directory::nodesOf(CollaborationId collaboration) const
{
    return valueOrEmpty(m_nodesOf, collaboration);
}

const std::vector<model::Rule>& Directory::rulesOf(UserId id) const
{
    return valueOrEmpty(m_rulesOf, id);
}

void Directory::rebuild()
{
    DirectoryContent& c = m_content;
    sortById(c.organizations);
    sortById(c.collaborations);
    sortById(c.studies);
    sortById(c.nodes);
    sortById(c.roles);
    sortById(c.users);
    sortById(c.admins);

    index(c.organizations, m_organizations, &Organization::id);
    index(c.organizations, m_organizationNames, &Organization::name);
    index(c.collaborations, m_collaborations, &Collaboration::id);
    index(c.collaborations, m_collaborationNames, &Collaboration::name);
    index(c.studies, m_studies, &Study::id);
    index(c.nodes, m_nodes, &Node::id);
    index(c.nodes, m_nodeNames, &Node::name);
    index(c.nodes, m_nodeKeys, &Node::apiKeyHash);
    index(c.nodes, m_nodeKeycloakIds, &Node::keycloakId);
    index(c.roles, m_roles, &Role::id);
    index(c.users, m_users, &User::id);
    index(c.users, m_userNames, &User::username);
    index(c.users, m_userKeycloakIds, &User::keycloakId);
    index(c.admins, m_admins, &AdminAccount::id);
    index(c.admins, m_adminNames, &AdminAccount::name);

    m_collaborationsOf.clear();
    for (Collaboration& collaboration : c.collaborations) {
        sortUnique(collaboration.members);
        for (const OrganizationId member : collaboration.members)
            m_collaborationsOf[member].push_back(collaboration.id);
    }
    m_nodesOf.clear();
    m_nodePlaces.clear();
    for (size_t i = 0; i < c.nodes.size(); ++i) {
        const Node& node = c.nodes[i];
        m_nodesOf[node.collaboration].push_back(node.id);
        m_nodePlaces.insert(std::pair(node.organization, node.collaboration), i);
    }
    m_rulesOf.clear();
    for (const User& user : c.users) {
        std::vector<model::Rule> rules = user.rules;
        for (const RoleId id : user.roles) {
            if (const Role* held = role(id))
                rules.insert(rules.end(), held->rules.begin(), held->rules.end());
        }
        sortUnique(rules);
        m_rulesOf.insert(user.id, std::move(rules));
    }
}

void Directory::notify()
{
    m_observers.forEach([](DirectoryObserver& observer) { observer.directoryChanged(); });
}

} // namespace gatehouse::work
