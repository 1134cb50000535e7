// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "common/core/ids.h"
#include "server/access/claims.h"

#include <QByteArray>
#include <QJsonArray>
#include <QStringList>

#include <optional>

namespace gatehouse::access {

/// Life times of what we mint; those of vantage6 v4 where it has one.
struct MinterOptions
{
    std::chrono::seconds accessLifetime = std::chrono::hours{6};
    std::chrono::seconds refreshLifetime = std::chrono::hours{48};
    std::chrono::seconds adminLifetime = std::chrono::hours{8};
    std::chrono::seconds serviceLifetime = std::chrono::hours{24 * 30};
};

/// What a container token carries in its `sub`.
struct ContainerGrant
{
    NodeId node;
    OrganizationId organization;
    CollaborationId collaboration;
    StudyId study; ///< none: null in the token
    qint64 storeId = 0; ///< 0: null in the token
    TaskId task;
    QString image;
    QJsonArray databases;
    std::optional<WorkSessionId> session{}; ///< that of a task of v5, whose claims it then has
};

/// Makes HS256 tokens with exactly the claims of vantage6 v4 (federation.md section 11), and our
/// own admin and service tokens. A value apart from its clock; any one thread.
class TokenMinter
{
public:
    TokenMinter(QByteArray secret, MinterOptions options, const Clock& clock);

    /// `kind` is User or Node; `roles` (names) are put into users' tokens. `lifetime` overrides the
    /// option.
    QByteArray accessToken(TokenKind kind, qint64 id, const QStringList& roles = {},
        std::optional<std::chrono::seconds> lifetime = std::nullopt) const;
    QByteArray refreshToken(TokenKind kind, qint64 id, const QStringList& roles = {},
        std::optional<std::chrono::seconds> lifetime = std::nullopt) const;

    /// No `exp`, as in v4: it ends with its task, which the API checks.
    QByteArray containerToken(const ContainerGrant& grant) const;

    /// `account` is the accountMark() of whoever logged in; empty for a token that stands for
    /// itself.
    QByteArray adminToken(qint64 id, const QString& name,
        std::optional<std::chrono::seconds> lifetime = std::nullopt,
        const QByteArray& account = {}) const;
    QByteArray serviceToken(qint64 id, const QString& name,
        std::optional<std::chrono::seconds> lifetime = std::nullopt) const;

    void setSecret(QByteArray secret) { m_secret = std::move(secret); }

    const MinterOptions& options() const { return m_options; }

private:
    QByteArray federationToken(TokenType type, TokenKind kind, qint64 id, const QStringList& roles,
        std::chrono::seconds lifetime) const;
    QByteArray ownToken(TokenKind kind, qint64 id, const QString& name,
        std::chrono::seconds lifetime, const QByteArray& account = {}) const;
    QJsonObject registeredClaims(std::optional<std::chrono::seconds> lifetime) const;
    QByteArray sign(const QJsonObject& payload) const;

    QByteArray m_secret;
    MinterOptions m_options;
    const Clock& m_clock;
};

} // namespace gatehouse::access
