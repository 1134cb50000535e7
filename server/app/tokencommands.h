// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/app/configcommands.h"

namespace gatehouse::app {

struct MintArguments
{
    QString kind; ///< "user", "node", "service" or "admin"
    qint64 id = 0;
    qint64 ttlSeconds = 0; ///< 0: the configured life time
    QString name; ///< of services and admins
    ConfigArguments config;
};

/// Prints the token alone, so that a script can use it as it is.
ExitCode mintToken(const MintArguments& arguments);

/// Shows what a token says, without asking whether it is true. "-" reads it from stdin, where it
/// does not show in the list of processes.
ExitCode inspectToken(const QString& token);

/// Checks a token as the server would: 0 and its claims, or 1 and the reason.
ExitCode verifyToken(const QString& token, const ConfigArguments& arguments);

} // namespace gatehouse::app
