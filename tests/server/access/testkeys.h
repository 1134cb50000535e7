// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QByteArray>

#include <openssl/evp.h>

#include <memory>

// Keys and signatures made on the spot with OpenSSL, independent of the code under test. Anything
// can be signed with anything here: that is what an attacker does.
namespace gatehouse::access::test {

using PkeyPtr = std::shared_ptr<EVP_PKEY>;

PkeyPtr makeRsaKey(int bits = 2048);
PkeyPtr makeP256Key();
PkeyPtr makeEcKey(const char* curve);
PkeyPtr makeEd25519Key();

QByteArray publicPem(const PkeyPtr& key);
QByteArray privatePem(const PkeyPtr& key);
QByteArray certificatePem(const PkeyPtr& key);

/// The public half as a JWK with these further members, e.g. R"("kid":"a")".
QByteArray publicJwk(const PkeyPtr& key, const QByteArray& members = {});

QByteArray base64Url(const QByteArray& octets);

/// header.payload, both encoded.
QByteArray signedPart(const QByteArray& header, const QByteArray& payload);

QByteArray hmacToken(const QByteArray& header, const QByteArray& payload, const QByteArray& secret);

/// RS256, ES256 (r and s side by side) or EdDSA, by the key's type, whatever the header says.
QByteArray signedToken(const QByteArray& header, const QByteArray& payload, const PkeyPtr& key);

} // namespace gatehouse::access::test
