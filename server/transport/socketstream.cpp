// SPDX-License-Identifier: Apache-2.0
#include "server/transport/socketstream.h"

#include "server/transport/readbuffer.h"
#include "server/transport/transportcontext.h"

#include <QSslSocket>

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>

namespace gatehouse::transport {

namespace {

constexpr int MaxPiecesPerTurn = 4; ///< then others have their turn
/// Handed to Qt when the kernel is full: its write notifier then tells us when there is room.
constexpr qsizetype PlugBytes = 4 * 1024;
constexpr qsizetype EncryptedPieceBytes = 64 * 1024;

/// The parts without their first `skipped` octets, at most `limit` of them in one piece.
QByteArray slice(std::span<const QByteArrayView> parts, qsizetype skipped, qsizetype limit)
{
    QByteArray piece;
    for (QByteArrayView part : parts) {
        const qsizetype skip = std::min(skipped, part.size());
        skipped -= skip;
        piece += part.sliced(skip).first(std::min(part.size() - skip, limit - piece.size()));
        if (piece.size() == limit)
            break;
    }
    return piece;
}

qsizetype sizeOf(std::span<const QByteArrayView> parts)
{
    qsizetype size = 0;
    for (QByteArrayView part : parts)
        size += part.size();
    return size;
}

} // namespace

SocketStream::SocketStream(std::shared_ptr<TransportContext> context, QTcpSocket* socket,
    std::unique_ptr<ConnectionCaps::Ticket> ticket)
    : m_context(std::move(context)), m_socket(socket), m_ticket(std::move(ticket)),
      m_isEncrypted(qobject_cast<QSslSocket*>(socket) != nullptr)
{
    connect(socket, &QTcpSocket::readyRead, this, &SocketStream::handleReadyRead);
    connect(socket, &QTcpSocket::bytesWritten, this, &SocketStream::handleWritten);
    connect(socket, &QTcpSocket::disconnected, this, &SocketStream::handleEnd);
    if (auto* tls = qobject_cast<QSslSocket*>(socket))
        connect(tls, &QSslSocket::encryptedBytesWritten, this, &SocketStream::handleWritten);
}

SocketStream::~SocketStream()
{
    if (m_socket) {
        m_socket->disconnect(this);
        m_socket->abort();
        m_socket->deleteLater(); // it may be on the stack
    }
}

void SocketStream::start()
{
    m_isStarted = true;
    if (!m_socket || m_socket->bytesAvailable() > 0
        || m_socket->state() != QAbstractSocket::ConnectedState)
        QMetaObject::invokeMethod(this, &SocketStream::handleReadyRead, Qt::QueuedConnection);
}

void SocketStream::handleReadyRead()
{
    if (!m_isStarted || !m_socket)
        return;
    const QPointer<SocketStream> self(this);
    for (int i = 0; i < MaxPiecesPerTurn; ++i) {
        const std::span<char> buffer = readBuffer();
        const qint64 octets = m_socket->read(buffer.data(), qint64(buffer.size()));
        if (octets <= 0)
            break;
        m_context->counters.bytesIn += quint64(octets);
        if (m_receiver)
            m_receiver->bytesReceived(buffer.first(size_t(octets)));
        if (!self || !m_socket)
            return;
    }
    if (m_socket->bytesAvailable() > 0)
        QMetaObject::invokeMethod(this, &SocketStream::handleReadyRead, Qt::QueuedConnection);
    else if (m_socket->state() != QAbstractSocket::ConnectedState)
        handleEnd();
}

qsizetype SocketStream::write(std::span<const QByteArrayView> parts)
{
    if (!m_socket || m_socket->state() != QAbstractSocket::ConnectedState)
        return 0;
    m_isWaitingToWrite = unsentBytes() > 0;
    if (m_isWaitingToWrite)
        return 0;
    const qsizetype taken = m_isEncrypted ? writeEncrypted(parts) : writePlain(parts);
    m_context->counters.bytesOut += quint64(taken);
    return taken;
}

qsizetype SocketStream::writePlain(std::span<const QByteArrayView> parts)
{
    std::array<iovec, MaxParts> vectors{};
    const size_t count = parts.size();
    Q_ASSERT(count <= MaxParts);
    for (size_t i = 0; i < count; ++i)
        vectors[i] = {const_cast<char*>(parts[i].data()), size_t(parts[i].size())};
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = count;
    ssize_t sent = 0;
    do {
        sent = ::sendmsg(int(m_socket->socketDescriptor()), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    // A broken connection is noticed by the reading side; here it just takes nothing.
    if (sent < 0 && errno != EAGAIN)
        return 0;
    const qsizetype taken = std::max<qsizetype>(sent, 0);
    if (taken == sizeOf(parts))
        return taken;
    const QByteArray plug = slice(parts, taken, PlugBytes);
    m_socket->write(plug);
    return taken + plug.size();
}

qsizetype SocketStream::writeEncrypted(std::span<const QByteArrayView> parts)
{
    const QByteArray piece = slice(parts, 0, EncryptedPieceBytes);
    const qint64 taken = m_socket->write(piece);
    m_socket->flush();
    return std::max<qsizetype>(taken, 0);
}

qsizetype SocketStream::unsentBytes() const
{
    qsizetype unsent = m_socket->bytesToWrite();
    if (m_isEncrypted)
        unsent += static_cast<QSslSocket*>(m_socket.data())->encryptedBytesToWrite();
    return unsent;
}

void SocketStream::handleWritten()
{
    if (!m_socket || unsentBytes() > 0)
        return;
    if (m_shutdownPending) {
        shutdownWrite();
        return;
    }
    // Not from here: Qt may signal this from inside flush(), that is from inside write().
    if (std::exchange(m_isWaitingToWrite, false)) {
        QMetaObject::invokeMethod(
            this,
            [this] {
                if (m_receiver)
                    m_receiver->readyToWrite();
            },
            Qt::QueuedConnection);
    }
}

void SocketStream::shutdownWrite()
{
    if (!m_socket || m_socket->state() != QAbstractSocket::ConnectedState)
        return;
    m_shutdownPending = unsentBytes() > 0;
    if (m_shutdownPending)
        return;
    if (m_isEncrypted)
        m_socket->disconnectFromHost(); // close_notify; TLS has no half-open state worth keeping
    else
        ::shutdown(int(m_socket->socketDescriptor()), SHUT_WR);
}

void SocketStream::handleEnd()
{
    // What was read before the end comes first.
    if (!m_isStarted || m_hasEnded)
        return;
    if (m_socket && m_socket->bytesAvailable() > 0) {
        const QPointer<SocketStream> self(this);
        handleReadyRead();
        if (!self || (m_socket && m_socket->bytesAvailable() > 0))
            return;
    }
    if (!std::exchange(m_hasEnded, true) && m_receiver)
        m_receiver->streamEnded();
}

} // namespace gatehouse::transport
