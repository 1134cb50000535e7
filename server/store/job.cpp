// SPDX-License-Identifier: Apache-2.0
#include "server/store/job.h"

#include <QThread>

#include <iterator>

namespace gatehouse::store {

void Deliverer::deliver(std::vector<JobPtr> jobs)
{
    if (jobs.empty())
        return;
    const std::lock_guard lock(m_mutex);
    m_finished.insert(m_finished.end(), std::make_move_iterator(jobs.begin()),
        std::make_move_iterator(jobs.end()));
    if (m_posted)
        return;
    m_posted = true;
    QMetaObject::invokeMethod(this, &Deliverer::deliverNow, Qt::QueuedConnection);
}

void Deliverer::deliverNow()
{
    Q_ASSERT(QThread::currentThread() == thread());
    std::vector<JobPtr> jobs;
    {
        const std::lock_guard lock(m_mutex);
        jobs.swap(m_finished);
        m_posted = false;
    }
    for (const JobPtr& job : jobs)
        job->complete();
}

bool Deliverer::hasFinished() const
{
    const std::lock_guard lock(m_mutex);
    return !m_finished.empty();
}

} // namespace gatehouse::store
