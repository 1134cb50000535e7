// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QLatin1StringView>
#include <QStringView>

#include <optional>
#include <vector>

namespace gatehouse::work {

/// TaskStatus of vantage6 4.x; a run has one, a task's is derived from its runs.
enum class RunStatus : quint8 {
    Pending,
    Initializing,
    Active,
    Completed,
    Failed,
    StartFailed,
    NoDockerImage,
    Crashed,
    Killed,
    NotAllowed,
    Unknown,
    // vantage6 v5
    DataframeNotFound,
    DependencyFailed,
    UnexpectedOutput,
};

QLatin1StringView name(RunStatus status); ///< "pending", "start failed", "killed by user", …
std::optional<RunStatus> runStatusFromName(QStringView name); ///< exact spelling only
const std::vector<RunStatus>& allRunStatuses();

bool hasFailed(RunStatus status); ///< everything but the first four
bool hasFinished(RunStatus status); ///< failed or completed

/// May a run whose finished_at is not set go from one status to another? It never goes back to
/// pending and never leaves completed or killed; a failed one may be picked up again (a node that
/// found no container token does that at its next start) until finished_at is set.
bool canMove(RunStatus from, RunStatus to);

/// Any failed run: their common status, or Failed when they differ. Else active, initializing,
/// pending if any run is that, else completed; completed also for a task without runs.
RunStatus taskStatus(const std::vector<RunStatus>& runs);

} // namespace gatehouse::work
