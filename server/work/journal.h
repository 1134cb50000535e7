// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"
#include "server/work/directory.h"
#include "server/work/records.h"

#include <functional>

namespace gatehouse::work {

template <class T>
using Completion = std::function<void(Result<T>)>;

/// Where work is kept; `store` implements it. Every call returns at once and is made on the network
/// thread; the completion is called later on the same thread, exactly once. A write's completion
/// comes only after its data is on disk, and writes take effect in the order of the calls. A read
/// sees every write whose completion has been called before.
///
/// Errors: Unavailable (disk full, I/O error, queue full, closed) for any call; nothing of a failed
/// write was kept. The others are named where they occur.
class Journal
{
public:
    virtual ~Journal() = default;

    // Writes

    /// Conflict: idempotency key used for another request. BadRequest: a task it depends on does
    /// not exist, is of another collaboration or session, or has failed. TooLarge: more runs of the
    /// collaboration would wait for other tasks than may.
    virtual void createTask(NewTask task, Completion<CreatedTask> done) = 0;
    /// NotFound; BadRequest: already finished, still waiting for other tasks, or the status may not
    /// follow the present one.
    virtual void updateRun(RunId run, RunPatch patch, Completion<RunUpdate> done) = 0;
    /// NotFound; BadRequest: neither the task nor its direct children have an unfinished run;
    /// Conflict: idempotency key used for another request. The killed runs are pending kills.
    virtual void killTask(KillRequest request, Completion<TaskKill> done) = 0;
    /// Goes on with EndedDependents::rest. Whatever is left of it after a crash is named by
    /// failedDependencies(), and cannot start meanwhile.
    virtual void endDependents(
        std::vector<FailedTask> failed, Millis at, Completion<EndedDependents> done)
        = 0;
    virtual void confirmKills(std::vector<RunId> runs, Completion<void> done) = 0;
    /// The log of a killed run, which its node sends after the kill. NotFound; BadRequest: the run
    /// was not killed.
    virtual void saveKilledLog(RunId run, QString log, Completion<void> done) = 0;
    /// Conflict: the collaboration has one of this name. TooLarge: it has as many as it may have.
    virtual void createWorkSession(WorkSession session, Completion<WorkSession> done) = 0;
    /// NotFound; Conflict: tasks belong to it.
    virtual void removeWorkSession(WorkSessionId id, Completion<void> done) = 0;
    /// Lines of a run's live log, kept apart from the log its node sends at the end.
    virtual void appendRunLog(RunId run, QString text, Completion<void> done) = 0;
    virtual void saveNodeConfig(NodeId node, NodeConfig config, Completion<void> done) = 0;
    virtual void saveNodeSeen(NodeId node, Millis at, Completion<void> done) = 0;
    virtual void savePublicKey(
        OrganizationId organization, QString publicKey, Completion<void> done)
        = 0;
    virtual void savePasswordHash(UserId user, QByteArray hash, Completion<void> done) = 0;
    /// Conflict: the name is taken.
    virtual void createAdmin(NewAdmin admin, Completion<AdminAccount> done) = 0;
    virtual void saveAdminPasswordHash(AdminId admin, QByteArray hash, Completion<void> done) = 0;
    virtual void appendAudit(AuditRecord record, Completion<AuditRecord> done) = 0;
    virtual void saveSetting(QString key, QByteArray value, Completion<void> done) = 0;
    /// Removes the setting and answers what it was; NotFound when somebody was faster. For things
    /// that may be used once.
    virtual void takeSetting(QString key, Completion<QByteArray> done) = 0;

    // Reads

    virtual void loadDirectory(Completion<DirectoryContent> done) = 0;
    virtual void openRuns(Completion<std::vector<RunRef>> done) = 0;
    /// Failed tasks for which others still wait.
    virtual void failedDependencies(Completion<std::vector<FailedTask>> done) = 0;
    /// Killed runs that have not been confirmed, ascending.
    virtual void pendingKills(Completion<std::vector<RunRef>> done) = 0;
    virtual void runRef(RunId run, Completion<RunRef> done) = 0; ///< NotFound
    virtual void run(RunId run, Completion<RunRecord> done) = 0; ///< NotFound
    virtual void runs(RunFilter filter, Paging paging, Completion<Page<RunRecord>> done) = 0;
    virtual void task(TaskId task, Completion<TaskRecord> done) = 0; ///< NotFound
    virtual void tasks(TaskFilter filter, Paging paging, Completion<Page<TaskRecord>> done) = 0;
    virtual void workSession(WorkSessionId id, Completion<WorkSession> done) = 0; ///< NotFound
    virtual void workSessions(
        WorkSessionFilter filter, Paging paging, Completion<Page<WorkSession>> done)
        = 0;
    virtual void nodeConfig(NodeId node, Completion<NodeConfig> done) = 0;
    virtual void audit(Paging paging, Completion<Page<AuditRecord>> done) = 0;
    virtual void setting(QString key, Completion<QByteArray> done) = 0; ///< NotFound
};

} // namespace gatehouse::work
