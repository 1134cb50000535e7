// SPDX-License-Identifier: Apache-2.0
#include "server/access/principal.h"

#include <array>

namespace gatehouse::access {

namespace {

constexpr std::array<QLatin1StringView, 5> kindNames{QLatin1StringView("anonymous"),
    QLatin1StringView("user"), QLatin1StringView("node"), QLatin1StringView("service"),
    QLatin1StringView("admin")};

} // namespace

QLatin1StringView name(PrincipalKind kind)
{
    return kindNames[size_t(kind)];
}

std::optional<PrincipalKind> principalKindFromName(QStringView name)
{
    for (size_t i = 0; i < kindNames.size(); ++i) {
        if (name == kindNames[i])
            return PrincipalKind(i);
    }
    return std::nullopt;
}

} // namespace gatehouse::access
