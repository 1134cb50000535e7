// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"

#include <QByteArray>
#include <QJsonObject>
#include <QString>

#include <optional>

namespace gatehouse::access {

/// Whom a token speaks for. Containers are algorithm containers of vantage6: they may use the HTTP
/// API for their task, never the socket.
enum class TokenKind : quint8 { User, Node, Container, Service, Admin };

QLatin1StringView name(TokenKind kind); ///< "user", "node", "container", "service", "admin"
std::optional<TokenKind> tokenKindFromName(QStringView name);

enum class TokenType : quint8 { Access, Refresh };

/// What a verified token says. A value; says nothing on what its bearer may do.
struct Claims
{
    TokenKind kind = TokenKind::User;
    TokenType type = TokenType::Access;
    qint64 subjectId = 0; ///< `sub` as a positive integer (v4; services and admins); else 0
    QString subject; ///< `sub` as text: the Keycloak user of v5, or the integer's digits
    QJsonObject container; ///< `sub` as object: container tokens only
    QString name; ///< `name` of admin and service tokens; else empty
    QByteArray issuer; ///< `iss`, empty when absent
    QByteArray tokenId; ///< `jti`, empty when absent
    Millis issuedAt{}; ///< wall clock; 0 when absent
    std::optional<Millis> expiresAt; ///< wall clock; absent only in container tokens
    QJsonObject payload; ///< every claim, strictly parsed
};

} // namespace gatehouse::access
