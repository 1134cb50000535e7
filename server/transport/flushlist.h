// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/transport/epolldispatcher.h"
#include "server/transport/listhook.h"
#include "server/transport/sendring.h"
#include "server/transport/tally.h"

#include <QObject>

namespace gatehouse::transport {

/// Connections with something to write. All of them are flushed together, after the events of the
/// current turn of the loop, so that whatever one turn produced for a connection leaves in one
/// write; with a SendRing, the writes of many connections in one system call. One per thread
/// that owns connections.
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

        /// Instead, when a SendRing is there. Sets parts to what is to be sent, `count` to how many
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

    void setRing(std::unique_ptr<SendRing> ring) { m_ring = std::move(ring); }
    bool hasRing() const { return m_ring != nullptr; }
    quint64 ringBatches() const { return m_ringBatches; } ///< since the start; from any thread

protected:
    void customEvent(QEvent* event) override;

private:
    void turnEnded() override { flushAll(); }
    void flushAll();
    void sendBatches(ListHook& clients);

    ListHook m_dirty;
    std::unique_ptr<SendRing> m_ring;
    struct InFlight
    {
        Client* client;
        qsizetype offered;
    };
    std::vector<InFlight> m_batch; ///< in the ring; empty but while it sends
    Tally m_ringBatches;
    bool m_isScheduled = false;
};

} // namespace gatehouse::transport
