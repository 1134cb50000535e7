// SPDX-License-Identifier: Apache-2.0
#include "common/model/rule.h"

#include <array>

namespace gatehouse::model {

namespace {

using L = QLatin1StringView;
constexpr std::array<L, 4> scopeNames{L("OWN"), L("ORGANIZATION"), L("COLLABORATION"), L("GLOBAL")};
constexpr std::array<L, 6> operationNames{
    L("VIEW"), L("EDIT"), L("CREATE"), L("DELETE"), L("SEND"), L("RECEIVE")};

template <class Enum, size_t N>
std::optional<Enum> find(const std::array<L, N>& names, QStringView wanted)
{
    for (size_t i = 0; i < N; ++i) {
        if (wanted.compare(names[i], Qt::CaseInsensitive) == 0)
            return Enum(i);
    }
    return std::nullopt;
}

} // namespace

QLatin1StringView name(RuleScope scope)
{
    return scopeNames[size_t(scope)];
}

QLatin1StringView name(RuleOperation operation)
{
    return operationNames[size_t(operation)];
}

std::optional<RuleScope> ruleScopeFromName(QStringView name)
{
    return find<RuleScope>(scopeNames, name);
}

std::optional<RuleOperation> ruleOperationFromName(QStringView name)
{
    return find<RuleOperation>(operationNames, name);
}

} // namespace gatehouse::model
