// SPDX-License-Identifier: Apache-2.0
#include "server/api/entityresource.h"

#include "server/api/page.h"
#include "server/observe/log.h"
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

bool contains(const std::vector<OrganizationId>& members, qint64 id)
{
    return std::find(members.begin(), members.end(), OrganizationId{id}) != members.end();
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

void notFound(const ApiCall& call, L what)
{
    call.fail({ErrorCode::NotFound,
        QStringLiteral("%1 id=%2 not found!").arg(what, QString::number(call.id()))});
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

void EntityResource::listNodes(const ApiCallPtr& call)
{
    const auto filters = filtersOf(*call);
    if (!filters)
        return call->fail(filters.error());
    const QString name = call->query(L("name")).value_or(QString());
    replyPageOf(*call,
        filtered(services().directory.nodes(),
            [&](const work::Node& node) {
                return (filters->organization == 0
                           || node.organization.value == filters->organization)
                    && (filters->collaboration == 0
                        || node.collaboration.value == filters->collaboration)
                    && (name.isEmpty() || node.name == name) && mayView(*call, node);
            }),
        [this](const work::Node& node) { return m_json.node(node); });
}

void EntityResource::getNode(const ApiCallPtr& call)
{
    const work::Node* node = services().directory.node(NodeId{call->id()});
    if (!node)
        return notFound(*call, L("Node"));
    if (const auto decision = mayView(*call, *node); !decision)
        return call->deny(decision);
    call->reply(200, m_json.node(*node));
}

void EntityResource::listOrganizations(const ApiCallPtr& call)
{
    const auto filters = filtersOf(*call);
    if (!filters)
        return call->fail(filters.error());
    const work::Directory& directory = services().directory;
    const auto* collaboration = directory.collaboration(CollaborationId{filters->collaboration});
    const auto* study = directory.study(StudyId{filters->study});
    const auto ids = idsOf(*call);
    const QString name = call->query(L("name")).value_or(QString());
    replyPageOf(*call,
        filtered(directory.organizations(),
            [&](const work::Organization& organization) {
                const qint64 id = organization.id.value;
                return (filters->collaboration == 0
                           || (collaboration && contains(collaboration->members, id)))
                    && (filters->study == 0 || (study && contains(study->members, id)))
                    && (!ids || std::find(ids->begin(), ids->end(), id) != ids->end())
                    && (name.isEmpty() || organization.name == name)
                    && mayView(*call, organization);
            }),
        [this](
            const work::Organization& organization) { return m_json.organization(organization); });
}

void EntityResource::getOrganization(const ApiCallPtr& call)
{
    const auto* organization = services().directory.organization(OrganizationId{call->id()});
    if (!organization)
        return notFound(*call, L("Organization"));
    if (const auto decision = mayView(*call, *organization); !decision)
        return call->deny(decision);
    call->reply(200, m_json.organization(*organization));
}

void EntityResource::patchOrganization(const ApiCallPtr& call)
{
    const OrganizationId id{call->id()};
    if (!services().directory.organization(id))
        return notFound(*call, L("Organization"));
    if (!mayEdit(*call, id))
        return call->deny({false, {}, QStringLiteral("it may not edit this organization")});
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
            services().directory.setPublicKey(id, key.toString());
            observe::log(observe::Level::Info, observe::category::auth,
                QStringLiteral("<%1> set the public key of organization %2")
                    .arg(call->principal().name, QString::number(id.value)),
                {.node = call->principal().nodeId()});
            if (const auto* organization = services().directory.organization(id))
                call->reply(200, m_json.organization(*organization));
        }));
}

void EntityResource::listCollaborations(const ApiCallPtr& call)
{
    const auto filters = filtersOf(*call);
    if (!filters)
        return call->fail(filters.error());
    const QString name = call->query(L("name")).value_or(QString());
    replyPageOf(*call,
        filtered(services().directory.collaborations(),
            [&](const work::Collaboration& collaboration) {
                return (filters->organization == 0
                           || contains(collaboration.members, filters->organization))
                    && (name.isEmpty() || collaboration.name == name)
                    && mayView(*call, collaboration);
            }),
        [this](const work::Collaboration& collaboration) {
            return m_json.collaboration(collaboration);
        });
}

void EntityResource::getCollaboration(const ApiCallPtr& call)
{
    const auto* collaboration = services().directory.collaboration(CollaborationId{call->id()});
    if (!collaboration)
        return notFound(*call, L("Collaboration"));
    if (const auto decision = mayView(*call, *collaboration); !decision)
        return call->deny(decision);
    call->reply(200, m_json.collaboration(*collaboration));
}

void EntityResource::listStudies(const ApiCallPtr& call)
{
    const auto filters = filtersOf(*call);
    if (!filters)
        return call->fail(filters.error());
    const work::Directory& directory = services().directory;
    replyPageOf(*call,
        filtered(directory.studies(),
            [&](const work::Study& study) {
                const auto* collaboration = directory.collaboration(study.collaboration);
                return (filters->collaboration == 0
                           || study.collaboration.value == filters->collaboration)
                    && (filters->organization == 0
                        || contains(study.members, filters->organization))
                    && collaboration && mayView(*call, *collaboration);
            }),
        [this](const work::Study& study) { return m_json.study(study); });
}

