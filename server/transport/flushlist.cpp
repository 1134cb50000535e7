// SPDX-License-Identifier: Apache-2.0
#include "server/transport/flushlist.h"

#include "server/transport/bytestream.h"

#include <QCoreApplication>
#include <QEvent>

namespace gatehouse::transport {

namespace {

/// Waking a thread is worth it for no fewer.
constexpr size_t ClientsPerShare = 32;

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
    if (m_sender && areSeveral)
        sendBatches(now);
    while (!now.isEmpty()) {
        auto& client = static_cast<Client&>(*now.next());
        client.unlink();
        client.flush();
    }
}

void FlushList::setSender(std::unique_ptr<Sender> sender, std::unique_ptr<SendPool> pool)
{
    m_sender = std::move(sender);
    m_pool = std::move(pool);
    m_lanes.resize(1 + (m_pool ? m_pool->size() : 0));
}

/// Leaves in the list whose turn it is to flush() by themselves. Nothing called from here may
/// destroy a client, so what is being sent stays where it is until the kernel is done with it.
void FlushList::sendBatches(ListHook& clients)
{
    ListHook alone;
    while (!clients.isEmpty()) {
        deal(clients, alone);
        for (size_t lane = 1; lane < m_lanes.size() && !m_lanes[lane].empty(); ++lane)
            m_pool->start(lane - 1);
        if (!m_lanes[0].empty())
            finish(0, m_sender->sendAll());
        for (size_t lane = 1; lane < m_lanes.size() && !m_lanes[lane].empty(); ++lane)
            finish(lane, m_pool->wait(lane - 1));
    }
    clients.takeAll(alone);
}

/// Share by share to the lanes in turn, until the next one is full.
void FlushList::deal(ListHook& clients, ListHook& alone)
{
    std::array<QByteArrayView, ByteStream::MaxParts> parts;
    size_t dealt = 0;
    while (!clients.isEmpty()) {
        const size_t lane = dealt / ClientsPerShare % m_lanes.size();
        Sender& sender = senderOf(lane);
        if (!sender.hasRoomFor(parts.size()))
            return;
        auto& client = static_cast<Client&>(*clients.next());
        size_t count = 0;
        const int descriptor = client.gather(parts, count);
        if (descriptor < 0) {
            client.append(alone);
            continue;
        }
        client.unlink();
        const auto gathered = std::span(parts).first(count);
        sender.add(descriptor, gathered);
        m_lanes[lane].push_back({&client, octetsOf(gathered)});
        ++dealt;
    }
}

void FlushList::finish(size_t lane, std::span<const qint32> results)
{
    std::vector<InFlight>& clients = m_lanes[lane];
    for (size_t i = 0; i < clients.size(); ++i)
        clients[i].client->sent(clients[i].offered, results[i]);
    clients.clear();
    m_ringBatches += hasRing() ? 1 : 0;
}

} // namespace gatehouse::transport
