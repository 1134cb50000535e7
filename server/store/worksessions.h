// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/store/database.h"
#include "server/work/records.h"

namespace gatehouse::store {

// Sessions of vantage6 v5. Called in a storage thread inside a transaction; throws Failure.

/// Conflict; TooLarge: the collaboration has `most` of them.
work::WorkSession insertWorkSession(Database& database, work::WorkSession session, int most);
void deleteWorkSession(Database& database, WorkSessionId id); ///< NotFound, Conflict
work::WorkSession readWorkSession(Database& database, WorkSessionId id); ///< NotFound
work::Page<work::WorkSession> readWorkSessions(
    Database& database, const work::WorkSessionFilter& filter, work::Paging paging);

} // namespace gatehouse::store
