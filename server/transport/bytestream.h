// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QByteArrayView>

#include <span>

namespace gatehouse::transport {

/// An open two-way connection below the frame codec, whatever carries it. From start() on it lives
/// in the thread of its context. Keeps next to nothing of its own: what the kernel does not take
/// stays with the writer. Destroying it ends the connection at once.
class ByteStream
{
public:
    /// Any of these calls may destroy the stream.
    class Receiver
    {
    public:
        virtual ~Receiver() = default;
        virtual void streamSecured() { } ///< TLS from its handshake on: once, before any octet
        virtual void bytesReceived(std::span<char> octets) = 0; ///< may be changed in place
        virtual void readyToWrite() = 0; ///< write() takes octets again
        virtual void streamEnded() = 0; ///< by the peer or a failure; nothing follows
    };

    virtual ~ByteStream() = default;

    /// What arrives without a receiver is thrown away.
    virtual void setReceiver(Receiver* receiver) = 0;

    /// Delivers, from the event loop, what arrived before there was a receiver.
    virtual void start() = 0;

    static constexpr size_t MaxParts = 64;

    /// Takes octets of the parts (at most MaxParts of them), in order, as far as they can leave
    /// now; returns how many. The caller goes on with the rest until it is 0: then readyToWrite()
    /// or streamEnded() will follow.
    virtual qsizetype write(std::span<const QByteArrayView> parts) = 0;

    /// For who sends for many streams in one go, instead of write(): the descriptor to send to;
    /// negative when write() it has to be. What came of it is told to sentDirectly().
    virtual int directDescriptor() const { return -1; }

    /// Octets the kernel took of those offered, or a negative errno. As after write(): when it took
    /// less, readyToWrite() or streamEnded() will follow. Returns how many it took.
    virtual qsizetype sentDirectly(qsizetype /*offered*/, qsizetype /*result*/) { return 0; }

    /// The last act in bytesReceived(): nothing more is delivered until resumeReading(), and what
    /// arrives waits in the kernel. `unread`, the rest of what was being delivered, comes first
    /// then. False: the peer takes nothing any more, and reading goes on to find its end.
    virtual bool pauseReading(std::span<const char> unread) = 0;
    /// Delivers from the event loop, never from in here.
    virtual void resumeReading() = 0;

    /// No more writing: the peer sees the end after what was written. Reading goes on until the
    /// peer ends as well.
    virtual void shutdownWrite() = 0;
};

} // namespace gatehouse::transport
