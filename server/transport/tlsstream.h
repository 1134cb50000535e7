// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/transport/bytestream.h"
#include "server/transport/connectioncaps.h"
#include "server/transport/epolldispatcher.h"
#include "server/transport/tlscontext.h"

#include <QByteArray>

#include <memory>

namespace gatehouse::transport {

struct TransportContext;

/// ByteStream over OpenSSL on a bare descriptor, server side, from the first octet of the handshake
/// on. A quiet connection holds no buffers. Lives in a thread that runs an EpollDispatcher.
class TlsStream final : public ByteStream, private DescriptorWatcher
{
public:
    /// Told once, when the handshake is done; a failure is the receiver's streamEnded(). May
    /// destroy the stream.
    class Host
    {
    public:
        virtual void streamSecured() = 0;

    protected:
        ~Host() = default;
    };

    /// Owns the descriptor, a connected socket, in any case. Null: OpenSSL is out of memory.
    static std::unique_ptr<TlsStream> accept(
        std::shared_ptr<TransportContext> context, int descriptor, const TlsContextPtr& tls);
    ~TlsStream() override;

    void setHost(Host* host) { m_host = host; }
    void setTicket(std::unique_ptr<ConnectionCaps::Ticket> ticket) { m_ticket = std::move(ticket); }
    void setEarly(QByteArray octets) { m_early = std::move(octets); } ///< before start()
    void setReading(bool isReading); ///< without it what arrives waits in the kernel
    int descriptor() const { return m_descriptor; }

    void setReceiver(Receiver* receiver) override { m_receiver = receiver; }
    void start() override;
    qsizetype write(std::span<const QByteArrayView> parts) override;
    bool pauseReading(std::span<const char> unread) override;
    void resumeReading() override { setReading(true); }
    void shutdownWrite() override;

private:
    TlsStream(std::shared_ptr<TransportContext> context, int descriptor, ssl_st* tls);

    void descriptorReadable() override;
    void descriptorWritable() override;
    void shakeHands();
    void read();
    void end();
    void breakOff();
    bool sendPending();
    void updateInterest();

    std::shared_ptr<TransportContext> m_context;
    std::unique_ptr<ConnectionCaps::Ticket> m_ticket;
    Receiver* m_receiver = nullptr;
    Host* m_host = nullptr;
    ssl_st* m_tls;
    QByteArray m_early;
    QByteArray m_pending; ///< encrypted already, for the most part still in OpenSSL
    const int m_descriptor;
    bool m_isStarted = false;
    bool m_isReading = true;
    bool m_isSecured = false;
    bool m_handshakeWantsWriting = false;
    bool m_hasMoreToRead = false; ///< in OpenSSL, where the kernel does not tell of it
    bool m_isWaitingToWrite = false;
    bool m_isShuttingDown = false;
    bool m_isBroken = false; ///< after a fatal error OpenSSL may not be asked again
};

} // namespace gatehouse::transport
