// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/ids.h"
#include "common/model/rule.h"

#include <vector>

namespace gatehouse::access {

/// What the database says on one user at this moment: the rules of all roles and the direct ones,
/// where the user belongs. A value, taken anew for each question.
struct Rights
{
    std::vector<model::Rule> rules; ///< any order, duplicates harmless
    OrganizationId organization;
    std::vector<CollaborationId> collaborations; ///< those the organization is a member of

    /// That very triple; no scope implies another.
    bool has(QByteArrayView resource, model::RuleScope scope, model::RuleOperation operation) const;
    bool isMemberOf(CollaborationId collaboration) const;
};

/// The roles of a fresh installation and their rules (vantage6 v4: federation.md section 10).
struct DefaultRole
{
    QLatin1StringView name;
    QLatin1StringView description;
    std::vector<model::Rule> rules;
};

/// Root, Collaboration Admin, Organization Admin, Researcher, Viewer.
std::vector<DefaultRole> defaultRoles();

/// Every rule there is, sorted: what Root has and what an import may name.
std::vector<model::Rule> allRules();

/// "task/CREATE/COLLABORATION".
QString ruleText(const model::Rule& rule);

} // namespace gatehouse::access
