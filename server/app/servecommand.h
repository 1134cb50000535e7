// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/app/configcommands.h"

namespace gatehouse::app {

/// Runs the server until SIGTERM or SIGINT. Makes the application object itself, because the event
/// dispatcher has to be there before it.
ExitCode serve(int& argc, char** argv, const ConfigArguments& arguments);

} // namespace gatehouse::app
