// SPDX-License-Identifier: Apache-2.0
#include "server/store/expiring.h"

#include "server/store/database.h"

#include <ranges>

namespace gatehouse::store {

namespace {

using namespace Qt::StringLiterals;

struct Candidates
{
    std::vector<qint64> ids; ///< begun before the limit, ascending
    Swept swept; ///< all but what is removed
};

/// Numbers grow with time, so the first young row ends the search.
Candidates lookAt(Database& database, const QString& sql, const QVariantList& values, Millis before,
    qint64 after, int batch)
{
    Candidates found;
    found.swept.last = after;
    int seen = 0;
    Rows rows = database.queryList(sql, values);
    while (rows.next()) {
        ++seen;
        if (rows.time(1) >= before)
            return found;
        found.swept.last = rows.integer(0);
        found.ids.push_back(rows.integer(0));
    }
    found.swept.isOver = seen < batch;
    return found;
}

Swept removeTasks(Database& database, Millis before, qint64 after, int batch)
{
    Candidates found
        = lookAt(database, u"SELECT id, created_at FROM task WHERE id > ? ORDER BY id LIMIT ?"_s,
            {bind(after), bind(batch)}, before, after, batch);
    for (const qint64 id : std::views::reverse(found.ids)) // children before their parents
        found.swept.removed += database.change(
            u"DELETE FROM task WHERE id = ? AND id < (SELECT MAX(id) FROM task) AND NOT EXISTS "
            "(SELECT 1 FROM run WHERE run.task_id = task.id AND (run.finished_at IS NULL OR "
            "run.finished_at >= ?)) AND NOT EXISTS (SELECT 1 FROM task AS child WHERE "
            "child.parent_id = task.id)"_s,
            id, before);
    return found.swept;
}

/// Those whose tasks have gone, or that never had one.
Swept removeWorkSessions(Database& database, Millis before, qint64 after, int batch)
{
    Candidates found = lookAt(database,
        u"SELECT id, created_at FROM work_session WHERE id > ? ORDER BY id LIMIT ?"_s,
        {bind(after), bind(batch)}, before, after, batch);
    for (const qint64 id : found.ids)
        found.swept.removed += database.change(
            u"DELETE FROM work_session WHERE id = ? AND NOT EXISTS (SELECT 1 FROM task WHERE "
            "task.session_id = work_session.id)"_s,
            id);
    return found.swept;
}

/// Looks only at runs that still have a log, so that a round costs what there is to do.
Swept removeRunLogs(Database& database, Millis before, qint64 after, int batch)
{
    Candidates found = lookAt(database,
        u"SELECT id, assigned_at FROM run WHERE id IN (SELECT run_id FROM (SELECT run_id FROM "
        "run_outcome INDEXED BY run_outcome_log WHERE log IS NOT NULL AND run_id > ? ORDER BY "
        "run_id LIMIT ?) AS kept UNION SELECT run_id FROM (SELECT DISTINCT run_id FROM run_log "
        "WHERE run_id > ? ORDER BY run_id LIMIT ?) AS live) ORDER BY id LIMIT ?"_s,
        {bind(after), bind(batch), bind(after), bind(batch), bind(batch)}, before, after, batch);
    if (found.ids.empty())
        return found.swept;
    const QString old = u"run_id > ? AND run_id <= ? AND EXISTS (SELECT 1 FROM run WHERE run.id = "
                        "run_id AND run.finished_at < ?)"_s;
    const qint64 last = found.swept.last;
    found.swept.removed
        += database.change(u"UPDATE run_outcome INDEXED BY run_outcome_log SET log = NULL WHERE "
                           "log IS NOT NULL AND "_s
                + old,
            after, last, before);
    found.swept.removed
        += database.change(u"DELETE FROM run_log WHERE "_s + old, after, last, before);
    return found.swept;
}

Swept removeAudit(Database& database, Millis before, qint64 after, int batch)
{
    Candidates found
        = lookAt(database, u"SELECT id, at FROM audit WHERE id > ? ORDER BY id LIMIT ?"_s,
            {bind(after), bind(batch)}, before, after, batch);
    for (const qint64 id : found.ids)
        found.swept.removed += database.change(u"DELETE FROM audit WHERE id = ?"_s, id);
    return found.swept;
}

} // namespace

Swept removeExpired(Database& database, Expiring kind, Millis before, qint64 after, int batch)
{
    switch (kind) {
    case Expiring::Tasks:
        return removeTasks(database, before, after, batch);
    case Expiring::WorkSessions:
        return removeWorkSessions(database, before, after, batch);
    case Expiring::RunLogs:
        return removeRunLogs(database, before, after, batch);
    case Expiring::Audit:
        return removeAudit(database, before, after, batch);
    }
    return {};
}

} // namespace gatehouse::store
