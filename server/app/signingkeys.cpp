// SPDX-License-Identifier: Apache-2.0
#include "server/app/signingkeys.h"

#include "server/access/secrets.h"

namespace gatehouse::app {

namespace {

Error named(const char* key, const QString& path, const Error& error)
{
    return {error.code,
        QString(QString::fromLatin1(key) + QStringLiteral(": ") + path + QStringLiteral(": ")
            + error.detail)};
}

} // namespace

Result<SigningKeys> loadSigningKeys(const Configuration& configuration)
{
    const Configuration::Auth& auth = configuration.auth;
    SigningKeys keys;

    const QString path = configuration.secretPath();
    const auto own = auth.secretFile.isEmpty() ? access::readOrCreateSecretFile(path)
                                               : access::readSecretFile(path);
    if (!own) {
        return tl::unexpected(named("auth.secret_file", path, own.error()));
    }
    keys.secret = own->content;
    keys.warnings = own->warnings;
    access::KeyBinding ownBinding;
    ownBinding.trust = access::KeyTrust::Full;
    if (const auto added = keys.verification.addSecret(keys.secret, ownBinding); !added) {
        return tl::unexpected(named("auth.secret_file", path, added.error()));
    }

    access::KeyBinding& binding = keys.others;
    binding.issuer = auth.issuer.toUtf8();
    if (!auth.audience.isEmpty()) {
        binding.audiences.append(auth.audience.toUtf8());
    }
    for (const QString& file : auth.acceptedSecrets) {
        if (const auto added = keys.verification.addSecretFile(file, binding, &keys.warnings);
            !added) {
            return tl::unexpected(named("auth.accepted_secrets", file, added.error()));
        }
    }
    for (const QString& file : auth.publicKeys) {
        if (const auto added = keys.verification.addPemFile(file, binding, &keys.warnings);
            !added) {
            return tl::unexpected(named("auth.public_keys", file, added.error()));
        }
    }
    if (!auth.jwksFile.isEmpty()) {
        const auto added = keys.verification.addJwksFile(auth.jwksFile, binding, &keys.warnings);
        if (!added) {
            return tl::unexpected(named("auth.jwks_file", auth.jwksFile, added.error()));
        }
    }
    return keys;
}

} // namespace gatehouse::app
