// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/transport/httpsocket.h"
#include "server/transport/watchedstream.h"

namespace gatehouse::transport {

/// HttpSocket over a stream of ours, which then goes on as a WebSocket's. Over TLS it waits for the
/// handshake first.
class StreamHttpSocket final : public HttpSocket, private ByteStream::Receiver
{
public:
    StreamHttpSocket(HttpSocket::Host& host, std::unique_ptr<WatchedStream> stream);

    qint64 bytesAvailable() const override { return m_input.size(); }
    QByteArray peek(qint64 maxBytes) override
    {
        return maxBytes < m_input.size() ? m_input.first(maxBytes) : m_input;
    }
    qint64 skip(qint64 bytes) override;
    void write(const QByteArray& octets) override;
    qint64 unsentBytes() const override { return m_output.size() + m_stream->unsentBytes(); }
    void endWriting() override;
    std::unique_ptr<ByteStream> takeStream(std::shared_ptr<TransportContext> context,
        std::unique_ptr<ConnectionCaps::Ticket> ticket) override;

private:
    void streamSecured() override { m_host.socketSecured(); }
    void bytesReceived(std::span<char> octets) override;
    void readyToWrite() override;
    void streamEnded() override { m_host.socketGone(); }
    void send();

    HttpSocket::Host& m_host;
    std::unique_ptr<WatchedStream> m_stream;
    QByteArray m_input;
    QByteArray m_output; ///< not yet taken by the stream
    bool m_isEnding = false;
};

} // namespace gatehouse::transport
