// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/ids.h"
#include "common/core/result.h"
#include "common/protocol/encodedpacket.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QList>

#include <optional>

/// Socket.IO protocol 5 packets (docs/socket.io-protocol of the reference project): bytes <->
/// values, no sockets. Payloads stay raw JSON text, checked strictly and never re-serialised, so
/// numbers, key order and escapes reach the receiver as they were sent.
namespace gatehouse::protocol {

enum class PacketType : quint8 {
    Connect = 0,
    Disconnect = 1,
    Event = 2,
    Ack = 3,
    ConnectError = 4,
    BinaryEvent = 5,
    BinaryAck = 6,
};

/// Comma-separated JSON texts without the enclosing brackets: `{"id":1},"x"`. Empty is no argument.
using JsonArgs = QByteArray;

struct SocketIoPacket
{
    PacketType type = PacketType::Event;
    NamespaceName nsp{QByteArrayLiteral("/")}; // costs no allocation
    std::optional<quint64> ackId;
    QByteArray payload; ///< raw JSON; for events and acks an array
    QList<QByteArray> attachments;
};

/// The name and the arguments of an event's payload `["name",arg,…]`, which a decoder has checked.
/// Reserved names (connect, connect_error, disconnect, disconnecting, newListener, removeListener)
/// and names that are not text are Malformed.
struct EventParts
{
    QByteArray name; ///< unescaped UTF-8
    JsonArgs args;
};
Result<EventParts> splitEvent(const QByteArray& payload);

/// The same of a payload that a decoder has just let through as an event: not checked again, and
/// the arguments are what remains of it, not a copy.
EventParts takeEvent(QByteArray payload);

/// Which Socket.IO a client speaks. They differ in how a namespace is entered only.
enum class SocketIoRevision : quint8 {
    Five,
    Four, ///< over Engine.IO 3; CONNECT has a query behind the name instead of a payload
};

struct SocketIoLimits
{
    int maxAttachments = 10;
    qsizetype maxAttachmentBytes = 1'000'000; ///< all attachments of one packet together
    int maxDepth = 64; ///< JSON nesting
    qsizetype maxNamespaceBytes = 128;
    qsizetype maxEventNameBytes = 128; ///< as it stands in the JSON, escapes included
};

/// Reassembles packets from Engine.IO messages of one session, in order. A failure is final: the
/// session has to end (conformance item 30-32: "4abc", "42{}", "42abc[..]" close it). What comes
/// out is checked: strict JSON of the type's shape (an object or nothing for Connect, an array with
/// a usable name for events), an id on acks, placeholders that name an attachment that is there. A
/// CONNECT of revision 4 comes out as one of revision 5, its query as the payload.
class SocketIoDecoder
{
public:
    explicit SocketIoDecoder(
        SocketIoLimits limits = {}, SocketIoRevision revision = SocketIoRevision::Five)
        : m_limits(limits), m_revision(revision)
    {
    }

    /// `text` is an Engine.IO message without its '4'. Empty optional: attachments still missing.
    Result<std::optional<SocketIoPacket>> addText(QByteArrayView text);
    Result<std::optional<SocketIoPacket>> addBinary(QByteArrayView octets);
    bool isWaitingForAttachments() const { return m_missing > 0; }

private:
    Result<std::optional<SocketIoPacket>> checked(SocketIoPacket packet, int attachmentCount);

    SocketIoLimits m_limits;
    SocketIoRevision m_revision;
    SocketIoPacket m_partial;
    int m_missing = 0;
    qsizetype m_attachmentBytes = 0;
};

/// Ready to send: with the Engine.IO '4', attachments following. The type must already be the
/// binary one when there are attachments.
EncodedPacketPtr encode(const SocketIoPacket& packet);

/// `["name",args…]` in a namespace; becomes a BinaryEvent when there are attachments (args then
/// hold the placeholders `{"_placeholder":true,"num":n}`). `offset`, if any, is put after the
/// arguments as one more text: clients return the last one they saw when they come back.
EncodedPacketPtr encodeEvent(const NamespaceName& nsp, QByteArrayView name, const JsonArgs& args,
    const QList<QByteArray>& attachments = {}, std::optional<quint64> ackId = {},
    QByteArrayView offset = {});

EncodedPacketPtr encodeAck(const NamespaceName& nsp, quint64 ackId, const JsonArgs& args,
    const QList<QByteArray>& attachments = {});

/// JSON text of a string, quotes included; `utf8` must be valid and stays unescaped.
QByteArray jsonString(QByteArrayView utf8);

} // namespace gatehouse::protocol
