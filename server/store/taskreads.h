// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/store/database.h"
#include "server/work/records.h"

namespace gatehouse::store {

// What asks about tasks and runs. Called in a storage thread inside a transaction; throws Failure.

/// The columns that make a RunRef, in order; FROM run JOIN task.
QString runRefColumns();
work::RunRef runRefFrom(const Rows& rows, int firstColumn);

/// A task's status and end, from its runs.
struct TaskSummary
{
    work::RunStatus status = work::RunStatus::Completed;
    std::optional<Millis> finishedAt;
};
TaskSummary readTaskSummary(Database& database, TaskId task);

std::vector<work::RunRef> readOpenRuns(Database& database);
std::vector<work::RunRef> readPendingKills(Database& database); ///< ascending
work::RunRef readRunRef(Database& database, RunId run); ///< NotFound
work::RunRecord readRun(Database& database, RunId run); ///< NotFound
work::Page<work::RunRecord> readRuns(
    Database& database, const work::RunFilter& filter, work::Paging paging);
work::TaskRecord readTask(Database& database, TaskId task); ///< NotFound
work::Page<work::TaskRecord> readTasks(
    Database& database, const work::TaskFilter& filter, work::Paging paging);

} // namespace gatehouse::store
