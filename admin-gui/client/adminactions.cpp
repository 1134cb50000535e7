// SPDX-License-Identifier: Apache-2.0
// The privileged actions of AdminConnection (docs/admin-protocol.md, "Acting").
#include "admin-gui/client/adminconnection.h"

namespace gatehouse::gui {

using L = QLatin1StringView;

void AdminConnection::act(const QString& event, const QJsonObject& argument,
    QLatin1StringView number, ActionAnswer answer)
{
    if (!m_entered) {
        answer(failure(ErrorCode::Unavailable));
        return;
    }
    // An action's answer is owed to the person who asked, also when the connection ends meanwhile.
    auto once = std::make_shared<ActionAnswer>(std::move(answer));
    const auto finish = [once](const Result<qint64>& result) {
        if (const ActionAnswer call = std::exchange(*once, nullptr))
            call(result);
    };
    auto lost = std::make_shared<QMetaObject::Connection>();
    *lost = connect(this, &AdminConnection::stateChanged, this, [finish, lost](LinkState state) {
        if (state != LinkState::Live && state != LinkState::Stale) {
            disconnect(*lost);
            finish(failure(ErrorCode::Unavailable));
        }
    });
    request(event, argument, [finish, lost, number](const Result<QJsonObject>& ack) {
        disconnect(*lost);
        if (!ack)
            finish(tl::unexpected<Error>(ack.error()));
        else
            finish(number.isEmpty() ? 0 : qint64(ack->value(number).toDouble()));
    });
}

void AdminConnection::disconnectClient(
    const QString& sessionId, const QString& reason, ActionAnswer answer)
{
    act(QStringLiteral("client:disconnect"), {{L("sessionId"), sessionId}, {L("reason"), reason}},
        L(), std::move(answer));
}

void AdminConnection::demoteClient(
    const QString& sessionId, const QString& reason, ActionAnswer answer)
{
    act(QStringLiteral("client:demote"), {{L("sessionId"), sessionId}, {L("reason"), reason}}, L(),
        std::move(answer));
}

void AdminConnection::killTask(qint64 taskId, const QString& reason, ActionAnswer answer)
{
    act(QStringLiteral("task:kill"), {{L("taskId"), taskId}, {L("reason"), reason}}, L("runs"),
        std::move(answer));
}

void AdminConnection::renewToken(qint64 nodeId, const QString& reason, ActionAnswer answer)
{
    act(QStringLiteral("node:renewToken"), {{L("nodeId"), nodeId}, {L("reason"), reason}},
        L("sockets"), std::move(answer));
}

void AdminConnection::pingNode(qint64 nodeId, const QString& reason, ActionAnswer answer)
{
    act(QStringLiteral("node:ping"), {{L("nodeId"), nodeId}, {L("reason"), reason}},
        L("roundTripMs"), std::move(answer));
}

void AdminConnection::sendToRoom(const QString& nsp, const QString& room, const QString& event,
    const QJsonArray& args, const QString& reason, ActionAnswer answer)
{
    act(QStringLiteral("room:send"),
        {{L("nsp"), nsp}, {L("room"), room}, {L("event"), event}, {L("args"), args},
            {L("reason"), reason}},
        L("recipients"), std::move(answer));
}

} // namespace gatehouse::gui
