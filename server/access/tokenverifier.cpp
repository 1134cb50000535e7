// SPDX-License-Identifier: Apache-2.0
#include "server/access/tokenverifier.h"

#include "common/core/strictjson.h"
#include "server/access/base64url.h"

#include <QCryptographicHash>

#include <algorithm>

namespace gatehouse::access {

namespace {

/// A token's three parts, still encoded.
struct Parts
{
    QByteArrayView header;
    QByteArrayView payload;
    QByteArrayView signature;
    QByteArrayView signedPart; ///< header.payload
};

tl::unexpected<Error> invalid(const QString& why)
{
    return failure(ErrorCode::TokenInvalid, why);
}

/// Stops at the third dot, however many follow.
std::optional<Parts> split(QByteArrayView token)
{
    const qsizetype first = token.indexOf('.');
    const qsizetype second = first < 0 ? -1 : token.indexOf('.', first + 1);
    if (second < 0 || token.indexOf('.', second + 1) >= 0)
        return std::nullopt;
    return Parts{token.first(first), token.sliced(first + 1, second - first - 1),
        token.sliced(second + 1), token.first(second)};
}

/// The two header parameters that choose a key; nothing else of the header is ever used. Keys the
/// token brings along (jwk, jku, x5c, x5u) are not even looked at.
struct HeaderChoice
{
    Algorithm algorithm;
    std::optional<QByteArray> kid;
};

Result<HeaderChoice> readHeader(QByteArrayView header)
{
    const JsonRules rules{.maxDepth = 8,
        .duplicateNames = DuplicateNames::Refuse,
        .loneSurrogates = LoneSurrogates::Refuse};
    if (const auto checked = checkJson(header, rules); !checked)
        return invalid(QStringLiteral("header: ") + checked.error().toError().detail);
    if (jsonKind(header) != JsonKind::Object)
        return invalid(QStringLiteral("header is not an object"));
    // RFC 7515 section 4.1.11: extensions that must be understood; we know none.
    if (rawMember(header, "crit") || rawMember(header, "b64"))
        return invalid(QStringLiteral("header has extensions"));
    const auto alg = rawMember(header, "alg");
    const auto algorithm
        = algorithmFromName(QString::fromUtf8((alg ? jsonText(*alg) : std::nullopt).value_or("")));
    if (!algorithm)
        return invalid(QStringLiteral("algorithm is not accepted"));
    HeaderChoice choice{*algorithm, std::nullopt};
    if (const auto kid = rawMember(header, "kid")) {
        choice.kid = jsonText(*kid);
        if (!choice.kid)
            return invalid(QStringLiteral("kid is not a text"));
    }
    return choice;
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
    const auto parts = split(token);
    if (!parts)
        return invalid(QStringLiteral("token does not have three parts"));
    const auto header = decodeBase64Url(parts->header);
    const auto payload = decodeBase64Url(parts->payload);
    const auto signature = decodeBase64Url(parts->signature);
    if (!header || !payload || !signature)
        return invalid(QStringLiteral("token is not canonical base64url"));
    const auto key = signer(token, *header, parts->signedPart, *signature);
    if (!key)
        return tl::unexpected(key.error());
    auto claims = readClaims(*payload);
    if (!claims)
        return claims;
    if (const auto bound = checkBinding(*claims, (*key)->binding()); !bound)
        return tl::unexpected(bound.error());
    return claims;
}

Result<const Key*> TokenVerifier::signer(const QByteArray& token, QByteArrayView header,
    QByteArrayView signedPart, const QByteArray& signature) const
{
    const auto choice = readHeader(header);
    if (!choice)
        return tl::unexpected(choice.error());
    if (!isAccepted(choice->algorithm))
        return invalid(QStringLiteral("algorithm is not accepted"));
    for (const Key* key : m_keys.candidates(choice->algorithm, choice->kid)) {
        if (key->verifies(token, signedPart, signature))
            return key;
    }
    return failure(ErrorCode::TokenForged, QStringLiteral("no key of ours made the signature"));
}

bool TokenVerifier::isAccepted(Algorithm algorithm) const
{
    const auto names = [algorithm](const std::vector<Algorithm>& list) {
        return std::find(list.begin(), list.end(), algorithm) != list.end();
    };
    return names(m_keys.algorithms())
        && (m_options.algorithms.empty() || names(m_options.algorithms));
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
