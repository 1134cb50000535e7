// SPDX-License-Identifier: Apache-2.0
#include "server/bus/amqpworker.h"

#include <QRandomGenerator>

#include <algorithm>

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace gatehouse::bus {

namespace {

constexpr int eventsPerTurn = 256;

} // namespace

AmqpWorker::AmqpWorker(const AmqpOptions& options, QByteArray connectionName)
    : m_options(options), m_connectionName(std::move(connectionName)),
      m_wakeDescriptor(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC))
{
}

void AmqpWorker::start()
{
    // Signals are for the network thread, which reads them from a descriptor.
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, &before);
    m_thread = std::thread([this] { run(); });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void AmqpWorker::stop()
{
    if (!m_thread.joinable())
        return;
    m_isStopping = true;
    {
        const std::lock_guard lock(m_mutex);
        if (m_descriptor >= 0)
            ::shutdown(m_descriptor, SHUT_RDWR);
    }
    wake();
    m_thread.join();
    ::close(m_wakeDescriptor);
}

void AmqpWorker::wake()
{
    const quint64 one = 1;
    [[maybe_unused]] const auto written = ::write(m_wakeDescriptor, &one, sizeof one);
}

void AmqpWorker::setDescriptor(int descriptor)
{
    const std::lock_guard lock(m_mutex);
    m_descriptor = descriptor;
}

void AmqpWorker::run()
{
    Millis pause = m_options.retryMin;
    while (!m_isStopping) {
        auto connection = AmqpConnection::open(m_options, m_connectionName);
        Result<void> ended;
        if (connection) {
            setDescriptor((*connection)->descriptor());
            ended = setUp(**connection);
            if (ended) {
                pause = m_options.retryMin;
                ended = serve(**connection);
            }
            if (ended) // told to stop, with the connection in order
                (*connection)->close();
            setDescriptor(-1);
        } else {
            ended = tl::unexpected(connection.error());
        }
        tearDown(ended ? Error{ErrorCode::Unavailable, QStringLiteral("closed")} : ended.error());
        if (m_isStopping)
            break;
        // Spread, so that many processes do not come back in step.
        const qint64 spread = QRandomGenerator::global()->bounded(qint64(pause.count()) / 2 + 1);
        wait(-1, pause + Millis{spread});
        pause = std::min(pause * 2, m_options.retryMax);
    }
}

Result<void> AmqpWorker::serve(AmqpConnection& connection)
{
    while (!m_isStopping) {
        bool isBusy = false;
        for (int i = 0; i < eventsPerTurn && mayRead(); ++i) {
            auto event = connection.next();
            if (!event)
                return tl::unexpected(event.error());
            if (!*event)
                break;
            isBusy = i + 1 == eventsPerTurn;
            if (const auto taken = take(connection, *std::move(*event)); !taken)
                return taken;
        }
        const auto worked = work(connection);
        if (!worked)
            return tl::unexpected(worked.error());
        if (isBusy || *worked)
            continue;
        // A full uplink is looked at again soon; its end wakes nobody.
        wait(mayRead() ? connection.descriptor() : -1,
            mayRead() ? m_options.heartbeat / 3 : Millis{5});
    }
    return {};
}

void AmqpWorker::wait(int descriptor, Millis limit) const
{
    pollfd watched[2] = {{m_wakeDescriptor, POLLIN, 0}, {descriptor, POLLIN, 0}};
    ::poll(watched, descriptor < 0 ? 1 : 2, int(limit.count()));
    quint64 count = 0;
    [[maybe_unused]] const auto got = ::read(m_wakeDescriptor, &count, sizeof count);
}

} // namespace gatehouse::bus
