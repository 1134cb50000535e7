// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "common/core/result.h"
#include "server/access/keyset.h"

#include <QByteArray>
#include <QHash>
#include <QString>
#include <QStringList>

#include <functional>
#include <list>
#include <optional>
#include <vector>

namespace gatehouse::access {

/// How to read the tokens of an issuer who names his claims in his own way. `[claims.NAME]` of the
/// configuration.
struct ClaimProfile
{
    QString name;
    std::vector<Algorithm> algorithms{Algorithm::HS256};
    QByteArray subject = "sub"; ///< a whole number or a text
    QByteArray displayName; ///< a text; empty: the subject
    QByteArray expires = "exp"; ///< seconds since 1970; empty: not looked at
    /// When it was issued: seconds since 1970, or an ISO 8601 text. With `lifetime` (seconds) the
    /// token ends then. The earlier end counts when there are two; one there must be, unless
    /// `isEndlessAllowed`.
    QByteArray issued;
    QByteArray lifetime;
    enum class NaiveTime : quint8 { Utc, Local } naiveTime = NaiveTime::Utc; ///< without an offset
    bool isEndlessAllowed = false;
    QByteArray permissions; ///< a number of bits, or a list of their names
    QByteArray adminClaim; ///< true: administrator of the platform
    QStringList admins; ///< subjects who are too
    Millis leeway{10'000};
    qsizetype maxTokenBytes = 8 * 1024;
    qsizetype maxCachedTokens = 4'096;
};

/// What a token says, read by a profile. A value.
struct ProfileClaims
{
    QByteArray subject; ///< as text: "214037134477230080"
    QByteArray rawSubject; ///< as it stands in the token's JSON, for whom it is stamped on
    qint64 id = 0; ///< the subject, when it is a positive whole number
    QString name;
    std::optional<Millis> expiresAt; ///< wall clock; none: endless
    Millis notBefore{}; ///< `nbf`, wall clock; 0 when absent
    quint64 permissions = 0;
    QStringList permissionNames;
    bool isPlatformAdmin = false;
    QByteArray payload; ///< every claim, checked JSON
    quint64 key = 0; ///< Key::fingerprint() of the one that verified it
};

/// Reads a payload whose signature holds: strict JSON without duplicate names, every claim of the
/// profile of its type. TokenInvalid says what is wrong. Does not look at the clock.
Result<ProfileClaims> readProfileClaims(const ClaimProfile& profile, const QByteArray& payload);

/// Verifies tokens by a claim profile, with keys of its own. Refuses those that somebody has
/// revoked. Network thread only. Remembers verified tokens by their hash.
class ProfileVerifier
{
public:
    ProfileVerifier(ClaimProfile profile, KeySet keys, const Clock& clock);

    const ClaimProfile& profile() const { return m_profile; }

    /// TokenMissing, TokenForged, TokenInvalid, TokenExpired as TokenVerifier::verify(); a revoked
    /// one is TokenInvalid.
    Result<ProfileClaims> verify(const QByteArray& token);

    /// The same claims, later: TokenExpired when their time is over, TokenInvalid when revoked, or
    /// when the key is gone that had verified them.
    Result<void> recheck(const ProfileClaims& claims, const QByteArray& tokenHash);

    /// From now until its end this token is refused. False when it is none of ours (any more); one
    /// that was revoked before stays so.
    bool revoke(const QByteArray& token);
    void revoke(
        const ProfileClaims& claims, const QByteArray& tokenHash); ///< one that was verified
    /// The same, known from elsewhere: an earlier run, another process.
    void addRevocation(const QByteArray& tokenHash, Millis until);
    /// By the hashes of tokens: when each would have ended, wall clock.
    const QHash<QByteArray, Millis>& revocations() const { return m_revoked; }
    qsizetype revokedTokens() const { return m_revoked.size(); }
    /// Writes what is revoked where it outlasts the process, and says whether it did. None: there
    /// is no such place.
    using Kept = std::function<void(const Result<void>&)>;
    void setKeeper(std::function<void(Kept)> keeper) { m_keeper = std::move(keeper); }
    void keepRevocations(Kept done) const;

    /// Is called after each one that is new.
    void setRevoked(std::function<void()> revoked) { m_wasRevoked = std::move(revoked); }

    /// Other keys from now on: what was verified with the former ones is verified anew.
    void setKeys(KeySet keys);
    qsizetype keyCount() const { return m_keys.size(); }

    static QByteArray hashOf(const QByteArray& token);

private:
    struct Remembered
    {
        ProfileClaims claims;
        std::list<QByteArray>::iterator age;
    };

    bool isOver(const std::optional<Millis>& expiresAt) const;
    Result<ProfileClaims> check(const QByteArray& token) const;
    void remember(const QByteArray& hash, const ProfileClaims& claims);
    void forgetEndedRevocations();

    const ClaimProfile m_profile;
    KeySet m_keys;
    const Clock& m_clock;
    QHash<QByteArray, Remembered> m_cache;
    std::list<QByteArray> m_ages; ///< hashes, oldest first
    QHash<QByteArray, Millis> m_revoked; ///< by hash: when the token would have ended
    std::function<void()> m_wasRevoked;
    std::function<void(Kept)> m_keeper;
    qsizetype m_revocationsToSweep = 64; ///< so many, and the ended ones are looked for
};

} // namespace gatehouse::access
