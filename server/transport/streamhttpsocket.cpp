// SPDX-License-Identifier: Apache-2.0
#include "server/transport/streamhttpsocket.h"

namespace gatehouse::transport {

StreamHttpSocket::StreamHttpSocket(HttpSocket::Host& host, std::unique_ptr<WatchedStream> stream)
    : m_host(host), m_stream(std::move(stream))
{
    m_stream->setReceiver(this);
    m_stream->start();
}

void StreamHttpSocket::bytesReceived(std::span<char> octets)
{
    m_input.append(octets.data(), qsizetype(octets.size()));
    if (m_input.size() >= ReadAheadBytes)
        m_stream->setReading(false);
    m_host.octetsArrived();
}

qint64 StreamHttpSocket::skip(qint64 bytes)
{
    const qint64 count = std::min(bytes, bytesAvailable());
    if (count == m_input.size())
        m_input = {};
    else
        m_input.remove(0, count);
    if (m_input.size() < ReadAheadBytes)
        m_stream->setReading(true);
    return count;
}

void StreamHttpSocket::write(const QByteArray& octets)
{
    m_output += octets;
    send();
}

void StreamHttpSocket::send()
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

void StreamHttpSocket::readyToWrite()
{
    send();
    m_host.octetsWritten();
}

void StreamHttpSocket::endWriting()
{
    m_isEnding = true;
    send();
}

std::unique_ptr<ByteStream> StreamHttpSocket::takeStream(
    std::shared_ptr<TransportContext> context, std::unique_ptr<ConnectionCaps::Ticket> ticket)
{
    m_stream->setReceiver(nullptr);
    m_stream->moveTo(std::move(context));
    m_stream->setReading(true);
    m_stream->setEarly(std::exchange(m_input, {}));
    m_stream->setTicket(std::move(ticket));
    return std::move(m_stream);
}

} // namespace gatehouse::transport
