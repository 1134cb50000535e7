// SPDX-License-Identifier: Apache-2.0
#include "server/transport/listener.h"

namespace gatehouse::transport {

Listener::Listener(DeadlineWheel& wheel, Millis backOff, std::function<void(qintptr)> accepted)
    : m_accepted(std::move(accepted)), m_backOff(wheel, [this] { resumeAccepting(); })
{
    // Qt has paused accepting by itself when it says so.
    connect(this, &QTcpServer::acceptError, this, [this, backOff] {
        ++m_acceptErrors;
        m_backOff.start(backOff);
    });
}

void Listener::incomingConnection(qintptr descriptor)
{
    m_accepted(descriptor);
}

} // namespace gatehouse::transport
