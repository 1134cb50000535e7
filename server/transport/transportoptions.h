// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "common/core/tokenbucket.h"

#include <QString>
#include <QStringList>

namespace gatehouse::transport {

/// What the front door takes from one HTTP request. Over a bound the request is answered (413, 414,
/// 431) and the connection closed.
struct HttpLimits
{
    qsizetype maxHeaderBytes = 16 * 1024; ///< request line and all fields together
    qsizetype maxTargetBytes = 8 * 1024; ///< path and query
    int maxHeaderFields = 100;
    qint64 maxBodyBytes = 1'000'000; ///< counted while reading, chunked or not
    int maxRequestsPerConnection = 0; ///< the answer to the last one closes it; 0: no limit
};

/// How long a connection may take for each step.
struct ConnectionDeadlines
{
    Millis tlsHandshake{5'000};
    Millis header{10'000}; ///< from the first octet of a request to the end of its head
    Millis idle{75'000}; ///< keep-alive: between an answer and the next request
    Millis body{30'000}; ///< for a body, and for the peer to take an answer ...
    qint64 minBytesPerSecond = 4'096; ///< ... extended as if octets moved at this rate
    Millis linger{2'000}; ///< after a refusal: reading on, so that the answer is not reset away
    Millis acceptBackOff{100}; ///< accepting rests this long when descriptors run out
};

/// What carries connections.
enum class StreamKind : quint8 {
    Descriptor, ///< DescriptorStream, TlsStream
    Socket, ///< a QTcpSocket or QSslSocket; SocketStream
};

/// Whether what one turn of the loop has for many clients is sent with one system call.
enum class RingUse : quint8 {
    Auto, ///< where the kernel lets us
    Off,
};

/// Bounds of one open WebSocket.
struct WebSocketOptions
{
    /// A peer with more than this part of maxQueuedBytes to take is not asked for more.
    static constexpr qsizetype PauseShare = 4;

    qint64 maxMessageBytes = 1'000'000; ///< one frame and one message; more is close code 1009
    qsizetype maxQueuedBytes = 1 << 20; ///< waiting for the peer; more is SlowConsumer
    Millis maxQueueAge{30'000}; ///< of the oldest message waiting, same consequence
    /// From the peer, handed over by an I/O thread and not worked off yet, and one message: over it
    /// no more is read. With TransportOptions::ioThreads above 1.
    qsizetype maxHandedOverBytes = 256 * 1024;
    Millis stall{30'000}; ///< inside a message, without a new octet
    Millis messageTotal{120'000}; ///< from the first to the last octet of one message
    Rate controlFrames; ///< pings and pongs of the peer; more is RateLimited
    Millis close{5'000}; ///< from our close frame to the end of the connection
    int sendBufferBytes = 128 * 1024; ///< SO_SNDBUF; 0 leaves it to the kernel (up to 4 MiB each)
    StreamKind stream = StreamKind::Descriptor;
    RingUse ring = RingUse::Auto; ///< for StreamKind::Descriptor
};

/// PEM files; empty paths mean plain TCP. TLS 1.2 and newer, ALPN "http/1.1".
struct TlsOptions
{
    QString certificateFile; ///< the chain, our own certificate first
    QString keyFile; ///< RSA or EC, without a pass phrase

    bool isEnabled() const { return !certificateFile.isEmpty() || !keyFile.isEmpty(); }
};

/// What an address beside the main one speaks.
enum class Encryption : quint8 {
    AsConfigured, ///< TLS when TlsOptions say so
    None, ///< plain TCP in any case
};

/// Every bound of the front door, with its default.
struct TransportOptions
{
    HttpLimits http;
    ConnectionDeadlines deadlines;
    WebSocketOptions webSocket;
    TlsOptions tls;

    /// Threads that own connections, the network thread included: with more than one it keeps HTTP,
    /// and the others have the WebSockets. For StreamKind::Descriptor.
    int ioThreads = 1;
    int backlog = 1'024; ///< connections the kernel keeps until they are accepted
    int maxConnections = 50'000; ///< lowered to what the descriptor limit allows, see Server
    int reservedDescriptors = 64; ///< left for files, the database and outgoing connections
    int maxConnectionsPerAddress = 10'000; ///< IPv6: per /64; trusted proxies are not counted
    int maxPendingTlsHandshakes = 512;
    /// Addresses or subnets ("10.0.0.0/8", "::1") whose X-Forwarded-For and X-Forwarded-Proto we
    /// believe. From anybody else the fields change nothing.
    QStringList trustedProxies;
};

} // namespace gatehouse::transport
