// SPDX-License-Identifier: Apache-2.0
#include "server/store/dependencies.h"

#include "server/store/taskreads.h"

namespace gatehouse::store {

namespace {

using namespace Qt::StringLiterals;

void checkDependency(Database& database, const work::Task& task, TaskId wanted)
{
    {
        Rows rows = database.query(
            u"SELECT 1 FROM task WHERE id = ? AND collaboration_id = ? AND COALESCE(session_id, 0) = ?"_s,
            wanted, task.collaboration, task.session.value);
        if (!rows.next())
            refuse(ErrorCode::BadRequest,
                u"Task id=%1, which this one depends on, is not of its collaboration and session"_s
                    .arg(wanted.value));
    }
    if (work::hasFailed(readTaskSummary(database, wanted).status))
        refuse(ErrorCode::BadRequest,
            u"Task id=%1, which this one depends on, has failed"_s.arg(wanted.value));
}

/// At the end of a subquery: PostgreSQL would make a join of it that reads every run there is,
/// finished ones too, where it knows nothing of the tables yet. With an offset it does not.
const QString lookedUpForEachRow = u" LIMIT 1 OFFSET 0"_s;

/// In SQL, those that are no failure.
QString goodStatuses()
{
    QStringList good;
    for (const work::RunStatus status : work::allRunStatuses()) {
        if (!work::hasFailed(status))
            good += u'\'' + QString(work::name(status)) + u'\'';
    }
    return good.join(u", "_s);
}

} // namespace

QString unfinishedDependencyOf(const QString& task)
{
    return u"SELECT 1 FROM task_dependency JOIN run AS awaited ON awaited.task_id = "
           "task_dependency.depends_on_id WHERE (awaited.finished_at IS NULL OR awaited.status <> "
           "'completed') AND task_dependency.task_id = "_s
        + task + lookedUpForEachRow;
}

bool isWaiting(Database& database, TaskId task)
{
    Rows rows = database.query(unfinishedDependencyOf(u"?"_s), task);
    return rows.next();
}

qint64 countWaitingRuns(Database& database, CollaborationId collaboration)
{
    Rows rows = database.query(u"SELECT COUNT(*) FROM run INDEXED BY run_open_collaboration WHERE "
                               u"run.collaboration_id = ? "
                               "AND run.finished_at IS NULL AND EXISTS ("_s
            + unfinishedDependencyOf(u"run.task_id"_s) + u")"_s,
        collaboration);
    return rows.next() ? rows.integer(0) : 0;
}

std::vector<TaskId> readDependencies(Database& database, TaskId task)
{
    std::vector<TaskId> list;
    Rows rows = database.query(
        u"SELECT depends_on_id FROM task_dependency WHERE task_id = ? ORDER BY depends_on_id"_s,
        task);
    while (rows.next())
        list.push_back({rows.integer(0)});
    return list;
}

void insertDependencies(Database& database, const work::Task& task)
{
    for (const TaskId wanted : task.dependsOn) {
        checkDependency(database, task, wanted);
        database.change(u"INSERT INTO task_dependency (task_id, depends_on_id) VALUES (?, ?)"_s,
            task.id, wanted);
    }
}

std::vector<work::FailedTask> readFailedDependencies(Database& database)
{
    std::vector<work::FailedTask> list;
    Rows rows = database.query(
        u"SELECT DISTINCT link.depends_on_id FROM run INDEXED BY run_open JOIN task_dependency AS "
        "link ON link.task_id = run.task_id WHERE run.finished_at IS NULL AND EXISTS (SELECT 1 "
        "FROM run AS awaited WHERE awaited.task_id = link.depends_on_id AND awaited.status NOT IN "
        "("_s
        + goodStatuses() + u')' + lookedUpForEachRow + u") ORDER BY link.depends_on_id"_s);
    while (rows.next())
        list.push_back({{rows.integer(0)}, {}});
    return list;
}

std::vector<work::ReadyTask> readReady(Database& database, TaskId finished)
{
    std::vector<work::ReadyTask> list;
    Rows rows = database.query(
        u"SELECT task.id, task.parent_id, task.collaboration_id FROM task_dependency AS link JOIN "
        "task ON task.id = link.task_id WHERE link.depends_on_id = ? AND EXISTS (SELECT 1 FROM run "
        "WHERE run.task_id = task.id AND run.finished_at IS NULL) AND NOT EXISTS ("_s
            + unfinishedDependencyOf(u"task.id"_s) + u") ORDER BY task.id"_s,
        finished);
    while (rows.next())
        list.push_back({{rows.integer(0)}, {rows.integer(1)}, {rows.integer(2)}});
    return list;
}

} // namespace gatehouse::store
