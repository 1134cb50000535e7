// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/store/database.h"
#include "server/work/records.h"

namespace gatehouse::store {

// Tasks that wait for other tasks (vantage6 v5). Called in a storage thread inside a transaction;
// throws Failure.

/// A subquery that has rows while `task` (an SQL expression) may not start: another one it depends
/// on has not completed. One that has failed keeps it waiting until it is ended for that.
QString unfinishedDependencyOf(const QString& task);

bool isWaiting(Database& database, TaskId task); ///< as above
qint64 countWaitingRuns(Database& database, CollaborationId collaboration);

std::vector<TaskId> readDependencies(Database& database, TaskId task); ///< ascending

/// BadRequest: one of them does not exist, is of another collaboration or session, or has failed.
void insertDependencies(Database& database, const work::Task& task);

/// Failed tasks on which others depend that have unfinished runs. Ascending.
std::vector<work::FailedTask> readFailedDependencies(Database& database);

/// Those that have waited for this finished task and wait for no other one.
std::vector<work::ReadyTask> readReady(Database& database, TaskId finished);

} // namespace gatehouse::store
