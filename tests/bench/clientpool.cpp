// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/clientpool.h"

#include <QElapsedTimer>

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace gatehouse::bench {

namespace {

constexpr int AtATime = 64;
constexpr qint64 PatienceMs = 10'000;

bool isUnderWay(const LeanClient* client)
{
    return client->state() != LeanClient::State::Ready
        && client->state() != LeanClient::State::Ended;
}

} // namespace

ClientPool::ClientPool() : m_epoll(::epoll_create1(EPOLL_CLOEXEC)) { }

ClientPool::~ClientPool()
{
    m_clients.clear();
    ::close(m_epoll);
}

LeanClient* ClientPool::begin(const Entrance& entrance)
{
    auto client = std::make_unique<LeanClient>(entrance);
    LeanClient* const raw = client.get();
    if (raw->state() == LeanClient::State::Ended)
        return nullptr;
    epoll_event interest{};
    interest.events = EPOLLIN;
    interest.data.ptr = raw;
    ::epoll_ctl(m_epoll, EPOLL_CTL_ADD, raw->descriptor(), &interest);
    m_clients.emplace(raw->descriptor(), std::move(client));
    return raw;
}

Result<LeanClient*> ClientPool::add(const Entrance& entrance)
{
    LeanClient* const client = begin(entrance);
    if (!client)
        return failure(ErrorCode::Unavailable, QStringLiteral("cannot connect"));
    const auto entered = runUntil([client] { return !isUnderWay(client); });
    if (!entered)
        return tl::unexpected<Error>(entered.error());
    return client;
}

Result<void> ClientPool::addMany(int count, const Entrance& entrance)
{
    while (count > 0) {
        std::vector<LeanClient*> batch;
        for (; count > 0 && batch.size() < AtATime; --count) {
            batch.push_back(begin(entrance));
            if (!batch.back())
                return failure(ErrorCode::Unavailable, QStringLiteral("cannot connect"));
        }
        const auto entered
            = runUntil([&batch] { return std::none_of(batch.begin(), batch.end(), isUnderWay); });
        if (!entered)
            return entered;
    }
    return {};
}

void ClientPool::removeAllBut(const std::vector<LeanClient*>& kept)
{
    std::erase_if(m_clients, [&kept](const auto& entry) {
        return std::find(kept.begin(), kept.end(), entry.second.get()) == kept.end();
    });
}

Result<void> ClientPool::runUntil(const std::function<bool()>& condition)
{
    QElapsedTimer elapsed;
    elapsed.start();
    while (!condition()) {
        if (elapsed.elapsed() > PatienceMs)
            return failure(ErrorCode::Timeout, QStringLiteral("the server does not answer"));
        if (const auto polled = poll(100); !polled)
            return polled;
    }
    return {};
}

Result<void> ClientPool::runFor(int milliseconds)
{
    QElapsedTimer elapsed;
    elapsed.start();
    while (elapsed.elapsed() < milliseconds) {
        if (const auto polled = poll(10); !polled)
            return polled;
    }
    return {};
}

Result<void> ClientPool::poll(int timeoutMilliseconds)
{
    std::array<epoll_event, 256> events;
    const int count = ::epoll_wait(m_epoll, events.data(), int(events.size()), timeoutMilliseconds);
    for (int i = 0; i < count; ++i) {
        auto* const client = static_cast<LeanClient*>(events[size_t(i)].data.ptr);
        client->readAvailable();
        if (client->state() == LeanClient::State::Ended)
            return failure(ErrorCode::Unavailable, QString::fromUtf8(client->lastError()));
    }
    return {};
}

} // namespace gatehouse::bench
