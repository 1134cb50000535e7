// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/store/database.h"
#include "server/work/records.h"

namespace gatehouse::store {

// Tasks that wait for other tasks (vantage6 v5). Called in a storage thread inside a transaction;
// throws Failure.

/// A subquery that has rows while `task` (an SQL expression) waits for another one.
QString unfinishedDependencyOf(const QString& task);

bool isWaiting(Database& database, TaskId task); ///< for another one that has not finished
qint64 countWaitingRuns(Database& database, CollaborationId collaboration);

std::vector<TaskId> readDependencies(Database& database, TaskId task); ///< ascending

/// BadRequest: one of them does not exist, is of another collaboration or session, or has failed.
void insertDependencies(Database& database, const work::Task& task);

/// The tasks that depend on this one, on those, and so on, and have unfinished runs.
std::vector<TaskId> readDependents(Database& database, TaskId task);

/// Those that have waited for this finished task and wait for no other one.
std::vector<work::ReadyTask> readReady(Database& database, TaskId finished);

} // namespace gatehouse::store
