// SPDX-License-Identifier: Apache-2.0
#include "server/api/entityresource.h"

#include "server/api/page.h"
#include "server/observe/audit.h"
#include "server/work/directory.h"
#include "server/work/journal.h"

#include <algorithm>

namespace gatehouse::api {

using L = QLatin1StringView;
using model::RuleOperation;
using model::RuleScope;

namespace {

constexpr qsizetype maxPublicKeyLength = 16'384;

template <class Entity, class Predicate>
std::vector<Entity> filtered(const std::vector<Entity>& all, Predicate predicate)
{
    std::vector<Entity> kept;
    std::copy_if(all.begin(), all.end(), std::back_inserter(kept), predicate);
    return kept;
}

/// The filters of a list that are ids; each is 0 when it was not given.
struct IdFilters
{
    qint64 organization = 0;
    qint64 collaboration = 0;
    qint64 study = 0;
    qint64 user = 0;
    qint64 role = 0;
};

Result<IdFilters> filtersOf(const ApiCall& call)
{
    IdFilters filters;
    const std::pair<L, qint64*> fields[]{{L("organization_id"), &filters.organization},
        {L("collaboration_id"), &filters.collaboration}, {L("study_id"), &filters.study},
        {L("user_id"), &filters.user}, {L("role_id"), &filters.role}};
    for (const auto& [name, target] : fields) {
        const auto value = call.queryId(name);
        if (!value)
            return tl::unexpected<Error>(value.error());
        *target = *value;
    }
    return filters;
}

// A filter that was not given (0, empty) lets everything through.

bool matchesId(qint64 wanted, qint64 id)
{
    return wanted == 0 || wanted == id;
}

bool matchesName(const QString& wanted, const QString& name)
{
    return wanted.isEmpty() || wanted == name;
}

/// Is `organization` a member of what the filter asks for?
template <class Group>
bool matchesMembers(qint64 wanted, const Group* group, qint64 organization)
{
    return wanted == 0
        || (group
            && std::binary_search(
                group->members.begin(), group->members.end(), OrganizationId{organization}));
}

QString nameFilter(const ApiCall& call)
{
    return call.query(L("name")).value_or(QString());
}

/// The ids of `ids=1,2` and `ids=1&ids=2`; nothing: no such filter.
std::optional<std::vector<qint64>> idsOf(const ApiCall& call)
{
    const QStringList values
        = call.request().query.allQueryItemValues(QStringLiteral("ids"), QUrl::FullyDecoded);
    if (values.isEmpty())
        return std::nullopt;
    std::vector<qint64> ids;
    for (const QString& id : values.join(QLatin1Char(',')).split(QLatin1Char(',')))
        ids.push_back(id.toLongLong());
    return ids;
}

} // namespace

void EntityResource::addTo(Router& router, const QString& base)
{
    const Callers all = Caller::User | Caller::Node | Caller::Container;
    const auto get = [&](const char* path, Callers callers, auto handler) {
        router.add("GET", base + QLatin1String(path), callers,
            [this, handler](const ApiCallPtr& call) { (this->*handler)(call); });
    };
    get("/node", all, &EntityResource::listNodes);
    get("/node/{id}", all, &EntityResource::getNode);
    get("/node/me", Caller::Node, &EntityResource::getOwnNode);
    get("/organization", all, &EntityResource::listOrganizations);
    get("/organization/{id}", all, &EntityResource::getOrganization);
    get("/collaboration", all, &EntityResource::listCollaborations);
    get("/collaboration/{id}", all, &EntityResource::getCollaboration);
    get("/study", all, &EntityResource::listStudies);
    get("/study/{id}", all, &EntityResource::getStudy);
    get("/user", Caller::User, &EntityResource::listUsers);
    get("/user/{id}", Caller::User, &EntityResource::getUser);
    get("/role", Caller::User, &EntityResource::listRoles);
    get("/rule", Caller::User, &EntityResource::listRules);
    router.add("PATCH", base + QStringLiteral("/organization/{id}"), Caller::User | Caller::Node,
        [this](const ApiCallPtr& call) { patchOrganization(call); });
}

/// The part of `all` that the request's filters ask for and the caller may see, by pages.
/// `matches` is asked with the ids of the query.
template <class Entity, class Matches>
void EntityResource::replyList(const ApiCall& call, const std::vector<Entity>& all,
    ToJson<Entity> toJson, Matches matches) const
{
    const auto filters = filtersOf(call);
    if (!filters)
        return call.fail(filters.error());
    replyPageOf(call,
        filtered(all,
            [&](const Entity& entity) {
                return matches(*filters, entity) && mayView(call, &entity);
            }),
        [&](const Entity& entity) { return (m_json.*toJson)(entity); });
}

/// What the path names by its id; `found` is null when there is no such thing.
template <class Entity>
void EntityResource::replyOne(
    const ApiCall& call, L what, const Entity* found, ToJson<Entity> toJson) const
{
    const access::Decision decision = mayView(call, found);
    if (!found)
        return notFound(call, what, decision);
    if (!decision)
        return call.deny(decision);
    call.reply(200, (m_json.*toJson)(*found));
}

void EntityResource::listNodes(const ApiCallPtr& call)
{
    const QString name = nameFilter(*call);
    replyList(*call, services().directory.nodes(), &WireJson::node,
        [&](const IdFilters& ids, const work::Node& node) {
            return matchesId(ids.organization, node.organization.value)
                && matchesId(ids.collaboration, node.collaboration.value)
                && matchesName(name, node.name);
        });
}

void EntityResource::getNode(const ApiCallPtr& call)
{
    replyOne(*call, L("Node"), services().directory.node(NodeId{call->id()}), &WireJson::node);
}

void EntityResource::getOwnNode(const ApiCallPtr& call)
{
    replyOne(
        *call, L("Node"), services().directory.node(call->principal().nodeId()), &WireJson::node);
}

void EntityResource::listOrganizations(const ApiCallPtr& call)
{
    const work::Directory& directory = services().directory;
    const auto wanted = idsOf(*call);
    const QString name = nameFilter(*call);
    replyList(*call, directory.organizations(), &WireJson::organization,
        [&](const IdFilters& ids, const work::Organization& organization) {
            const qint64 id = organization.id.value;
            return matchesMembers(ids.collaboration,
                       directory.collaboration(CollaborationId{ids.collaboration}), id)
                && matchesMembers(ids.study, directory.study(StudyId{ids.study}), id)
                && (!wanted || std::find(wanted->begin(), wanted->end(), id) != wanted->end())
                && matchesName(name, organization.name);
        });
}

void EntityResource::getOrganization(const ApiCallPtr& call)
{
    replyOne(*call, L("Organization"),
        services().directory.organization(OrganizationId{call->id()}), &WireJson::organization);
}

void EntityResource::patchOrganization(const ApiCallPtr& call)
{
    const OrganizationId id{call->id()};
    const bool exists = services().directory.organization(id);
    const access::Decision decision = mayEdit(*call, exists ? id : OrganizationId{});
    if (!exists)
        return notFound(*call, L("Organization"), decision);
    if (!decision)
        return call->deny(decision);
    const auto body = call->body();
    if (!body)
        return call->fail(body.error());
    const QJsonValue key = body->value(L("public_key"));
    if (!key.isString() || body->size() != 1 || key.toString().size() > maxPublicKeyLength)
        return call->fail({ErrorCode::BadRequest,
            QStringLiteral("Request body is incorrect: only 'public_key' can be changed")});
    const auto decoded = QByteArray::fromBase64Encoding(
        key.toString().toLatin1(), QByteArray::AbortOnBase64DecodingErrors);
    if (!decoded)
        return call->fail({ErrorCode::BadRequest, QStringLiteral("'public_key' is no base64")});
    services().journal.savePublicKey(
        id, key.toString(), guarded([this, call, id, key](const Result<void>& saved) {
            if (!saved)
                return call->fail(saved.error());
            const auto* organization = services().directory.organization(id);
            const QString before = organization ? organization->publicKey : QString();
            services().directory.setPublicKey(id, key.toString());
            services().audit.record({.at = services().clock.wall(),
                .actorKind = access::name(call->principal().kind),
                .actorId = call->principal().id,
                .actorName = call->principal().name,
                .address = call->request().peerAddress,
                .action = QStringLiteral("organization:publicKey"),
                .target = QStringLiteral("organization ") + QString::number(id.value),
                .reason = {},
                .outcome = QStringLiteral("ok"),
                .before = {{L("public_key"), before}},
                .after = {{L("public_key"), key}}});
            if (const auto* changed = services().directory.organization(id))
                call->reply(200, m_json.organization(*changed));
        }));
}

void EntityResource::listCollaborations(const ApiCallPtr& call)
{
    const QString name = nameFilter(*call);
    replyList(*call, services().directory.collaborations(), &WireJson::collaboration,
        [&](const IdFilters& ids, const work::Collaboration& collaboration) {
            return matchesMembers(ids.organization, &collaboration, ids.organization)
                && matchesName(name, collaboration.name);
        });
}

void EntityResource::getCollaboration(const ApiCallPtr& call)
{
    replyOne(*call, L("Collaboration"),
        services().directory.collaboration(CollaborationId{call->id()}), &WireJson::collaboration);
}

void EntityResource::listStudies(const ApiCallPtr& call)
{
    replyList(*call, services().directory.studies(), &WireJson::study,
        [](const IdFilters& ids, const work::Study& study) {
            return matchesId(ids.collaboration, study.collaboration.value)
                && matchesMembers(ids.organization, &study, ids.organization);
        });
}

void EntityResource::getStudy(const ApiCallPtr& call)
{
    replyOne(*call, L("Study"), services().directory.study(StudyId{call->id()}), &WireJson::study);
}

void EntityResource::listUsers(const ApiCallPtr& call)
{
    replyList(*call, services().directory.users(), &WireJson::user,
        [](const IdFilters& ids, const work::User& user) {
            return matchesId(ids.organization, user.organization.value);
        });
}

void EntityResource::getUser(const ApiCallPtr& call)
{
    replyOne(*call, L("User"), services().directory.user(UserId{call->id()}), &WireJson::user);
}

void EntityResource::notFound(const ApiCall& call, L what, const access::Decision& reachesAll) const
{
    call.failNotFound(
        reachesAll, QStringLiteral("%1 id=%2 not found!").arg(what, QString::number(call.id())));
}

/// False when it has been answered: the caller may not see that user, or there is none.
bool EntityResource::passesUserFilter(const ApiCall& call, qint64 id, const work::User* user) const
{
    const access::Decision decision = mayView(call, user);
    if (!decision)
        call.deny(decision);
    else if (!user)
        call.fail({ErrorCode::NotFound, QStringLiteral("User id=%1 not found!").arg(id)});
    return decision && user;
}

void EntityResource::listRoles(const ApiCallPtr& call)
{
    const auto filters = filtersOf(*call);
    if (!filters)
        return call->fail(filters.error());
    const work::User* user = services().directory.user(UserId{filters->user});
    if (filters->user != 0 && !passesUserFilter(*call, filters->user, user))
        return;
    replyPageOf(*call,
        filtered(services().directory.roles(),
            [&](const work::Role& role) {
                const bool isOfUser = !user
                    || std::find(user->roles.begin(), user->roles.end(), role.id)
                        != user->roles.end();
                return isOfUser && mayViewRole(*call, role);
            }),
        [this](const work::Role& role) { return m_json.role(role); });
}

void EntityResource::listRules(const ApiCallPtr& call)
{
    const auto filters = filtersOf(*call);
    if (!filters)
        return call->fail(filters.error());
    const work::User* user = services().directory.user(UserId{filters->user});
    if (filters->user != 0 && !passesUserFilter(*call, filters->user, user))
        return;
    const work::Role* role = services().directory.role(RoleId{filters->role});
    if (filters->role != 0 && (!role || !mayViewRole(*call, *role)))
        return call->deny({false, {}, QStringLiteral("it may not view this role")});
    // Rules have no row of their own; their place in the sorted list of all of them is their id.
    struct NumberedRule
    {
        qint64 id;
        model::Rule rule;
    };
    std::vector<NumberedRule> numbered;
    const std::vector<model::Rule> all = access::allRules();
    for (size_t i = 0; i < all.size(); ++i) {
        const auto isIn = [&all, i](const std::vector<model::Rule>& rules) {
            return std::find(rules.begin(), rules.end(), all[i]) != rules.end();
        };
        if (user && !isIn(services().directory.rulesOf(user->id)))
            continue;
        if (role && !isIn(role->rules))
            continue;
        numbered.push_back({qint64(i + 1), all[i]});
    }
    const auto shown = [this](const QString& word) {
        return m_json.form() == WireForm::V4 ? word : word.toLower();
    };
    replyPageOf(*call, numbered, [&](const NumberedRule& entry) {
        return QJsonObject{{L("id"), entry.id}, {L("name"), QString::fromUtf8(entry.rule.resource)},
            {L("scope"), shown(model::name(entry.rule.scope))},
            {L("operation"), shown(model::name(entry.rule.operation))},
            {L("description"), access::ruleText(entry.rule)}};
    });
}

// Of nothing (null), as of anything, only a rule without bounds allows the view.

access::Decision EntityResource::mayView(const ApiCall& call, const work::Node* node) const
{
    access::ResourceFacts facts;
    if (node)
        facts = {node->organization, {node->collaboration}, {}};
    return access::mayView(call.principal(), call.rights(), access::Resource::Node, facts);
}

access::Decision EntityResource::mayView(
    const ApiCall& call, const work::Organization* organization) const
{
    access::ResourceFacts facts;
    if (organization)
        facts = {organization->id, services().directory.collaborationsOf(organization->id), {}};
    return access::mayView(call.principal(), call.rights(), access::Resource::Organization, facts);
}

access::Decision EntityResource::mayView(
    const ApiCall& call, const work::Collaboration* collaboration) const
{
    access::ResourceFacts facts;
    if (collaboration)
        facts.collaborations = {collaboration->id};
    return access::mayView(call.principal(), call.rights(), access::Resource::Collaboration, facts);
}

/// A study is seen by whoever sees its collaboration.
access::Decision EntityResource::mayView(const ApiCall& call, const work::Study* study) const
{
    return mayView(
        call, study ? services().directory.collaboration(study->collaboration) : nullptr);
}

access::Decision EntityResource::mayView(const ApiCall& call, const work::User* user) const
{
    if (user && user->id == call.principal().userId())
        return {true, {}, QStringLiteral("it is the user itself")};
    const OrganizationId organization = user ? user->organization : OrganizationId{};
    if (reaches(call, "user", RuleOperation::View, organization))
        return {true, {}, QStringLiteral("a rule reaches the user's organization")};
    return {false, {}, QStringLiteral("it may not view this user")};
}

/// General roles are everybody's; those of an organization are its own members' business.
bool EntityResource::mayViewRole(const ApiCall& call, const work::Role& role) const
{
    return !role.organization.isValid() || role.organization == call.principal().organization;
}

/// A node may change its own organization's key, as in vantage6; users by organization/EDIT.
access::Decision EntityResource::mayEdit(const ApiCall& call, OrganizationId organization) const
{
    const bool allowed = call.principal().kind == access::PrincipalKind::Node
        ? organization.isValid() && organization == call.principal().organization
        : reaches(call, "organization", RuleOperation::Edit, organization);
    return {allowed, {},
        allowed ? QStringLiteral("a rule reaches the organization")
                : QStringLiteral("it may not edit this organization")};
}

/// Does a rule of the caller for this resource reach the organization? An invalid one is reached by
/// GLOBAL only.
bool EntityResource::reaches(const ApiCall& call, QByteArrayView resource, RuleOperation operation,
    OrganizationId organization) const
{
    const access::Rights rights = call.rights();
    const auto has = [&](RuleScope scope) { return rights.has(resource, scope, operation); };
    if (has(RuleScope::Global))
        return true;
    if (!organization.isValid())
        return false;
    if (has(RuleScope::Organization) && organization == rights.organization)
        return true;
    const auto& shared = services().directory.collaborationsOf(organization);
    return has(RuleScope::Collaboration)
        && std::any_of(shared.begin(), shared.end(),
            [&rights](CollaborationId id) { return rights.isMemberOf(id); });
}

} // namespace gatehouse::api
