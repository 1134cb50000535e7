// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/app/configcommands.h"
#include "server/app/explain.h"
#include "server/app/relayexplain.h"

namespace gatehouse::app {

/// Reads an import file into the database of the data directory: everything or nothing.
ExitCode importFile(int& argc, char** argv, const QString& file, const ConfigArguments& arguments);

/// Why a user may or may not hear or do something; 0 when it may, 1 when not.
ExitCode explainDecision(const ExplainArguments& question, const ConfigArguments& arguments);
/// The same of a profile of the relay; Ok when one of its rules says yes. Needs no data directory.
ExitCode explainRelayDecision(const RelayQuestion& question, const ConfigArguments& arguments);

} // namespace gatehouse::app
