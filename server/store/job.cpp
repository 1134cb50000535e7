// SPDX-License-Identifier: Apache-2.0
#include "server/store/job.h"

#include <QThread>

#include <iterator>

namespace gatehouse::store {

namespace {

constexpr size_t maxTurnTimes = 10'000;

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

// A completion may run a loop of its own, in which the next ones come.
void Deliverer::deliverSome()
{
    using Clock = std::chrono::steady_clock;
    fetch();
    const auto began = Clock::now();
    auto now = began;
    while (!m_ready.empty() && now - began < turnTime) {
        const JobPtr job = std::move(m_ready.front());
        m_ready.pop_front();
        job->complete();
        now = Clock::now();
    }
    if (m_turnTimes.size() < maxTurnTimes)
        m_turnTimes.push_back(now - began);
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

std::vector<Deliverer::Seconds> Deliverer::takeTurnTimes()
{
    return std::exchange(m_turnTimes, {});
}

} // namespace gatehouse::store
