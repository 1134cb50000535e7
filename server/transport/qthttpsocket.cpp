// SPDX-License-Identifier: Apache-2.0
#include "server/transport/qthttpsocket.h"

#include "server/transport/socketstream.h"
#include "server/transport/transportcontext.h"

#include <QSslSocket>

#include <sys/socket.h>

namespace gatehouse::transport {

QtHttpSocket::QtHttpSocket(
    Host& host, std::unique_ptr<QTcpSocket> socket, TransportCounters& counters)
    : m_counters(counters), m_socket(socket.release())
{
    QTcpSocket* const raw = m_socket;
    const auto written = [&host] { host.octetsWritten(); };
    raw->setReadBufferSize(ReadAheadBytes);
    QObject::connect(raw, &QTcpSocket::readyRead, &m_listener, [&host] { host.octetsArrived(); });
    QObject::connect(raw, &QTcpSocket::disconnected, &m_listener, [&host] { host.socketGone(); });
    if (auto* tls = qobject_cast<QSslSocket*>(raw)) {
        QObject::connect(
            tls, &QSslSocket::encrypted, &m_listener, [&host] { host.socketSecured(); });
        // Not on bytesWritten(): then some of it is in OpenSSL, where nobody counts it.
        QObject::connect(tls, &QSslSocket::encryptedBytesWritten, &m_listener, written);
        tls->startServerEncryption();
    } else {
        QObject::connect(raw, &QTcpSocket::bytesWritten, &m_listener, written);
    }
}

QtHttpSocket::~QtHttpSocket()
{
    if (!m_socket)
        return;
    m_socket->disconnect(&m_listener);
    m_socket->abort();
    m_socket->deleteLater();
}

qint64 QtHttpSocket::skip(qint64 bytes)
{
    const qint64 skipped = m_socket->skip(bytes);
    m_counters.bytesIn += quint64(std::max<qint64>(skipped, 0));
    return skipped;
}

void QtHttpSocket::write(const QByteArray& octets)
{
    m_counters.bytesOut += quint64(octets.size());
    const QPointer<QTcpSocket> socket = m_socket; // the host may hear of the end, and end us
    socket->write(octets);
    if (socket)
        socket->flush();
}

qint64 QtHttpSocket::unsentBytes() const
{
    if (!m_socket)
        return 0;
    qint64 unsent = m_socket->bytesToWrite();
    if (const auto* tls = qobject_cast<const QSslSocket*>(m_socket.data()))
        unsent += tls->encryptedBytesToWrite();
    return unsent;
}

void QtHttpSocket::endWriting()
{
    if (qobject_cast<QSslSocket*>(m_socket.data()))
        m_socket->disconnectFromHost(); // close_notify; Qt has no half-open state
    else
        ::shutdown(int(m_socket->socketDescriptor()), SHUT_WR);
}

std::unique_ptr<ByteStream> QtHttpSocket::takeStream(
    std::shared_ptr<TransportContext> context, std::unique_ptr<ConnectionCaps::Ticket> ticket)
{
    QTcpSocket* const socket = std::exchange(m_socket, nullptr);
    socket->disconnect(&m_listener);
    return std::make_unique<SocketStream>(std::move(context), socket, std::move(ticket));
}

} // namespace gatehouse::transport
