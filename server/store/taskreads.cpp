// SPDX-License-Identifier: Apache-2.0
#include "server/store/taskreads.h"

#include "server/store/dependencies.h"
#include "server/store/pagequery.h"

#include <algorithm>

namespace gatehouse::store {

namespace {

using namespace Qt::StringLiterals;
using work::RunStatus;

const QString runColumns
    = u"run.id, run.task_id, run.organization_id, run.status, run.assigned_at, run.started_at, "
      "run.finished_at, run.cleanup_at, run.blob_storage_used"_s;

const QString taskColumns
    = u"task.id, task.name, task.description, task.image, task.collaboration_id, task.study_id, "
      "task.job_id, task.parent_id, task.init_organization_id, task.init_user_id, "
      "task.created_at, task.method, task.action, task.session_id"_s;

RunStatus statusFrom(const QString& name)
{
    return work::runStatusFromName(name).value_or(RunStatus::Unknown);
}

work::Run runFrom(const Rows& rows)
{
    work::Run run;
    run.id = {rows.integer(0)};
    run.task = {rows.integer(1)};
    run.organization = {rows.integer(2)};
    run.status = statusFrom(rows.text(3));
    run.assignedAt = rows.time(4);
    run.startedAt = rows.timeOrNull(5);
    run.finishedAt = rows.timeOrNull(6);
    run.cleanupAt = rows.timeOrNull(7);
    run.blobStorageUsed = rows.integer(8) != 0;
    return run;
}

work::Task taskFrom(const Rows& rows)
{
    work::Task task;
    task.id = {rows.integer(0)};
    task.name = rows.text(1);
    task.description = rows.text(2);
    task.image = rows.text(3);
    task.collaboration = {rows.integer(4)};
    task.study = {rows.integer(5)};
    task.job = {rows.integer(6)};
    task.parent = {rows.integer(7)};
    task.initOrganization = {rows.integer(8)};
    task.initUser = {rows.integer(9)};
    task.createdAt = rows.time(10);
    task.method = rows.text(11);
    task.action = rows.text(12);
    task.session = {rows.integer(13)};
    return task;
}

std::vector<work::Run> readRunsOf(Database& database, TaskId task)
{
    std::vector<work::Run> runs;
    Rows rows = database.query(
        u"SELECT "_s + runColumns + u" FROM run WHERE task_id = ? ORDER BY run.id"_s, task);
    while (rows.next())
        runs.push_back(runFrom(rows));
    return runs;
}

TaskSummary summarise(const std::vector<work::Run>& runs)
{
    std::vector<RunStatus> statuses;
    TaskSummary summary;
    bool allFinished = !runs.empty();
    Millis last{};
    for (const work::Run& run : runs) {
        statuses.push_back(run.status);
        allFinished = allFinished && run.finishedAt.has_value();
        last = std::max(last, run.finishedAt.value_or(Millis{}));
    }
    summary.status = work::taskStatus(statuses);
    if (allFinished)
        summary.finishedAt = last;
    return summary;
}

std::optional<work::Task> findTask(Database& database, TaskId id)
{
    std::optional<work::Task> task;
    {
        Rows rows
            = database.query(u"SELECT "_s + taskColumns + u" FROM task WHERE task.id = ?"_s, id);
        if (!rows.next())
            return std::nullopt;
        task = taskFrom(rows);
    }
    {
        Rows rows = database.query(
            u"SELECT label, parameters FROM task_database WHERE task_id = ? ORDER BY position"_s,
            id);
        while (rows.next())
            task->databases.push_back({rows.text(0), rows.text(1)});
    }
    task->dependsOn = readDependencies(database, id);
    return task;
}

std::optional<work::TaskRecord> findTaskRecord(Database& database, TaskId id)
{
    const std::optional<work::Task> task = findTask(database, id);
    if (!task)
        return std::nullopt;
    work::TaskRecord record;
    record.task = *task;
    record.runs = readRunsOf(database, id);
    const TaskSummary summary = summarise(record.runs);
    record.status = summary.status;
    record.finishedAt = summary.finishedAt;
    return record;
}

void readPayloads(Database& database, work::Run& run)
{
    {
        Rows rows
            = database.query(u"SELECT input, result, log FROM run_input LEFT JOIN run_outcome ON "
                             "run_outcome.run_id = run_input.run_id WHERE run_input.run_id = ?"_s,
                run.id);
        if (rows.next()) {
            run.input = rows.text(0);
            run.result = rows.textOrNull(1);
            run.log = rows.textOrNull(2);
        }
    }
    Rows rows = database.query(u"SELECT text FROM run_log WHERE run_id = ? ORDER BY id"_s, run.id);
    while (rows.next()) {
        if (run.log)
            *run.log += u'\n';
        else
            run.log.emplace();
        *run.log += rows.text(0);
    }
}

/// Conditions for a node's runs; false when there is no such node.
bool addNode(Database& database, NodeId node, PageQuery& query)
{
    Rows rows = database.query(
        u"SELECT organization_id, collaboration_id FROM node WHERE id = ?"_s, node);
    if (!rows.next())
        return false;
    query.addNarrow(u"run.organization_id = ? AND run.collaboration_id = ?"_s,
        {bind(rows.integer(0)), bind(rows.integer(1))});
    return true;
}

/// The index that holds open runs alone and fits the filter.
QString openRunSource(const work::RunFilter& filter)
{
    if (filter.node.isValid() || filter.organization.isValid())
        return u"run INDEXED BY run_open_place"_s;
    if (filter.collaborations && !filter.initUser.isValid())
        return u"run INDEXED BY run_open_collaboration"_s;
    return u"run INDEXED BY run_open"_s;
}

/// Nothing when there is no such node.
std::optional<PageQuery> runQuery(Database& database, const work::RunFilter& filter)
{
    PageQuery query(u"run"_s);
    if (filter.node.isValid() && !addNode(database, filter.node, query))
        return std::nullopt;
    query.addId(u"task_id"_s, filter.task);
    query.addId(u"organization_id"_s, filter.organization);
    query.setCollaborations(filter.collaborations);
    if (filter.job.isValid())
        query.addNarrow(
            u"run.task_id IN (SELECT id FROM task WHERE job_id = ?)"_s, {bind(filter.job)});
    if (filter.initUser.isValid())
        query.addNarrow(u"run.task_id IN (SELECT id FROM task WHERE init_user_id = ?)"_s,
            {bind(filter.initUser)});
    if (filter.state == work::RunState::Open) {
        query.add(u"run.finished_at IS NULL"_s);
        query.add(u"NOT EXISTS ("_s + unfinishedDependencyOf(u"run.task_id"_s) + u')');
        if (!filter.task.isValid() && !filter.job.isValid())
            query.setSource(openRunSource(filter));
    }
    return query;
}

PageQuery taskQuery(const work::TaskFilter& filter)
{
    PageQuery query(u"task"_s);
    query.addId(u"init_organization_id"_s, filter.initOrganization);
    query.addId(u"init_user_id"_s, filter.initUser);
    query.addId(u"job_id"_s, filter.job);
    query.addId(u"parent_id"_s, filter.parent);
    if (!filter.name.isEmpty())
        query.addNarrow(u"task.name = ?"_s, {bind(filter.name)});
    query.setCollaborations(filter.collaborations);
    if (filter.involves)
        query.add(u"EXISTS (SELECT 1 FROM run WHERE run.task_id = task.id AND "
                  "run.organization_id = ?)"_s,
            {bind(*filter.involves)});
    return query;
}

std::optional<work::Run> findRun(Database& database, RunId id)
{
    Rows rows = database.query(u"SELECT "_s + runColumns + u" FROM run WHERE run.id = ?"_s, id);
    return rows.next() ? std::optional(runFrom(rows)) : std::nullopt;
}

} // namespace

QString runRefColumns()
{
    return u"run.id, run.task_id, task.job_id, task.parent_id, run.organization_id, "
           "run.collaboration_id, run.status, run.finished_at IS NOT NULL"_s;
}

work::RunRef runRefFrom(const Rows& rows, int first)
{
    return {{rows.integer(first)}, {rows.integer(first + 1)}, {rows.integer(first + 2)},
        {rows.integer(first + 3)}, {rows.integer(first + 4)}, {rows.integer(first + 5)},
        statusFrom(rows.text(first + 6)), rows.integer(first + 7) != 0};
}

TaskSummary readTaskSummary(Database& database, TaskId task)
{
    return summarise(readRunsOf(database, task));
}

std::vector<work::RunRef> readOpenRuns(Database& database)
{
    std::vector<work::RunRef> runs;
    Rows rows = database.query(u"SELECT "_s + runRefColumns()
        + u" FROM run INDEXED BY run_open JOIN task ON task.id = run.task_id WHERE run.finished_at "
          u"IS "
          "NULL"_s);
    while (rows.next())
        runs.push_back(runRefFrom(rows, 0));
    return runs;
}

std::vector<work::RunRef> readPendingKills(Database& database)
{
    std::vector<work::RunRef> runs;
    Rows rows = database.query(u"SELECT "_s + runRefColumns()
        + u" FROM pending_kill JOIN run ON run.id = pending_kill.run_id JOIN task ON task.id = "
          u"run.task_id ORDER BY run.id"_s);
    while (rows.next())
        runs.push_back(runRefFrom(rows, 0));
    return runs;
}

work::RunRef readRunRef(Database& database, RunId run)
{
    Rows rows = database.query(u"SELECT "_s + runRefColumns()
            + u" FROM run JOIN task ON task.id = run.task_id WHERE run.id = ?"_s,
        run);
    if (!rows.next())
        refuse(ErrorCode::NotFound, u"Run id=%1 not found"_s.arg(run.value));
    return runRefFrom(rows, 0);
}

work::RunRecord readRun(Database& database, RunId id)
{
    const std::optional<work::Run> found = findRun(database, id);
    if (!found)
        refuse(ErrorCode::NotFound, u"Run id=%1 not found"_s.arg(id.value));
    work::RunRecord record;
    record.run = *found;
    readPayloads(database, record.run);
    record.task = findTask(database, record.run.task).value_or(work::Task{});
    record.taskStatus = readTaskSummary(database, record.run.task).status;
    return record;
}

work::Page<work::RunRecord> readRuns(
    Database& database, const work::RunFilter& filter, work::Paging paging)
{
    work::Page<work::RunRecord> page;
    const std::optional<PageQuery> query = runQuery(database, filter);
    if (!query)
        return page;
    page.total = query->count(database);
    for (const qint64 id : query->ids(database, window(paging))) {
        if (std::optional<work::Run> found = findRun(database, {id}))
            page.items.push_back({std::move(*found), {}, {}});
    }
    QHash<TaskId, work::TaskRecord> tasks;
    for (work::RunRecord& record : page.items) {
        const TaskId id = record.run.task;
        if (!tasks.contains(id))
            tasks.insert(id, findTaskRecord(database, id).value_or(work::TaskRecord{}));
        record.task = tasks[id].task;
        record.taskStatus = tasks[id].status;
        if (filter.payloads == work::Payloads::Include)
            readPayloads(database, record.run);
    }
    return page;
}

work::TaskRecord readTask(Database& database, TaskId id)
{
    const std::optional<work::TaskRecord> record = findTaskRecord(database, id);
    if (!record)
        refuse(ErrorCode::NotFound, u"Task id=%1 not found"_s.arg(id.value));
    return *record;
}

work::Page<work::TaskRecord> readTasks(
    Database& database, const work::TaskFilter& filter, work::Paging paging)
{
    const PageQuery query = taskQuery(filter);
    work::Page<work::TaskRecord> page;
    page.total = query.count(database);
    for (const qint64 id : query.ids(database, window(paging))) {
        if (std::optional<work::TaskRecord> record = findTaskRecord(database, {id}))
            page.items.push_back(std::move(*record));
    }
    return page;
}

} // namespace gatehouse::store
