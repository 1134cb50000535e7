// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/transport/httpsocket.h"

#include <QPointer>
#include <QTcpSocket>

namespace gatehouse::transport {

struct TransportCounters;

/// HttpSocket over a QTcpSocket, or a QSslSocket on which it starts a server handshake.
class QtHttpSocket final : public HttpSocket
{
public:
    /// A connected socket; `counters` live longer.
    QtHttpSocket(Host& host, std::unique_ptr<QTcpSocket> socket, TransportCounters& counters);
    ~QtHttpSocket() override;

    qint64 bytesAvailable() const override { return m_socket ? m_socket->bytesAvailable() : 0; }
    QByteArray peek(qint64 maxBytes) override { return m_socket->peek(maxBytes); }
    qint64 skip(qint64 bytes) override;
    void write(const QByteArray& octets) override;
    qint64 unsentBytes() const override;
    void endWriting() override;
    std::unique_ptr<ByteStream> takeStream(std::shared_ptr<TransportContext> context,
        std::unique_ptr<ConnectionCaps::Ticket> ticket) override;

private:
    TransportCounters& m_counters;
    QPointer<QTcpSocket> m_socket;
    QObject m_listener; ///< for as long as it lives the host is told
};

} // namespace gatehouse::transport
