// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/transport/deadlinewheel.h"

#include <QSocketNotifier>
#include <QTcpServer>

#include <functional>
#include <memory>

namespace gatehouse::transport {

/// Accepts and hands on bare descriptors (close-on-exec, non-blocking, without Nagle's delay). A
/// QTcpServer opens the listening socket, but accepting is ours: when the system has no descriptor
/// left, Qt 6.4 tries again on every turn of the loop without a word; we rest for a while.
class Listener
{
public:
    struct Accepted
    {
        int descriptor;
        QHostAddress peer; ///< an IPv4 address as such, also on a socket for both
        quint16 peerPort;
    };

    Listener(DeadlineWheel& wheel, Millis backOff, std::function<void(const Accepted&)> accepted);

    /// `sendBufferBytes` (SO_SNDBUF) is of each connection; 0 leaves it to the kernel. False:
    /// errorString() says why.
    bool listen(const QHostAddress& address, quint16 port, int backlog, int sendBufferBytes);

    QString errorString() const { return m_server.errorString(); }
    QHostAddress address() const { return m_server.serverAddress(); }
    quint16 port() const { return m_server.serverPort(); }
    quint64 acceptErrors() const { return m_acceptErrors; }

private:
    void acceptSome();

    std::function<void(const Accepted&)> m_accepted;
    Millis m_backOffTime;
    Deadline m_backOff;
    QTcpServer m_server;
    std::unique_ptr<QSocketNotifier> m_notifier;
    quint64 m_acceptErrors = 0;
};

} // namespace gatehouse::transport
