// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/views/actions/adminactions.h"

#include "admin-gui/models/identity.h"
#include "admin-gui/views/actions/confirmdialog.h"
#include "admin-gui/views/actions/senddialog.h"

#include <QPointer>
#include <QWidget>

#include <algorithm>

namespace gatehouse::gui {

AdminActions::AdminActions(AdminConnection& connection, QWidget* window)
    : QObject(window), m_connection(connection), m_window(window)
{
}

QString AdminActions::errorText(const Error& error)
{
    switch (error.code) {
    case ErrorCode::BadCredentials:
        return tr("name or password is wrong");
    case ErrorCode::TokenMissing:
        return tr("no token was given");
    case ErrorCode::TokenInvalid:
        return tr("the token is not valid here");
    case ErrorCode::TokenExpired:
        return tr("the token has expired");
    case ErrorCode::Forbidden:
        return tr("an admin account is needed");
    case ErrorCode::NotFound:
        return tr("it does not exist any more");
    case ErrorCode::Conflict:
        return tr("its state does not allow that");
    case ErrorCode::RateLimited:
        return tr("too many attempts, wait a moment");
    case ErrorCode::Timeout:
        return tr("no answer in time");
    case ErrorCode::Draining:
        return tr("the server is shutting down");
    case ErrorCode::Unavailable:
        return unavailableText(error.detail);
    default:
        // The server's own words, which it has in English only.
        return tr("the server says \u201c%1\u201d")
            .arg(error.detail.isEmpty() ? QString(traits(error.code).name) : error.detail);
    }
}

QString AdminActions::unavailableText(const QString& detail)
{
    if (detail.isEmpty() || detail == u"not connected")
        return tr("not connected");
    if (detail == u"transport close" || detail == u"transport error")
        return tr("the connection was cut");
    if (detail == u"ping timeout")
        return tr("the server fell silent");
    if (detail == u"io server disconnect")
        return tr("the server ended the session");
    if (detail == u"io client disconnect")
        return tr("disconnected by hand");
    if (detail == u"the node is offline")
        return tr("the node is offline");
    return detail; // of the operating system, in the user's language
}

AdminConnection::ActionAnswer AdminActions::report(
    const QString& failureText, std::function<QString(qint64)> success)
{
    return [self = QPointer<AdminActions>(this), failureText, success = std::move(success)](
               const Result<qint64>& result) {
        if (!self)
            return;
        if (result) {
            Q_EMIT self->finished(true, success(*result));
        } else {
            //: %1 is what failed ("Task 42 was not killed"), %2 is why
            Q_EMIT self->finished(false, tr("%1: %2").arg(failureText, errorText(result.error())));
        }
    };
}

void AdminActions::disconnectClient(const QString& sessionId, const QString& who)
{
    auto* dialog = new ConfirmDialog(tr("Disconnect client"), who,
        tr("Its connection is closed at once. A client with a valid token may come back by "
           "itself.\nSession %1")
            .arg(sessionId),
        tr("Disconnect"), m_window);
    dialog->setDangerous(true);
    connect(dialog, &QDialog::accepted, this, [this, dialog, sessionId, who] {
        Q_EMIT started(tr("Disconnecting %1\u2026").arg(who));
        m_connection.disconnectClient(sessionId, dialog->reason(),
            report(tr("%1 was not disconnected").arg(who),
                [who](qint64) { return tr("%1 was disconnected").arg(who); }));
    });
    dialog->open();
}

void AdminActions::demoteClient(const QString& sessionId, const QString& who)
{
    auto* dialog = new ConfirmDialog(tr("Take login away"), who,
        tr("Its token is refused from now on, by every server on the bus and whoever shows it. The "
           "connection stays, without what the login gave.\nSession %1")
            .arg(sessionId),
        tr("Take login away"), m_window);
    dialog->setDangerous(true);
    connect(dialog, &QDialog::accepted, this, [this, dialog, sessionId, who] {
        Q_EMIT started(tr("Taking the login of %1 away\u2026").arg(who));
        m_connection.demoteClient(sessionId, dialog->reason(),
            report(tr("%1 keeps its login").arg(who),
                [who](qint64) { return tr("%1 has no login any more").arg(who); }));
    });
    dialog->open();
}

void AdminActions::killTask(const model::TaskInfo& task)
{
    const QString name = task.name.isEmpty()
        ? tr("Task %1").arg(task.id)
        : tr("%1 (task %2)").arg(task.name, QString::number(task.id));
    QString text = tr("The nodes are told to stop this task. Its results are lost.");
    for (const model::RunInfo& run : task.runs)
        text += QStringLiteral("\n\u2022 ") % run.organization % QStringLiteral(" \u2013 ")
            % statusText(run.status);
    auto* dialog = new ConfirmDialog(tr("Kill task"), name, text, tr("Kill"), m_window);
    dialog->setDangerous(true);
    connect(dialog, &QDialog::accepted, this, [this, dialog, id = task.id, name] {
        Q_EMIT started(tr("Killing %1\u2026").arg(name));
        m_connection.killTask(
            id, dialog->reason(), report(tr("%1 was not killed").arg(name), [name](qint64 runs) {
                return tr("%1: %n run(s) killed", nullptr, int(runs)).arg(name);
            }));
    });
    dialog->open();
}

void AdminActions::renewToken(const model::NodeInfo& node)
{
    auto* dialog = new ConfirmDialog(tr("Renew token"), node.name,
        tr("The node is told that its token has expired. It signs in again and reconnects within "
           "seconds; running tasks go on."),
        tr("Renew token"), m_window);
    connect(dialog, &QDialog::accepted, this, [this, dialog, id = node.id, name = node.name] {
        Q_EMIT started(tr("Asking %1 to renew its token\u2026").arg(name));
        m_connection.renewToken(
            id, dialog->reason(), report(tr("%1 was not asked").arg(name), [name](qint64 sockets) {
                return tr(
                    "%1 was asked to renew its token (%n connection(s))", nullptr, int(sockets))
                    .arg(name);
            }));
    });
    dialog->open();
}

void AdminActions::pingNode(const model::NodeInfo& node)
{
    auto* dialog = new ConfirmDialog(tr("Ping node"), node.name,
        tr("A ping goes out over each of its connections, and the time until the answer is shown. "
           "The node's work is not touched."),
        tr("Ping"), m_window);
    connect(dialog, &QDialog::accepted, this, [this, dialog, id = node.id, name = node.name] {
        Q_EMIT started(tr("Pinging %1\u2026").arg(name));
        m_connection.pingNode(
            id, dialog->reason(), report(tr("%1 did not answer").arg(name), [name](qint64 ms) {
                return tr("%1 answered after %2 ms").arg(name, QString::number(ms));
            }));
    });
    dialog->open();
}

void AdminActions::sendToRoom(const model::RoomInfo& room)
{
    auto* dialog = new SendDialog(room.nsp, room.room, room.members, m_window);
    connect(dialog, &QDialog::accepted, this, [this, dialog, nsp = room.nsp, name = room.room] {
        Q_EMIT started(tr("Sending to %1\u2026").arg(name));
        m_connection.sendToRoom(nsp, name, dialog->event(),
            dialog->arguments().value_or(QJsonArray()), dialog->reason(),
            report(tr("Nothing was sent to %1").arg(name), [name](qint64 recipients) {
                return tr("Sent to %n member(s) of %1", nullptr, int(recipients)).arg(name);
            }));
    });
    dialog->open();
}

} // namespace gatehouse::gui
