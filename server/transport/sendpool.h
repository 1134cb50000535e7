// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/transport/sender.h"

#include <memory>
#include <vector>

namespace gatehouse::transport {

/// Threads that send and do nothing else. Nearly all of a fan-out's cost is the kernel's send, so
/// the network thread, which alone owns connections and sessions, deals out what is to be sent and
/// has it back before it goes on: nothing of a connection is ever shared, and its order is kept.
///
/// Owned by one thread, which alone may call this. What was added to a worker's sender stays as it
/// is until wait().
class SendPool
{
public:
    /// Workers with a SendRing each where wanted and possible, else with a SendLoop.
    SendPool(size_t workers, bool wantsRings);
    ~SendPool();
    Q_DISABLE_COPY_MOVE(SendPool)

    size_t size() const { return m_workers.size(); }
    Sender& sender(size_t worker); ///< not between start() and wait()

    void start(size_t worker);
    std::span<const qint32> wait(size_t worker); ///< what sendAll() said

private:
    struct Worker;
    std::vector<std::unique_ptr<Worker>> m_workers;
};

} // namespace gatehouse::transport
