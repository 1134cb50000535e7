// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"

#include <QByteArray>
#include <QStringList>

// Randomness for secrets, comparison in constant time, and files that hold secrets. Everything
// random is from the system's generator (OpenSSL's DRBG, seeded by the kernel).
namespace gatehouse::access {

QByteArray randomBytes(qsizetype count);

/// Base64url text of `octets` random octets: session keys, signing secrets.
QByteArray randomToken(qsizetype octets = 32);

/// A UUID version 4 in its usual spelling: API keys, token ids.
QByteArray randomUuid();

/// A password to be read by people once: 5 groups of 5 characters without look-alikes, 123 bits.
QString oneTimePassword();

/// Takes as long for a difference in the first octet as in the last. Lengths are not hidden.
bool equalsInConstantTime(QByteArrayView a, QByteArrayView b);

struct SecretFile
{
    QByteArray content; ///< without trailing line feeds
    QStringList warnings; ///< readable by the group
};

/// Reads a file that holds a secret. Refused (Forbidden) when others may read or write it, or the
/// group may write it; BadRequest when it is empty or over 64 KiB, NotFound when it is not there.
Result<SecretFile> readSecretFile(const QString& path);

/// Makes the file with mode 0600; Conflict when it exists already. Never overwrites.
Result<void> createSecretFile(const QString& path, const QByteArray& content);

/// What the file holds, or, when there is none, a new random secret written to it.
Result<SecretFile> readOrCreateSecretFile(const QString& path);

} // namespace gatehouse::access
