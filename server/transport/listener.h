// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/transport/deadlinewheel.h"

#include <QTcpServer>

#include <functional>

namespace gatehouse::transport {

/// Accepts and hands on bare descriptors. When the system has no descriptor left it stops
/// accepting for a while instead of spinning on a readable listening socket.
class Listener : public QTcpServer
{
    Q_OBJECT

public:
    Listener(DeadlineWheel& wheel, Millis backOff, std::function<void(qintptr)> accepted);

    quint64 acceptErrors() const { return m_acceptErrors; }

protected:
    void incomingConnection(qintptr descriptor) override;

private:
    std::function<void(qintptr)> m_accepted;
    Deadline m_backOff;
    quint64 m_acceptErrors = 0;
};

} // namespace gatehouse::transport
