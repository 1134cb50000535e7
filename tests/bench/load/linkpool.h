// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/bench/load/link.h"

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

namespace gatehouse::bench {

using Microseconds = std::chrono::microseconds;

/// Monotonic time since the epoch of the clock, in whole microseconds.
std::int64_t nowMicroseconds();

/// What connecting many clients took.
struct Arrival
{
    std::size_t ready = 0;
    std::size_t failed = 0; ///< handshakes a server had begun and did not finish
    std::size_t refused = 0; ///< connections nobody took
    double seconds = 0;
};

/// Clients that share one epoll set and one thread.
class LinkPool
{
public:
    explicit LinkPool(Target target);
    ~LinkPool();
    LinkPool(const LinkPool&) = delete;
    LinkPool& operator=(const LinkPool&) = delete;

    /// Source addresses are taken in turn from 127.0.0.1 on.
    void setSourceHosts(int count) { m_sourceHosts = count; }

    /// Connects more clients, `window` at a time, and waits for them.
    Arrival connect(std::size_t count, std::size_t window, const std::string& room = "r");

    /// Connects those again that are closed; a refused connection is tried again after a pause that
    /// is random up to `retry`. Returns when all are ready or `patience` is over.
    Arrival reconnect(Microseconds retry, Microseconds patience);

    std::size_t size() const { return m_links.size(); }
    Link& link(std::size_t i) { return *m_links[i]; }
    std::size_t readyCount() const;

    /// Stops and goes on listening to a client; what it is sent then stays in its socket.
    void setReading(Link& link, bool isReading);

    /// Messages of ready clients go here.
    void setReceiver(Link::Receiver* receiver) { m_receiver = receiver; }

    /// Reads what there is, waiting for it at most so long. Returns how many clients had something.
    int turn(Microseconds wait);

    /// Turns until the condition holds; false when nothing came for `patience`.
    bool runUntil(const std::function<bool()>& condition, Microseconds patience);
    void runFor(Microseconds time);

private:
    bool open(Link& link);
    void watch(Link& link);
    void startClosed(std::vector<std::int64_t>& dueAt, Arrival& arrival, Microseconds retry);

    const Target m_target;
    int m_epoll = -1;
    int m_sourceHosts = 1;
    std::size_t m_opened = 0;
    std::vector<std::unique_ptr<Link>> m_links;
    std::vector<std::uint32_t> m_watched; ///< epoll's interest by link
    std::vector<bool> m_isReading;
    std::vector<char> m_scratch;
    Link::Receiver* m_receiver = nullptr;
};

} // namespace gatehouse::bench
