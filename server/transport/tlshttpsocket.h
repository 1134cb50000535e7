// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/transport/httpsocket.h"
#include "server/transport/tlsstream.h"

namespace gatehouse::transport {

/// HttpSocket over a TlsStream, whose handshake it waits for.
class TlsHttpSocket final : public HttpSocket, private ByteStream::Receiver, private TlsStream::Host
{
public:
    TlsHttpSocket(HttpSocket::Host& host, std::unique_ptr<TlsStream> stream);

    qint64 bytesAvailable() const override { return m_input.size(); }
    QByteArray peek(qint64 maxBytes) override
    {
        return m_input.first(std::min(maxBytes, bytesAvailable()));
    }
    qint64 skip(qint64 bytes) override;
    void write(const QByteArray& octets) override;
    qint64 unsentBytes() const override { return m_output.size(); }
    quint16 peerPort() const override;
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
    std::unique_ptr<TlsStream> m_stream;
    QByteArray m_input;
    QByteArray m_output; ///< not yet taken by the stream
    bool m_isEnding = false;
};

} // namespace gatehouse::transport
