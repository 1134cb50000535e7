// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/store/database.h"
#include "server/work/records.h"

namespace gatehouse::store {

// What changes tasks and runs. Called in the writer thread inside a savepoint; throws Failure.

struct TaskBounds
{
    Millis keyLife{}; ///< how long an idempotency key is remembered
    int maxWaitingRuns = 0; ///< of a collaboration, that wait for other tasks
    int dependentsAtOnce = 0; ///< runs that one transaction ends because what they wait for failed
};

/// TooLarge: more runs would wait than may.
work::CreatedTask insertTask(
    Database& database, const work::NewTask& task, const TaskBounds& bounds);
work::RunUpdate updateRun(
    Database& database, RunId run, const work::RunPatch& patch, const TaskBounds& bounds);
work::TaskKill killTask(
    Database& database, const work::KillRequest& request, const TaskBounds& bounds);
/// Ends runs of what waits for these tasks, for those that end so, and so on.
work::EndedDependents endDependents(
    Database& database, std::vector<work::FailedTask> failed, Millis at, const TaskBounds& bounds);
void removePendingKills(Database& database, const std::vector<RunId>& runs);
void saveKilledLog(Database& database, RunId run, const QString& log);
void insertRunLog(Database& database, RunId run, const QString& text);

} // namespace gatehouse::store
