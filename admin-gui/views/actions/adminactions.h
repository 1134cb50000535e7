// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/client/adminconnection.h"

#include <QObject>

class QWidget;

namespace gatehouse::gui {

/// The privileged actions with their questions before and their results after. Shared by every
/// page; what destroys or disturbs is done only after a dialog that names the object.
class AdminActions final : public QObject
{
    Q_OBJECT

public:
    AdminActions(AdminConnection& connection, QWidget* window);

    void disconnectClient(const QString& sessionId, const QString& who);
    void demoteClient(const QString& sessionId, const QString& who);
    void killTask(const model::TaskInfo& task);
    void renewToken(const model::NodeInfo& node);
    void pingNode(const model::NodeInfo& node);
    void sendToRoom(const model::RoomInfo& room);

    static QString errorText(const Error& error);

Q_SIGNALS:
    void started(const QString& text);
    void finished(bool ok, const QString& text);

private:
    static QString unavailableText(const QString& detail);
    /// Tells the result; `success` makes the text from the number of the ack.
    AdminConnection::ActionAnswer report(
        const QString& failureText, std::function<QString(qint64)> success);

    AdminConnection& m_connection;
    QWidget* m_window;
};

} // namespace gatehouse::gui
