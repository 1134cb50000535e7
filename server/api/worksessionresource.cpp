// SPDX-License-Identifier: Apache-2.0
#include "server/api/worksessionresource.h"

#include "server/access/policy.h"
#include "server/api/listscope.h"
#include "server/api/page.h"
#include "server/work/directory.h"
#include "server/work/journal.h"

namespace gatehouse::api {

using L = QLatin1StringView;
using model::RuleScope;

namespace {

constexpr qsizetype maxNameLength = 255;

/// What a container's token names: the session of its task.
WorkSessionId sessionOfContainer(const ApiCall& call)
{
    return {call.caller().claims.container.value(L("session_id")).toInteger()};
}

/// Its collaboration's, its organization's or its owner's, as its scope says.
access::Decision mayUse(const ApiCall& call, const work::WorkSession& session)
{
    const access::Principal& who = call.principal();
    const std::vector<CollaborationId> own = ownCollaborations(call);
    bool allowed = std::find(own.begin(), own.end(), session.collaboration) != own.end();
    // Nodes serve tasks of every session of theirs; what runs there is code of one task.
    if (call.caller().isContainer())
        allowed = allowed && session.id == sessionOfContainer(call);
    if (who.kind == access::PrincipalKind::User && session.scope != RuleScope::Collaboration)
        allowed = allowed && who.organization == session.organization
            && (session.scope == RuleScope::Organization || who.userId() == session.owner);
    return {allowed, {},
        allowed ? QStringLiteral("the session's scope reaches it")
                : QStringLiteral("the session's scope does not reach it")};
}

auto incorrect(const QString& what)
{
    return failure(ErrorCode::BadRequest, QStringLiteral("Request body is incorrect: ") + what);
}

} // namespace

void withWorkSession(const ApiCallPtr& call, work::Journal& journal, WorkSessionId id,
    std::function<void(const work::WorkSession&)> found)
{
    if (!id.isValid())
        return call->fail({ErrorCode::BadRequest,
            QStringLiteral("Request body is incorrect: 'session_id' is needed")});
    journal.workSession(id, [call, found = std::move(found)](const Result<work::WorkSession>& got) {
        // Those of others and unused ids look alike.
        if (!got && got.error().code == ErrorCode::NotFound)
            return call->deny({false, {}, QStringLiteral("there is no such session")});
        if (!got)
            return call->fail(got.error());
        if (const auto decision = mayUse(*call, *got); !decision)
            return call->deny(decision);
        found(*got);
    });
}

void WorkSessionResource::addTo(Router& router, const QString& base)
{
    const QString session = base + QStringLiteral("/session");
    const Callers readers = Caller::User | Caller::Node | Caller::Container;
    router.add("POST", session, Caller::User, [this](const ApiCallPtr& call) { create(call); });
    router.add("GET", session, readers, [this](const ApiCallPtr& call) { list(call); });
    router.add("GET", session + QStringLiteral("/{id}"), readers,
        [this](const ApiCallPtr& call) { get(call); });
    router.add("DELETE", session + QStringLiteral("/{id}"), Caller::User,
        [this](const ApiCallPtr& call) { remove(call); });
}

Result<work::WorkSession> WorkSessionResource::readBody(
    const ApiCall& call, const QJsonObject& body) const
{
    const work::Directory& directory = services().directory;
    work::WorkSession session;
    session.owner = call.principal().userId();
    session.organization = call.principal().organization;
    session.createdAt = services().clock.wall();
    session.name = body.value(L("name")).toString();
    if (session.name.isEmpty())
        session.name
            = QStringLiteral("session of %1, %2")
                  .arg(call.principal().name, WireJson::time(session.createdAt).toString());
    if (session.name.size() > maxNameLength)
        return incorrect(QStringLiteral("'name' is longer than %1 characters").arg(maxNameLength));
    const auto scope = model::ruleScopeFromName(body.value(L("scope")).toString());
    if (!scope || *scope == RuleScope::Global)
        return incorrect(QStringLiteral("'scope' is none of own, organization, collaboration"));
    session.scope = *scope;
    session.collaboration = {body.value(L("collaboration_id")).toInteger()};
    session.study = {body.value(L("study_id")).toInteger()};
    if (const work::Study* study = directory.study(session.study)) {
        if (session.collaboration.isValid() && session.collaboration != study->collaboration)
            return incorrect(QStringLiteral("the study is not of that collaboration"));
        session.collaboration = study->collaboration;
    } else if (session.study.isValid()) {
        return failure(
            ErrorCode::NotFound, QStringLiteral("Study id=%1 not found").arg(session.study.value));
    }
    if (!directory.collaboration(session.collaboration))
        return failure(ErrorCode::NotFound,
            QStringLiteral("Collaboration id=%1 not found!").arg(session.collaboration.value));
    return session;
}

void WorkSessionResource::create(const ApiCallPtr& call)
{
    const auto body = call->body();
    if (!body)
        return call->fail(body.error());
    const auto session = readBody(*call, *body);
    if (!session)
        return call->fail(session.error());
    const work::Collaboration& collaboration
        = *services().directory.collaboration(session->collaboration);
    const auto decision = access::mayCreateTask(call->principal(), call->rights(),
        {collaboration.id, collaboration.members, collaboration.members});
    if (!decision)
        return call->deny(decision);
    services().journal.createWorkSession(
        *session, guarded([this, call](const Result<work::WorkSession>& made) {
            if (!made)
                return call->fail(made.error());
            call->reply(201, m_json.workSession(*made));
        }));
}

void WorkSessionResource::list(const ApiCallPtr& call)
{
    const auto paging = pagingOf(*call);
    if (!paging)
        return call->fail(paging.error());
    const auto wanted = call->queryId(L("collaboration_id"));
    if (!wanted)
        return call->fail(wanted.error());
    work::WorkSessionFilter filter;
    filter.name = call->query(L("name")).value_or(QString());
    filter.usableBy = call->principal().userId();
    filter.organization = call->principal().organization;
    filter.collaborations = narrowed(ownCollaborations(*call), CollaborationId{*wanted});
    if (call->caller().isContainer())
        filter.only = sessionOfContainer(*call);
    services().journal.workSessions(filter, *paging,
        guarded([this, call, paging = *paging](const Result<work::Page<work::WorkSession>>& page) {
            if (!page)
                return call->fail(page.error());
            QJsonArray data;
            for (const work::WorkSession& session : page->items)
                data.append(m_json.workSession(session));
            replyPage(*call, data, paging, page->total);
        }));
}

void WorkSessionResource::get(const ApiCallPtr& call)
{
    withWorkSession(call, services().journal, {call->id()},
        guarded([this, call](const work::WorkSession& session) {
            call->reply(200, m_json.workSession(session));
        }));
}

void WorkSessionResource::remove(const ApiCallPtr& call)
{
    withWorkSession(call, services().journal, {call->id()},
        guarded([this, call](const work::WorkSession& session) {
            if (session.owner != call->principal().userId())
                return call->deny({false, {}, QStringLiteral("the session is another user's")});
            services().journal.removeWorkSession(
                session.id, guarded([call, id = session.id](const Result<void>& removed) {
                    if (!removed)
                        return call->fail(removed.error());
                    call->reply(200,
                        {{L("msg"),
                            QStringLiteral("Successfully deleted session id=%1").arg(id.value)}});
                }));
        }));
}

} // namespace gatehouse::api
