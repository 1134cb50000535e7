// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"

#include <array>

namespace gatehouse::store {

class Database;

/// What is kept for a time only.
enum class Expiring : quint8 { Tasks, WorkSessions, RunLogs, Audit };
inline constexpr std::array allExpiring{
    Expiring::Tasks, Expiring::WorkSessions, Expiring::RunLogs, Expiring::Audit};

/// What one batch did.
struct Swept
{
    qint64 removed = 0; ///< rows
    qint64 last = 0; ///< the highest number looked at: the next batch goes on after it
    bool isOver = true; ///< nothing that could be old enough is left
};

/// Looks at `batch` rows after number `after` (of the logs, only at runs that have one) and removes
/// those from before `before`. Never an open run, a task with one, a task others came from, a
/// session with tasks, or the newest task, whose job number the next one is counted from. Called in
/// the writer thread, inside a transaction; throws Failure.
Swept removeExpired(Database& database, Expiring kind, Millis before, qint64 after, int batch);

} // namespace gatehouse::store
