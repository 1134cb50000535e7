// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/transport/tlscontext.h"
#include "server/transport/watchedstream.h"

namespace gatehouse::transport {

/// OpenSSL on the descriptor, server side, from the first octet of the handshake on; the receiver
/// is told when that is done (streamSecured()). A quiet connection holds no buffers.
class TlsStream final : public WatchedStream
{
public:
    /// Owns the descriptor, a connected socket, in any case. Null: OpenSSL is out of memory.
    static std::unique_ptr<TlsStream> accept(
        std::shared_ptr<TransportContext> context, int descriptor, const TlsContextPtr& tls);
    ~TlsStream() override;

    qsizetype write(std::span<const QByteArrayView> parts) override;
    qsizetype unsentBytes() const override { return m_pending.size(); }
    void shutdownWrite() override;

private:
    TlsStream(std::shared_ptr<TransportContext> context, int descriptor, ssl_st* tls);

    bool wantsWritable() const override
    {
        return WatchedStream::wantsWritable() || m_handshakeWantsWriting;
    }
    bool hasUnread() const override { return WatchedStream::hasUnread() || m_hasMoreToRead; }
    void descriptorReadable() override;
    void descriptorWritable() override;
    void shakeHands();
    void read();
    void breakOff();
    bool sendPending();

    ssl_st* m_tls;
    QByteArray m_pending; ///< encrypted already, for the most part still in OpenSSL
    bool m_isSecured = false;
    bool m_handshakeWantsWriting = false;
    bool m_hasMoreToRead = false; ///< in OpenSSL, where the kernel does not tell of it
    bool m_isShuttingDown = false;
};

} // namespace gatehouse::transport
