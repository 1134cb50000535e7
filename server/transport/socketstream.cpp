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
    if (hasUnread() || !m_socket || m_socket->state() != QAbstractSocket::ConnectedState)
        deliverLater();
}

bool SocketStream::hasUnread() const
{
    return !m_unread.isEmpty() || (m_socket && m_socket->bytesAvailable() > 0);
}

void SocketStream::deliverLater()
{
    QMetaObject::invokeMethod(this, &SocketStream::handleReadyRead, Qt::QueuedConnection);
}

void SocketStream::handleReadyRead()
{
    if (!m_isStarted || !m_socket || !m_isReading)
        return;
    if (m_isWriting || !ReadBuffer::isFree()) {
        deliverLater();
        return;
    }
    const QPointer<SocketStream> self(this);
    deliver();
    if (!self || !m_socket || !m_isReading)
        return;
    if (hasUnread())
        deliverLater();
    else if (m_socket->state() != QAbstractSocket::ConnectedState)
        handleEnd();
}

void SocketStream::deliver()
{
    const QPointer<SocketStream> self(this);
    const ReadBuffer lease;
    for (int i = 0; i < MaxPiecesPerTurn && self && m_socket && m_isReading; ++i) {
        QByteArray unread = std::exchange(m_unread, {});
        std::span<char> octets(unread.data(), size_t(unread.size()));
        if (octets.empty()) {
            const std::span<char> buffer = lease.octets();
            const qint64 count = m_socket->read(buffer.data(), qint64(buffer.size()));
            if (count <= 0)
                return;
            m_context->counters.bytesIn += quint64(count);
            octets = buffer.first(size_t(count));
        }
        if (m_receiver)
            m_receiver->bytesReceived(octets);
    }
}

bool SocketStream::pauseReading(std::span<const char> unread)
{
    if (!m_socket || m_socket->state() != QAbstractSocket::ConnectedState)
        return false;
    m_unread = QByteArray(unread.data(), qsizetype(unread.size()));
    m_isReading = false; // the socket's own buffer is bounded, so the rest waits in the kernel
    return true;
}

void SocketStream::resumeReading()
{
    if (!std::exchange(m_isReading, true))
        deliverLater();
}

qsizetype SocketStream::write(std::span<const QByteArrayView> parts)
{
    if (!m_socket || m_socket->state() != QAbstractSocket::ConnectedState)
        return 0;
    m_isWaitingToWrite = unsentBytes() > 0;
    if (m_isWaitingToWrite)
        return 0;
    m_isWriting = true;
    const qsizetype taken = m_isEncrypted ? writeEncrypted(parts) : writePlain(parts);
    m_isWriting = false;
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
    if (sent < 0 && errno != EAGAIN) {
        resumeReading();
        return 0;
    }
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
    m_isWriting = true;
    if (m_isEncrypted)
        m_socket->disconnectFromHost(); // close_notify; TLS has no half-open state worth keeping
    else
        ::shutdown(int(m_socket->socketDescriptor()), SHUT_WR);
    m_isWriting = false;
}

void SocketStream::handleEnd()
{
    if (!m_isStarted || m_hasEnded)
        return;
    if (m_isWriting || !ReadBuffer::isFree()) {
        QMetaObject::invokeMethod(this, &SocketStream::handleEnd, Qt::QueuedConnection);
        return;
    }
    m_isReading = true; // nobody is left to take answers
    // What was read before the end comes first.
    if (m_socket && hasUnread()) {
        handleReadyRead();
        return;
    }
    m_hasEnded = true;
    if (m_receiver)
        m_receiver->streamEnded();
}

} // namespace gatehouse::transport
