// SPDX-License-Identifier: Apache-2.0
#include "server/transport/descriptorstream.h"

#include "server/transport/readbuffer.h"
#include "server/transport/transportcontext.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>

namespace gatehouse::transport {

namespace {

/// Of errors of sending: worth trying again.
bool isPassing(int error)
{
    return error == EAGAIN || error == ENOMEM || error == ENOBUFS || error == ECANCELED;
}

} // namespace

DescriptorStream::DescriptorStream(std::shared_ptr<TransportContext> context, int descriptor)
    : WatchedStream(std::move(context), descriptor)
{
}

void DescriptorStream::descriptorReadable()
{
    if (!m_early.isEmpty()) {
        deliverEarly();
        return;
    }
    // Once per turn, then others have theirs; the dispatcher tells again of what is left.
    const ReadBuffer lease;
    const std::span<char> buffer = lease.octets();
    ssize_t octets = 0;
    do {
        octets = ::recv(m_descriptor, buffer.data(), buffer.size(), MSG_DONTWAIT);
    } while (octets < 0 && errno == EINTR);
    if (octets > 0) {
        m_context->counters.bytesIn += quint64(octets);
        if (m_receiver)
            m_receiver->bytesReceived(buffer.first(size_t(octets)));
    } else if (octets == 0 || (errno != EAGAIN && errno != ENOMEM)) {
        end();
    }
}

void DescriptorStream::descriptorWritable()
{
    waitToWrite(false);
    if (m_receiver)
        m_receiver->readyToWrite();
}

void DescriptorStream::waitToWrite(bool isWaiting)
{
    if (std::exchange(m_isWaitingToWrite, isWaiting) != isWaiting)
        updateInterest();
}

qsizetype DescriptorStream::write(std::span<const QByteArrayView> parts)
{
    if (m_isWaitingToWrite)
        return 0;
    std::array<iovec, MaxParts> vectors; // set as far as it is used
    Q_ASSERT(parts.size() <= MaxParts);
    qsizetype offered = 0;
    for (size_t i = 0; i < parts.size(); ++i) {
        vectors[i] = {const_cast<char*>(parts[i].data()), size_t(parts[i].size())};
        offered += parts[i].size();
    }
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = parts.size();
    ssize_t sent = 0;
    do {
        sent = ::sendmsg(m_descriptor, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    return sentDirectly(offered, sent < 0 ? -errno : sent);
}

qsizetype DescriptorStream::sentDirectly(qsizetype offered, qsizetype result)
{
    // A broken connection takes nothing, and the reading side notices in the next turn.
    if (result < 0 && !isPassing(int(-result))) {
        m_isBroken = true;
        resumeReading();
    }
    const qsizetype taken = std::max<qsizetype>(result, 0);
    m_context->counters.bytesOut += quint64(taken);
    if (taken < offered)
        waitToWrite(true);
    return taken;
}

void DescriptorStream::shutdownWrite()
{
    ::shutdown(m_descriptor, SHUT_WR);
}

} // namespace gatehouse::transport
