// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"
#include "tests/bench/leanclient.h"

#include <functional>
#include <memory>
#include <unordered_map>

namespace gatehouse::bench {

/// Clients that share one epoll set.
class ClientPool
{
public:
    ClientPool();
    ~ClientPool();
    Q_DISABLE_COPY_MOVE(ClientPool)

    /// Connects one client and waits until it is in its namespace.
    Result<LeanClient*> add(const Entrance& entrance);

    /// The same for many, a few at a time as a server's backlog likes it.
    Result<void> addMany(int count, const Entrance& entrance);

    /// Closes every client but those kept.
    void removeAllBut(const std::vector<LeanClient*>& kept);

    /// Reads what arrives until the condition holds; Timeout after ten seconds, Unavailable when
    /// a client has ended.
    Result<void> runUntil(const std::function<bool()>& condition);

    /// Reads what arrives for a while.
    Result<void> runFor(int milliseconds);

private:
    LeanClient* begin(const Entrance& entrance);
    Result<void> poll(int timeoutMilliseconds);

    int m_epoll = -1;
    std::unordered_map<int, std::unique_ptr<LeanClient>> m_clients; ///< by descriptor
};

} // namespace gatehouse::bench
