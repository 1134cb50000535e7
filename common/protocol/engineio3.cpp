// SPDX-License-Identifier: Apache-2.0
#include "common/protocol/engineio3.h"

#include "common/core/utf8.h"

namespace gatehouse::protocol {

namespace {

constexpr char TextMark = '\0';
constexpr char BinaryMark = '\1';
constexpr char LengthEnd = '\xff';
constexpr char Base64Mark = 'b';

/// More than any body has octets, and no overflow.
constexpr int MaxLengthDigits = 12;

tl::unexpected<Error> malformed(const char* detail)
{
    return failure(ErrorCode::Malformed, QLatin1StringView(detail));
}

bool isContinuation(char c)
{
    return (static_cast<uchar>(c) & 0xC0) == 0x80;
}

/// Characters above U+FFFF, four octets in UTF-8, are two units.
qsizetype utf16UnitsOfLead(char c)
{
    return static_cast<uchar>(c) >= 0xF0 ? 2 : 1;
}

qsizetype utf16Length(QByteArrayView utf8)
{
    qsizetype units = 0;
    for (const char c : utf8)
        units += isContinuation(c) ? 0 : utf16UnitsOfLead(c);
    return units;
}

/// Reads frames from front to back; both framings begin with a length in digits.
class FrameReader
{
public:
    explicit FrameReader(QByteArrayView body) : m_body(body) { }

    bool atEnd() const { return m_at == m_body.size(); }
    char takeOctet() { return m_body[m_at++]; }

    /// Digits of which `zero` is the lowest, up to `end`.
    std::optional<qsizetype> length(char zero, char end)
    {
        qsizetype value = 0;
        for (int digits = 0; m_at < m_body.size(); ++digits) {
            const char c = m_body[m_at++];
            if (c == end)
                return digits > 0 ? std::optional(value) : std::nullopt;
            if (c < zero || c > zero + 9 || digits == MaxLengthDigits)
                return std::nullopt;
            value = value * 10 + (c - zero);
        }
        return std::nullopt;
    }

    std::optional<QByteArrayView> octets(qsizetype count)
    {
        if (count > m_body.size() - m_at)
            return std::nullopt;
        const QByteArrayView taken = m_body.sliced(m_at, count);
        m_at += count;
        return taken;
    }

    /// As many octets as make `count` UTF-16 code units, provided they are UTF-8.
    std::optional<QByteArrayView> units(qsizetype count)
    {
        const qsizetype start = m_at;
        while (count > 0 && m_at < m_body.size()) {
            count -= utf16UnitsOfLead(m_body[m_at]);
            do
                ++m_at;
            while (m_at < m_body.size() && isContinuation(m_body[m_at]));
        }
        if (count != 0)
            return std::nullopt;
        return m_body.sliced(start, m_at - start);
    }

private:
    QByteArrayView m_body;
    qsizetype m_at = 0;
};

Result<EnginePacket> readText(QByteArrayView text)
{
    if (!isValidUtf8(text))
        return malformed("packet is not UTF-8");
    return parseEngine3Text(text);
}

Result<EnginePacket> readBinary(QByteArrayView octets)
{
    const Result<QByteArrayView> message = parseEngine3Binary(octets);
    if (!message)
        return tl::unexpected<Error>(message.error());
    return EnginePacket{EnginePacketType::Message, EngineContent::Binary, message->toByteArray()};
}

Result<EnginePacket> readTextFrame(FrameReader& frames, bool& isEmpty)
{
    const auto length = frames.length('0', ':');
    const auto text = length ? frames.units(*length) : std::nullopt;
    if (!text)
        return malformed("length and packet do not fit");
    isEmpty = text->isEmpty();
    return isEmpty ? EnginePacket{} : readText(*text);
}

Result<EnginePacket> readOctetFrame(FrameReader& frames, bool& isEmpty)
{
    const char mark = frames.takeOctet();
    if (mark != TextMark && mark != BinaryMark)
        return malformed("neither text nor binary");
    const auto length = frames.length('\0', LengthEnd);
    const auto octets = length ? frames.octets(*length) : std::nullopt;
    if (!octets)
        return malformed("length and packet do not fit");
    isEmpty = octets->isEmpty();
    if (isEmpty)
        return EnginePacket{};
    return mark == TextMark ? readText(*octets) : readBinary(*octets);
}

template <class ReadFrame>
Result<std::vector<EnginePacket>> split(
    QByteArrayView body, const EnginePayloadLimits& limits, ReadFrame readFrame)
{
    if (body.isEmpty())
        return malformed("empty payload");
    std::vector<EnginePacket> packets;
    FrameReader frames(body);
    for (qsizetype count = 1; !frames.atEnd(); ++count) {
        if (count > limits.maxPackets)
            return failure(ErrorCode::TooLarge, QStringLiteral("too many packets in one payload"));
        bool isEmpty = false;
        Result<EnginePacket> packet = readFrame(frames, isEmpty);
        if (!packet)
            return tl::unexpected<Error>(std::move(packet).error());
        if (!isEmpty)
            packets.push_back(*std::move(packet));
    }
    return packets;
}

} // namespace

Result<std::vector<EnginePacket>> splitEngine3Text(
    QByteArrayView body, const EnginePayloadLimits& limits)
{
    return split(body, limits, readTextFrame);
}

Result<std::vector<EnginePacket>> splitEngine3Octets(
    QByteArrayView body, const EnginePayloadLimits& limits)
{
    return split(body, limits, readOctetFrame);
}

Result<EnginePacket> parseEngine3Text(QByteArrayView text)
{
    if (text.startsWith(Base64Mark)) {
        if (text.size() < 2 || text[1] != static_cast<char>(EnginePacketType::Message))
            return malformed("base64 of something other than a message");
        std::optional<QByteArray> octets = decodeExactBase64(text.sliced(2));
        if (!octets)
            return malformed("base64 is not exact");
        return EnginePacket{EnginePacketType::Message, EngineContent::Binary, *std::move(octets)};
    }
    const Result<EnginePacketView> packet = parseEnginePacket(text);
    if (!packet)
        return tl::unexpected<Error>(packet.error());
    return EnginePacket{packet->type, EngineContent::Text, packet->data.toByteArray()};
}

Result<QByteArrayView> parseEngine3Binary(QByteArrayView octets)
{
    if (!octets.startsWith(Engine3BinaryType))
        return malformed("binary packet of something other than a message");
    return octets.sliced(1);
}

QByteArray encodeEngine3Base64(QByteArrayView octets)
{
    return "b4" + QByteArray::fromRawData(octets.data(), octets.size()).toBase64();
}

QByteArray encodeEngine3Binary(QByteArrayView octets)
{
    QByteArray packet;
    packet.reserve(octets.size() + 1);
    packet += Engine3BinaryType;
    packet += octets;
    return packet;
}

void appendEngine3Text(QByteArray& payload, QByteArrayView packet)
{
    payload += QByteArray::number(utf16Length(packet));
    payload += ':';
    payload += packet;
}

void appendEngine3Octets(QByteArray& payload, EngineContent content, QByteArrayView packet)
{
    payload += content == EngineContent::Text ? TextMark : BinaryMark;
    for (const char digit : QByteArray::number(packet.size()))
        payload += static_cast<char>(digit - '0');
    payload += LengthEnd;
    payload += packet;
}

} // namespace gatehouse::protocol
