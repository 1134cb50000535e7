// SPDX-License-Identifier: Apache-2.0
#include "server/events/adminactions.h"

#include "common/core/strictjson.h"
#include "common/protocol/jsonargs.h"
#include "server/events/federationnames.h"
#include "server/hub/hub.h"
#include "server/observe/audit.h"
#include "server/session/socketioserver.h"
#include "server/work/directory.h"
#include "server/work/presence.h"
#include "server/work/taskservice.h"

#include <QJsonArray>

#include <algorithm>

namespace gatehouse::events {

using L = QLatin1StringView;
using access::AdminAction;

namespace {

constexpr qsizetype maxReasonLength = 1'000;
constexpr qsizetype maxEventNameBytes = 128;

int placeholdersIn(const QJsonValue& value)
{
    int count = 0;
    if (value.isArray()) {
        const QJsonArray array = value.toArray();
        for (const QJsonValue& element : array)
            count += placeholdersIn(element);
    } else if (value.isObject()) {
        const QJsonObject object = value.toObject();
        if (object.value(L("_placeholder")).toBool())
            return 1;
        for (const QJsonValue& member : object)
            count += placeholdersIn(member);
    }
    return count;
}

/// Who it is about: the id of a session says nobody later.
QJsonObject holderOf(const access::Principal& principal)
{
    return {{L("kind"), QString(access::name(principal.kind))}, {L("id"), principal.id},
        {L("name"), principal.name}};
}

bool isReserved(const QByteArray& event)
{
    static const QByteArrayList names{
        "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"};
    return names.contains(event);
}

} // namespace

AdminActions::AdminActions(const AdminServices& services, const AdminOptions& options)
    : m_services(services),
      m_options(options), m_actions{{"client:disconnect",
                                        {AdminAction::Disconnect, &AdminActions::disconnectClient}},
                              {"client:demote", {AdminAction::Demote, &AdminActions::demoteClient}},
                              {"task:kill", {AdminAction::KillTask, &AdminActions::killTask}},
                              {"node:renewToken",
                                  {AdminAction::RenewToken, &AdminActions::renewToken}},
                              {"node:ping", {AdminAction::PingNode, &AdminActions::pingNode}},
                              {"room:send", {AdminAction::SendToRoom, &AdminActions::sendToRoom}}},
      m_alive(std::make_shared<bool>(true))
{
}

void AdminActions::run(
    const session::Socket& socket, const session::IncomingEvent& event, Reply reply)
{
    const QJsonArray args = protocol::fromJsonArgs(event.args);
    const Request request{socket.principal(), socket.handshake().peerAddress, event,
        args.at(0).toObject(), std::move(reply)};
    const Action action = m_actions.value(event.name);
    const auto decision = access::mayAdminister(request.principal, action.kind);
    if (!decision)
        return finish(request, {}, failure(ErrorCode::Forbidden, decision.reason));
    if (!args.at(0).isObject() || request.reason().size() > maxReasonLength)
        return finish(
            request, {}, failure(ErrorCode::BadRequest, QStringLiteral("no usable argument")));
    (this->*action.act)(request);
}

std::optional<session::SessionView> AdminActions::sessionOf(const Request& request) const
{
    const SessionId id{request.argument.value(L("sessionId")).toString().toUtf8()};
    for (const session::SessionSource* source : m_services.allSessions()) {
        if (auto found = source->session(id))
            return found;
    }
    return std::nullopt;
}

void AdminActions::disconnectClient(const Request& request)
{
    const QString id = request.argument.value(L("sessionId")).toString();
    const auto found = sessionOf(request);
    const auto sources = m_services.allSessions();
    const bool closed
        = std::any_of(sources.begin(), sources.end(), [&](session::SessionSource* source) {
              return source->closeSession({id.toUtf8()}, session::CloseCode::Kicked,
                  QLatin1StringView("disconnected by an administrator"));
          });
    const QString target = QStringLiteral("session ") + id.left(64);
    if (closed)
        finish(request, target, QJsonObject(), found ? holderOf(found->principal) : QJsonObject());
    else
        finish(request, target, failure(ErrorCode::NotFound, QStringLiteral("no such session")));
}

void AdminActions::demoteClient(const Request& request)
{
    const QString id = request.argument.value(L("sessionId")).toString();
    const QString target = QStringLiteral("session ") + id.left(64);
    const auto found = sessionOf(request);
    if (!found)
        return finish(
            request, target, failure(ErrorCode::NotFound, QStringLiteral("no such session")));
    std::vector<SocketId> sockets;
    for (const auto& [socket, nsp] : found->sockets)
        sockets.push_back(socket);
    const auto done = [this, alive = std::weak_ptr(m_alive), request, target,
                          before = holderOf(found->principal)](const Result<void>& demoted) {
        if (alive.expired())
            return;
        if (demoted)
            finish(request, target, QJsonObject(), before);
        else
            finish(request, target, tl::unexpected<Error>(demoted.error()), before);
    };
    if (m_services.demote)
        m_services.demote(sockets, done);
    else
        done(failure(ErrorCode::Conflict, QStringLiteral("nobody has a login here")));
}

void AdminActions::killTask(const Request& request)
{
    const TaskId task{request.id(L("taskId"))};
    const QString target = QStringLiteral("task %1").arg(task.value);
    if (!task.isValid())
        return finish(request, target, failure(ErrorCode::BadRequest, QStringLiteral("no taskId")));
    m_services.tasks.kill(task,
        [this, alive = std::weak_ptr(m_alive), request, target](
            const Result<work::TaskKill>& kill) {
            if (alive.expired())
                return;
            if (!kill)
                return finish(request, target, tl::unexpected<Error>(kill.error()));
            finish(request, target, QJsonObject{{L("runs"), qint64(kill->runs.size())}});
        });
}

void AdminActions::renewToken(const Request& request)
{
    const NodeId node{request.id(L("nodeId"))};
    const QString target = QStringLiteral("node %1").arg(node.value);
    if (!m_services.directory.node(node))
        return finish(
            request, target, failure(ErrorCode::NotFound, QStringLiteral("no such node")));
    int asked = 0;
    for (const SocketId& id : m_services.presence.sockets(node)) {
        if (session::Socket* socket = m_services.server.findSocket(id)) {
            socket->emitEvent("expired_token");
            ++asked;
        }
    }
    if (asked == 0)
        return finish(request, target,
            failure(ErrorCode::Unavailable, QStringLiteral("the node is offline")));
    finish(request, target, QJsonObject{{L("sockets"), asked}});
}

void AdminActions::pingNode(const Request& request)
{
    const NodeId node{request.id(L("nodeId"))};
    const QString target = QStringLiteral("node %1").arg(node.value);
    if (!m_services.directory.node(node))
        return finish(
            request, target, failure(ErrorCode::NotFound, QStringLiteral("no such node")));
    const std::vector<SocketId> sockets = m_services.presence.sockets(node);
    const session::Socket* newest
        = sockets.empty() ? nullptr : m_services.server.findSocket(sockets.back());
    if (!newest)
        return finish(request, target,
            failure(ErrorCode::Unavailable, QStringLiteral("the node is offline")));
    m_services.server.measureRoundTrip(newest->sessionId(),
        [this, alive = std::weak_ptr(m_alive), request, target](const Result<Millis>& time) {
            if (alive.expired())
                return;
            if (!time)
                return finish(request, target, tl::unexpected<Error>(time.error()));
            finish(request, target, QJsonObject{{L("roundTripMs"), qint64(time->count())}});
        });
}

void AdminActions::sendToRoom(const Request& request)
{
    const QString nsp = request.argument.value(L("nsp")).toString();
    const QString room = request.argument.value(L("room")).toString();
    const QByteArray event = request.argument.value(L("event")).toString().toUtf8();
    const QString target = QStringLiteral("%1 %2").arg(nsp.left(128), room.left(256));
    const auto refuse
        = [&](ErrorCode code, const QString& why) { finish(request, target, failure(code, why)); };
    if (event.isEmpty() || event.size() > maxEventNameBytes || isReserved(event))
        return refuse(ErrorCode::BadRequest, QStringLiteral("no usable event name"));
    const QJsonValue args = request.argument.value(L("args"));
    if (!args.isArray() && !args.isUndefined())
        return refuse(ErrorCode::BadRequest, QStringLiteral("args is no list"));
    if (placeholdersIn(args) != request.event.attachments.size())
        return refuse(ErrorCode::BadRequest, QStringLiteral("binary data outside of args"));
    if (!m_services.hub.room({nsp.toUtf8()}, {room.toUtf8()}))
        return refuse(ErrorCode::NotFound, QStringLiteral("no such room"));

    hub::Publication publication;
    publication.nsp = {nsp.toUtf8()};
    publication.rooms = {{room.toUtf8()}};
    publication.event = event;
    publication.attachments = request.event.attachments;
    // The raw text, so that numbers and order reach the receivers as they were sent.
    const QByteArray array = '[' + request.event.args + ']';
    const QByteArray argument = rawElement(array, 0)->toByteArray();
    if (const auto raw = rawMember(argument, "args"))
        publication.args = raw->sliced(1).chopped(1).toByteArray().trimmed();
    const hub::Delivery delivery = m_services.hub.publish(publication);
    finish(request, target, QJsonObject{{L("recipients"), qint64(delivery.recipients)}});
}

void AdminActions::finish(const Request& request, const QString& target,
    const Result<QJsonObject>& result, const QJsonObject& before)
{
    QString outcome = QStringLiteral("ok");
    if (!result)
        outcome = traits(result.error().code).name;
    m_services.audit.record({.at = m_services.clock.wall(),
        .actorKind = access::name(request.principal.kind),
        .actorId = request.principal.id,
        .actorName = request.principal.name,
        .address = request.address,
        .action = QString::fromUtf8(request.event.name),
        .target = target,
        .reason = request.reason().left(maxReasonLength),
        .outcome = outcome,
        .before = before,
        .after = {}});
    request.reply(result);
}

} // namespace gatehouse::events
