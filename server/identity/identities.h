// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "common/core/result.h"
#include "server/access/claims.h"
#include "server/access/principal.h"
#include "server/access/rights.h"
#include "server/identity/keysource.h"

#include <QByteArray>

#include <functional>
#include <optional>

namespace gatehouse::access {
class LoginLimiter;
class TokenVerifier;
} // namespace gatehouse::access
namespace gatehouse::work {
class Directory;
struct Node;
struct User;
} // namespace gatehouse::work

namespace gatehouse::identity {

class Elsewhere;

/// Who a token speaks for. `principal` of a container token is the node the container runs on.
struct Identity
{
    access::Principal principal;
    access::Claims claims;

    bool isContainer() const { return claims.kind == access::TokenKind::Container; }
};

/// The rights of a user at this moment; empty for one that does not exist.
access::Rights rightsOf(const work::Directory& directory, UserId user);

/// Joins what a token says with what the directory knows (by number, or by Keycloak's id where
/// `sub` is a text): the one place where both meet, so that sockets, HTTP and the console agree on
/// who somebody is. Owned by the composition root; network thread only.
class Identities
{
public:
    /// `badTokens` counts the addresses bad tokens come from; null counts nothing. `keys` knows
    /// issuers to ask for theirs, `elsewhere` holders; null: none.
    Identities(access::TokenVerifier& verifier, const work::Directory& directory,
        access::LoginLimiter* badTokens = nullptr, KeySource* keys = nullptr,
        Elsewhere* elsewhere = nullptr)
        : m_verifier(verifier), m_directory(directory), m_badTokens(badTokens), m_keys(keys),
          m_elsewhere(elsewhere)
    {
    }

    /// TokenMissing, TokenInvalid, TokenExpired as the verifier says; TokenInvalid also for a user
    /// or node that is not in the directory (any more), and for a token an administrator got for a
    /// password that is not the account's any more.
    Result<Identity> identify(const QByteArray& token, Millis grace = Millis{0}) const;

    /// The same for a token from outside: RateLimited, without a look at it, when too many from
    /// this address were malformed or not signed by any key of ours. Missing and expired ones,
    /// those of deleted users and nodes, and those that name a key nobody has do not count where an
    /// issuer can be asked for its keys: it may be its newest. While it cannot be reached they are
    /// TokenInvalid, never TokenForged.
    Result<Identity> identifyFrom(
        const QString& address, const QByteArray& token, Millis grace = Millis{0}) const;

    /// Asked when this token's key is not known yet: `done` is called then, and the token is to be
    /// looked at only after that. Nothing is asked for an address whose tokens are not looked at.
    Inquiry awaitKeyOf(const QString& address, const QByteArray& token, KeyWait wait,
        std::function<void()> done) const;

    /// The same for the holder of a token that is right, where another server knows the holders.
    /// `done` gets an error when that server refuses the token (Elsewhere::learn()).
    /// isHolderSettled(): it would not be asked.
    bool isHolderSettled(const QByteArray& token, Millis grace) const;
    Inquiry awaitHolderOf(const QString& address, const QByteArray& token, Millis grace,
        std::function<void(Result<void>)> done) const;

    /// A name for whoever holds an expired but otherwise good token ("node:7"); empty for others.
    QByteArray expiredSubject(const QByteArray& token) const;

    /// The same principal as the directory knows it at this moment: name and place may have changed
    /// since its token was looked at. None when a user or node is not there any more.
    std::optional<access::Principal> current(const access::Principal& principal) const;

    /// Whether there is the administrator who got a token with this access::accountMark(), with the
    /// same password still.
    bool isAccountCurrent(AdminId id, QByteArrayView accountMark) const;

    /// The rights of a user at this moment; empty for everybody else.
    access::Rights rightsOf(const access::Principal& principal) const;

private:
    bool isLocked(const QString& address) const;
    Result<Identity> withDirectory(access::Claims claims) const;
    Result<Identity> nodeIdentity(access::Claims claims, const work::Node* node) const;
    static access::Principal principalOf(
        const work::Node& node, std::optional<Millis> expiresAt, quint64 key);
    static access::Principal principalOf(
        const work::User& user, std::optional<Millis> expiresAt, quint64 key);
    Result<Identity> userIdentity(access::Claims claims) const;
    Result<Identity> ownIdentity(access::Claims claims, access::PrincipalKind kind) const;

    access::TokenVerifier& m_verifier;
    const work::Directory& m_directory;
    access::LoginLimiter* m_badTokens;
    KeySource* m_keys;
    Elsewhere* m_elsewhere;
};

} // namespace gatehouse::identity
