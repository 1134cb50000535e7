// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/session/websocketlink.h"
#include "server/transport/bytestream.h"
#include "server/transport/mailbox.h"

#include <QByteArray>

#include <algorithm>
#include <atomic>
#include <memory>
#include <variant>
#include <vector>

namespace gatehouse::transport {

class LinkEnd;
class RemoteLink;
struct WebSocketOptions;

/// What both ends of a link know of each other: the RemoteLink in the network thread, the LinkEnd
/// in an I/O thread. Made and deleted by the network thread; outlives both ends and everything in
/// the mailboxes that names it.
struct SharedLink
{
    explicit SharedLink(RemoteLink& link);
    ~SharedLink();
    Q_DISABLE_COPY_MOVE(SharedLink)

    // Written by the I/O thread, read by both. Each is true for itself at any time.
    std::atomic<quint64> accepted{0}; ///< octets that came from the RemoteLink
    std::atomic<qint64> balance{0}; ///< octets in the connection's queue, less `accepted`
    std::atomic<quint64> shed{0};
    std::atomic<quint64> received{0}; ///< weight of what was handed to the RemoteLink
    std::atomic<bool> isBusy{false};
    std::atomic<bool> isReadingPaused{false};

    std::atomic<quint64> handled{0}; ///< of `received`; written by the network thread, read by both

    RemoteLink* remote; ///< network thread only; null: destroyed
    std::unique_ptr<LinkEnd> end; ///< I/O thread only
};

/// What one turn of the network thread has for an I/O thread, in order.
struct Outward
{
    struct Adopt
    {
        SharedLink* link;
        std::unique_ptr<ByteStream> stream; ///< not started
        const WebSocketOptions* options;
        QByteArray greeting;
    };
    /// The same for several links, whose pointers are the next `count` in `links`.
    struct Send
    {
        QByteArray frames;
        protocol::Shedding shedding;
        size_t count;
    };
    struct Close
    {
        SharedLink* link;
        session::CloseCode code;
        QLatin1StringView reason;
    };
    struct TellDrained ///< when little of the link's queue is left
    {
        SharedLink* link;
    };
    struct GoOnReading ///< so much of what the link has handed over is worked off, and answered
    {
        SharedLink* link;
        quint64 handled;
    };
    struct FlushOrDrop ///< the network thread waits for the answer
    {
        SharedLink* link;
    };
    struct CatchUp ///< the network thread waits until this is reached
    {
    };
    struct Destroy ///< the last word about a link; answered with Inward::Kind::Gone
    {
        SharedLink* link;
    };
    struct EndClosing ///< see ClosingStreams
    {
        bool isForGood;
    };
    struct Stop ///< the last of all; the network thread waits until the loop has ended
    {
    };
    using Entry = std::variant<Adopt, Send, Close, TellDrained, GoOnReading, FlushOrDrop, CatchUp,
        Destroy, EndClosing, Stop>;

    /// One with room for as much again, within reason.
    static Outward after(const Outward& other)
    {
        Outward next;
        next.entries.reserve(std::min<size_t>(other.entries.size(), 256));
        next.links.reserve(std::min<size_t>(other.links.size(), 16 * 1'024));
        return next;
    }

    std::vector<Entry> entries;
    std::vector<SharedLink*> links;
    size_t weight = 0; ///< octets it keeps, roughly
};

/// What one turn of an I/O thread has for the network thread, in order.
struct Inward
{
    enum class Kind : quint8 {
        Text,
        Binary,
        Ping, ///< to be answered behind what came before
        Pong,
        Reached, ///< asks for GoOnReading when everything before it is worked off
        Closed,
        Drained, ///< the answer to TellDrained
        Gone, ///< the link's end is no more; nothing names it any longer
    };
    struct Event
    {
        SharedLink* link;
        Kind kind;
        bool isHeld; ///< GoOnReading is waited for
        quint16 code; ///< Closed
        qsizetype octets; ///< Text, Binary, Ping: how many of `octets` are the payload
        QLatin1StringView reason; ///< Closed

        /// What it counts for against the bounds: that many empty messages cost memory too.
        quint64 weight() const { return quint64(octets) + 64; }
    };

    /// One with room for as much again, within reason.
    static Inward after(const Inward& other)
    {
        Inward next;
        next.events.reserve(std::min<size_t>(other.events.size(), 1'024));
        next.octets.reserve(std::min<size_t>(other.octets.size(), 64 * 1'024));
        return next;
    }

    std::vector<Event> events;
    std::vector<char> octets;
};

/// Between the network thread and one I/O thread.
struct Channel
{
    Mailbox<Outward> outward;
    Mailbox<Inward> inward;
    AnswerBox answer;
    std::atomic<quint64> workedOff{0}; ///< weight of outward batches; written by the I/O thread
    /// Weight of inward events that are worked off or kept for their link, whose own bound they
    /// still count against; written by the network thread.
    std::atomic<quint64> delivered{0};
};

} // namespace gatehouse::transport
