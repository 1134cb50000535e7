// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/access/keyset.h"

#include <memory>

// Makes Key values from what operators have: one function per form. Used by KeySet alone.
namespace gatehouse::access {

using KeyPtr = std::shared_ptr<const Key>;

Result<KeyPtr> keyFromSecret(const QByteArray& secret, KeyBinding binding);
Result<KeyPtr> keyFromPem(const QByteArray& pem, KeyBinding binding);

/// One member of a JWKS, as text that checkJson() accepted. Null for a key that is none of our
/// business (for encryption, of another kind or curve); an error for one that is broken.
Result<KeyPtr> keyFromJwk(QByteArrayView jwk, KeyBinding binding);

bool holdsPrivateKey(QByteArrayView pem);
bool holdsSecret(QByteArrayView jwk); ///< a private or symmetric key

} // namespace gatehouse::access
