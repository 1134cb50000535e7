// SPDX-License-Identifier: Apache-2.0
#include "server/api/killresource.h"

#include "server/access/policy.h"
#include "server/api/idempotency.h"
#include "server/observe/audit.h"
#include "server/work/directory.h"
#include "server/work/journal.h"
#include "server/work/presence.h"
#include "server/work/taskservice.h"

namespace gatehouse::api {

using L = QLatin1StringView;

namespace {

Result<qint64> idOf(const ApiCall& call)
{
    const auto body = call.body();
    if (!body)
        return tl::unexpected<Error>(body.error());
    const qint64 id = body->value(L("id")).toInteger();
    if (id <= 0)
        return failure(
            ErrorCode::BadRequest, QStringLiteral("Request body is incorrect: 'id' is needed"));
    return id;
}

/// Of each run that was killed or ended in the same write because it waited for a killed one, by
/// its id: before and after.
std::pair<QJsonObject, QJsonObject> statusesOf(const work::TaskKill& kill)
{
    QJsonObject before;
    QJsonObject after;
    for (const auto* changes : {&kill.runs, &kill.dependents.runs}) {
        for (const work::RunChange& change : *changes) {
            const QString run = QStringLiteral("run ") + QString::number(change.run.run.value);
            before.insert(run, QString(work::name(change.before)));
            after.insert(run, QString(work::name(change.run.status)));
        }
    }
    return {before, after};
}

QString outcomeOf(ErrorCode code)
{
    return traits(code).name;
}

} // namespace

void KillResource::addTo(Router& router, const QString& base)
{
    router.add("POST", base + QStringLiteral("/kill/task"), Caller::User,
        [this](const ApiCallPtr& call) { killTask(call); });
    router.add("POST", base + QStringLiteral("/kill/node/tasks"), Caller::User,
        [this](const ApiCallPtr& call) { killNodeTasks(call); });
}

void KillResource::killTask(const ApiCallPtr& call)
{
    const auto id = idOf(*call);
    if (!id)
        return call->fail(id.error());
    services().journal.task(
        TaskId{*id}, guarded([this, call, id = *id](const Result<work::TaskRecord>& record) {
            if (record)
                return killFoundTask(call, *record);
            if (record.error().code == ErrorCode::NotFound)
                return call->failNotFound(
                    access::mayKill(call->principal(), call->rights(), CollaborationId{}),
                    QStringLiteral("Task id=%1 not found").arg(id));
            call->fail(record.error());
        }));
}

void KillResource::killFoundTask(const ApiCallPtr& call, const work::TaskRecord& record)
{
    const TaskId id = record.task.id;
    const QString target = QStringLiteral("task %1").arg(id.value);
    const auto decision
        = access::mayKill(call->principal(), call->rights(), record.task.collaboration);
    if (!decision) {
        audit(*call, QStringLiteral("task:kill"), target, outcomeOf(ErrorCode::Forbidden));
        return call->deny(decision);
    }
    auto idempotency = idempotencyOf(*call);
    if (!idempotency)
        return call->fail(idempotency.error());
    const auto killed = [this, call, id, target](const Result<work::TaskKill>& kill) {
        if (!kill) {
            audit(*call, QStringLiteral("task:kill"), target, outcomeOf(kill.error().code));
            return call->fail(kill.error());
        }
        if (!kill->repeated) {
            const auto [before, after] = statusesOf(*kill);
            audit(*call, QStringLiteral("task:kill"), target, QStringLiteral("ok"), before, after);
        }
        call->reply(200,
            {{L("msg"),
                QStringLiteral("Nodes have been instructed to kill any containers running "
                               "for task %1.")
                    .arg(id.value)}});
    };
    services().tasks.kill(id, guarded(killed), std::move(*idempotency));
}

void KillResource::killNodeTasks(const ApiCallPtr& call)
{
    const auto id = idOf(*call);
    if (!id)
        return call->fail(id.error());
    const work::Node* node = services().directory.node(NodeId{*id});
    const QString number = QString::number(*id);
    if (!node)
        return call->failNotFound(access::mayKillOnNode(call->principal(), call->rights(),
                                      CollaborationId{}, OrganizationId{}),
            QStringLiteral("Node id=%1 not found").arg(number));
    const QString target = QStringLiteral("node ") + number;
    const auto decision = access::mayKillOnNode(
        call->principal(), call->rights(), node->collaboration, node->organization);
    if (!decision) {
        audit(*call, QStringLiteral("node:kill"), target, outcomeOf(ErrorCode::Forbidden));
        return call->deny(decision);
    }
    if (!services().presence.isOnline(node->id)) {
        audit(*call, QStringLiteral("node:kill"), target, outcomeOf(ErrorCode::BadRequest));
        return call->fail({ErrorCode::BadRequest,
            QStringLiteral("Node %1 is not online so cannot kill its tasks!").arg(number)});
    }
    services().killEverythingOn(*node);
    audit(*call, QStringLiteral("node:kill"), target, QStringLiteral("ok"));
    call->reply(200,
        {{L("msg"),
            QStringLiteral("Node %1 has been instructed to kill all containers running on it.")
                .arg(number)}});
}

void KillResource::audit(const ApiCall& call, const QString& action, const QString& target,
    const QString& outcome, const QJsonObject& before, const QJsonObject& after)
{
    services().audit.record({.at = services().clock.wall(),
        .actorKind = access::name(call.principal().kind),
        .actorId = call.principal().id,
        .actorName = call.principal().name,
        .address = call.request().peerAddress,
        .action = action,
        .target = target,
        .reason = {},
        .outcome = outcome,
        .before = before,
        .after = after});
}

} // namespace gatehouse::api
