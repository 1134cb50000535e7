// SPDX-License-Identifier: Apache-2.0
#include "server/work/directory.h"

#include <algorithm>
#include <iterator>

namespace gatehouse::work {

namespace {

/// In a list that is ascending by id: its place, or that of the next one.
template <class List, class Key>
auto placeOf(List& list, const Key& id)
{
    return std::lower_bound(list.begin(), list.end(), id,
        [](const auto& entity, const Key& wanted) { return entity.id < wanted; });
}

template <class List, class Key>
auto find(List& list, const Key& id) -> decltype(&list[0])
{
    const auto place = placeOf(list, id);
    return place == list.end() || place->id != id ? nullptr : &*place;
}

template <class List, class Name, class Key>
auto find(const List& list, const QHash<Name, Key>& index, const Name& name) -> decltype(&list[0])
{
    const auto found = index.constFind(name);
    return found == index.constEnd() ? nullptr : find(list, *found);
}

template <class List>
void sortById(List& list)
{
    std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
}

template <class List, class Name, class Key, class Field>
void index(const List& list, QHash<Name, Key>& into, Field field)
{
    into.clear();
    into.reserve(qsizetype(list.size()));
    for (const auto& entity : list)
        into.insert(entity.*field, entity.id);
}

/// Takes a name back, unless somebody else has got it since.
template <class Name, class Key>
void unname(QHash<Name, Key>& index, const Name& name, const Key& id)
{
    const auto found = index.constFind(name);
    if (found != index.constEnd() && *found == id)
        index.erase(found);
}

template <class List>
void sortUnique(List& list)
{
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
}

template <class Value>
void insertSorted(std::vector<Value>& list, const Value& value)
{
    const auto place = std::lower_bound(list.begin(), list.end(), value);
    if (place == list.end() || *place != value)
        list.insert(place, value);
}

template <class Value>
void eraseSorted(std::vector<Value>& list, const Value& value)
{
    const auto place = std::lower_bound(list.begin(), list.end(), value);
    if (place != list.end() && *place == value)
        list.erase(place);
}

/// Takes one out of an index of lists, and the list with the last one.
template <class Key, class Value>
void eraseFrom(QHash<Key, std::vector<Value>>& index, const Key& key, const Value& value)
{
    const auto found = index.find(key);
    if (found == index.end())
        return;
    eraseSorted(*found, value);
    if (found->empty())
        index.erase(found);
}

template <class Key, class Value>
const Value& valueOrEmpty(const QHash<Key, Value>& hash, const Key& key)
{
    static const Value empty;
    const auto found = hash.constFind(key);
    return found == hash.constEnd() ? empty : *found;
}

/// Of `fresh`, with those of `known` that were learnt in the place of theirs.
template <class List, class Learnt>
void keepLearnt(List& fresh, const List& known, const Learnt& learnt)
{
    if (learnt.isEmpty())
        return;
    std::erase_if(fresh, [&](const auto& entity) { return learnt.contains(entity.id); });
    std::copy_if(known.begin(), known.end(), std::back_inserter(fresh),
        [&](const auto& entity) { return learnt.contains(entity.id); });
}

} // namespace

void Directory::replace(DirectoryContent content)
{
    m_learntOrganizations.clear();
    m_learntCollaborations.clear();
    m_learntNodes.clear();
    m_learntUsers.clear();
    m_content = std::move(content);
    rebuild();
    notify();
}

void Directory::reload(DirectoryContent database)
{
    keepLearnt(database.organizations, m_content.organizations, m_learntOrganizations);
    keepLearnt(database.collaborations, m_content.collaborations, m_learntCollaborations);
    keepLearnt(database.nodes, m_content.nodes, m_learntNodes);
    keepLearnt(database.users, m_content.users, m_learntUsers);
    m_content = std::move(database);
    rebuild();
    notify();
}

void Directory::learn(const DirectoryContent& content)
{
    DirectoryPart changed;
    for (const Organization& organization : content.organizations)
        put(organization, changed);
    for (const Collaboration& collaboration : content.collaborations)
        put(collaboration, changed);
    for (const Node& node : content.nodes)
        put(node, changed);
    for (const User& user : content.users)
        put(user, changed);
    notify(changed);
}

void Directory::put(const Organization& fresh, DirectoryPart& changed)
{
    m_learntOrganizations.insert(fresh.id);
    const auto place = placeOf(m_content.organizations, fresh.id);
    if (place == m_content.organizations.end() || place->id != fresh.id) {
        m_content.organizations.insert(place, fresh);
    } else if (*place == fresh) {
        return;
    } else {
        unname(m_organizationNames, place->name, fresh.id);
        *place = fresh;
    }
    m_organizationNames.insert(fresh.name, fresh.id);
    changed.organizations.push_back(fresh.id);
}

void Directory::put(const Collaboration& learnt, DirectoryPart& changed)
{
    m_learntCollaborations.insert(learnt.id);
    Collaboration fresh = learnt;
    sortUnique(fresh.members);
    const auto place = placeOf(m_content.collaborations, fresh.id);
    if (place == m_content.collaborations.end() || place->id != fresh.id) {
        setMembers(fresh.id, {}, fresh.members, changed);
        changed.collaborations.push_back(fresh.id);
        m_collaborationNames.insert(fresh.name, fresh.id);
        m_content.collaborations.insert(place, std::move(fresh));
    } else if (*place != fresh) {
        setMembers(fresh.id, place->members, fresh.members, changed);
        if (place->name != fresh.name || place->encrypted != fresh.encrypted)
            changed.collaborations.push_back(fresh.id);
        unname(m_collaborationNames, place->name, fresh.id);
        m_collaborationNames.insert(fresh.name, fresh.id);
        *place = std::move(fresh);
    }
}

/// Both lists are ascending.
void Directory::setMembers(CollaborationId id, const std::vector<OrganizationId>& before,
    const std::vector<OrganizationId>& after, DirectoryPart& changed)
{
    std::vector<OrganizationId> gone;
    std::vector<OrganizationId> come;
    std::set_difference(
        before.begin(), before.end(), after.begin(), after.end(), std::back_inserter(gone));
    std::set_difference(
        after.begin(), after.end(), before.begin(), before.end(), std::back_inserter(come));
    for (const OrganizationId member : gone)
        eraseFrom(m_collaborationsOf, member, id);
    for (const OrganizationId member : come)
        insertSorted(m_collaborationsOf[member], id);
    changed.organizations.insert(changed.organizations.end(), gone.begin(), gone.end());
    changed.organizations.insert(changed.organizations.end(), come.begin(), come.end());
}

void Directory::put(const Node& fresh, DirectoryPart& changed)
{
    m_learntNodes.insert(fresh.id);
    const auto place = placeOf(m_content.nodes, fresh.id);
    if (place == m_content.nodes.end() || place->id != fresh.id) {
        m_content.nodes.insert(place, fresh);
    } else if (*place == fresh) {
        return;
    } else {
        leave(*place);
        *place = fresh;
    }
    enter(fresh);
    changed.nodes.push_back(fresh.id);
}

void Directory::put(const User& fresh, DirectoryPart& changed)
{
    m_learntUsers.insert(fresh.id);
    const auto place = placeOf(m_content.users, fresh.id);
    if (place == m_content.users.end() || place->id != fresh.id) {
        m_content.users.insert(place, fresh);
    } else if (*place == fresh) {
        return;
    } else {
        leave(*place);
        *place = fresh;
    }
    enter(fresh);
    changed.users.push_back(fresh.id);
}

/// Into every index. Of two with one name, or in one place, the one that came last is found.
void Directory::enter(const Node& node)
{
    m_nodeNames.insert(node.name, node.id);
    m_nodeKeys.insert(node.apiKeyHash, node.id);
    m_nodeKeycloakIds.insert(node.keycloakId, node.id);
    m_nodePlaces.insert(std::pair(node.organization, node.collaboration), node.id);
    insertSorted(m_nodesOf[node.collaboration], node.id);
}

void Directory::leave(const Node& node)
{
    unname(m_nodeNames, node.name, node.id);
    unname(m_nodeKeys, node.apiKeyHash, node.id);
    unname(m_nodeKeycloakIds, node.keycloakId, node.id);
    eraseFrom(m_nodesOf, node.collaboration, node.id);
    const std::pair place(node.organization, node.collaboration);
    if (m_nodePlaces.value(place) != node.id)
        return;
    m_nodePlaces.remove(place);
    // One the other server has put there before it took this one away, and that we learnt first.
    for (const NodeId id : nodesOf(node.collaboration)) {
        if (this->node(id)->organization == node.organization)
            m_nodePlaces.insert(place, id);
    }
}

void Directory::enter(const User& user)
{
    m_userNames.insert(user.username, user.id);
    m_userKeycloakIds.insert(user.keycloakId, user.id);
    std::vector<model::Rule> rules = user.rules;
    for (const RoleId id : user.roles) {
        if (const Role* held = role(id))
            rules.insert(rules.end(), held->rules.begin(), held->rules.end());
    }
    sortUnique(rules);
    m_rulesOf.insert(user.id, std::move(rules));
}

void Directory::leave(const User& user)
{
    unname(m_userNames, user.username, user.id);
    unname(m_userKeycloakIds, user.keycloakId, user.id);
    m_rulesOf.remove(user.id);
}

void Directory::remove(NodeId id)
{
    m_learntNodes.remove(id);
    const auto place = placeOf(m_content.nodes, id);
    if (place == m_content.nodes.end() || place->id != id)
        return;
    const Node gone = *place;
    m_content.nodes.erase(place);
    leave(gone);
    notify({.nodes = {id}, .users = {}, .organizations = {}, .collaborations = {}});
}

void Directory::remove(UserId id)
{
    m_learntUsers.remove(id);
    const auto place = placeOf(m_content.users, id);
    if (place == m_content.users.end() || place->id != id)
        return;
    const User gone = *place;
    m_content.users.erase(place);
    leave(gone);
    notify({.nodes = {}, .users = {id}, .organizations = {}, .collaborations = {}});
}

void Directory::setPublicKey(OrganizationId id, const QString& key)
{
    Organization* const known = find(m_content.organizations, id);
    if (!known)
        return;
    known->publicKey = key;
    notify();
}

void Directory::setPasswordHash(UserId id, const QByteArray& hash)
{
    User* const known = find(m_content.users, id);
    if (!known)
        return;
    known->passwordHash = hash;
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
    return find(m_content.organizations, id);
}

const Organization* Directory::organization(const QString& name) const
{
    return find(m_content.organizations, m_organizationNames, name);
}

const Collaboration* Directory::collaboration(CollaborationId id) const
{
    return find(m_content.collaborations, id);
}

const Collaboration* Directory::collaboration(const QString& name) const
{
    return find(m_content.collaborations, m_collaborationNames, name);
}

const Study* Directory::study(StudyId id) const
{
    return find(m_content.studies, id);
}

const Node* Directory::node(NodeId id) const
{
    return find(m_content.nodes, id);
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
    return find(m_content.users, id);
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
    return find(m_content.roles, id);
}

const AdminAccount* Directory::admin(AdminId id) const
{
    return find(m_content.admins, id);
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

    index(c.organizations, m_organizationNames, &Organization::name);
    index(c.collaborations, m_collaborationNames, &Collaboration::name);
    index(c.admins, m_adminNames, &AdminAccount::name);

    m_collaborationsOf.clear();
    for (Collaboration& collaboration : c.collaborations) {
        sortUnique(collaboration.members);
        for (const OrganizationId member : collaboration.members)
            m_collaborationsOf[member].push_back(collaboration.id);
    }
    m_nodeNames.clear();
    m_nodeKeys.clear();
    m_nodeKeycloakIds.clear();
    m_nodePlaces.clear();
    m_nodesOf.clear();
    for (const Node& node : c.nodes)
        enter(node);
    m_userNames.clear();
    m_userKeycloakIds.clear();
    m_rulesOf.clear();
    for (const User& user : c.users)
        enter(user);
}

void Directory::notify()
{
    m_observers.forEach([](DirectoryObserver& observer) { observer.directoryChanged(); });
}

void Directory::notify(const DirectoryPart& part)
{
    if (part.isEmpty())
        return;
    m_observers.forEach(
        [&part](DirectoryObserver& observer) { observer.directoryPartChanged(part); });
}

} // namespace gatehouse::work
