// SPDX-License-Identifier: Apache-2.0
#include "server/bus/uplink.h"

#include <QPointer>

namespace gatehouse::bus {

void Uplink::post(std::function<void()> call, qint64 bytes)
{
    const QMutexLocker lock(&m_mutex);
    m_items.push_back({std::move(call), bytes});
    m_bytes += bytes;
    schedule();
}

bool Uplink::isFull() const
{
    const QMutexLocker lock(&m_mutex);
    return m_items.size() >= maxCalls || m_bytes >= maxBytes;
}

void Uplink::schedule()
{
    if (m_isScheduled)
        return;
    m_isScheduled = true;
    QMetaObject::invokeMethod(
        this, [this] { run(); }, Qt::QueuedConnection);
}

void Uplink::run()
{
    const QPointer<Uplink> self(this);
    for (int i = 0; i < perTurn; ++i) {
        Item item;
        {
            const QMutexLocker lock(&m_mutex);
            if (m_items.empty())
                break;
            item = std::move(m_items.front());
            m_items.pop_front();
            m_bytes -= item.bytes;
        }
        item.call();
        if (!self)
            return;
    }
    const QMutexLocker lock(&m_mutex);
    m_isScheduled = false;
    if (!m_items.empty())
        schedule();
}

} // namespace gatehouse::bus