void EntityResource::getStudy(const ApiCallPtr& call)
{
    const work::Study* study = services().directory.study(StudyId{call->id()});
    const auto* collaboration
        = study ? services().directory.collaboration(study->collaboration) : nullptr;
    if (!collaboration)
        return notFound(*call, L("Study"));
    if (const auto decision = mayView(*call, *collaboration); !decision)
        return call->deny(decision);
    call->reply(200, m_json.study(*study));
}

void EntityResource::listUsers(const ApiCallPtr& call)
{
    const auto filters = filtersOf(*call);
    if (!filters)
        return call->fail(filters.error());
    replyPageOf(*call,
        filtered(services().directory.users(),
            [&](const work::User& user) {
                return (filters->organization == 0
                           || user.organization.value == filters->organization)
                    && mayViewUser(*call, user);
            }),
        [this](const work::User& user) { return m_json.user(user); });
}

void EntityResource::getUser(const ApiCallPtr& call)
{
    const work::User* user = services().directory.user(UserId{call->id()});
    if (!user)
        return notFound(*call, L("User"));
    if (!mayViewUser(*call, *user))
        return call->deny({false, {}, QStringLiteral("it may not view this user")});
    call->reply(200, m_json.user(*user));
}

void EntityResource::listRoles(const ApiCallPtr& call)
{
    const auto filters = filtersOf(*call);
    if (!filters)
        return call->fail(filters.error());
    const work::User* user = services().directory.user(UserId{filters->user});
    if (filters->user != 0 && (!user || !mayViewUser(*call, *user)))
        return call->deny({false, {}, QStringLiteral("it may not view this user")});
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
    if (filters->user != 0 && (!user || !mayViewUser(*call, *user)))
        return call->deny({false, {}, QStringLiteral("it may not view this user")});
    const work::Role* role = services().directory.role(RoleId{filters->role});
    if (role && !mayViewRole(*call, *role))
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
        if (filters->user != 0 && !isIn(services().directory.rulesOf(user->id)))
            continue;
        if (filters->role != 0 && (!role || !isIn(role->rules)))
            continue;
        numbered.push_back({qint64(i + 1), all[i]});
    }
    replyPageOf(*call, numbered, [](const NumberedRule& entry) {
        return QJsonObject{{L("id"), entry.id}, {L("name"), QString::fromUtf8(entry.rule.resource)},
            {L("scope"), QString(model::name(entry.rule.scope))},
            {L("operation"), QString(model::name(entry.rule.operation))},
            {L("description"), access::ruleText(entry.rule)}};
    });
}

access::Decision EntityResource::mayView(const ApiCall& call, const work::Node& node) const
{
    return access::mayView(call.principal(), call.rights(), access::Resource::Node,
        {node.organization, {node.collaboration}, {}});
}

access::Decision EntityResource::mayView(
    const ApiCall& call, const work::Organization& organization) const
{
    return access::mayView(call.principal(), call.rights(), access::Resource::Organization,
        {organization.id, services().directory.collaborationsOf(organization.id), {}});
}

access::Decision EntityResource::mayView(
    const ApiCall& call, const work::Collaboration& collaboration) const
{
    return access::mayView(call.principal(), call.rights(), access::Resource::Collaboration,
        {{}, {collaboration.id}, {}});
}

bool EntityResource::mayViewUser(const ApiCall& call, const work::User& user) const
{
    if (user.id == call.principal().userId())
        return true;
    const access::Rights rights = call.rights();
    const auto has
        = [&rights](RuleScope scope) { return rights.has("user", scope, RuleOperation::View); };
    if (has(RuleScope::Global))
        return true;
    if (has(RuleScope::Organization) && user.organization == rights.organization)
        return true;
    const auto& shared = services().directory.collaborationsOf(user.organization);
    return has(RuleScope::Collaboration)
        && std::any_of(shared.begin(), shared.end(),
            [&rights](CollaborationId id) { return rights.isMemberOf(id); });
}

/// General roles are everybody's; those of an organization are its own members' business.
bool EntityResource::mayViewRole(const ApiCall& call, const work::Role& role) const
{
    return !role.organization.isValid() || role.organization == call.principal().organization;
}

/// A node may change its own organization's key, as in vantage6; users by organization/EDIT.
bool EntityResource::mayEdit(const ApiCall& call, OrganizationId organization) const
{
    if (call.principal().kind == access::PrincipalKind::Node)
        return organization == call.principal().organization;
    const access::Rights rights = call.rights();
    if (rights.has("organization", RuleScope::Global, RuleOperation::Edit))
        return true;
    if (rights.has("organization", RuleScope::Organization, RuleOperation::Edit)
        && organization == rights.organization)
        return true;
    const auto& shared = services().directory.collaborationsOf(organization);
    return rights.has("organization", RuleScope::Collaboration, RuleOperation::Edit)
        && std::any_of(shared.begin(), shared.end(),
            [&rights](CollaborationId id) { return rights.isMemberOf(id); });
}

} // namespace gatehouse::api
