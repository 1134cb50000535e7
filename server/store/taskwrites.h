// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/store/database.h"
#include "server/work/records.h"

namespace gatehouse::store {

// What changes tasks and runs. Called in the writer thread inside a savepoint; throws Failure.

struct TaskBounds
{
    Millis keyLife{}; ///< how long an idempotency key is remembered
    /// Runs of a collaboration that wait for other tasks. One failure ends everything that waits
    /// for it, in one transaction: this is what it may cost.
    int maxWaitingRuns = 0;
};

/// TooLarge: more runs would wait than may.
work::CreatedTask insertTask(
    Database& database, const work::NewTask& task, const TaskBounds& bounds);
work::RunUpdate updateRun(Database& database, RunId run, const work::RunPatch& patch);
work::TaskKill killTask(Database& database, const work::KillRequest& request, Millis keyLife);
void removePendingKills(Database& database, const std::vector<RunId>& runs);
void saveKilledLog(Database& database, RunId run, const QString& log);
void insertRunLog(Database& database, RunId run, const QString& text);

} // namespace gatehouse::store
