// SPDX-License-Identifier: Apache-2.0
#include "server/identity/identities.h"

#include "server/access/accountmark.h"
#include "server/access/loginlimiter.h"
#include "server/access/tokenverifier.h"
#include "server/identity/elsewhere.h"
#include "server/work/directory.h"

namespace gatehouse::identity {

access::Rights rightsOf(const work::Directory& directory, UserId id)
{
    const work::User* user = directory.user(id);
    if (!user)
        return {};
    return {directory.rulesOf(user->id), user->organization,
        directory.collaborationsOf(user->organization)};
}

Result<Identity> Identities::identify(const QByteArray& token, Millis grace) const
{
    auto claims = m_verifier.verify(token, grace);
    if (!claims)
        return tl::unexpected<Error>(claims.error());
    return withDirectory(std::move(*claims));
}

Result<Identity> Identities::identifyFrom(
    const QString& address, const QByteArray& token, Millis grace) const
{
    if (!m_badTokens || token.isEmpty())
        return identify(token, grace);
    if (const auto mayTry = m_badTokens->check(address); !mayTry)
        return tl::unexpected<Error>(mayTry.error());
    auto claims = m_verifier.verify(token, grace);
    if (claims)
        return withDirectory(std::move(*claims));
    const Issuer issuer
        = m_keys && m_verifier.namesUnknownKey(token) ? m_keys->issuer() : Issuer::None;
    if (issuer == Issuer::Silent)
        return failure(ErrorCode::TokenInvalid,
            QStringLiteral("its key is not known, and the issuer cannot be asked"));
    // No signature was checked for it, and an honest client may be early with a new key.
    if (issuer == Issuer::None && claims.error().code != ErrorCode::TokenExpired)
        m_badTokens->recordFailure(address);
    return tl::unexpected<Error>(claims.error());
}

bool Identities::isLocked(const QString& address) const
{
    return m_badTokens && !m_badTokens->check(address);
}

Inquiry Identities::awaitKeyOf(
    const QString& address, const QByteArray& token, KeyWait wait, std::function<void()> done) const
{
    if (!m_keys || isLocked(address) || !m_verifier.namesUnknownKey(token))
        return Inquiry::NotNeeded;
    return m_keys->fetch(wait, std::move(done));
}

bool Identities::isHolderSettled(const QByteArray& token, Millis grace) const
{
    const auto claims = m_verifier.verify(token, grace);
    return !m_elsewhere || !claims || m_elsewhere->isSettled(*claims);
}

Inquiry Identities::awaitHolderOf(const QString& address, const QByteArray& token, Millis grace,
    std::function<void(Result<void>)> done) const
{
    if (!m_elsewhere || token.isEmpty() || isLocked(address))
        return Inquiry::NotNeeded;
    const auto claims = m_verifier.verify(token, grace);
    return claims ? m_elsewhere->learn(*claims, token, std::move(done)) : Inquiry::NotNeeded;
}

QByteArray Identities::expiredSubject(const QByteArray& token) const
{
    constexpr Millis anyAge = std::chrono::hours{24 * 365 * 100};
    const auto claims = m_verifier.verify(token, anyAge);
    if (!claims)
        return {};
    return QByteArray(access::name(claims->kind).data()) + ':' + claims->subject.toUtf8();
}

std::optional<access::Principal> Identities::current(const access::Principal& principal) const
{
    if (principal.kind == access::PrincipalKind::Node) {
        const work::Node* node = m_directory.node(principal.nodeId());
        return node ? std::optional(principalOf(*node, principal.expiresAt, principal.key))
                    : std::nullopt;
    }
    if (principal.kind == access::PrincipalKind::User) {
        const work::User* user = m_directory.user(principal.userId());
        return user ? std::optional(principalOf(*user, principal.expiresAt, principal.key))
                    : std::nullopt;
    }
    return principal;
}

bool Identities::isAccountCurrent(AdminId id, QByteArrayView accountMark) const
{
    const work::AdminAccount* account = m_directory.admin(id);
    return account && access::accountMark(account->passwordHash) == accountMark;
}

access::Rights Identities::rightsOf(const access::Principal& principal) const
{
    return identity::rightsOf(m_directory, principal.userId());
}

Result<Identity> Identities::withDirectory(access::Claims claims) const
{
    using access::TokenKind;
    switch (claims.kind) {
    case TokenKind::User:
        return userIdentity(std::move(claims));
    case TokenKind::Node: {
        const work::Node* node = claims.subjectId > 0
            ? m_directory.node(NodeId{claims.subjectId})
            : m_directory.nodeByKeycloakId(claims.subject);
        return nodeIdentity(std::move(claims), node);
    }
    case TokenKind::Container: {
        const NodeId id{claims.container.value(QLatin1String("node_id")).toInteger()};
        return nodeIdentity(std::move(claims), m_directory.node(id));
    }
    case TokenKind::Service:
        return ownIdentity(std::move(claims), access::PrincipalKind::Service);
    case TokenKind::Admin:
        return ownIdentity(std::move(claims), access::PrincipalKind::Admin);
    }
    return failure(ErrorCode::TokenInvalid, QStringLiteral("unknown kind of token"));
}

access::Principal Identities::principalOf(
    const work::Node& node, std::optional<Millis> expiresAt, quint64 key)
{
    return {access::PrincipalKind::Node, node.id.value, node.name, node.organization,
        node.collaboration, expiresAt, key};
}

access::Principal Identities::principalOf(
    const work::User& user, std::optional<Millis> expiresAt, quint64 key)
{
    return {access::PrincipalKind::User, user.id.value, user.username, user.organization, {},
        expiresAt, key};
}

Result<Identity> Identities::nodeIdentity(access::Claims claims, const work::Node* node) const
{
    if (!node)
        return failure(ErrorCode::TokenInvalid, QStringLiteral("the node does not exist"));
    Identity identity;
    identity.principal = principalOf(*node, claims.expiresAt, claims.key);
    identity.claims = std::move(claims);
    return identity;
}

Result<Identity> Identities::userIdentity(access::Claims claims) const
{
    const work::User* user = claims.subjectId > 0 ? m_directory.user(UserId{claims.subjectId})
                                                  : m_directory.userByKeycloakId(claims.subject);
    if (!user)
        return failure(ErrorCode::TokenInvalid, QStringLiteral("the user does not exist"));
    Identity identity;
    identity.principal = principalOf(*user, claims.expiresAt, claims.key);
    identity.claims = std::move(claims);
    return identity;
}

Result<Identity> Identities::ownIdentity(access::Claims claims, access::PrincipalKind kind) const
{
    Identity identity;
    QString name = claims.name;
    const work::AdminAccount* account = kind == access::PrincipalKind::Admin
        ? m_directory.admin(AdminId{claims.subjectId})
        : nullptr;
    const QByteArray mark = access::accountOf(claims);
    if (!mark.isEmpty() && !isAccountCurrent(AdminId{claims.subjectId}, mark)) {
        return failure(
            ErrorCode::TokenInvalid, QStringLiteral("the account is gone or has another password"));
    }
    if (account)
        name = account->name;
    if (name.isEmpty())
        name = access::name(kind) + QLatin1Char(' ') + QString::number(claims.subjectId);
    identity.principal = {kind, claims.subjectId, name, {}, {}, claims.expiresAt, claims.key};
    identity.claims = std::move(claims);
    return identity;
}

} // namespace gatehouse::identity
