// SPDX-License-Identifier: Apache-2.0
#include "server/access/tokenverifier.h"

#include "server/access/signedtoken.h"

#include <QCryptographicHash>

#include <algorithm>

namespace gatehouse::access {

namespace {

tl::unexpected<Error> invalid(const QString& why)
{
    return failure(ErrorCode::TokenInvalid, why);
}

bool isTrustedWith(KeyTrust trust, TokenKind kind)
{
    return trust == KeyTrust::Full || (kind != TokenKind::Admin && kind != TokenKind::Service);
}

} // namespace

TokenVerifier::TokenVerifier(KeySet keys, VerifierOptions options, const Clock& clock)
    : m_keys(std::move(keys)), m_options(std::move(options)), m_clock(clock)
{
}

Result<Claims> TokenVerifier::verify(const QByteArray& token, Millis grace)
{
    if (token.isEmpty())
        return failure(ErrorCode::TokenMissing);
    if (token.size() > m_options.maxTokenBytes)
        return invalid(QStringLiteral("token is too long"));
    const QByteArray hash = QCryptographicHash::hash(token, QCryptographicHash::Sha256);
    if (const auto known = m_cache.constFind(hash); known != m_cache.constEnd()) {
        if (const auto timely = checkTimes(known->claims, grace); !timely) {
            m_ages.erase(known->age);
            m_cache.erase(known);
            return tl::unexpected(timely.error());
        }
        return known->claims;
    }
    auto claims = check(token);
    if (!claims)
        return claims;
    if (const auto timely = checkTimes(*claims, grace); !timely)
        return tl::unexpected(timely.error());
    remember(hash, *claims);
    return claims;
}

Result<Claims> TokenVerifier::check(const QByteArray& token) const
{
    const auto opened = openSignedToken(token, m_keys, m_options.algorithms);
    if (!opened)
        return tl::unexpected(opened.error());
    auto claims = readClaims(opened->payload);
    if (!claims)
        return claims;
    if (const auto bound = checkBinding(*claims, opened->key->binding()); !bound)
        return tl::unexpected(bound.error());
    claims->key = opened->key->fingerprint();
    return claims;
}

Result<void> TokenVerifier::checkBinding(const Claims& claims, const KeyBinding& binding) const
{
    // A key without an issuer of its own must not sign in another issuer's name either.
    if (binding.issuer.isEmpty() ? m_keys.hasIssuer(claims.issuer)
                                 : claims.issuer != binding.issuer)
        return invalid(QStringLiteral("token of another issuer"));
    const auto isOurs
        = [&](const QByteArray& audience) { return binding.audiences.contains(audience); };
    if (!binding.audiences.isEmpty()
        && std::none_of(claims.audiences.begin(), claims.audiences.end(), isOurs))
        return invalid(QStringLiteral("token for another audience"));
    if (!isTrustedWith(binding.trust, claims.kind))
        return invalid(QStringLiteral("key may not sign for this kind of client"));
    return {};
}

Result<void> TokenVerifier::checkTimes(const Claims& claims, Millis grace) const
{
    const Millis now = m_clock.wall();
    if (claims.notBefore > now + m_options.leeway)
        return invalid(QStringLiteral("token is not valid yet"));
    if (claims.issuedAt > now + m_options.leeway)
        return invalid(QStringLiteral("token was issued in the future"));
    if (claims.expiresAt && now >= *claims.expiresAt + m_options.leeway + grace)
        return failure(ErrorCode::TokenExpired, QStringLiteral("token has expired"));
    return {};
}

void TokenVerifier::remember(const QByteArray& hash, const Claims& claims)
{
    if (m_options.maxCachedTokens <= 0)
        return;
    while (m_cache.size() >= m_options.maxCachedTokens) {
        m_cache.remove(m_ages.front());
        m_ages.pop_front();
    }
    m_cache.insert(hash, Remembered{claims, m_ages.insert(m_ages.end(), hash)});
}

bool TokenVerifier::namesUnknownKey(const QByteArray& token) const
{
    return token.size() <= m_options.maxTokenBytes
        && access::namesUnknownKey(token, m_keys, m_options.algorithms);
}

std::optional<QByteArray> TokenVerifier::bearerToken(QByteArrayView headerValue)
{
    constexpr QByteArrayView scheme("bearer ");
    const QByteArrayView value = headerValue.trimmed();
    if (value.size() <= scheme.size()
        || value.first(scheme.size()).compare(scheme, Qt::CaseInsensitive) != 0)
        return std::nullopt;
    return value.sliced(scheme.size()).trimmed().toByteArray();
}

void TokenVerifier::setKeys(KeySet keys)
{
    m_keys = std::move(keys);
    m_cache.clear();
    m_ages.clear();
}

} // namespace gatehouse::access
