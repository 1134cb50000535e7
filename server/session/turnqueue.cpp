// SPDX-License-Identifier: Apache-2.0
#include "server/session/turnqueue.h"

#include <QCoreApplication>
#include <QEvent>

#include <algorithm>

namespace gatehouse::session {

TurnWork::~TurnWork()
{
    if (!m_queue)
        return;
    std::erase(m_queue->m_works, this);
    std::replace(m_queue->m_current.begin(), m_queue->m_current.end(), this,
        static_cast<TurnWork*>(nullptr));
}

TurnQueue::~TurnQueue()
{
    Q_ASSERT(m_condemned.empty());
    for (TurnWork* work : m_works)
        work->m_queue = nullptr;
}

void TurnQueue::schedule(TurnWork& work)
{
    if (work.m_queue)
        return;
    work.m_queue = this;
    m_works.push_back(&work);
    post();
}

void TurnQueue::destroyLater(std::shared_ptr<void> object)
{
    m_condemned.push_back(std::move(object));
    post();
}

void TurnQueue::finish()
{
    while (!m_works.empty() || !m_condemned.empty())
        run();
}

bool TurnQueue::event(QEvent* event)
{
    if (event->type() != QEvent::User)
        return QObject::event(event);
    run();
    return true;
}

void TurnQueue::post()
{
    if (std::exchange(m_isPosted, true))
        return;
    QCoreApplication::postEvent(this, new QEvent(QEvent::User));
}

void TurnQueue::run()
{
    m_isPosted = false;
    m_current = std::exchange(m_works, {});
    for (size_t i = 0; i < m_current.size(); ++i) {
        TurnWork* work = std::exchange(m_current[i], nullptr);
        if (!work)
            continue;
        work->m_queue = nullptr;
        work->endOfTurn();
    }
    m_current.clear();
    std::exchange(m_condemned, {}).clear();
}

} // namespace gatehouse::session
