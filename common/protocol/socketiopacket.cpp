// SPDX-License-Identifier: Apache-2.0
#include "common/protocol/socketiopacket.h"

#include "common/core/strictjson.h"
#include "common/protocol/placeholders.h"
#include "common/protocol/socketio4.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace gatehouse::protocol {

namespace {

tl::unexpected<Error> malformed(QLatin1StringView detail)
{
    return failure(ErrorCode::Malformed, detail);
}

tl::unexpected<Error> malformed(const char* detail)
{
    return malformed(QLatin1StringView(detail));
}

bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

bool isBinary(PacketType type)
{
    return type == PacketType::BinaryEvent || type == PacketType::BinaryAck;
}

bool isEvent(PacketType type)
{
    return type == PacketType::Event || type == PacketType::BinaryEvent;
}

bool isAck(PacketType type)
{
    return type == PacketType::Ack || type == PacketType::BinaryAck;
}

/// Names the client library keeps for itself; one of them from outside would run its own handlers.
bool isReserved(QByteArrayView name)
{
    static constexpr std::array<QByteArrayView, 6> Reserved{
        "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"};
    return std::find(Reserved.begin(), Reserved.end(), name) != Reserved.end();
}

/// The digits `text` starts with; a zero only alone, because "007" would come back as "7".
QByteArrayView leadingNumber(QByteArrayView text)
{
    const auto end = std::find_if_not(text.begin(), text.end(), isDigit);
    const QByteArrayView digits = text.first(end - text.begin());
    return digits.startsWith('0') ? digits.first(1) : digits;
}

/// Reads the head of a packet's text from front to back; what is left is the payload.
class HeadReader
{
public:
    HeadReader(QByteArrayView text, const SocketIoLimits& limits, SocketIoRevision revision)
        : m_rest(text), m_limits(limits), m_revision(revision)
    {
    }

    Result<PacketType> type()
    {
        if (m_rest.isEmpty() || m_rest.front() < '0' || m_rest.front() > '6')
            return malformed("unknown packet type");
        const auto type = static_cast<PacketType>(m_rest.front() - '0');
        m_rest = m_rest.sliced(1);
        return type;
    }

    Result<int> attachmentCount()
    {
        const QByteArrayView digits = leadingNumber(m_rest);
        if (digits.isEmpty() || digits.size() == m_rest.size() || m_rest[digits.size()] != '-')
            return malformed("attachment count is not a number and a dash");
        const qint64 count = jsonInteger(digits).value_or(std::numeric_limits<qint64>::max());
        if (count > m_limits.maxAttachments)
            return failure(ErrorCode::TooLarge, QStringLiteral("too many attachments"));
        m_rest = m_rest.sliced(digits.size() + 1);
        return static_cast<int>(count);
    }

    Result<NamespaceName> nsp()
    {
        static const NamespaceName root{"/"};
        if (!m_rest.startsWith('/'))
            return root;
        const qsizetype comma = m_rest.indexOf(',');
        const QByteArrayView name = takeQuery(comma < 0 ? m_rest : m_rest.first(comma));
        if (name.size() > m_limits.maxNamespaceBytes)
            return failure(ErrorCode::TooLarge, QStringLiteral("namespace name too long"));
        if (!std::all_of(name.begin(), name.end(), isNameOctet))
            return malformed("control character in a namespace name");
        m_rest = comma < 0 ? QByteArrayView() : m_rest.sliced(comma + 1);
        return NamespaceName{name.toByteArray()};
    }

    Result<std::optional<quint64>> ackId()
    {
        const QByteArrayView digits = leadingNumber(m_rest);
        if (digits.isEmpty())
            return std::optional<quint64>();
        const std::optional<qint64> id = jsonInteger(digits);
        if (!id)
            return malformed("ack id too large");
        m_rest = m_rest.sliced(digits.size());
        return std::optional<quint64>(static_cast<quint64>(*id));
    }

