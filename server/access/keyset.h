// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"

#include <QByteArray>
#include <QByteArrayList>
#include <QStringList>

#include <memory>
#include <optional>
#include <vector>

namespace gatehouse::access {

/// The signature algorithms we know (RFC 7518, RFC 8037). "none" is not one of them.
enum class Algorithm : quint8 { HS256, RS256, ES256, EdDSA };

QLatin1StringView name(Algorithm algorithm); ///< as in the JOSE header: "HS256" …
std::optional<Algorithm> algorithmFromName(QStringView name); ///< exact, case matters

/// Which kinds of principal a key's tokens may speak as. Somebody else's issuer can never make an
/// administrator of this server.
enum class KeyTrust : quint8 {
    Federation, ///< users, nodes and containers
    Full, ///< also services and admins: keys that only this server (or its operator) holds
};

/// What a key is tied to, beside its algorithm.
struct KeyBinding
{
    QByteArray kid{}; ///< empty: for tokens with any or no `kid`; else the token must name it
    QByteArray issuer{}; ///< empty: `iss` is not asked for; else `iss` must equal it
    QByteArrayList
        audiences{}; ///< empty: `aud` is not asked for; else one of them must be in `aud`
    KeyTrust trust = KeyTrust::Federation;
};

/// One verification key: its material, its one algorithm and its binding. Immutable, shared.
class Key
{
public:
    virtual ~Key() = default;
    Key(const Key&) = delete;
    Key& operator=(const Key&) = delete;

    Algorithm algorithm() const { return m_algorithm; }
    const KeyBinding& binding() const { return m_binding; }
    /// Tells this key from every other: of its algorithm, name and material. Never zero, no secret.
    quint64 fingerprint() const { return m_fingerprint; }

    /// `token` is a whole compact JWS with canonical base64url parts whose header names this key's
    /// algorithm (TokenVerifier has checked both); `signedPart` is header.payload of it.
    virtual bool verifies(
        const QByteArray& token, QByteArrayView signedPart, const QByteArray& signature) const = 0;

protected:
    /// `material`: what makes it verify; secret or public.
    Key(Algorithm algorithm, KeyBinding binding, QByteArrayView material);

private:
    Algorithm m_algorithm;
    KeyBinding m_binding;
    quint64 m_fingerprint;
};

/// The keys tokens are verified with. Filled at start and on reload, then only read; a value that
/// shares its keys. Not to be used from two threads (cjose counts references without atomics):
/// load one per thread.
class KeySet
{
public:
    /// HS256. A secret of fewer than 16 octets is refused, as guessable.
    Result<void> addSecret(const QByteArray& secret, KeyBinding binding = {});

    /// A PEM public key, private key (its public half is used) or certificate: RSA of at least 2048
    /// bits is RS256, P-256 is ES256, Ed25519 is EdDSA; anything else is refused.
    Result<void> addPem(const QByteArray& pem, KeyBinding binding = {});

    /// A JWKS ({"keys": […]}, strict JSON, no duplicate names). `kid` comes from each key; issuer,
    /// audiences and trust from the binding. Keys for encryption and of unknown kinds are skipped;
    /// a set without any usable key is refused. Returns how many keys were added.
    Result<int> addJwks(const QByteArray& json, const KeyBinding& binding = {});

    /// The same from files. A file that holds a secret or a private key must not be readable by
    /// others (see secretfile.h); what is only suspicious is added to `warnings`.
    Result<void> addSecretFile(
        const QString& path, KeyBinding binding = {}, QStringList* warnings = nullptr);
    Result<void> addPemFile(
        const QString& path, KeyBinding binding = {}, QStringList* warnings = nullptr);
    Result<int> addJwksFile(
        const QString& path, KeyBinding binding = {}, QStringList* warnings = nullptr);

    bool isEmpty() const { return m_keys.empty(); }
    qsizetype size() const { return qsizetype(m_keys.size()); }

    /// The keys that may have signed a token with this header, in the order they were added.
    /// Issuers stay apart: two of them may use the same `kid`, and the token is then good only for
    /// the issuer whose key verified it.
    std::vector<const Key*> candidates(
        Algorithm algorithm, const std::optional<QByteArray>& kid) const;

    bool holds(quint64 fingerprint) const; ///< Key::fingerprint()
    bool hasIssuer(QByteArrayView issuer) const; ///< some key is bound to it
    std::vector<Algorithm> algorithms() const; ///< of all keys, each once

private:
    Result<void> add(std::shared_ptr<const Key> key);

    std::vector<std::shared_ptr<const Key>> m_keys;
};

} // namespace gatehouse::access
