// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/transport/bytestream.h"
#include "server/transport/connectioncaps.h"

#include <QObject>
#include <QPointer>
#include <QTcpSocket>

#include <memory>

class QWebSocket;

namespace gatehouse::transport {

struct TransportContext;

/// ByteStream over a QTcpSocket or an encrypted QSslSocket that a QWebSocketServer has upgraded.
/// The QWebSocket no longer reads; it is kept because it belongs to the socket's life cycle, and
/// goes with it. Over plain TCP octets go from the caller's buffers straight to the kernel.
class SocketStream final : public QObject, public ByteStream
{
    Q_OBJECT

public:
    /// Takes socket and QWebSocket over; `early` arrived behind the handshake.
    SocketStream(std::shared_ptr<TransportContext> context, QTcpSocket* socket,
        QWebSocket* webSocket, std::unique_ptr<ConnectionCaps::Ticket> ticket, QByteArray early);
    ~SocketStream() override;

    void setReceiver(Receiver* receiver) override { m_receiver = receiver; }
    void start() override;
    qsizetype write(std::span<const QByteArrayView> parts) override;
    void shutdownWrite() override;

private:
    void handleReadyRead();
    void handleWritten();
    void handleEnd();
    void deliverEarly();
    qsizetype writePlain(std::span<const QByteArrayView> parts);
    qsizetype writeEncrypted(std::span<const QByteArrayView> parts);
    qsizetype unsentBytes() const;

    std::shared_ptr<TransportContext> m_context;
    QPointer<QTcpSocket> m_socket;
    QPointer<QWebSocket> m_webSocket;
    std::unique_ptr<ConnectionCaps::Ticket> m_ticket;
    Receiver* m_receiver = nullptr;
    QByteArray m_early;
    bool m_isEncrypted;
    bool m_isStarted = false;
    bool m_hasEnded = false;
    bool m_isWaitingToWrite = false;
    bool m_shutdownPending = false;
};

} // namespace gatehouse::transport
