// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QByteArray>
#include <QLatin1StringView>
#include <QStringView>

#include <compare>
#include <optional>

namespace gatehouse::model {

/// How far a rule reaches. No scope implies another: callers ask for each in turn (vantage6).
enum class RuleScope : quint8 { Own, Organization, Collaboration, Global };

enum class RuleOperation : quint8 { View, Edit, Create, Delete, Send, Receive };

/// One right: "task / CREATE / COLLABORATION". The triple is unique.
struct Rule
{
    QByteArray resource; ///< lower case: "task", "run", "event", "node", "organization", …
    RuleScope scope = RuleScope::Own;
    RuleOperation operation = RuleOperation::View;

    friend bool operator==(const Rule&, const Rule&) = default;
    friend std::strong_ordering operator<=>(const Rule& a, const Rule& b)
    {
        if (const int order = a.resource.compare(b.resource); order != 0)
            return order <=> 0;
        if (a.scope != b.scope)
            return a.scope <=> b.scope;
        return a.operation <=> b.operation;
    }
};

QLatin1StringView name(RuleScope scope); ///< "OWN" … "GLOBAL", the v4 REST spelling
QLatin1StringView name(RuleOperation operation); ///< "VIEW" … "RECEIVE"
std::optional<RuleScope> ruleScopeFromName(QStringView name); ///< either case
std::optional<RuleOperation> ruleOperationFromName(QStringView name); ///< either case

} // namespace gatehouse::model
