// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/app/exitcode.h"

#include <QString>

namespace gatehouse::app {

struct SimulateArguments
{
    QString server = QStringLiteral("http://127.0.0.1:7400");
    QString identities; ///< import file; empty: the demo set built into the program
    QString made; ///< file to write identities to, instead of playing
    int nodes = 7;
    int users = 5;
    double tasksPerMinute = 12;
    bool chaos = false;
    int seconds = 0; ///< 0: until SIGINT
};

/// With `made` writes an import file for that many nodes and users, which must not exist yet, and
/// is done. Else plays nodes and users until SIGINT, SIGTERM or the end of the time. Prints one
/// line on how it goes. Failed when nobody ever got in.
ExitCode simulate(int& argc, char** argv, const SimulateArguments& arguments);

} // namespace gatehouse::app
