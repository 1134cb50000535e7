// SPDX-License-Identifier: Apache-2.0
#include "server/transport/flushlist.h"

#include "common/core/prefetch.h"
#include "server/transport/bytestream.h"

#include <QCoreApplication>
#include <QEvent>

namespace gatehouse::transport {

namespace {

/// What flushing looks at, of a client of the usual kind: its hook and what stands behind it.
constexpr size_t ClientBytes = 256;

qsizetype octetsOf(std::span<const QByteArrayView> parts)
{
    qsizetype octets = 0;
    for (QByteArrayView part : parts)
        octets += part.size();
    return octets;
}

} // namespace

int FlushList::Client::gather(std::span<QByteArrayView>, size_t&)
{
    return -1;
}

void FlushList::Client::sent(qsizetype, qint32) { }

void FlushList::markDirty(Client& client)
{
    if (client.isLinked())
        return;
    client.append(m_dirty);
    if (std::exchange(m_isScheduled, true))
        return;
    if (EpollDispatcher* dispatcher = EpollDispatcher::current())
        dispatcher->atTurnEnd(*this);
    else
        QCoreApplication::postEvent(this, new QEvent(QEvent::User), Qt::LowEventPriority);
}

void FlushList::customEvent(QEvent*)
{
    flushAll();
}

void FlushList::flushAll()
{
    m_isScheduled = false;
    ListHook now; // who becomes dirty meanwhile waits for the next turn
    now.takeAll(m_dirty);
    const bool areSeveral = !now.isEmpty() && now.next()->next() != &now;
    if (m_ring && areSeveral)
        sendBatches(now);
    while (!now.isEmpty()) {
        auto& client = static_cast<Client&>(*now.next());
        client.unlink();
        // On its way while the kernel sends for this one.
        prefetch(now.next(), ClientBytes);
        client.flush();
    }
}

/// Leaves in the list whose turn it is to flush() by themselves. Nothing called from here may
/// destroy a client, so what is in the ring stays where it is until the kernel is done with it.
void FlushList::sendBatches(ListHook& clients)
{
    std::array<QByteArrayView, ByteStream::MaxParts> parts;
    ListHook alone;
    while (!clients.isEmpty()) {
        while (!clients.isEmpty() && m_ring->hasRoomFor(parts.size())) {
            auto& client = static_cast<Client&>(*clients.next());
            size_t count = 0;
            const int descriptor = client.gather(parts, count);
            if (descriptor < 0) {
                client.append(alone);
                continue;
            }
            client.unlink();
            const auto gathered = std::span(parts).first(count);
            m_ring->add(descriptor, gathered);
            m_batch.push_back({&client, octetsOf(gathered)});
        }
        if (m_batch.empty())
            continue;
        ++m_ringBatches;
        const std::span<const qint32> results = m_ring->sendAll();
        for (size_t i = 0; i < m_batch.size(); ++i)
            m_batch[i].client->sent(m_batch[i].offered, results[i]);
        m_batch.clear();
    }
    clients.takeAll(alone);
}

} // namespace gatehouse::transport