    QByteArrayView payload() const { return m_rest; }
    QByteArrayView query() const { return m_query; } ///< of the namespace, revision 4 only

private:
    QByteArrayView takeQuery(QByteArrayView name)
    {
        const qsizetype mark = m_revision == SocketIoRevision::Four ? name.indexOf('?') : -1;
        if (mark < 0)
            return name;
        m_query = name.sliced(mark + 1);
        return name.first(mark);
    }

    static bool isNameOctet(char c) { return static_cast<uchar>(c) >= 0x20 && c != 0x7F; }

    QByteArrayView m_rest;
    QByteArrayView m_query;
    const SocketIoLimits& m_limits;
    const SocketIoRevision m_revision;
};

/// The first element of an event's payload.
struct FirstElement
{
    QByteArrayView raw;
    qsizetype restOffset = -1; ///< of the arguments; -1 when there are none
};

std::optional<FirstElement> firstElement(QByteArrayView checkedArray)
{
    JsonArrayWalker elements(checkedArray);
    if (!elements.next())
        return std::nullopt;
    return FirstElement{elements.value(), elements.restOffset()};
}

Result<void> checkEventName(QByteArrayView raw)
{
    if (raw.size() < 2 || jsonKind(raw) != JsonKind::String)
        return malformed("event name is not text");
    const bool isPlain = !raw.contains('\\');
    const std::optional<QByteArray> unescaped = isPlain ? std::nullopt : jsonText(raw);
    if (!isPlain && !unescaped)
        return malformed("event name is not text");
    if (isReserved(isPlain ? raw.sliced(1, raw.size() - 2) : QByteArrayView(*unescaped)))
        return malformed("reserved event name");
    return {};
}

Result<void> checkArrayPayload(const SocketIoPacket& packet, const SocketIoLimits& limits)
{
    if (jsonKind(packet.payload) != JsonKind::Array)
        return malformed("payload is not an array");
    if (isAck(packet.type))
        return {};
    const std::optional<FirstElement> name = firstElement(packet.payload);
    if (!name)
        return malformed("event without a name");
    constexpr qsizetype quotes = 2;
    if (name->raw.size() - quotes > limits.maxEventNameBytes)
        return failure(ErrorCode::TooLarge, QStringLiteral("event name too long"));
    return checkEventName(name->raw);
}

/// The payload's shape for its type; the grammar was checked before.
Result<void> checkShape(const SocketIoPacket& packet, const SocketIoLimits& limits)
{
    const bool isEmpty = packet.payload.isEmpty();
    switch (packet.type) {
    case PacketType::Disconnect:
        if (!isEmpty)
            return malformed("disconnect with a payload");
        return {};
    case PacketType::Connect:
        if (!isEmpty && jsonKind(packet.payload) != JsonKind::Object)
            return malformed("connect payload is not an object");
        return {};
    case PacketType::ConnectError:
        if (isEmpty
            || (jsonKind(packet.payload) != JsonKind::Object
                && jsonKind(packet.payload) != JsonKind::String))
            return malformed("connect error is neither object nor text");
        return {};
    default:
        return isEmpty ? malformed("payload missing") : checkArrayPayload(packet, limits);
    }
}

Result<void> checkAckId(const SocketIoPacket& packet)
{
    if (isAck(packet.type) && !packet.ackId)
        return malformed("ack without id");
    if (packet.ackId && !isAck(packet.type) && !isEvent(packet.type))
        return malformed("id on a packet that takes none");
    return {};
}

Result<void> checkPayload(
    const SocketIoPacket& packet, int attachmentCount, const SocketIoLimits& limits)
{
    if (!packet.payload.isEmpty()) {
        const auto checked = checkJson(packet.payload, {.maxDepth = limits.maxDepth});
        if (!checked)
            return tl::unexpected<Error>(checked.error().toError());
    }
    Result<void> shape = checkShape(packet, limits);
    if (!shape)
        return shape;
    if (isBinary(packet.type) && !arePlaceholdersValid(packet.payload, attachmentCount))
        return malformed("placeholder without its attachment");
    return {};
}

/// What stands before a packet's payload.
struct PacketHead
{
    PacketType type;
    const NamespaceName& nsp;
    std::optional<quint64> ackId;
    qsizetype attachmentCount = 0;
};

class HeadWriter
{
public:
    void put(char c) { *m_at++ = c; }
    void put(quint64 number) { m_at = std::to_chars(m_at, m_octets.end(), number).ptr; }
    QByteArrayView text() const { return {m_octets.data(), m_at - m_octets.data()}; }

private:
    std::array<char, 24> m_octets{}; // twenty digits at most, and a sign
    char* m_at = m_octets.data();
};

/// Head and payload, put together in one allocation: a server answers more events than it does
/// anything else.
QByteArray packetText(const PacketHead& head, std::initializer_list<QByteArrayView> payload)
{
    HeadWriter type;
    type.put('4');
    type.put(static_cast<char>('0' + static_cast<int>(head.type)));
    if (isBinary(head.type)) {
        type.put(static_cast<quint64>(head.attachmentCount));
        type.put('-');
    }
    HeadWriter id;
    if (head.ackId)
        id.put(*head.ackId);
    const bool isRoot = head.nsp.value == "/";
    const QByteArrayView nsp = isRoot ? QByteArrayView() : QByteArrayView(head.nsp.value);
    const QByteArrayView comma = isRoot ? "" : ",";
    qsizetype size = type.text().size() + nsp.size() + comma.size() + id.text().size();
    for (const QByteArrayView part : payload)
        size += part.size();
    QByteArray text(size, Qt::Uninitialized);
    char* at = text.data();
    for (const QByteArrayView part : {type.text(), nsp, comma, id.text()})
        at = std::copy(part.begin(), part.end(), at);
    for (const QByteArrayView part : payload)
        at = std::copy(part.begin(), part.end(), at);
    return text;
}

} // namespace

