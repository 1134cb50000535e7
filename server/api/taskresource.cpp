// SPDX-License-Identifier: Apache-2.0
#include "server/api/taskresource.h"

#include "server/access/policy.h"
#include "server/api/idempotency.h"
#include "server/api/listscope.h"
#include "server/api/page.h"
#include "server/api/taskbody.h"
#include "server/api/worksessionresource.h"
#include "server/observe/log.h"
#include "server/work/directory.h"
#include "server/work/journal.h"

namespace gatehouse::api {

using L = QLatin1StringView;
using model::RuleScope;

namespace {

constexpr int maxRunsOfTask = 1'000;

/// Asking for less than it got would give a client what it did not want; so a filter we do not have
/// is an error.
std::optional<QString> unknownFilter(const ApiCall& call)
{
    for (const char* name : {"study_id", "image", "description", "database", "run_id", "store_id",
             "status", "is_user_created", "session_id", "dataframe_id"}) {
        if (call.query(L(name)))
            return QLatin1String(name);
    }
    return std::nullopt;
}

} // namespace

void TaskResource::addTo(Router& router, const QString& base)
{
    const Callers readers = Caller::User | Caller::Node | Caller::Container;
    const QString task = base + QStringLiteral("/task");
    router.add("GET", task, readers, [this](const ApiCallPtr& call) { list(call); });
    router.add("POST", task, Caller::User | Caller::Container,
        [this](const ApiCallPtr& call) { create(call); });
    router.add("GET", task + QStringLiteral("/{id}"), readers,
        [this](const ApiCallPtr& call) { get(call); });
    router.add("GET", task + QStringLiteral("/{id}/status"), readers,
        [this](const ApiCallPtr& call) { getStatus(call); });
}

void TaskResource::list(const ApiCallPtr& call)
{
    const auto paging = pagingOf(*call);
    if (!paging)
        return call->fail(paging.error());
    const access::ViewScope scope = listScope(*call, access::Resource::Task);
    if (!scope.scope)
        return call->deny(scope.decision);
    auto filter = filterOf(*call);
    if (!filter)
        return call->fail(filter.error());
    bool isPossible = true;
    switch (*scope.scope) {
    case RuleScope::Global:
        break;
    case RuleScope::Collaboration: {
        const auto wanted = filter->collaborations.value_or(std::vector{CollaborationId{}});
        filter->collaborations = narrowed(ownCollaborations(*call), wanted.front());
        break;
    }
    case RuleScope::Organization:
        isPossible = narrow(filter->initOrganization, call->principal().organization);
        break;
    case RuleScope::Own:
        isPossible = narrow(filter->initUser, call->principal().userId());
        break;
    }
    if (!isPossible)
        return replyPage(*call, {}, *paging, 0);
    services().journal.tasks(*filter, *paging,
        guarded([this, call, paging = *paging](const Result<work::Page<work::TaskRecord>>& page) {
            if (!page)
                return call->fail(page.error());
            QJsonArray data;
            for (const work::TaskRecord& record : page->items)
                data.append(m_json.task(record));
            replyPage(*call, data, paging, page->total);
        }));
}

Result<work::TaskFilter> TaskResource::filterOf(const ApiCall& call) const
{
    if (const auto unknown = unknownFilter(call))
        return failure(ErrorCode::BadRequest,
            QStringLiteral("Filtering tasks by '%1' is not supported").arg(*unknown));
    work::TaskFilter filter;
    filter.name = call.query(L("name")).value_or(QString());
    const auto take = [&call](L name, auto& id) -> std::optional<Error> {
        const auto value = call.queryId(name);
        if (!value)
            return value.error();
        id.value = *value;
        return std::nullopt;
    };
    CollaborationId collaboration;
    for (const auto& fault : {take(L("init_org_id"), filter.initOrganization),
             take(L("init_user_id"), filter.initUser), take(L("job_id"), filter.job),
             take(L("parent_id"), filter.parent), take(L("collaboration_id"), collaboration)}) {
        if (fault)
            return tl::unexpected<Error>(*fault);
    }
    if (collaboration.isValid())
        filter.collaborations = {collaboration};
    return filter;
}

void TaskResource::get(const ApiCallPtr& call)
{
    withTask(call, [this, call](const work::TaskRecord& record) {
        if (call->includes(L("runs")) || call->includes(L("results")))
            return replyWithRuns(call, record);
        call->reply(200, m_json.task(record));
    });
}

void TaskResource::getStatus(const ApiCallPtr& call)
{
    withTask(call, [this, call](const work::TaskRecord& record) {
        call->reply(200, {{L("status"), m_json.taskStatus(record.status)}});
    });
}

void TaskResource::withTask(
    const ApiCallPtr& call, std::function<void(const work::TaskRecord&)> found)
{
    const TaskId id{call->id()};
    services().journal.task(
        id, guarded([call, id, found = std::move(found)](const Result<work::TaskRecord>& record) {
            if (!record && record.error().code == ErrorCode::NotFound)
                return call->failNotFound(mayViewTask(*call, {}),
                    QStringLiteral("Task id=%1 is not found").arg(id.value));
            if (!record)
                return call->fail(record.error());
            if (const auto decision = mayViewTask(*call, record->task); !decision)
                return call->deny(decision);
            found(*record);
        }));
}

void TaskResource::replyWithRuns(const ApiCallPtr& call, const work::TaskRecord& record)
{
    const auto decision = access::mayView(call->principal(), call->rights(), access::Resource::Run,
        {record.task.initOrganization, {record.task.collaboration}, record.task.initUser});
    if (!decision)
        return call->deny(decision);
    work::RunFilter filter;
    filter.task = record.task.id;
    services().journal.runs(filter, {1, maxRunsOfTask},
        guarded([this, call, record](const Result<work::Page<work::RunRecord>>& page) {
            if (!page)
                return call->fail(page.error());
            QJsonArray runs;
            QJsonArray results;
            for (const work::RunRecord& run : page->items) {
                runs.append(m_json.run(run));
                results.append(m_json.result(run));
            }
            QJsonObject json = m_json.task(record);
            if (call->includes(L("runs")))
                json.insert(L("runs"), runs);
            if (call->includes(L("results")))
                json.insert(L("results"), results);
            call->reply(200, json);
        }));
}

void TaskResource::create(const ApiCallPtr& call)
{
    const auto body = call->body();
    if (!body)
        return call->fail(body.error());
    auto request = readTaskBody(*body, m_json.form(), services().directory);
    if (!request)
        return call->fail(request.error());
    auto idempotency = idempotencyOf(*call);
    if (!idempotency)
        return call->fail(idempotency.error());
    request->idempotency = std::move(*idempotency);
    if (call->caller().isContainer())
        createForContainer(call, std::move(*request));
    else
        createForUser(call, std::move(*request));
}

void TaskResource::createForUser(const ApiCallPtr& call, work::TaskRequest request)
{
    request.initOrganization = call->principal().organization;
    request.initUser = call->principal().userId();
    const work::Collaboration& collaboration
        = *services().directory.collaboration(request.collaboration);
    std::vector<OrganizationId> targets;
    for (const work::NewRun& run : request.organizations)
        targets.push_back(run.organization);
    const bool areMembers = std::all_of(
        targets.begin(), targets.end(), [this, &request](OrganizationId organization) {
            return services().directory.isMember(organization, request.collaboration);
        });
    const auto decision = access::mayCreateTask(call->principal(), call->rights(),
        {request.collaboration, collaboration.members,
            areMembers ? targets : collaboration.members});
    if (!decision)
        return call->deny(decision);
    if (!areMembers)
        return call->fail({ErrorCode::BadRequest,
            QStringLiteral("At least one of the supplied organizations in not within the "
                           "collaboration.")});
    if (m_json.form() == WireForm::V4)
        return submit(call, std::move(request));
    const WorkSessionId session = request.session;
    withWorkSession(call, services().journal, session,
        guarded([this, call, request = std::move(request)](const work::WorkSession& found) {
            if (found.collaboration != request.collaboration)
                return call->fail({ErrorCode::BadRequest,
                    QStringLiteral("The session is of another collaboration")});
            submit(call, request);
        }));
}

void TaskResource::createForContainer(const ApiCallPtr& call, work::TaskRequest request)
{
    const QJsonObject& container = call->caller().claims.container;
    const TaskId parent{container.value(L("task_id")).toInteger()};
    services().journal.task(
        parent, guarded([this, call, request, container](const Result<work::TaskRecord>& found) {
            if (!found)
                return call->fail({ErrorCode::TokenInvalid,
                    QStringLiteral("The task of this container does not exist")});
            const work::Task& task = found->task;
            const bool isValid = request.collaboration == call->principal().collaboration
                && task.collaboration == request.collaboration
                && request.image.endsWith(container.value(L("image")).toString())
                && !work::hasFinished(found->status);
            if (!isValid)
                return call->fail(
                    {ErrorCode::Forbidden, QStringLiteral("Container-token is not valid")});
            work::TaskRequest subtask = request;
            subtask.parent = task.id;
            subtask.image = task.image;
            subtask.initOrganization = call->principal().organization;
            subtask.initUser = task.initUser;
            subtask.session = task.session; // whatever it asked for
            submit(call, std::move(subtask));
        }));
}

void TaskResource::submit(const ApiCallPtr& call, work::TaskRequest request)
{
    const work::Collaboration* collaboration
        = services().directory.collaboration(request.collaboration);
    if (!collaboration)
        return call->fail({ErrorCode::NotFound, QStringLiteral("Collaboration not found!")});
    if (const auto checked = checkInputEncryption(request, *collaboration); !checked)
        return call->fail(checked.error());
    services().tasks.create(
        std::move(request), guarded([this, call](const Result<work::CreatedTask>& created) {
            if (!created)
                return call->fail(created.error());
            const work::Task& task = created->record.task;
            if (created->repeated)
                return call->reply(201, m_json.task(created->record));
            observe::log(observe::Level::Info, observe::category::task,
                QStringLiteral("New task %1 \"%2\" by <%3>")
                    .arg(QString::number(task.id.value), task.name, call->principal().name),
                {.task = task.id});
            call->reply(201, m_json.task(created->record));
        }));
}

} // namespace gatehouse::api
