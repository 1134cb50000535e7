// SPDX-License-Identifier: Apache-2.0
#include "server/transport/listener.h"

#include "server/transport/trustedproxies.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

namespace gatehouse::transport {

namespace {

/// Then those inside have their turn; the rest waits in the backlog.
constexpr int MaxAcceptsPerTurn = 256;

quint16 portOf(const sockaddr_storage& address)
{
    return ntohs(address.ss_family == AF_INET6
            ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
            : reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

/// Linux gives a connection the options that the listening socket has when it is established, so
/// they are set once. Those established between listen() and this keep the system's.
void setConnectionOptions(int listening, int sendBufferBytes)
{
    const int on = 1;
    ::setsockopt(listening, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (sendBufferBytes > 0)
        ::setsockopt(listening, SOL_SOCKET, SO_SNDBUF, &sendBufferBytes, sizeof sendBufferBytes);
}

} // namespace

Listener::Listener(
    DeadlineWheel& wheel, Millis backOff, std::function<void(const Accepted&)> accepted)
    : m_accepted(std::move(accepted)), m_backOffTime(backOff),
      m_backOff(wheel, [this] { m_notifier->setEnabled(true); })
{
}

bool Listener::listen(const QHostAddress& address, quint16 port, int backlog, int sendBufferBytes)
{
    m_server.setListenBacklogSize(backlog);
    if (!m_server.listen(address, port))
        return false;
    m_server.pauseAccepting();
    setConnectionOptions(int(m_server.socketDescriptor()), sendBufferBytes);
    m_notifier
        = std::make_unique<QSocketNotifier>(m_server.socketDescriptor(), QSocketNotifier::Read);
    QObject::connect(
        m_notifier.get(), &QSocketNotifier::activated, m_notifier.get(), [this] { acceptSome(); });
    return true;
}

void Listener::acceptSome()
{
    for (int i = 0; i < MaxAcceptsPerTurn; ++i) {
        sockaddr_storage address{};
        socklen_t size = sizeof address;
        const int descriptor = ::accept4(int(m_server.socketDescriptor()),
            reinterpret_cast<sockaddr*>(&address), &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (descriptor >= 0) {
            const QHostAddress peer(reinterpret_cast<const sockaddr*>(&address));
            m_accepted({descriptor, plainAddress(peer), portOf(address)});
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
