// SPDX-License-Identifier: Apache-2.0
#include "server/store/taskwrites.h"

#include "server/store/dependencies.h"
#include "server/store/taskreads.h"

#include <QHash>

#include <algorithm>

namespace gatehouse::store {

namespace {

using namespace Qt::StringLiterals;
using work::RunStatus;

struct CurrentRun
{
    work::RunRef ref;
    std::optional<Millis> startedAt;
    std::optional<Millis> finishedAt;
};

std::optional<CurrentRun> readCurrent(Database& database, RunId run)
{
    Rows rows = database.query(u"SELECT run.started_at, run.finished_at, "_s + runRefColumns()
            + u" FROM run JOIN task ON task.id = run.task_id WHERE run.id = ?"_s,
        run);
    if (!rows.next())
        return std::nullopt;
    return CurrentRun{runRefFrom(rows, 2), rows.timeOrNull(0), rows.timeOrNull(1)};
}

work::RunChange end(
    Database& database, CurrentRun current, RunStatus status, Millis at, work::ChangeCause cause)
{
    database.change(u"UPDATE run SET status = ?, finished_at = ? WHERE id = ?"_s,
        work::name(status), at, current.ref.run);
    work::RunChange change;
    change.before = current.ref.status;
    change.run = current.ref;
    change.run.status = status;
    change.run.finished = true;
    change.cause = cause;
    change.startedAt = current.startedAt;
    change.finishedAt = at;
    return change;
}

/// Says of each change what has become of its task. Once all changes are made, so that each task,
/// however many of its runs have changed, is read once.
class Summaries
{
public:
    explicit Summaries(Database& database) : m_database(database) { }

