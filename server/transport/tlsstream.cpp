// SPDX-License-Identifier: Apache-2.0
#include "server/transport/tlsstream.h"

#include "server/transport/readbuffer.h"
#include "server/transport/transportcontext.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace gatehouse::transport {

namespace {

constexpr qsizetype RecordBytes = 16 * 1024; ///< the most a TLS record carries (RFC 8446, 5.1)

/// As much of the parts as fits into one record, copied together only when it is more than one.
QByteArrayView firstRecord(std::span<const QByteArrayView> parts)
{
    if (parts.size() == 1 || parts.front().size() >= RecordBytes)
        return parts.front().first(std::min(parts.front().size(), RecordBytes));
    thread_local std::array<char, RecordBytes> record;
    qsizetype size = 0;
    for (QByteArrayView part : parts) {
        const qsizetype count = std::min(part.size(), RecordBytes - size);
        std::copy_n(part.begin(), count, record.data() + size);
        size += count;
        if (size == RecordBytes)
            break;
    }
    return {record.data(), size};
}

} // namespace

std::unique_ptr<TlsStream> TlsStream::accept(
    std::shared_ptr<TransportContext> context, int descriptor, const TlsContextPtr& tls)
{
    SSL* const connection = SSL_new(tls.get());
    if (!connection || SSL_set_fd(connection, descriptor) != 1) {
        SSL_free(connection);
        ::close(descriptor);
        return nullptr;
    }
    SSL_set_accept_state(connection);
    return std::unique_ptr<TlsStream>(new TlsStream(std::move(context), descriptor, connection));
}

TlsStream::TlsStream(std::shared_ptr<TransportContext> context, int descriptor, ssl_st* tls)
    : WatchedStream(std::move(context), descriptor), m_tls(tls)
{
}

TlsStream::~TlsStream()
{
    SSL_free(m_tls);
    ERR_clear_error();
}

void TlsStream::descriptorReadable()
{
    if (!m_isSecured)
        shakeHands();
    else if (m_isReading && !deliverEarly())
        read();
}

void TlsStream::descriptorWritable()
{
    if (!m_isSecured) {
        if (m_handshakeWantsWriting)
            shakeHands();
        return;
    }
    if (!m_isWaitingToWrite || !sendPending())
        return;
    if (m_isShuttingDown) {
        shutdownWrite();
        return;
    }
    if (m_receiver)
        m_receiver->readyToWrite();
}

void TlsStream::shakeHands()
{
    ERR_clear_error();
    const int done = SSL_do_handshake(m_tls);
    const int reason = done == 1 ? SSL_ERROR_NONE : SSL_get_error(m_tls, done);
    m_handshakeWantsWriting = reason == SSL_ERROR_WANT_WRITE;
    if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE) {
        updateInterest();
        return;
    }
    if (reason != SSL_ERROR_NONE) {
        end();
        return;
    }
    m_isSecured = true;
    // A request may have come with the last flight.
    m_hasMoreToRead = SSL_has_pending(m_tls) == 1;
    updateInterest();
    if (m_receiver)
        m_receiver->streamSecured();
}

void TlsStream::read()
{
    const ReadBuffer lease;
    const std::span<char> buffer = lease.octets();
    size_t filled = 0;
    int reason = SSL_ERROR_NONE;
    ERR_clear_error();
    // OpenSSL gives one record at a time; more of them are handed on together.
    while (reason == SSL_ERROR_NONE && filled < buffer.size()) {
        size_t count = 0;
        const int done = SSL_read_ex(m_tls, buffer.data() + filled, buffer.size() - filled, &count);
        reason = done == 1 ? SSL_ERROR_NONE : SSL_get_error(m_tls, done);
        filled += count;
    }
    const bool isOver = reason != SSL_ERROR_NONE && reason != SSL_ERROR_WANT_READ
        && reason != SSL_ERROR_WANT_WRITE;
    if (isOver && filled == 0) {
        end();
        return;
    }
    // An end that was found behind octets is found again after they are delivered.
    m_hasMoreToRead = isOver || reason == SSL_ERROR_NONE;
    if (m_hasMoreToRead)
        updateInterest();
    m_context->counters.bytesIn += filled;
    if (filled > 0 && m_receiver)
        m_receiver->bytesReceived(buffer.first(filled));
}

qsizetype TlsStream::write(std::span<const QByteArrayView> parts)
{
    if (m_isWaitingToWrite || m_isBroken || !m_isSecured || parts.empty())
        return 0;
    const QByteArrayView record = firstRecord(parts);
    if (record.isEmpty())
        return 0;
    ERR_clear_error();
    const int written = SSL_write(m_tls, record.data(), int(record.size()));
    if (written > 0) {
        m_context->counters.bytesOut += quint64(written);
        return written;
    }
    if (SSL_get_error(m_tls, written) != SSL_ERROR_WANT_WRITE) {
        breakOff();
        return 0;
    }
    // OpenSSL has encrypted it and wants to see the same octets again.
    m_pending = record.toByteArray();
    m_isWaitingToWrite = true;
    updateInterest();
    m_context->counters.bytesOut += quint64(record.size());
    return record.size();
}

/// For want of a peer; the reading side notices in the next turn.
void TlsStream::breakOff()
{
    m_isBroken = true;
    m_pending = {};
    setReading(true);
}

bool TlsStream::sendPending()
{
    ERR_clear_error();
    const int written
        = m_pending.isEmpty() ? 1 : SSL_write(m_tls, m_pending.constData(), int(m_pending.size()));
    if (written > 0) {
        m_pending.remove(0, std::min(qsizetype(written), m_pending.size()));
    } else if (SSL_get_error(m_tls, written) != SSL_ERROR_WANT_WRITE) {
        breakOff();
    }
    m_isWaitingToWrite = !m_pending.isEmpty();
    if (!m_isWaitingToWrite)
        m_pending = {};
    updateInterest();
    return !m_isWaitingToWrite;
}

void TlsStream::shutdownWrite()
{
    m_isShuttingDown = true;
    if (m_isWaitingToWrite)
        return;
    ERR_clear_error();
    if (m_isSecured && !m_isBroken)
        SSL_shutdown(m_tls); // close_notify; if there is no room for it, the end itself must do
    ERR_clear_error();
    ::shutdown(m_descriptor, SHUT_WR);
}

} // namespace gatehouse::transport
