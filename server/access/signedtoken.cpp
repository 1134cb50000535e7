// SPDX-License-Identifier: Apache-2.0
#include "server/access/signedtoken.h"

#include "common/core/strictjson.h"
#include "server/access/base64url.h"

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

bool isAccepted(Algorithm algorithm, const KeySet& keys, const std::vector<Algorithm>& algorithms)
{
    const auto names = [algorithm](const std::vector<Algorithm>& list) {
        return std::find(list.begin(), list.end(), algorithm) != list.end();
    };
    return names(keys.algorithms()) && (algorithms.empty() || names(algorithms));
}

} // namespace

Result<SignedToken> openSignedToken(
    const QByteArray& token, const KeySet& keys, const std::vector<Algorithm>& algorithms)
{
    const auto parts = split(token);
    if (!parts)
        return invalid(QStringLiteral("token does not have three parts"));
    const auto header = decodeBase64Url(parts->header);
    auto payload = decodeBase64Url(parts->payload);
    const auto signature = decodeBase64Url(parts->signature);
    if (!header || !payload || !signature)
        return invalid(QStringLiteral("token is not canonical base64url"));
    const auto choice = readHeader(*header);
    if (!choice)
        return tl::unexpected(choice.error());
    if (!isAccepted(choice->algorithm, keys, algorithms))
        return invalid(QStringLiteral("algorithm is not accepted"));
    for (const Key* key : keys.candidates(choice->algorithm, choice->kid)) {
        if (key->verifies(token, parts->signedPart, *signature))
            return SignedToken{*std::move(payload), key};
    }
    return failure(ErrorCode::TokenForged, QStringLiteral("no key of ours made the signature"));
}

bool namesUnknownKey(
    const QByteArray& token, const KeySet& keys, const std::vector<Algorithm>& algorithms)
{
    const auto parts = split(token);
    const auto header = parts ? decodeBase64Url(parts->header) : std::nullopt;
    const auto choice = header ? readHeader(*header) : Result<HeaderChoice>(invalid({}));
    if (!choice || !choice->kid || choice->algorithm == Algorithm::HS256)
        return false;
    const bool isAllowed = algorithms.empty()
        || std::find(algorithms.begin(), algorithms.end(), choice->algorithm) != algorithms.end();
    return isAllowed && keys.candidates(choice->algorithm, choice->kid).empty();
}

} // namespace gatehouse::access
