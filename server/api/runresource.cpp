// SPDX-License-Identifier: Apache-2.0
#include "server/api/runresource.h"

#include "server/access/policy.h"
#include "server/api/listscope.h"
#include "server/api/page.h"
#include "server/work/directory.h"
#include "server/work/journal.h"
#include "server/work/taskservice.h"

namespace gatehouse::api {

using L = QLatin1StringView;
using model::RuleScope;

namespace {

/// Visible by either side: the organization that runs it or the one that asked for it.
access::Decision mayView(const ApiCall& call, const work::RunRecord& record)
{
    const access::Rights rights = call.rights();
    const work::Task& task = record.task;
    const auto bySender = access::mayView(call.principal(), rights, access::Resource::Run,
        {task.initOrganization, {task.collaboration}, task.initUser});
    if (bySender)
        return bySender;
    return access::mayView(call.principal(), rights, access::Resource::Run,
        {record.run.organization, {task.collaboration}, task.initUser});
}

auto incorrect(const QString& field)
{
    return failure(ErrorCode::BadRequest,
        QStringLiteral("Request body is incorrect: '%1' has a wrong value").arg(field));
}

} // namespace

void RunResource::addTo(Router& router, const QString& base)
{
    const Callers readers = Caller::User | Caller::Node | Caller::Container;
    const QString run = base + QStringLiteral("/run");
    const QString result = base + QStringLiteral("/result");
    const QString withId = QStringLiteral("/{id}");
    const ToJson asRun = [this](const ApiCall& call, const work::RunRecord& record) {
        return runJson(call, record);
    };
    const ToJson asResult
        = [this](const ApiCall&, const work::RunRecord& record) { return m_json.result(record); };
    router.add("GET", run, readers, [this, asRun](const ApiCallPtr& call) { list(call, asRun); });
    router.add(
        "GET", run + withId, readers, [this, asRun](const ApiCallPtr& call) { get(call, asRun); });
    router.add(
        "PATCH", run + withId, Caller::Node, [this](const ApiCallPtr& call) { patch(call); });
    router.add(
        "GET", result, readers, [this, asResult](const ApiCallPtr& call) { list(call, asResult); });
    router.add("GET", result + withId, readers,
        [this, asResult](const ApiCallPtr& call) { get(call, asResult); });
}

/// `include=task` adds what the caller may see of the task: run/VIEW alone shows its id only.
QJsonObject RunResource::runJson(const ApiCall& call, const work::RunRecord& record) const
{
    const bool withTask = call.includes(L("task")) && mayViewTask(call, record.task);
    return withTask ? m_json.runWithTask(record) : m_json.run(record);
}

void RunResource::list(const ApiCallPtr& call, const ToJson& toJson)
{
    auto paging = pagingOf(*call);
    if (!paging)
        return call->fail(paging.error());
    paging->perPage = std::min(paging->perPage, call->options().maxRunsPerPage);
    const access::ViewScope scope = listScope(*call, access::Resource::Run);
    if (!scope.scope)
        return call->deny(scope.decision);
    auto filter = filterOf(*call);
    if (!filter)
        return call->fail(filter.error());
    const auto isPossible = limitToScope(*call, *filter);
    if (!isPossible)
        return call->fail(isPossible.error());
    if (!*isPossible)
        return replyPage(*call, {}, *paging, 0);
    services().journal.runs(*filter, *paging,
        guarded([this, call, toJson, paging = *paging](
                    const Result<work::Page<work::RunRecord>>& page) {
            if (!page)
                return call->fail(page.error());
            QJsonArray data;
            for (const work::RunRecord& record : page->items)
                data.append(toJson(*call, record));
            replyPage(*call, data, paging, page->total);
        }));
}

Result<work::RunFilter> RunResource::filterOf(const ApiCall& call) const
{
    work::RunFilter filter;
    const auto take = [&call](L name, auto& id) -> std::optional<Error> {
        const auto value = call.queryId(name);
        if (!value)
            return value.error();
        id.value = *value;
        return std::nullopt;
    };
    CollaborationId collaboration;
    for (const auto& fault : {take(L("node_id"), filter.node), take(L("task_id"), filter.task),
             take(L("job_id"), filter.job), take(L("organization_id"), filter.organization),
             take(L("collaboration_id"), collaboration)}) {
        if (fault)
            return tl::unexpected<Error>(*fault);
    }
    if (collaboration.isValid())
        filter.collaborations = {collaboration};
    if (call.query(L("state")) == QStringLiteral("open"))
        filter.state = work::RunState::Open;
    if (filter.node.isValid() && !services().directory.node(filter.node))
        return failure(ErrorCode::BadRequest,
            QStringLiteral("Node id=%1 does not exist!").arg(filter.node.value));
    return filter;
}

/// False: the filter and what the caller may see have nothing in common.
Result<bool> RunResource::limitToScope(const ApiCall& call, work::RunFilter& filter) const
{
    const access::ViewScope scope = listScope(call, access::Resource::Run);
    switch (*scope.scope) {
    case RuleScope::Global:
        return true;
    case RuleScope::Collaboration: {
        const auto wanted = filter.collaborations.value_or(std::vector{CollaborationId{}});
        filter.collaborations = narrowed(ownCollaborations(call), wanted.front());
        return true;
    }
    case RuleScope::Organization:
        return narrow(filter.organization, call.principal().organization);
    case RuleScope::Own:
        return narrow(filter.initUser, call.principal().userId());
    }
    return false;
}

void RunResource::get(const ApiCallPtr& call, const ToJson& toJson)
{
    const RunId id{call->id()};
    services().journal.run(
        id, guarded([this, call, toJson, id](const Result<work::RunRecord>& record) {
            if (!record && record.error().code == ErrorCode::NotFound)
                return call->failNotFound(
                    mayView(*call, {}), QStringLiteral("Run id=%1 not found!").arg(id.value));
            if (!record)
                return call->fail(record.error());
            if (const auto decision = mayView(*call, *record); !decision)
                return call->deny(decision);
            call->reply(200, toJson(*call, *record));
        }));
}

void RunResource::patch(const ApiCallPtr& call)
{
    const auto body = call->body();
    if (!body)
        return call->fail(body.error());
    const auto patch = readPatch(*body);
    if (!patch)
        return call->fail(patch.error());
    const RunId id{call->id()};
    services().tasks.patchRun(call->principal().nodeId(), id, *patch,
        guarded([this, call, id](const Result<work::RunUpdate>& update) {
            if (update)
                return replyRun(call, id);
            if (update.error().code == ErrorCode::NotFound)
                return call->fail(work::notYourRun(id)); // as for the runs of other nodes
            call->fail(update.error());
        }));
}

void RunResource::replyRun(const ApiCallPtr& call, RunId id)
{
    services().journal.run(id, guarded([this, call](const Result<work::RunRecord>& record) {
        if (!record)
            return call->fail(record.error());
        call->reply(200, m_json.run(*record));
    }));
}

Result<work::RunPatch> RunResource::readPatch(const QJsonObject& body)
{
    work::RunPatch patch;
    const auto read = [&patch](const QString& field, const QString& text) {
        if (field == L("status"))
            return (patch.status = work::runStatusFromName(text)).has_value();
        if (field == L("started_at"))
            return (patch.startedAt = WireJson::parseTime(text)).has_value();
        if (field == L("finished_at"))
            return (patch.finishedAt = WireJson::parseTime(text)).has_value();
        if (field == L("result"))
            return (patch.result = text).has_value();
        if (field == L("log"))
            return (patch.log = text).has_value();
        return false;
    };
    for (auto it = body.begin(); it != body.end(); ++it) {
        if (it->isNull())
            continue; // as good as left out
        if (!it->isString() || !read(it.key(), it->toString()))
            return incorrect(it.key());
    }
    return patch;
}

} // namespace gatehouse::api
