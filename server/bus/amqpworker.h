// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/bus/amqpconnection.h"

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

namespace gatehouse::bus {

/// A thread with one connection to the broker, which it keeps up: connects, asks its heir to set up
/// what it needs, then turns between what the broker says and what its heir has to do, and after a
/// loss begins again with growing pauses. Started by start(), ended by stop(), both on the network
/// thread; everything virtual runs on the worker's. The heir's destructor calls stop().
class AmqpWorker
{
public:
    virtual ~AmqpWorker();
    Q_DISABLE_COPY_MOVE(AmqpWorker)

    void start();
    /// Does not wait. Cuts off what blocks by shutting the socket down; what was sent and not
    /// confirmed is lost to us. Two things cannot be cut: asking for the address of a host name,
    /// and making a connection with TLS, which ends within the connect timeout.
    void requestStop();
    void stop(); ///< likewise, and waits until the thread has ended

protected:
    using SteadyClock = std::chrono::steady_clock;
    using SteadyTime = SteadyClock::time_point;

    AmqpWorker(const AmqpOptions& options, QByteArray connectionName);

    /// Any thread: there is something to do. While the broker is away it waits.
    void wake();

    virtual Result<void> setUp(AmqpConnection& connection) = 0;
    virtual Result<void> take(AmqpConnection& connection, AmqpEvent event) = 0;
    /// True: there is more to do at once.
    virtual Result<bool> work(AmqpConnection& connection) = 0;
    virtual void tearDown(const Error& why) = 0; ///< also when there was no connection
    virtual bool mayRead() const { return true; }
    /// When there will be something to do though nothing happens.
    virtual std::optional<SteadyTime> wakeAt() const { return {}; }

    const AmqpOptions& options() const { return m_options; }

private:
    void run();
    Result<void> turn(bool& wasUp);
    Result<void> serve(AmqpConnection& connection);
    Millis untilNext() const;
    void rest(Millis limit) const;
    void wait(int descriptor, Millis limit) const;
    bool setDescriptor(int descriptor); ///< false: told to stop

    const AmqpOptions& m_options;
    const QByteArray m_connectionName;
    const int m_wakeDescriptor;
    std::atomic<bool> m_isStopping{false};
    std::mutex m_mutex;
    int m_descriptor = -1; ///< of the connection, for requestStop()
    std::thread m_thread;
};

} // namespace gatehouse::bus
