// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/bus/amqpconnection.h"

#include <atomic>
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
    virtual ~AmqpWorker() = default;
    Q_DISABLE_COPY_MOVE(AmqpWorker)

    void start();
    /// Ends the thread. A call that blocks is cut off by shutting its socket down; what was sent and
    /// not confirmed is lost to us.
    void stop();

protected:
    AmqpWorker(const AmqpOptions& options, QByteArray connectionName);

    /// Any thread: there is something to do.
    void wake();

    virtual Result<void> setUp(AmqpConnection& connection) = 0;
    virtual Result<void> take(AmqpConnection& connection, AmqpEvent event) = 0;
    /// True: there is more to do at once.
    virtual Result<bool> work(AmqpConnection& connection) = 0;
    virtual void tearDown(const Error& why) = 0; ///< also when there was no connection
    virtual bool mayRead() const { return true; }

    const AmqpOptions& options() const { return m_options; }

private:
    void run();
    Result<void> serve(AmqpConnection& connection);
    void wait(int descriptor, Millis limit) const;
    void setDescriptor(int descriptor);

    const AmqpOptions& m_options;
    const QByteArray m_connectionName;
    const int m_wakeDescriptor;
    std::atomic<bool> m_isStopping{false};
    std::mutex m_mutex;
    int m_descriptor = -1; ///< of the connection, for stop()
    std::thread m_thread;
};

} // namespace gatehouse::bus
