// SPDX-License-Identifier: Apache-2.0
#include "server/transport/flushlist.h"

#include <QCoreApplication>
#include <QEvent>

namespace gatehouse::transport {

void FlushList::markDirty(Client& client)
{
    if (client.isLinked())
        return;
    client.append(m_dirty);
    if (!std::exchange(m_isPosted, true))
        QCoreApplication::postEvent(this, new QEvent(QEvent::User), Qt::LowEventPriority);
}

void FlushList::customEvent(QEvent*)
{
    m_isPosted = false;
    ListHook now; // who becomes dirty meanwhile waits for the next turn
    now.takeAll(m_dirty);
    while (!now.isEmpty()) {
        auto& client = static_cast<Client&>(*now.next());
        client.unlink();
        client.flush();
    }
}

} // namespace gatehouse::transport
