// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/work/entities.h"

#include <QByteArray>
#include <QString>

#include <optional>
#include <vector>

namespace gatehouse::work {

// What goes into the journal and what comes out of it. Plain values that cross threads.

/// The same client sending the same key again gets the first answer, for a day.
struct IdempotencyKey
{
    QString client; ///< whose key it is: "user:7"
    QString key;
    QByteArray requestHash; ///< another request under the same key is a Conflict
};

struct NewRun
{
    OrganizationId organization;
    QString input;
};

struct NewTask
{
    Task task; ///< id is given by the journal; job too when it is none
    std::vector<NewRun> runs;
    std::optional<IdempotencyKey> idempotency;
};

struct TaskRecord
{
    Task task;
    RunStatus status = RunStatus::Completed;
    std::optional<Millis> finishedAt; ///< of its last run, once all have finished
    std::vector<Run> runs; ///< ascending; without input, result and log
};

/// What createTask answers: `repeated` when the idempotency key had been used before.
struct CreatedTask
{
    TaskRecord record;
    bool repeated = false;
};

struct RunRecord
{
    Run run;
    Task task;
    RunStatus taskStatus = RunStatus::Pending;
};

/// Ends the runs of a task that have not started when one of them failed (vantage6 4.14).
enum class SiblingPolicy : quint8 { FailNotStarted, LeaveAlone };

/// What a node says about its run. `result` and `log` are written as given, so leaving one out
/// clears it; the other fields stay as they are when left out (vantage6).
struct RunPatch
{
    std::optional<RunStatus> status;
    std::optional<Millis> startedAt;
    std::optional<Millis> finishedAt;
    std::optional<Millis> cleanupAt;
    std::optional<QString> result;
    std::optional<QString> log;
    std::optional<bool> blobStorageUsed;
    Millis at{}; ///< when the server took it; TaskService fills it in
    SiblingPolicy siblings = SiblingPolicy::LeaveAlone; ///< as above
};

enum class ChangeCause : quint8 { Node, Kill, SiblingFailed, DependencyFailed };

struct RunChange
{
    RunRef run; ///< after the change
    RunStatus before = RunStatus::Pending;
    ChangeCause cause = ChangeCause::Node;
    std::optional<Millis> startedAt;
    std::optional<Millis> finishedAt;
    RunStatus taskStatus = RunStatus::Pending; ///< after the change
    std::optional<Millis> taskFinishedAt;
};

/// A task whose last dependency has finished: its runs may start.
struct ReadyTask
{
    TaskId task;
    TaskId parent;
    CollaborationId collaboration;
};

/// A failed task for which others may still wait.
struct FailedTask
{
    TaskId task;
    TaskId reached; ///< what waits for it and has a smaller id has ended
};

/// Runs that ended because a task their own waited for has failed: so many at a time as a
/// transaction may hold up others for.
struct EndedDependents
{
    std::vector<RunChange> runs;
    std::vector<FailedTask> rest; ///< for which others may still wait; see Journal
};

/// A patched run, the runs of the same task that ended with it, those of tasks that depend on it,
/// and the tasks that waited for it alone.
struct RunUpdate
{
    RunChange change;
    std::vector<RunChange> siblings;
    EndedDependents dependents;
    std::vector<ReadyTask> ready;
};

struct KillRequest
{
    TaskId task;
    Millis at{};
    std::optional<IdempotencyKey> idempotency;
};

/// The runs a kill has ended: unfinished ones of the task and its direct children.
struct TaskKill
{
    TaskId task;
    CollaborationId collaboration;
    std::vector<RunChange> runs; ///< empty when repeated
    EndedDependents dependents; ///< runs of tasks that depend on a killed one
    bool repeated = false; ///< the idempotency key had been used before: nothing was done
};

/// One page, newest first.
struct Paging
{
    int page = 1; ///< from 1
    int perPage = 10;
};

template <class T>
struct Page
{
    std::vector<T> items;
    qint64 total = 0; ///< of all pages
};

/// Open: finished_at is not set, and every task this one depends on has completed.
enum class RunState : quint8 { Any, Open };
enum class Payloads : quint8 { Leave, Include }; ///< input, result and log of a run

struct RunFilter
{
    RunState state = RunState::Any;
    NodeId node;
    TaskId task;
    JobId job;
    OrganizationId organization;
    UserId initUser; ///< of the run's task
    std::optional<std::vector<CollaborationId>> collaborations; ///< none: all of them
    Payloads payloads = Payloads::Include;
};

struct TaskFilter
{
    OrganizationId initOrganization;
    UserId initUser;
    JobId job;
    TaskId parent;
    QString name; ///< exact; empty: any
    std::optional<std::vector<CollaborationId>> collaborations; ///< none: all of them
    std::optional<OrganizationId> involves; ///< has a run of it
};

struct WorkSessionFilter
{
    std::optional<std::vector<CollaborationId>> collaborations; ///< none: all of them
    std::optional<WorkSessionId> only; ///< none: any; an invalid one: no session at all
    QString name; ///< exact; empty: any
    UserId usableBy; ///< whom the scope must reach; none: everybody
    OrganizationId organization; ///< that user's
};

/// Who did what to whom, why and with which outcome. Written for privileged actions.
struct AuditRecord
{
    qint64 id = 0; ///< given by the journal
    Millis at{};
    QString actorKind; ///< "admin", "user", …
    qint64 actorId = 0;
    QString actorName;
    QString action; ///< "task:kill"
    QString target; ///< "task 42"
    QString reason;
    QString outcome; ///< "ok" or an error's name
    QString detail; ///< JSON text or empty
};

struct NewAdmin
{
    QString name;
    QByteArray passwordHash;
    Millis createdAt{};
};

} // namespace gatehouse::work