    void stamp(work::RunChange& change)
    {
        auto known = m_read.find(change.run.task);
        if (known == m_read.end())
            known = m_read.insert(change.run.task, readTaskSummary(m_database, change.run.task));
        change.taskStatus = known->status;
        change.taskFinishedAt = known->finishedAt;
    }
    void stamp(std::vector<work::RunChange>& changes)
    {
        for (work::RunChange& change : changes)
            stamp(change);
    }

private:
    Database& m_database;
    QHash<TaskId, TaskSummary> m_read;
};

std::vector<CurrentRun> readUnfinished(Database& database, const QString& where, TaskId task)
{
    std::vector<CurrentRun> runs;
    Rows rows = database.query(u"SELECT run.started_at, run.finished_at, "_s + runRefColumns()
            + u" FROM run JOIN task ON task.id = run.task_id WHERE run.finished_at IS NULL AND "_s
            + where + u" ORDER BY run.id"_s,
        task, task);
    while (rows.next())
        runs.push_back({runRefFrom(rows, 2), rows.timeOrNull(0), rows.timeOrNull(1)});
    return runs;
}

std::vector<work::RunChange> failSiblings(
    Database& database, const work::RunChange& failed, Millis at)
{
    std::vector<work::RunChange> changes;
    // The second condition only repeats the first: one statement shape serves all callers.
    const std::vector<CurrentRun> siblings = readUnfinished(database,
        u"run.task_id = ? AND run.task_id = ? AND run.started_at IS NULL AND run.status = "
        "'pending'"_s,
        failed.run.task);
    for (const CurrentRun& sibling : siblings)
        changes.push_back(
            end(database, sibling, RunStatus::Failed, at, work::ChangeCause::SiblingFailed));
    return changes;
}

/// Unfinished runs of what depends on this task directly. Those that have ended are passed over
/// once for all slices, not once in each.
std::vector<CurrentRun> readDependents(Database& database, const work::FailedTask& failed, int most)
{
    std::vector<CurrentRun> runs;
    Rows rows = database.query(u"SELECT run.started_at, run.finished_at, "_s + runRefColumns()
            + u" FROM task_dependency AS link JOIN run ON run.task_id = link.task_id JOIN task ON "
              u"task.id = run.task_id WHERE link.depends_on_id = ? AND link.task_id >= ? AND "
              u"run.finished_at IS NULL ORDER BY link.task_id LIMIT ?"_s, // as its index has them
        failed.task, failed.reached.value, qint64(most));
    while (rows.next())
        runs.push_back({runRefFrom(rows, 2), rows.timeOrNull(0), rows.timeOrNull(1)});
    return runs;
}

/// The task an earlier request under the same key made.
std::optional<TaskId> findRepeated(
    Database& database, const work::IdempotencyKey& key, Millis now, Millis life)
{
    database.change(u"DELETE FROM idempotency WHERE created_at < ?"_s, now - life);
    Rows rows = database.query(
        u"SELECT task_id, request_hash FROM idempotency WHERE client = ? AND key = ?"_s, key.client,
        key.key);
    if (!rows.next())
        return std::nullopt;
    if (rows.bytes(1) != key.requestHash)
        refuse(ErrorCode::Conflict, u"this idempotency key was used for another request"_s);
    return TaskId{rows.integer(0)};
}

void insertKey(
    Database& database, const std::optional<work::IdempotencyKey>& key, TaskId task, Millis at)
{
    if (!key)
        return;
    database.change(u"INSERT INTO idempotency (client, key, request_hash, task_id, created_at) "
                    "VALUES (?, ?, ?, ?, ?)"_s,
        key->client, key->key, key->requestHash, task, at);
}

/// A task as it was when it was made: a repeated request gets the first answer, whatever has
/// happened since.
work::TaskRecord asCreated(work::TaskRecord record)
{
    record.status = record.runs.empty() ? RunStatus::Completed : RunStatus::Pending;
    record.finishedAt.reset();
    for (work::Run& run : record.runs) {
        run.status = RunStatus::Pending;
        run.startedAt.reset();
        run.finishedAt.reset();
        run.cleanupAt.reset();
        run.blobStorageUsed = false;
    }
    return record;
}

void checkWaiting(Database& database, const work::NewTask& wanted, int most)
{
    const qint64 waiting = countWaitingRuns(database, wanted.task.collaboration);
    if (waiting + qint64(wanted.runs.size()) > most)
        refuse(ErrorCode::TooLarge,
            u"more than %1 runs of this collaboration would wait for other tasks"_s.arg(most));
}

/// Each once.
std::vector<TaskId> tasksOf(const std::vector<work::RunChange>& changes)
{
    std::vector<TaskId> tasks;
    for (const work::RunChange& change : changes)
        tasks.push_back(change.run.task);
    std::sort(tasks.begin(), tasks.end());
    tasks.erase(std::unique(tasks.begin(), tasks.end()), tasks.end());
    return tasks;
}

JobId nextJob(Database& database)
{
    Rows rows = database.query(u"SELECT COALESCE(MAX(job_id), 0) + 1 FROM task"_s);
    rows.next();
    return {rows.integer(0)};
}

work::Run insertRun(Database& database, const work::Task& task, const work::NewRun& wanted)
{
    work::Run run;
    run.task = task.id;
    run.organization = wanted.organization;
    run.assignedAt = task.createdAt;
    run.id = {database.insert(u"INSERT INTO run (task_id, organization_id, collaboration_id, "
                              "status, assigned_at) VALUES (?, ?, ?, ?, ?)"_s,
        task.id, run.organization, task.collaboration, work::name(run.status), run.assignedAt)};
    database.change(u"INSERT INTO run_input (run_id, input) VALUES (?, ?)"_s, run.id, wanted.input);
    return run;
}

} // namespace

work::CreatedTask insertTask(
    Database& database, const work::NewTask& wanted, const TaskBounds& bounds)
{
    if (wanted.idempotency) {
        const auto repeated
            = findRepeated(database, *wanted.idempotency, wanted.task.createdAt, bounds.keyLife);
        if (repeated)
            return {asCreated(readTask(database, *repeated)), true};
    }
    work::CreatedTask created;
    work::Task& task = created.record.task;
    task = wanted.task;
    if (!task.job.isValid())
        task.job = nextJob(database);
    task.id = {database.insert(
        u"INSERT INTO task (name, description, image, collaboration_id, study_id, job_id, "
        "parent_id, init_organization_id, init_user_id, created_at, method, action, session_id) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"_s,
        task.name, task.description, task.image, task.collaboration, task.study, task.job,
        task.parent, task.initOrganization, task.initUser, task.createdAt, task.method, task.action,
        task.session)};
    insertDependencies(database, task);
    if (isWaiting(database, task.id)) // else it begins at once, and adds to nothing
        checkWaiting(database, wanted, bounds.maxWaitingRuns);
    int position = 0;
    for (const work::TaskDatabase& used : task.databases)
        database.change(u"INSERT INTO task_database (task_id, position, label, parameters) VALUES "
                        "(?, ?, ?, ?)"_s,
            task.id, position++, used.label, used.parameters);
    for (const work::NewRun& run : wanted.runs)
        created.record.runs.push_back(insertRun(database, task, run));
    insertKey(database, wanted.idempotency, task.id, task.createdAt);
    created.record.status = wanted.runs.empty() ? RunStatus::Completed : RunStatus::Pending;
    return created;
}

work::RunUpdate updateRun(
    Database& database, RunId run, const work::RunPatch& patch, const TaskBounds& bounds)
{
    const std::optional<CurrentRun> current = readCurrent(database, run);
    if (!current)
        refuse(ErrorCode::NotFound, u"Run id=%1 not found"_s.arg(run.value));
    if (current->finishedAt)
        refuse(ErrorCode::BadRequest, u"Cannot update an already finished algorithm run"_s);
    const RunStatus status = patch.status.value_or(current->ref.status);
    if (!work::canMove(current->ref.status, status))
        refuse(ErrorCode::BadRequest,
            u"A run that is '%1' cannot become '%2'"_s.arg(
                work::name(current->ref.status), work::name(status)));

    // Whoever starts before what it waits for is there would work on data that is not.
    if (current->ref.status == RunStatus::Pending && isWaiting(database, current->ref.task))
        refuse(ErrorCode::BadRequest,
            u"Run id=%1 waits for tasks its task depends on"_s.arg(run.value));

    if (patch.finishedAt && !work::hasFinished(status))
        refuse(ErrorCode::BadRequest,
            u"A run that is '%1' cannot have finished_at"_s.arg(work::name(status)));

    work::RunUpdate update;
    work::RunChange& change = update.change;
    change.before = current->ref.status;
    change.run = current->ref;
    change.run.status = status;
    change.run.finished = patch.finishedAt.has_value();
    change.startedAt = patch.startedAt ? patch.startedAt : current->startedAt;
    change.finishedAt = patch.finishedAt;
    database.change(u"UPDATE run SET status = ?, started_at = ?, finished_at = ?, cleanup_at = "
                    "COALESCE(?, cleanup_at), blob_storage_used = COALESCE(?, blob_storage_used) "
                    "WHERE id = ?"_s,
        work::name(status), change.startedAt, change.finishedAt, patch.cleanupAt,
        patch.blobStorageUsed, run);
    database.change(u"INSERT INTO run_outcome (run_id, result, log) VALUES (?, ?, ?) ON CONFLICT "
                    "(run_id) DO UPDATE SET result = excluded.result, log = excluded.log"_s,
        run, patch.result, patch.log);
    // The node's own log repeats its live lines; without one they are all there is, so they stay.
    if (patch.log)
        database.change(u"DELETE FROM run_log WHERE run_id = ?"_s, run);
    if (patch.siblings == work::SiblingPolicy::FailNotStarted && work::hasFailed(status)
        && !work::hasFailed(change.before))
        update.siblings = failSiblings(database, change, patch.at);
    if (work::hasFailed(status) && !work::hasFailed(change.before))
        update.dependents = endDependents(database, {{change.run.task, {}}}, patch.at, bounds);
    Summaries summaries(database);
    summaries.stamp(change);
    summaries.stamp(update.siblings);
    if (change.taskFinishedAt && change.taskStatus == RunStatus::Completed)
        update.ready = readReady(database, change.run.task);
    return update;
}

work::TaskKill killTask(
    Database& database, const work::KillRequest& request, const TaskBounds& bounds)
{
    const TaskId task = request.task;
    work::TaskKill kill;
    kill.task = task;
    {
        Rows rows = database.query(u"SELECT collaboration_id FROM task WHERE id = ?"_s, task);
        if (!rows.next())
            refuse(ErrorCode::NotFound, u"Task id=%1 not found"_s.arg(task.value));
        kill.collaboration = {rows.integer(0)};
    }
    if (request.idempotency) {
        kill.repeated
            = findRepeated(database, *request.idempotency, request.at, bounds.keyLife).has_value();
        if (kill.repeated)
            return kill;
    }
    const std::vector<CurrentRun> runs = readUnfinished(
        database, u"run.task_id IN (SELECT id FROM task WHERE id = ? OR parent_id = ?)"_s, task);
    if (runs.empty())
        refuse(ErrorCode::BadRequest, u"Task %1 is already finished"_s.arg(task.value));
    for (const CurrentRun& run : runs) {
        kill.runs.push_back(
            end(database, run, RunStatus::Killed, request.at, work::ChangeCause::Kill));
        database.change(u"INSERT INTO pending_kill (run_id, killed_at) VALUES (?, ?)"_s,
            run.ref.run, request.at);
    }
    std::vector<work::FailedTask> failed;
    for (const TaskId ended : tasksOf(kill.runs))
        failed.push_back({ended, {}});
    kill.dependents = endDependents(database, std::move(failed), request.at, bounds);
    insertKey(database, request.idempotency, task, request.at);
    Summaries summaries(database);
    summaries.stamp(kill.runs);
    return kill;
}

work::EndedDependents endDependents(
    Database& database, std::vector<work::FailedTask> failed, Millis at, const TaskBounds& bounds)
{
    work::EndedDependents ended;
    int left = std::max(1, bounds.dependentsAtOnce);
    while (!failed.empty() && left > 0) {
        const std::vector<CurrentRun> runs = readDependents(database, failed.back(), left);
        std::vector<work::RunChange> changes;
        for (const CurrentRun& run : runs)
            changes.push_back(end(database, run, RunStatus::DependencyFailed, at,
                work::ChangeCause::DependencyFailed));
        left -= int(changes.size());
        if (left > 0) // these were all that waited for it
            failed.pop_back();
        else
            failed.back().reached = runs.back().ref.task; // which may have more
        for (const TaskId next : tasksOf(changes)) {
            if (std::none_of(failed.begin(), failed.end(),
                    [next](const work::FailedTask& one) { return one.task == next; }))
                failed.push_back({next, {}});
        }
        ended.runs.insert(ended.runs.end(), changes.begin(), changes.end());
    }
    ended.rest = std::move(failed);
    Summaries(database).stamp(ended.runs);
    return ended;
}

void saveKilledLog(Database& database, RunId run, const QString& log)
{
    const std::optional<CurrentRun> current = readCurrent(database, run);
    if (!current)
        refuse(ErrorCode::NotFound, u"Run id=%1 not found"_s.arg(run.value));
    if (current->ref.status != RunStatus::Killed)
        refuse(ErrorCode::BadRequest, u"Run id=%1 was not killed"_s.arg(run.value));
    database.change(
        u"INSERT INTO run_outcome (run_id, result, log) VALUES (?, NULL, ?) ON CONFLICT "
        "(run_id) DO UPDATE SET log = excluded.log"_s,
        run, log);
    database.change(u"DELETE FROM run_log WHERE run_id = ?"_s, run);
}

void removePendingKills(Database& database, const std::vector<RunId>& runs)
{
    for (const RunId run : runs)
        database.change(u"DELETE FROM pending_kill WHERE run_id = ?"_s, run);
}

void insertRunLog(Database& database, RunId run, const QString& text)
{
    database.change(u"INSERT INTO run_log (run_id, text) VALUES (?, ?)"_s, run, text);
}

} // namespace gatehouse::store
