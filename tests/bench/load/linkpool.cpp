// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/load/linkpool.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <random>

namespace gatehouse::bench {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t ScratchBytes = 512 * 1024;
constexpr Microseconds Patience = 20s;

class NoReceiver final : public Link::Receiver
{
public:
    void received(Link&, std::string_view) override { }
};

} // namespace

std::int64_t nowMicroseconds()
{
    return std::chrono::duration_cast<Microseconds>(
        std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

LinkPool::LinkPool(Target target)
    : m_target(std::move(target)), m_epoll(::epoll_create1(EPOLL_CLOEXEC)), m_scratch(ScratchBytes)
{
}

LinkPool::~LinkPool()
{
    m_links.clear();
    ::close(m_epoll);
}

bool LinkPool::open(Link& link)
{
    m_watched[link.index] = 0;
    if (!link.open(1 + int(m_opened++ % std::size_t(m_sourceHosts))))
        return false;
    watch(link);
    return true;
}

/// Brings epoll's interest in line with what the link waits for.
void LinkPool::watch(Link& link)
{
    if (link.descriptor() < 0)
        return; // closing took it out of the set
    const std::uint32_t wanted
        = (m_isReading[link.index] ? EPOLLIN : 0U) | (link.wantsWrite() ? EPOLLOUT : 0U);
    std::uint32_t& watched = m_watched[link.index];
    if (wanted == watched)
        return;
    epoll_event interest{};
    interest.events = wanted;
    interest.data.ptr = &link;
    const int operation = watched == 0 ? EPOLL_CTL_ADD
        : wanted == 0                  ? EPOLL_CTL_DEL
                                       : EPOLL_CTL_MOD;
    ::epoll_ctl(m_epoll, operation, link.descriptor(), &interest);
    watched = wanted;
}

void LinkPool::setReading(Link& link, bool isReading)
{
    m_isReading[link.index] = isReading;
    watch(link);
}

Arrival LinkPool::connect(std::size_t count, std::size_t window, const std::string& room)
{
    Arrival arrival;
    const auto begin = nowMicroseconds();
    const std::size_t first = m_links.size();
    std::size_t settled = first; // all before it are ready or failed
    const auto isUnderWay = [](const auto& link) { return link->isUnderWay(); };
    while (settled < first + count) {
        const auto connecting
            = std::count_if(m_links.begin() + long(settled), m_links.end(), isUnderWay);
        for (auto free = long(window) - connecting; free > 0 && m_links.size() < first + count;
             --free) {
            m_links.push_back(std::make_unique<Link>(m_target, room));
            m_links.back()->index = std::uint32_t(m_links.size() - 1);
            m_watched.push_back(0);
            m_isReading.push_back(true);
            open(*m_links.back());
        }
        if (turn(Patience) == 0)
            break;
        while (settled < m_links.size() && !m_links[settled]->isUnderWay())
            ++settled;
    }
    for (std::size_t i = first; i < m_links.size(); ++i) {
        const LinkState state = m_links[i]->state();
        arrival.ready += state == LinkState::Ready;
        arrival.refused += state == LinkState::Closed;
        arrival.failed += state != LinkState::Ready && state != LinkState::Closed;
    }
    arrival.seconds = double(nowMicroseconds() - begin) / 1e6;
    return arrival;
}

void LinkPool::startClosed(std::vector<std::int64_t>& dueAt, Arrival& arrival, Microseconds retry)
{
    static std::minstd_rand random(1);
    const auto now = nowMicroseconds();
    for (const auto& link : m_links) {
        if (link->isUnderWay() || link->state() == LinkState::Ready)
            continue;
        std::int64_t& due = dueAt[link->index];
        if (due < 0) {
            arrival.failed += link->state() == LinkState::Failed;
            arrival.refused += link->state() == LinkState::Closed;
            due = now + std::int64_t(random() % std::uint64_t(retry.count() + 1));
        }
        if (now >= due) {
            due = -1; // looked at again when this one has failed, too
            open(*link);
        }
    }
}

Arrival LinkPool::reconnect(Microseconds retry, Microseconds patience)
{
    Arrival arrival;
    const auto begin = nowMicroseconds();
    std::vector<std::int64_t> dueAt(m_links.size(), 0);
    while (readyCount() < m_links.size() && nowMicroseconds() - begin < patience.count()) {
        startClosed(dueAt, arrival, retry);
        turn(1ms);
    }
    arrival.ready = readyCount();
    arrival.seconds = double(nowMicroseconds() - begin) / 1e6;
    return arrival;
}

std::size_t LinkPool::readyCount() const
{
    return std::size_t(std::count_if(m_links.begin(), m_links.end(),
        [](const auto& link) { return link->state() == LinkState::Ready; }));
}

int LinkPool::turn(Microseconds wait)
{
    static NoReceiver nobody;
    Link::Receiver& receiver = m_receiver ? *m_receiver : nobody;
    std::array<epoll_event, 512> events;
    const timespec time{wait.count() / 1'000'000, (wait.count() % 1'000'000) * 1'000};
    const int count = ::epoll_pwait2(m_epoll, events.data(), int(events.size()), &time, nullptr);
    for (int i = 0; i < count; ++i) {
        Link& link = *static_cast<Link*>(events[std::size_t(i)].data.ptr);
        const std::uint32_t what = events[std::size_t(i)].events;
        if ((what & (EPOLLOUT | EPOLLERR)) && link.wantsWrite())
            link.writable();
        if ((what & (EPOLLIN | EPOLLHUP | EPOLLERR)) && link.descriptor() >= 0)
            link.readable(m_scratch, receiver);
        watch(link);
    }
    return std::max(count, 0);
}

bool LinkPool::runUntil(const std::function<bool()>& condition, Microseconds patience)
{
    while (!condition()) {
        if (turn(patience) == 0)
            return condition();
    }
    return true;
}

void LinkPool::runFor(Microseconds time)
{
    const auto until = nowMicroseconds() + time.count();
    for (auto left = time.count(); left > 0; left = until - nowMicroseconds())
        turn(Microseconds(left));
}

} // namespace gatehouse::bench
