// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/transport/epolldispatcher.h"
#include "server/transport/listhook.h"
#include "server/transport/sender.h"
#include "server/transport/sendpool.h"

#include <QObject>

namespace gatehouse::transport {

/// Connections with something to write. All of them are flushed together, after the events of the
/// current turn of the loop, so that whatever one turn produced for a connection leaves in one
/// write; with a Sender, the writes of many connections in one go, with a SendPool by several
/// threads at once. One per network thread.
class FlushList : public QObject, private TurnEnd
{
public:
    class Client : private ListHook
    {
    public:
        virtual ~Client() = default;

    protected:
        /// From the event loop, once per markDirty(). May destroy this and other clients.
        virtual void flush() = 0;

        /// Instead, when a Sender is there. Sets parts to what is to be sent, `count` to how many
        /// they are, and returns the descriptor to send them to; sent() follows, and until then
        /// they stay as they are. Negative: flush() it has to be. Calls nobody, destroys nothing.
        virtual int gather(std::span<QByteArrayView> parts, size_t& count);
        /// Octets taken of what was gathered, or a negative errno; ECANCELED: it was not tried.
        /// Calls nobody, destroys nothing.
        virtual void sent(qsizetype offered, qint32 result);

    private:
        friend class FlushList;
    };

    void markDirty(Client& client);

    /// Without a sender, flush() is called for each client. The pool shares the sender's work.
    void setSender(std::unique_ptr<Sender> sender, std::unique_ptr<SendPool> pool = {});
    bool hasSender() const { return m_sender != nullptr; }
    bool hasRing() const { return m_sender && m_sender->isRing(); }
    quint64 ringBatches() const { return m_ringBatches; } ///< since the start

protected:
    void customEvent(QEvent* event) override;

private:
    void turnEnded() override { flushAll(); }
    void flushAll();
    void sendBatches(ListHook& clients);
    void deal(ListHook& clients, ListHook& alone);
    void finish(size_t lane, std::span<const qint32> results);
    Sender& senderOf(size_t lane) { return lane == 0 ? *m_sender : m_pool->sender(lane - 1); }

    struct InFlight
    {
        Client* client;
        qsizetype offered;
    };

    ListHook m_dirty;
    std::unique_ptr<Sender> m_sender;
    std::unique_ptr<SendPool> m_pool;
    /// By lane: our own sender first, then the pool's. Empty but while they send.
    std::vector<std::vector<InFlight>> m_lanes;
    quint64 m_ringBatches = 0;
    bool m_isScheduled = false;
};

} // namespace gatehouse::transport
