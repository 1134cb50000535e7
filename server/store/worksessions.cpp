// SPDX-License-Identifier: Apache-2.0
#include "server/store/worksessions.h"

#include "server/store/pagequery.h"

namespace gatehouse::store {

namespace {

using namespace Qt::StringLiterals;

std::optional<work::WorkSession> find(Database& database, WorkSessionId id)
{
    Rows rows = database.query(
        u"SELECT id, name, collaboration_id, study_id, user_id, organization_id, scope, created_at "
        "FROM work_session WHERE id = ?"_s,
        id);
    if (!rows.next())
        return std::nullopt;
    return work::WorkSession{{rows.integer(0)}, rows.text(1), {rows.integer(2)}, {rows.integer(3)},
        {rows.integer(4)}, {rows.integer(5)},
        model::ruleScopeFromName(rows.text(6)).value_or(model::RuleScope::Own), rows.time(7)};
}

} // namespace

work::WorkSession insertWorkSession(Database& database, work::WorkSession session, int most)
{
    {
        Rows rows = database.query(
            u"SELECT 1 FROM work_session WHERE collaboration_id = ? AND name = ?"_s,
            session.collaboration, session.name);
        if (rows.next())
            refuse(ErrorCode::Conflict,
                u"Session with that name already exists within the collaboration!"_s);
    }
    {
        Rows rows
            = database.query(u"SELECT COUNT(*) FROM work_session WHERE collaboration_id = ?"_s,
                session.collaboration);
        if (rows.next() && rows.integer(0) >= most)
            refuse(ErrorCode::TooLarge,
                u"the collaboration has %1 sessions already; delete one first"_s.arg(most));
    }
    session.id = {database.insert(
        u"INSERT INTO work_session (name, collaboration_id, study_id, user_id, organization_id, "
        "scope, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)"_s,
        session.name, session.collaboration, session.study, session.owner, session.organization,
        QString(model::name(session.scope)), session.createdAt)};
    return session;
}

void deleteWorkSession(Database& database, WorkSessionId id)
{
    {
        Rows rows = database.query(u"SELECT 1 FROM task WHERE session_id = ? LIMIT 1"_s, id);
        if (rows.next())
            refuse(ErrorCode::Conflict, u"Session id=%1 has tasks"_s.arg(id.value));
    }
    if (database.change(u"DELETE FROM work_session WHERE id = ?"_s, id) == 0)
        refuse(ErrorCode::NotFound, u"Session id=%1 not found!"_s.arg(id.value));
}

work::WorkSession readWorkSession(Database& database, WorkSessionId id)
{
    const auto session = find(database, id);
    if (!session)
        refuse(ErrorCode::NotFound, u"Session id=%1 not found!"_s.arg(id.value));
    return *session;
}

work::Page<work::WorkSession> readWorkSessions(
    Database& database, const work::WorkSessionFilter& filter, work::Paging paging)
{
    PageQuery query(u"work_session"_s);
    query.setCollaborations(filter.collaborations);
    if (filter.only)
        query.add(u"work_session.id = ?"_s, {bind(filter.only->value)});
    if (!filter.name.isEmpty())
        query.add(u"work_session.name = ?"_s, {bind(filter.name)});
    if (filter.usableBy.isValid())
        query.add(u"(work_session.scope = 'COLLABORATION' OR (work_session.organization_id = ? AND "
                  "(work_session.scope = 'ORGANIZATION' OR work_session.user_id = ?)))"_s,
            {bind(filter.organization), bind(filter.usableBy)});
    work::Page<work::WorkSession> page;
    page.total = query.count(database);
    for (const qint64 id : query.ids(database, window(paging))) {
        if (auto session = find(database, {id}))
            page.items.push_back(*std::move(session));
    }
    return page;
}

} // namespace gatehouse::store
