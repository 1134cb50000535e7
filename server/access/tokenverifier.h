// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "common/core/result.h"
#include "server/access/claims.h"
#include "server/access/keyset.h"

#include <QHash>

#include <list>
#include <optional>
#include <vector>

namespace gatehouse::access {

struct VerifierOptions
{
    /// Only these are looked at, whatever keys there are. Empty: those of the keys.
    std::vector<Algorithm> algorithms{};
    Millis leeway{10'000}; ///< clock difference forgiven on exp, nbf and iat
    qsizetype maxTokenBytes = 8 * 1024;
    qsizetype maxCachedTokens = 4'096; ///< verified tokens remembered; 0: none
};

/// Verifies JSON Web Tokens (RFC 7515, RFC 7519), compact form. Nothing of a token is used before
/// its signature holds, except `alg` and `kid` to choose the key. Order: size, dots, alphabet and
/// canonical base64url, header (strict JSON, no duplicate names, no `crit`), `alg` in the list, key
/// by `kid` bound to that algorithm, signature, payload (strict JSON, no duplicate names), claims.
/// Network thread only (or any one thread). Remembers verified tokens by their hash.
class TokenVerifier
{
public:
    TokenVerifier(KeySet keys, VerifierOptions options, const Clock& clock);

    /// Errors: TokenMissing (empty), TokenForged (everything before the signature is right, but no
    /// key of that algorithm made it), TokenInvalid (anything else), TokenExpired. Expired is said
    /// only of a token that is right in everything else. With a `grace` such a token is accepted
    /// for that much longer; the caller sees it by Claims::expiresAt.
    Result<Claims> verify(const QByteArray& token, Millis grace = Millis{0});

    /// True for a token that names a key of an issuer which is not known (yet). Looks at the header
    /// alone.
    bool namesUnknownKey(const QByteArray& token) const;

    /// The token of an `Authorization: Bearer …` value; the scheme's name in any case.
    static std::optional<QByteArray> bearerToken(QByteArrayView headerValue);

    /// Takes new keys and forgets every remembered token.
    void setKeys(KeySet keys);

    /// Whether a key that verified a token (Claims::key) is still one of them.
    bool hasKey(quint64 fingerprint) const { return m_keys.holds(fingerprint); }

    qsizetype cachedTokens() const { return m_cache.size(); }

private:
    struct Remembered
    {
        Claims claims;
        std::list<QByteArray>::iterator age;
    };

    Result<Claims> check(const QByteArray& token) const;
    Result<void> checkBinding(const Claims& claims, const KeyBinding& binding) const;
    Result<void> checkTimes(const Claims& claims, Millis grace) const;
    void remember(const QByteArray& hash, const Claims& claims);

    KeySet m_keys;
    VerifierOptions m_options;
    const Clock& m_clock;
    QHash<QByteArray, Remembered> m_cache;
    std::list<QByteArray> m_ages; ///< hashes, oldest first
};

} // namespace gatehouse::access
