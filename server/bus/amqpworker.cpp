// SPDX-License-Identifier: Apache-2.0
#include "server/bus/amqpworker.h"

#include <QRandomGenerator>

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace gatehouse::bus {

namespace {

constexpr int eventsPerTurn = 256;

} // namespace

AmqpWorker::AmqpWorker(const AmqpOptions& options, QByteArray connectionName)
    : m_options(options), m_connectionName(std::move(connectionName)),
      m_wakeDescriptor(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC))
{
}

AmqpWorker::~AmqpWorker()
{
    ::close(m_wakeDescriptor);
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

void AmqpWorker::requestStop()
{
    m_isStopping = true;
    {
        const std::lock_guard lock(m_mutex);
        if (m_descriptor >= 0)
            ::shutdown(m_descriptor, SHUT_RDWR);
    }
    wake();
}

void AmqpWorker::stop()
{
    if (!m_thread.joinable())
        return;
    requestStop();
    m_thread.join();
}

void AmqpWorker::wake()
{
    const quint64 one = 1;
    [[maybe_unused]] const auto written = ::write(m_wakeDescriptor, &one, sizeof one);
}

bool AmqpWorker::setDescriptor(int descriptor)
{
    const std::lock_guard lock(m_mutex);
    m_descriptor = descriptor;
    return !m_isStopping;
}

void AmqpWorker::run()
{
    Millis pause = m_options.retryMin;
    while (!m_isStopping) {
        bool wasUp = false;
        const Result<void> ended = turn(wasUp);
        tearDown(ended ? Error{ErrorCode::Unavailable, QStringLiteral("closed")} : ended.error());
        if (wasUp)
            pause = m_options.retryMin;
        // Spread, so that many processes do not come back in step.
        const qint64 spread = QRandomGenerator::global()->bounded(qint64(pause.count()) / 2 + 1);
        rest(pause + Millis{spread});
        pause = std::min(pause * 2, m_options.retryMax);
    }
}

/// One connection from its beginning to its end.
Result<void> AmqpWorker::turn(bool& wasUp)
{
    const auto connection = AmqpConnection::open(
        m_options, m_connectionName, [this](int descriptor) { return setDescriptor(descriptor); });
    if (!connection)
        return tl::unexpected(connection.error());
    Result<void> ended = setUp(**connection);
    if (ended) {
        wasUp = true;
        ended = serve(**connection);
    }
    if (ended) // told to stop, with the connection in order
        (*connection)->close();
    setDescriptor(-1);
    return ended;
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
        const bool reads = mayRead();
        // What came while a call waited for its answer has left the socket already.
        if (isBusy || *worked || (reads && connection.mayHoldEvents()))
            continue;
        // A full uplink is looked at again soon; its end wakes nobody.
        if (reads)
            wait(connection.descriptor(), untilNext());
        else
            wait(-1, Millis{5});
    }
    return {};
}

Millis AmqpWorker::untilNext() const
{
    const Millis turn = m_options.heartbeat / 3;
    const auto at = wakeAt();
    if (!at)
        return turn;
    return std::clamp(std::chrono::ceil<Millis>(*at - SteadyClock::now()), Millis{0}, turn);
}

/// Whoever wakes it meanwhile would make it knock at the broker's door without a pause.
void AmqpWorker::rest(Millis limit) const
{
    const auto until = SteadyClock::now() + limit;
    while (!m_isStopping && SteadyClock::now() < until)
        wait(-1, std::chrono::ceil<Millis>(until - SteadyClock::now()));
}

void AmqpWorker::wait(int descriptor, Millis limit) const
{
    pollfd watched[2] = {{m_wakeDescriptor, POLLIN, 0}, {descriptor, POLLIN, 0}};
    ::poll(watched, descriptor < 0 ? 1 : 2, int(std::max<qint64>(limit.count(), 0)));
    quint64 count = 0;
    [[maybe_unused]] const auto got = ::read(m_wakeDescriptor, &count, sizeof count);
}

} // namespace gatehouse::bus
