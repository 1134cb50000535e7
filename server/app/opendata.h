// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/app/configcommands.h"

#include <QString>

#include <memory>

namespace gatehouse::store {
class Store;
}

// What the commands that work on the data directory have in common.
namespace gatehouse::app {

/// Says the text on stderr.
ExitCode fail(ExitCode code, const QString& text);

/// The database of the configured directory. Says itself why there is none.
std::unique_ptr<store::Store> openStore(const ConfigArguments& arguments, ExitCode& code);

/// Has a running server read its directory again, and says so; Failed when it cannot be told, so
/// that it still goes by what it has read before.
[[nodiscard]] ExitCode tellServer(qint64 process);

} // namespace gatehouse::app
