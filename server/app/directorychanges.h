// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/observe/audit.h"
#include "server/work/directory.h"

#include <vector>

namespace gatehouse::app {

/// What differs between two states of the database's part of the directory, as audit entries with
/// before and after: one per organization, collaboration, study, node, role and user that came,
/// went or changed. What has been learnt elsewhere is not the database's and left out. Without
/// secrets. `at`, the actor and the outcome are left to the caller.
std::vector<observe::AuditEntry> directoryChanges(
    const work::Directory& before, const work::DirectoryContent& after);

} // namespace gatehouse::app
