// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "common/core/ids.h"

#include <QLatin1StringView>
#include <QString>

#include <optional>

namespace gatehouse::access {

enum class PrincipalKind : quint8 { Anonymous, User, Node, Service, Admin };

QLatin1StringView name(PrincipalKind kind); ///< "anonymous", "user", "node", "service", "admin"
std::optional<PrincipalKind> principalKindFromName(QStringView name);

/// Who is speaking, as far as a verified token and the database say. A value; holds no rights:
/// those are asked for at each use, so that a changed rule counts at once.
struct Principal
{
    PrincipalKind kind = PrincipalKind::Anonymous;
    qint64 id = 0; ///< NodeId or UserId by kind; the admin's or service's own number space
    QString name; ///< for people and logs
    OrganizationId organization; ///< nodes and users
    CollaborationId collaboration; ///< nodes
    std::optional<Millis> expiresAt; ///< wall clock; when the token ends
    quint64 key = 0; ///< Claims::key of that token; zero: there is none

    bool isIdentified() const { return kind != PrincipalKind::Anonymous; }
    NodeId nodeId() const { return {kind == PrincipalKind::Node ? id : 0}; }
    UserId userId() const { return {kind == PrincipalKind::User ? id : 0}; }
};

} // namespace gatehouse::access
