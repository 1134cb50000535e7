// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/transport/bytestream.h"
#include "server/transport/connectioncaps.h"
#include "server/transport/epolldispatcher.h"

#include <QByteArray>

#include <memory>

class QTcpSocket;

namespace gatehouse::transport {

struct TransportContext;

/// ByteStream over a bare descriptor (Linux, plain TCP). Octets go from the caller's buffers to the
/// kernel and from the kernel to the receiver with nothing in between; a quiet connection costs
/// this object and its place in the dispatcher. Lives in a thread that runs an EpollDispatcher.
class DescriptorStream final : public ByteStream, private DescriptorWatcher
{
public:
    /// Owns the descriptor, a connected, non-blocking socket; `early` was read from it before.
    DescriptorStream(std::shared_ptr<TransportContext> context, int descriptor,
        std::unique_ptr<ConnectionCaps::Ticket> ticket, QByteArray early);
    ~DescriptorStream() override;

    void setReceiver(Receiver* receiver) override { m_receiver = receiver; }
    void start() override;
    qsizetype write(std::span<const QByteArrayView> parts) override;
    int directDescriptor() const override { return m_isWaitingToWrite ? -1 : m_descriptor; }
    qsizetype sentDirectly(qsizetype offered, qsizetype result) override;
    bool pauseReading(std::span<const char> unread) override;
    void resumeReading() override;
    void shutdownWrite() override;

private:
    void descriptorReadable() override;
    void descriptorWritable() override;
    void waitToWrite(bool isWaiting);
    void updateInterest();

    std::shared_ptr<TransportContext> m_context;
    std::unique_ptr<ConnectionCaps::Ticket> m_ticket;
    Receiver* m_receiver = nullptr;
    QByteArray m_early; ///< delivered before what the kernel has
    const int m_descriptor;
    bool m_isStarted = false;
    bool m_isReading = true;
    bool m_isWaitingToWrite = false;
    bool m_isBroken = false; ///< it takes nothing any more
};

/// The socket's connection on a descriptor of our own, the socket closed without a trace on the
/// wire. What it still held unsent has gone to the kernel, as far as that takes it; what it held
/// unread is appended to `early`. Negative: the connection is gone, or there is no descriptor left.
int takeDescriptor(QTcpSocket& socket, QByteArray& early);

} // namespace gatehouse::transport
