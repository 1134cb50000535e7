// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/app/configcommands.h"

namespace gatehouse::app {

// `gatehouse db …`: what an operator does with the database by hand. All but migrate may run beside
// a server.

ExitCode migrateDatabase(int& argc, char** argv, const ConfigArguments& arguments);
ExitCode showDatabase(int& argc, char** argv, const ConfigArguments& arguments);
ExitCode checkDatabase(int& argc, char** argv, const ConfigArguments& arguments);
ExitCode backUpDatabase(
    int& argc, char** argv, const QString& target, const ConfigArguments& arguments);

} // namespace gatehouse::app
