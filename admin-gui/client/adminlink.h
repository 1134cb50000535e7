// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"

#include <QJsonArray>
#include <QObject>
#include <QUrl>

#include <functional>

namespace gatehouse::gui {

/// One Socket.IO socket in the namespace `/gh-admin` (docs/admin-protocol.md): what AdminConnection
/// needs from a transport, so that a test can be the server. It never reconnects by itself.
class AdminLink : public QObject
{
    Q_OBJECT

public:
    using Answer = std::function<void(Result<QJsonArray>)>;

    using QObject::QObject;

    /// Starts anew, whatever was before; opened(), refused() or closed() follows later.
    virtual void open(const QUrl& server, const QByteArray& token) = 0;

    /// Ends quietly: no closed() follows, pending answers are dropped.
    virtual void close() = 0;

    /// Sends an event and calls `answer` exactly once: with the ack's arguments, or with Timeout or
    /// Unavailable. Not called after close().
    virtual void request(const QString& event, const QJsonArray& args, Answer answer) = 0;

Q_SIGNALS:
    void opened(); ///< the namespace was entered
    void refused(const gatehouse::Error& error); ///< CONNECT_ERROR; the server said why
    void closed(const QString& reason); ///< could not connect, or the connection ended
    void eventReceived(const QString& name, const QJsonArray& args);
};

} // namespace gatehouse::gui
