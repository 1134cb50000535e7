// SPDX-License-Identifier: Apache-2.0
#include "server/transport/sendloop.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace gatehouse::transport {

void SendLoop::add(int descriptor, std::span<const QByteArrayView> parts)
{
    m_sends.push_back({descriptor, m_vectors.size(), parts.size()});
    for (QByteArrayView part : parts)
        m_vectors.push_back({const_cast<char*>(part.data()), size_t(part.size())});
}

std::span<const qint32> SendLoop::sendAll()
{
    const size_t count = m_sends.size();
    for (size_t i = 0; i < count; ++i)
        m_results[i] = send(m_sends[i]);
    m_sends.clear();
    m_vectors.clear();
    return std::span(m_results).first(count);
}

qint32 SendLoop::send(const Send& send)
{
    msghdr message{};
    message.msg_iov = &m_vectors[send.firstVector];
    message.msg_iovlen = send.vectorCount;
    ssize_t sent = 0;
    do {
        sent = ::sendmsg(send.descriptor, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : qint32(sent); // the kernel takes 2 GiB at most
}

} // namespace gatehouse::transport
