// SPDX-License-Identifier: Apache-2.0
#include "server/bus/later.h"

#include <QPointer>

namespace gatehouse::bus {

void Later::post(std::function<void()> call)
{
    m_calls.push_back(std::move(call));
    schedule();
}

void Later::schedule()
{
    if (m_isScheduled)
        return;
    m_isScheduled = true;
    QMetaObject::invokeMethod(
        this, [this] { run(); }, Qt::QueuedConnection);
}

void Later::run()
{
    m_isScheduled = false;
    const QPointer<Later> self(this); // a call may destroy the bus
    for (int i = 0; i < perTurn && !m_calls.empty(); ++i) {
        const auto call = std::move(m_calls.front());
        m_calls.pop_front();
        call();
        if (!self)
            return;
    }
    if (!m_calls.empty())
        schedule();
}

} // namespace gatehouse::bus
