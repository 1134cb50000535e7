// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/transport/bytestream.h"
#include "server/transport/connectioncaps.h"

#include <QObject>
#include <QPointer>
#include <QTcpSocket>

#include <memory>

namespace gatehouse::transport {

struct TransportContext;

/// ByteStream over a QTcpSocket or an encrypted QSslSocket. Over plain TCP octets go from the
/// caller's buffers straight to the kernel.
class SocketStream final : public QObject, public ByteStream
{
    Q_OBJECT

public:
    /// Takes the socket over, with what it has not yet given out.
    SocketStream(std::shared_ptr<TransportContext> context, QTcpSocket* socket,
        std::unique_ptr<ConnectionCaps::Ticket> ticket);
    ~SocketStream() override;

    void setReceiver(Receiver* receiver) override { m_receiver = receiver; }
    void start() override;
    qsizetype write(std::span<const QByteArrayView> parts) override;
    bool pauseReading(std::span<const char> unread) override;
    void resumeReading() override;
    void shutdownWrite() override;

private:
    void handleReadyRead();
    void deliver();
    bool hasUnread() const;
    void deliverLater();
    void handleWritten();
    void handleEnd();
    qsizetype writePlain(std::span<const QByteArrayView> parts);
    qsizetype writeEncrypted(std::span<const QByteArrayView> parts);
    qsizetype unsentBytes() const;

    std::shared_ptr<TransportContext> m_context;
    QPointer<QTcpSocket> m_socket;
    std::unique_ptr<ConnectionCaps::Ticket> m_ticket;
    Receiver* m_receiver = nullptr;
    QByteArray m_unread; ///< delivered before what the socket has
    bool m_isEncrypted;
    bool m_isStarted = false;
    bool m_isReading = true;
    bool m_isWriting = false; ///< Qt may signal from inside
    bool m_hasEnded = false;
    bool m_isWaitingToWrite = false;
    bool m_shutdownPending = false;
};

} // namespace gatehouse::transport