Result<EventParts> splitEvent(const QByteArray& payload)
{
    const std::optional<FirstElement> name = firstElement(payload);
    if (!name)
        return malformed("event without a name");
    if (const Result<void> usable = checkEventName(name->raw); !usable)
        return tl::unexpected<Error>(usable.error());
    EventParts parts{jsonText(name->raw).value_or(QByteArray()), {}};
    if (name->restOffset >= 0) {
        const qsizetype end = payload.lastIndexOf(']');
        const qsizetype size = qMax(end - name->restOffset, qsizetype(0));
        parts.args = payload.sliced(name->restOffset, size).trimmed();
    }
    return parts;
}

EventParts takeEvent(QByteArray payload)
{
    const std::optional<FirstElement> name = firstElement(payload);
    if (!name)
        return {};
    const bool isPlain = !name->raw.contains('\\');
    EventParts parts{isPlain ? name->raw.sliced(1, name->raw.size() - 2).toByteArray()
                             : jsonText(name->raw).value_or(QByteArray()),
        {}};
    if (name->restOffset >= 0) {
        payload.truncate(payload.lastIndexOf(']'));
        payload.remove(0, name->restOffset);
        parts.args = std::move(payload).trimmed();
    }
    return parts;
}

Result<std::optional<SocketIoPacket>> SocketIoDecoder::addText(QByteArrayView text)
{
    if (m_missing > 0)
        return malformed("text where an attachment was announced");
    HeadReader head(text, m_limits, m_revision);
    SocketIoPacket packet;
    const Result<PacketType> type = head.type();
    if (!type)
        return tl::unexpected<Error>(type.error());
    packet.type = *type;
    int attachmentCount = 0;
    if (isBinary(packet.type)) {
        const Result<int> count = head.attachmentCount();
        if (!count)
            return tl::unexpected<Error>(count.error());
        attachmentCount = *count;
    }
    Result<NamespaceName> nsp = head.nsp();
    if (!nsp)
        return tl::unexpected<Error>(std::move(nsp).error());
    packet.nsp = *std::move(nsp);
    const Result<std::optional<quint64>> ackId = head.ackId();
    if (!ackId)
        return tl::unexpected<Error>(ackId.error());
    packet.ackId = *ackId;
    packet.payload = head.payload().toByteArray();
    if (packet.type == PacketType::Connect && !head.query().isEmpty())
        packet.payload = connectPayloadFromQuery(head.query());
    return checked(std::move(packet), attachmentCount);
}

