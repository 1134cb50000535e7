// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "common/core/result.h"

#include <QByteArray>
#include <QByteArrayList>
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
    QByteArrayList audiences; ///< `aud`, empty when absent
    QByteArray tokenId; ///< `jti`, empty when absent
    Millis issuedAt{}; ///< `iat`, wall clock; 0 when absent
    Millis notBefore{}; ///< `nbf`, wall clock; 0 when absent
    std::optional<Millis> expiresAt; ///< `exp`, wall clock; absent only in container tokens
    quint64 key = 0; ///< Key::fingerprint() of the key that verified it
    QJsonObject payload; ///< every claim, strictly parsed
};

/// The claim of our own that makes a token one of an admin or a service.
inline constexpr QLatin1StringView ownKindClaim{"gatehouse_kind"};

/// Reads the payload of a token whose signature holds: strict JSON without duplicate names, every
/// claim we use of its one type. TokenInvalid says what is wrong. Does not look at the clock.
///
/// Profiles: vantage6 v4 (`client_type`, integer `sub`, `type`), v5 (`vantage6_client_type`, text
/// `sub`, Keycloak's `typ`), container tokens of both (object `sub`), and ours (`gatehouse_kind`
/// "admin" or "service", integer `sub`, `name`). A token that fits two of them is refused.
Result<Claims> readClaims(const QByteArray& payload);

} // namespace gatehouse::access
