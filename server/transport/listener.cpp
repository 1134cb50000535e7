// SPDX-License-Identifier: Apache-2.0
#include "server/transport/listener.h"

#include <sys/socket.h>

#include <cerrno>

namespace gatehouse::transport {

namespace {

/// Then those inside have their turn; the rest waits in the backlog.
constexpr int MaxAcceptsPerTurn = 256;

} // namespace

Listener::Listener(DeadlineWheel& wheel, Millis backOff, std::function<void(qintptr)> accepted)
    : m_accepted(std::move(accepted)), m_backOffTime(backOff),
      m_backOff(wheel, [this] { m_notifier->setEnabled(true); })
{
}

bool Listener::listen(const QHostAddress& address, quint16 port, int backlog)
{
    m_server.setListenBacklogSize(backlog);
    if (!m_server.listen(address, port))
        return false;
    m_server.pauseAccepting();
    m_notifier
        = std::make_unique<QSocketNotifier>(m_server.socketDescriptor(), QSocketNotifier::Read);
    QObject::connect(
        m_notifier.get(), &QSocketNotifier::activated, m_notifier.get(), [this] { acceptSome(); });
    return true;
}

void Listener::acceptSome()
{
    for (int i = 0; i < MaxAcceptsPerTurn; ++i) {
        const int descriptor = ::accept4(
            int(m_server.socketDescriptor()), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (descriptor >= 0) {
            m_accepted(descriptor);
            continue;
        }
        if (errno == EINTR || errno == ECONNABORTED)
            continue; // that one has gone already
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            return;
        ++m_acceptErrors;
        m_notifier->setEnabled(false);
        m_backOff.start(m_backOffTime);
        return;
    }
}

} // namespace gatehouse::transport
