// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/transport/connectioncaps.h"

#include <QByteArray>

#include <memory>

namespace gatehouse::transport {

class ByteStream;
struct TransportContext;

/// What an HttpConnection reads from and writes to, whatever carries it; counts the octets. Those
/// that have arrived wait here, up to a bound, until they are taken. Destroying it ends the
/// connection at once.
class HttpSocket
{
public:
    /// Any of these calls may destroy the socket.
    class Host
    {
    public:
        virtual void socketSecured() = 0; ///< TLS only, once, before the first octet
        virtual void octetsArrived() = 0;
        virtual void octetsWritten() = 0; ///< unsentBytes() may have fallen
        virtual void socketGone() = 0; ///< by the peer or a failure; nothing follows

    protected:
        ~Host() = default;
    };

    /// What may wait; behind that TCP makes the peer wait.
    static constexpr qint64 ReadAheadBytes = 64 * 1024;

    virtual ~HttpSocket() = default;

    virtual qint64 bytesAvailable() const = 0;
    virtual QByteArray peek(qint64 maxBytes) = 0;
    virtual qint64 skip(qint64 bytes) = 0;
    virtual void write(const QByteArray& octets) = 0; ///< all of it, as fast as the peer takes it
    virtual qint64 unsentBytes() const = 0;

    /// No more writing after what was written; the peer sees the end.
    virtual void endWriting() = 0;

    /// Gives the connection away, with what is unread; this object is then empty. Null: it broke
    /// meanwhile.
    virtual std::unique_ptr<ByteStream> takeStream(
        std::shared_ptr<TransportContext> context, std::unique_ptr<ConnectionCaps::Ticket> ticket)
        = 0;
};

} // namespace gatehouse::transport
