// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/transport/linkmail.h"

#include <list>
#include <memory>

namespace gatehouse::transport {

class IoThread;

/// WebSocketLink whose connection is in an I/O thread. Owned by the session; network thread only.
/// What it is told leaves with the turn, behind everything told before; what the peer sends comes
/// with the thread's next batch.
///
/// A peer that takes answers more slowly than it asks waits as with a WebSocketConnection: after
/// each of its messages this looks at the queue, and what the thread had read already is kept here
/// until the peer has taken most of it.
class RemoteLink final : public session::WebSocketLink
{
public:
    /// For IoThread. `options` live as long as the thread.
    RemoteLink(std::shared_ptr<IoThread> thread, const WebSocketOptions& options);
    ~RemoteLink() override;

    void setReceiver(Receiver* receiver) override { m_receiver = receiver; }
    void send(const protocol::EncodedPacketPtr& packet) override;
    qsizetype queuedBytes() const override;
    quint64 shedPackets() const override;
    void sendPing() override;
    bool isBusy() const override;
    bool isReadingPaused() const override;
    bool flushOrDrop() override;
    void close(session::CloseCode code, QLatin1StringView reason) override;

    // For IoThread.
    SharedLink& shared() { return *m_shared; }
    void receive(const Inward::Event& event, QByteArrayView payload); ///< may destroy this

private:
    enum class State : quint8 { Open, Closing, Ended };

    struct Kept
    {
        Inward::Event event;
        QByteArray payload;
    };

    void send(const QByteArray& frames, protocol::Shedding shedding);
    bool isUnhandled() const; ///< some of what the thread has read
    bool act(const Inward::Event& event, QByteArrayView payload); ///< false: this is gone
    void workOffKept();
    void dropKept();
    void ended(const Inward::Event& event);
    void waitForPeerIfBehind();

    std::shared_ptr<IoThread> m_thread;
    SharedLink* const m_shared;
    const WebSocketOptions& m_options;
    Receiver* m_receiver = nullptr;
    std::list<Kept> m_kept; ///< takes no memory while it is empty
    quint64 m_handedOver = 0; ///< octets
    quint64 m_seenAccepted = 0; ///< what SharedLink::accepted was at least
    qint64 m_seenBalance = 0; ///< what SharedLink::balance was not long ago
    State m_state = State::Open;
    bool m_isWaiting = false; ///< for Inward::Kind::Drained
};

} // namespace gatehouse::transport
