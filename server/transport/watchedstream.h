// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/transport/bytestream.h"
#include "server/transport/connectioncaps.h"
#include "server/transport/epolldispatcher.h"

#include <QByteArray>

#include <memory>

namespace gatehouse::transport {

struct TransportContext;

/// A ByteStream over a descriptor of our own that the event dispatcher watches (Linux): what
/// DescriptorStream and TlsStream have in common. A quiet connection costs the object and its place
/// in the dispatcher. Lives in a thread that runs an EpollDispatcher.
class WatchedStream : public ByteStream, protected DescriptorWatcher
{
public:
    ~WatchedStream() override;

    void setTicket(std::unique_ptr<ConnectionCaps::Ticket> ticket) { m_ticket = std::move(ticket); }
    /// Read from it before; delivered before what the kernel has. Before start().
    void setEarly(QByteArray octets) { m_early = std::move(octets); }
    /// To another thread, whose context this is; there it is started again.
    void moveTo(std::shared_ptr<TransportContext> context);
    /// Of what write() took: still here, and gone before it takes more.
    virtual qsizetype unsentBytes() const { return 0; }
    void setReading(bool isReading); ///< without it what arrives waits in the kernel

    void setReceiver(Receiver* receiver) final { m_receiver = receiver; }
    void start() final;
    bool pauseReading(std::span<const char> unread) final;
    void resumeReading() final { setReading(true); }

protected:
    /// Owns the descriptor, a connected, non-blocking socket.
    WatchedStream(std::shared_ptr<TransportContext> context, int descriptor);

    /// There is something to do as soon as the descriptor is writable.
    virtual bool wantsWritable() const { return m_isWaitingToWrite; }
    /// There is something to read of which the kernel knows no more. It is delivered from the event
    /// loop, and needs no event of the descriptor: there may be none for as long as the peer takes
    /// nothing and sends nothing.
    virtual bool hasUnread() const { return !m_early.isEmpty(); }
    void updateInterest();
    bool deliverEarly(); ///< false: there was nothing; else the last act, it may be the end of us
    void end(); ///< the last act: tells the receiver

    // First what each write looks at, so that it lies in one piece of a cache.
    const int m_descriptor;
    bool m_isWaitingToWrite = false;
    bool m_isStarted = false;
    bool m_isReading = true;
    bool m_isBroken = false; ///< it takes nothing any more
    std::shared_ptr<TransportContext> m_context;
    Receiver* m_receiver = nullptr;
    QByteArray m_early;
    std::unique_ptr<ConnectionCaps::Ticket> m_ticket;
};

} // namespace gatehouse::transport
