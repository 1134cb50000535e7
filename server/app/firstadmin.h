// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "common/core/result.h"
#include "server/work/directory.h"

namespace gatehouse::store {
class Store;
}

namespace gatehouse::app {

/// There is no default password. When nobody may open the console yet, this makes the account
/// "admin" with a random password and shows it once: on the terminal when there is one, else in the
/// file first-admin (mode 0600) of the data directory. Only its hash is kept. Adds the account to
/// `content`. Blocks.
Result<void> ensureFirstAdmin(
    store::Store& store, work::DirectoryContent& content, const Clock& clock);

} // namespace gatehouse::app