Result<std::optional<SocketIoPacket>> SocketIoDecoder::checked(
    SocketIoPacket packet, int attachmentCount)
{
    if (const Result<void> id = checkAckId(packet); !id)
        return tl::unexpected<Error>(id.error());
    if (const auto payload = checkPayload(packet, attachmentCount, m_limits); !payload)
        return tl::unexpected<Error>(payload.error());
    if (attachmentCount == 0)
        return std::optional<SocketIoPacket>(std::move(packet));
    m_partial = std::move(packet);
    m_missing = attachmentCount;
    m_attachmentBytes = 0;
    return std::optional<SocketIoPacket>();
}

Result<std::optional<SocketIoPacket>> SocketIoDecoder::addBinary(QByteArrayView octets)
{
    if (m_missing == 0)
        return malformed("attachment nobody announced");
    m_attachmentBytes += octets.size();
    if (m_attachmentBytes > m_limits.maxAttachmentBytes)
        return failure(ErrorCode::TooLarge, QStringLiteral("attachments too large"));
    m_partial.attachments.append(octets.toByteArray());
    if (--m_missing > 0)
        return std::optional<SocketIoPacket>();
    return std::optional<SocketIoPacket>(std::exchange(m_partial, {}));
}

EncodedPacketPtr encode(const SocketIoPacket& packet)
{
    Q_ASSERT(packet.attachments.isEmpty() || isBinary(packet.type));
    const PacketHead head{packet.type, packet.nsp, packet.ackId, packet.attachments.size()};
    return EncodedPacket::create(packetText(head, {packet.payload}), packet.attachments);
}

EncodedPacketPtr encodeEvent(const NamespaceName& nsp, QByteArrayView name, const JsonArgs& args,
    const QList<QByteArray>& attachments, std::optional<quint64> ackId, QByteArrayView offset)
{
    SocketIoPacket packet;
    packet.type = attachments.isEmpty() ? PacketType::Event : PacketType::BinaryEvent;
    packet.nsp = nsp;
    packet.ackId = ackId;
    packet.attachments = attachments;
    packet.payload = '[' + jsonString(name);
    if (!args.isEmpty())
        packet.payload += ',' + args;
    if (!offset.isEmpty())
        packet.payload += ",\"" + offset + '"';
    packet.payload += ']';
    return encode(packet);
}

EncodedPacketPtr encodeAck(const NamespaceName& nsp, quint64 ackId, const JsonArgs& args,
    const QList<QByteArray>& attachments)
{
    const PacketType type = attachments.isEmpty() ? PacketType::Ack : PacketType::BinaryAck;
    const PacketHead head{type, nsp, ackId, attachments.size()};
    return EncodedPacket::create(packetText(head, {"[", args, "]"}), attachments);
}

QByteArray jsonString(QByteArrayView utf8)
{
    static constexpr char Hex[] = "0123456789abcdef";
    const auto isPlain
        = [](char c) { return static_cast<uchar>(c) >= 0x20 && c != '"' && c != '\\'; };
    if (std::all_of(utf8.begin(), utf8.end(), isPlain)) // nearly every name and id
        return '"' + utf8 + '"';
    QByteArray text;
    text.reserve(utf8.size() + 2);
    text += '"';
    for (const char c : utf8) {
        switch (c) {
        case '"':
        case '\\':
            text += '\\';
            text += c;
            break;
        case '\b':
            text += "\\b";
            break;
        case '\f':
            text += "\\f";
            break;
        case '\n':
            text += "\\n";
            break;
        case '\r':
            text += "\\r";
            break;
        case '\t':
            text += "\\t";
            break;
        default:
            if (static_cast<uchar>(c) < 0x20) {
                text += "\\u00";
                text += Hex[static_cast<uchar>(c) >> 4];
                text += Hex[c & 0xF];
            } else {
                text += c;
            }
        }
    }
    text += '"';
    return text;
}

} // namespace gatehouse::protocol
