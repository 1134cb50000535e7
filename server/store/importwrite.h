// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/store/database.h"
#include "server/store/import.h"

namespace gatehouse::store {

/// Creates what is new by name and updates what is known; leaves alone what the file does not
/// name. Called in the writer thread inside a savepoint; throws Failure: BadRequest with the place
/// of a name that is neither in the file nor in the database, or of a contradiction to it.
ImportReport writeImport(Database& database, const ImportData& data);

} // namespace gatehouse::store
