// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/access/keyset.h"
#include "server/app/configuration.h"

namespace gatehouse::app {

/// The keys of this server: its own secret, and whose tokens it accepts besides.
struct SigningKeys
{
    QByteArray secret;
    access::KeySet verification;
    access::KeyBinding others; ///< of keys that are not our own
    QStringList warnings;
};

/// Makes jwt.key when the configuration names no other file and there is none. The detail of an
/// error names the file and the configuration key.
Result<SigningKeys> loadSigningKeys(const Configuration& configuration);

} // namespace gatehouse::app
