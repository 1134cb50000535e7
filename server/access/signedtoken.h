// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"
#include "server/access/keyset.h"

#include <QByteArray>

#include <vector>

namespace gatehouse::access {

/// What a JSON Web Token (RFC 7515, compact form) carries, once its signature holds.
struct SignedToken
{
    QByteArray payload; ///< decoded, not looked into
    const Key* key = nullptr; ///< of the key set given
};

/// The way from a token's text to its payload, the same for every kind of claims. Nothing of the
/// token is used before its signature holds, except `alg` and `kid` to choose the key. Order: dots,
/// alphabet and canonical base64url, header (strict JSON, no duplicate names, no `crit`), `alg` in
/// the list, key by `kid` bound to that algorithm, signature. TokenInvalid says what is wrong;
/// TokenForged: everything before the signature is right, but no key of that algorithm made it.
/// `algorithms` narrows those of the keys; empty does not.
Result<SignedToken> openSignedToken(
    const QByteArray& token, const KeySet& keys, const std::vector<Algorithm>& algorithms);

/// True when the header is right but names, by `kid`, a key of its algorithm that is not in the
/// set: the one reason to ask the issuer for its keys again. HS256 has no issuer to ask.
bool namesUnknownKey(
    const QByteArray& token, const KeySet& keys, const std::vector<Algorithm>& algorithms);

} // namespace gatehouse::access
