// SPDX-License-Identifier: Apache-2.0
#include "server/store/job.h"

#include <QThread>

#include <ctime>
#include <iterator>

namespace gatehouse::store {

namespace {

constexpr size_t maxTurns = 10'000;

std::chrono::nanoseconds processorTime()
{
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
}

} // namespace

void Deliverer::deliver(std::vector<JobPtr> jobs)
{
    if (jobs.empty())
        return;
    const std::lock_guard lock(m_mutex);
    m_finished.insert(m_finished.end(), std::make_move_iterator(jobs.begin()),
        std::make_move_iterator(jobs.end()));
    post();
}

void Deliverer::post()
{
    if (!std::exchange(m_isPosted, true))
        QMetaObject::invokeMethod(this, &Deliverer::deliverSome, Qt::QueuedConnection);
}

void Deliverer::fetch()
{
    Q_ASSERT(QThread::currentThread() == thread());
    const std::lock_guard lock(m_mutex);
    m_ready.insert(m_ready.end(), std::make_move_iterator(m_finished.begin()),
        std::make_move_iterator(m_finished.end()));
    m_finished.clear();
    m_isPosted = false;
}

void Deliverer::deliverSome()
{
    using Clock = std::chrono::steady_clock;
    fetch();
    if (m_ready.empty()) // a loop inside the turn before had them
        return;
    if (m_ready.size() > 1) {
        // A completion may run a loop of its own, in which the next ones come.
        const std::lock_guard lock(m_mutex);
        post();
    }
    const auto began = Clock::now();
    const auto processorAtFirst = processorTime();
    auto now = began;
    while (!m_ready.empty() && now - began < turnTime) {
        const JobPtr job = std::move(m_ready.front());
        m_ready.pop_front();
        job->complete();
        now = Clock::now();
    }
    if (m_turns.size() < maxTurns)
        m_turns.push_back({now - began, processorTime() - processorAtFirst});
    const std::lock_guard lock(m_mutex);
    if (!m_ready.empty())
        post();
}

void Deliverer::deliverAll()
{
    fetch();
    std::deque<JobPtr> jobs;
    jobs.swap(m_ready);
    for (const JobPtr& job : jobs)
        job->complete();
}

bool Deliverer::hasFinished() const
{
    const std::lock_guard lock(m_mutex);
    return !m_ready.empty() || !m_finished.empty();
}

std::vector<LoopTurn> Deliverer::takeTurns()
{
    return std::exchange(m_turns, {});
}

} // namespace gatehouse::store
