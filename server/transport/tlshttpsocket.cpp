// SPDX-License-Identifier: Apache-2.0
#include "server/transport/tlshttpsocket.h"

#include <arpa/inet.h>
#include <sys/socket.h>

namespace gatehouse::transport {

TlsHttpSocket::TlsHttpSocket(HttpSocket::Host& host, std::unique_ptr<TlsStream> stream)
    : m_host(host), m_stream(std::move(stream))
{
    m_stream->setReceiver(this);
    m_stream->setHost(this);
    m_stream->start();
}

void TlsHttpSocket::bytesReceived(std::span<char> octets)
{
    m_input.append(octets.data(), qsizetype(octets.size()));
    if (m_input.size() >= ReadAheadBytes)
        m_stream->setReading(false);
    m_host.octetsArrived();
}

qint64 TlsHttpSocket::skip(qint64 bytes)
{
    const qint64 count = std::min(bytes, bytesAvailable());
    m_input.remove(0, count);
    if (m_input.isEmpty())
        m_input = {};
    if (m_input.size() < ReadAheadBytes)
        m_stream->setReading(true);
    return count;
}

void TlsHttpSocket::write(const QByteArray& octets)
{
    m_output += octets;
    send();
}

void TlsHttpSocket::send()
{
    while (!m_output.isEmpty()) {
        const QByteArrayView rest = m_output;
        const qsizetype taken = m_stream->write({&rest, 1});
        if (taken == 0)
            return;
        m_output.remove(0, taken);
    }
    m_output = {};
    if (m_isEnding)
        m_stream->shutdownWrite();
}

void TlsHttpSocket::readyToWrite()
{
    send();
    m_host.octetsWritten();
}

void TlsHttpSocket::endWriting()
{
    m_isEnding = true;
    send();
}

quint16 TlsHttpSocket::peerPort() const
{
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getpeername(m_stream->descriptor(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
        return 0;
    return ntohs(address.ss_family == AF_INET6
            ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
            : reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

std::unique_ptr<ByteStream> TlsHttpSocket::takeStream(
    std::shared_ptr<TransportContext>, std::unique_ptr<ConnectionCaps::Ticket> ticket)
{
    m_stream->setReceiver(nullptr);
    m_stream->setHost(nullptr);
    m_stream->setReading(true);
    m_stream->setEarly(std::exchange(m_input, {}));
    m_stream->setTicket(std::move(ticket));
    return std::move(m_stream);
}

} // namespace gatehouse::transport
