// SPDX-License-Identifier: Apache-2.0
#include "server/access/rights.h"

#include <algorithm>
#include <initializer_list>

namespace gatehouse::access {

namespace {

using model::Rule;
using model::RuleOperation;
using model::RuleScope;
using L = QLatin1StringView;

constexpr auto own = RuleScope::Own;
constexpr auto org = RuleScope::Organization;
constexpr auto col = RuleScope::Collaboration;
constexpr auto glo = RuleScope::Global;

constexpr auto view = RuleOperation::View;
constexpr auto edit = RuleOperation::Edit;
constexpr auto create = RuleOperation::Create;
constexpr auto remove = RuleOperation::Delete;
constexpr auto send = RuleOperation::Send;
constexpr auto receive = RuleOperation::Receive;

/// A row of the table: one resource and operation in several scopes.
struct Row
{
    const char* resource;
    RuleOperation operation;
    std::initializer_list<RuleScope> scopes;
};

void append(std::vector<Rule>& rules, std::initializer_list<Row> rows)
{
    for (const Row& row : rows) {
        for (const RuleScope scope : row.scopes)
            rules.push_back({row.resource, scope, row.operation});
    }
}

std::vector<Rule> withSorted(std::vector<Rule> rules)
{
    std::sort(rules.begin(), rules.end());
    rules.erase(std::unique(rules.begin(), rules.end()), rules.end());
    return rules;
}

std::vector<Rule> viewerRules()
{
    std::vector<Rule> rules;
    append(rules,
        {{"user", edit, {own}}, {"user", remove, {own}}, {"user", view, {org}},
            {"organization", view, {org, col}}, {"collaboration", view, {org}},
            {"role", view, {org}}, {"node", view, {org, col}}, {"task", view, {col}},
            {"run", view, {col}}, {"port", view, {org}}, {"event", receive, {org, col}},
            {"study", view, {org}}});
    return rules;
}

std::vector<Rule> researcherRules()
{
    std::vector<Rule> rules = viewerRules();
    append(rules, {{"task", create, {col}}, {"task", remove, {org}}});
    return rules;
}

std::vector<Rule> organizationAdminRules()
{
    std::vector<Rule> rules = viewerRules();
    append(rules,
        {{"user", create, {org}}, {"user", edit, {org}}, {"user", remove, {org}},
            {"organization", edit, {org}}, {"role", create, {org}}, {"role", edit, {org}},
            {"role", remove, {org}}, {"node", create, {org}}, {"node", edit, {org}},
            {"event", send, {org}}});
    return rules;
}

std::vector<Rule> collaborationAdminRules()
{
    std::vector<Rule> rules = organizationAdminRules();
    const std::vector<Rule> researcher = researcherRules();
    rules.insert(rules.end(), researcher.begin(), researcher.end());
    append(rules,
        {{"user", view, {col}}, {"user", create, {col}}, {"user", edit, {col}},
            {"organization", view, {glo}}, {"organization", edit, {col}},
            {"collaboration", edit, {col}}, {"role", view, {col}}, {"node", create, {col}},
            {"node", remove, {col}}, {"event", send, {col}}, {"study", view, {col}},
            {"study", create, {col}}, {"study", edit, {col}}, {"study", remove, {col}}});
    return rules;
}

} // namespace

bool Rights::has(
    QByteArrayView resource, model::RuleScope scope, model::RuleOperation operation) const
{
    return std::any_of(rules.begin(), rules.end(), [&](const Rule& rule) {
        return rule.scope == scope && rule.operation == operation && rule.resource == resource;
    });
}

bool Rights::isMemberOf(CollaborationId collaboration) const
{
    return std::find(collaborations.begin(), collaborations.end(), collaboration)
        != collaborations.end();
}

std::vector<DefaultRole> defaultRoles()
{
    return {{L("Root"), L("Every rule there is"), allRules()},
        {L("Collaboration Admin"),
            L("Manages a collaboration, its organizations and users; also an organization admin "
              "and researcher"),
            withSorted(collaborationAdminRules())},
        {L("Organization Admin"), L("Manages an organization with its users, roles and nodes"),
            withSorted(organizationAdminRules())},
        {L("Researcher"), L("Creates tasks and views what the organization takes part in"),
            withSorted(researcherRules())},
        {L("Viewer"), L("Views what the organization takes part in"), withSorted(viewerRules())}};
}

std::vector<Rule> allRules()
{
    std::vector<Rule> rules;
    append(rules,
        {{"organization", view, {org, col, glo}}, {"organization", edit, {org, col, glo}},
            {"organization", create, {glo}}, {"organization", remove, {glo}},
            {"collaboration", view, {org, glo}}, {"collaboration", edit, {col, glo}},
            {"collaboration", create, {glo}}, {"collaboration", remove, {col, glo}},
            {"study", view, {org, col, glo}}, {"study", edit, {org, col, glo}},
            {"study", create, {col, glo}}, {"study", remove, {org, col, glo}},
            {"node", view, {org, col, glo}}, {"node", edit, {org, col, glo}},
            {"node", create, {org, col, glo}}, {"node", remove, {org, col, glo}},
            {"task", view, {own, org, col, glo}}, {"task", create, {col, glo}},
            {"task", remove, {own, org, col, glo}}, {"run", view, {own, org, col, glo}},
            {"event", receive, {org, col, glo}}, {"event", send, {org, col, glo}},
            {"user", view, {org, col, glo}}, {"user", create, {org, col, glo}},
            {"user", edit, {own, org, col, glo}}, {"user", remove, {own, org, col, glo}},
            {"role", view, {org, col, glo}}, {"role", create, {org, col, glo}},
            {"role", edit, {org, col, glo}}, {"role", remove, {org, col, glo}},
            {"port", view, {org, glo}}});
    return withSorted(std::move(rules));
}

QString ruleText(const Rule& rule)
{
    return QString::fromUtf8(rule.resource) + QLatin1Char('/') + model::name(rule.operation)
        + QLatin1Char('/') + model::name(rule.scope);
}

} // namespace gatehouse::access
