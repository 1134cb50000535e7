// SPDX-License-Identifier: Apache-2.0
#include "common/protocol/websocketframe.h"

#include <QtEndian>

#include <algorithm>
#include <cstring>

namespace gatehouse::protocol {

namespace {

constexpr uchar FinalBit = 0x80;
constexpr uchar ReservedBits = 0x70;
constexpr uchar OpcodeBits = 0x0F;
constexpr uchar MaskBit = 0x80;
constexpr uchar LengthBits = 0x7F;
constexpr uchar Length16 = 126;
constexpr uchar Length64 = 127;
constexpr qsizetype MaxControlBytes = 125;

/// A message buffer above this goes back to the allocator after use, so that an idle connection
/// stays small whatever it once received.
constexpr qsizetype KeptCapacity = 4'096;

bool isControl(WebSocketOpcode opcode)
{
    return static_cast<uchar>(opcode) >= 0x8;
}

bool isKnown(uchar opcode)
{
    return opcode <= 0x2 || (opcode >= 0x8 && opcode <= 0xA);
}

void applyMask(std::span<char> octets, const std::array<uchar, 4>& mask, quint64 phase)
{
    std::array<uchar, 8> key{};
    for (size_t i = 0; i < key.size(); ++i)
        key[i] = mask[(phase + i) & 3];
    quint64 wideKey = 0;
    std::memcpy(&wideKey, key.data(), 8);
    char* at = octets.data();
    size_t left = octets.size();
    for (; left >= 8; left -= 8, at += 8) {
        quint64 word = 0;
        std::memcpy(&word, at, 8);
        word ^= wideKey;
        std::memcpy(at, &word, 8);
    }
    for (size_t i = 0; i < left; ++i)
        at[i] = static_cast<char>(static_cast<uchar>(at[i]) ^ key[i]);
}

/// Returns behind the header, where a mask or the payload begins.
char* writeHeader(char* at, WebSocketOpcode opcode, qsizetype size, uchar maskBit)
{
    at[0] = static_cast<char>(FinalBit | static_cast<uchar>(opcode));
    if (size <= MaxControlBytes) {
        at[1] = static_cast<char>(maskBit | static_cast<uchar>(size));
    } else if (size <= 0xFFFF) {
        at[1] = static_cast<char>(maskBit | Length16);
        qToBigEndian(static_cast<quint16>(size), at + 2);
    } else {
        at[1] = static_cast<char>(maskBit | Length64);
        qToBigEndian(static_cast<quint64>(size), at + 2);
    }
    return at + webSocketHeaderBytes(size);
}

/// The longest part of `utf8` within `maxBytes` that does not cut a character.
QByteArrayView cutBetweenCharacters(QByteArrayView utf8, qsizetype maxBytes)
{
    if (utf8.size() <= maxBytes)
        return utf8;
    while (maxBytes > 0 && (static_cast<uchar>(utf8[maxBytes]) & 0xC0) == 0x80)
        --maxBytes;
    return utf8.first(maxBytes);
}

} // namespace

WebSocketEvent WebSocketDecoder::next(std::span<char>& input)
{
    releaseDelivered();
    while (!m_finished) {
        std::optional<WebSocketEvent> event;
        if (!m_inPayload)
            event = takeHeader(input);
        else if (isControl(m_frame.opcode))
            event = takeControl(input);
        else
            event = takeData(input);
        if (event)
            return *event;
    }
    input = {};
    return {};
}

void WebSocketDecoder::releaseDelivered()
{
    if (!m_delivered)
        return;
    m_delivered = false;
    if (m_message.capacity() > KeptCapacity)
        m_message = QByteArray();
    else
        m_message.resize(0);
}

qsizetype WebSocketDecoder::headerSize() const
{
    const auto length = static_cast<uchar>(m_head[1]) & LengthBits;
    const qsizetype lengthSize = length == Length64 ? 8 : length == Length16 ? 2 : 0;
    return 2 + lengthSize + (m_role == WebSocketRole::Server ? 4 : 0);
}

std::optional<WebSocketEvent> WebSocketDecoder::takeHeader(std::span<char>& input)
{
    while (true) {
        if (m_headSize >= 2 && m_headSize == headerSize())
            return beginFrame();
        if (input.empty())
            return WebSocketEvent{};
        // The first two are judged one by one, the rest only says how long and how masked.
        const qsizetype wanted = m_headSize < 2 ? 1 : headerSize() - m_headSize;
        const size_t count = std::min(static_cast<size_t>(wanted), input.size());
        std::copy_n(input.begin(), count, m_head.begin() + m_headSize);
        m_headSize += static_cast<quint8>(count);
        input = input.subspan(count);
        std::optional<WebSocketEvent> failed;
        if (m_headSize == 1)
            failed = checkFirstOctet();
        else if (m_headSize == 2)
            failed = checkSecondOctet();
        if (failed)
            return failed;
    }
}

std::optional<WebSocketEvent> WebSocketDecoder::checkFirstOctet()
{
    const auto octet = static_cast<uchar>(m_head[0]);
    if (octet & ReservedBits)
        return fail(WebSocketProtocolError, "reserved bit set");
    if (!isKnown(octet & OpcodeBits))
        return fail(WebSocketProtocolError, "reserved opcode");
    m_frame.opcode = static_cast<WebSocketOpcode>(octet & OpcodeBits);
    m_frame.isFinal = octet & FinalBit;
    if (isControl(m_frame.opcode)) {
        if (!m_frame.isFinal)
            return fail(WebSocketProtocolError, "fragmented control frame");
        return std::nullopt;
    }
    const bool isOpen = m_messageOpcode != WebSocketOpcode::Continuation;
    if (m_frame.opcode == WebSocketOpcode::Continuation && !isOpen)
        return fail(WebSocketProtocolError, "continuation without a message");
    if (m_frame.opcode != WebSocketOpcode::Continuation && isOpen)
        return fail(WebSocketProtocolError, "message inside a message");
    return std::nullopt;
}

std::optional<WebSocketEvent> WebSocketDecoder::checkSecondOctet()
{
    const auto octet = static_cast<uchar>(m_head[1]);
    const bool isMasked = octet & MaskBit;
    if (isMasked != (m_role == WebSocketRole::Server))
        return fail(WebSocketProtocolError, isMasked ? "masked server frame" : "unmasked frame");
    if (isControl(m_frame.opcode) && (octet & LengthBits) > MaxControlBytes)
        return fail(WebSocketProtocolError, "control frame too long");
    return std::nullopt;
}

std::optional<WebSocketEvent> WebSocketDecoder::beginFrame()
{
    const auto length = static_cast<uchar>(m_head[1]) & LengthBits;
    m_frame.length = length;
    if (length == Length16)
        m_frame.length = qFromBigEndian<quint16>(&m_head[2]);
    else if (length == Length64)
        m_frame.length = qFromBigEndian<quint64>(&m_head[2]);
    if (m_frame.length >> 63)
        return fail(WebSocketProtocolError, "length over 63 bits");
    if ((length == Length16 && m_frame.length < Length16)
        || (length == Length64 && m_frame.length <= 0xFFFF))
        return fail(WebSocketProtocolError, "length not in its shortest form");
    if (m_role == WebSocketRole::Server)
        std::memcpy(m_frame.mask.data(), &m_head[m_headSize - 4U], 4);
    m_headSize = 0;
    m_received = 0;
    m_inPayload = true;
    if (isControl(m_frame.opcode))
        return std::nullopt;

    if (m_frame.length > static_cast<quint64>(m_limits.maxMessageBytes - m_message.size()))
        return fail(WebSocketMessageTooBig, "message too big");
    if (m_frame.opcode != WebSocketOpcode::Continuation) {
        m_messageOpcode = m_frame.opcode;
        m_fragments = 0;
        m_utf8.reset();
    }
    if (++m_fragments > m_limits.maxFragments)
        return fail(WebSocketPolicyViolation, "too many fragments");
    return std::nullopt;
}

std::optional<WebSocketEvent> WebSocketDecoder::takeControl(std::span<char>& input)
{
    const auto length = static_cast<size_t>(m_frame.length);
    const size_t count = qMin(length - static_cast<size_t>(m_received), input.size());
    const std::span<char> chunk = input.first(count);
    input = input.subspan(count);
    unmask(chunk);
    if (count == length)
        return control({chunk.data(), static_cast<qsizetype>(count)});
    std::copy(chunk.begin(), chunk.end(), m_control.begin() + static_cast<qsizetype>(m_received));
    m_received += count;
    if (m_received < length)
        return WebSocketEvent{};
    return control({m_control.data(), static_cast<qsizetype>(length)});
}

std::optional<WebSocketEvent> WebSocketDecoder::takeData(std::span<char>& input)
{
    const size_t count = static_cast<size_t>(
        qMin(m_frame.length - m_received, static_cast<quint64>(input.size())));
    const std::span<char> chunk = input.first(count);
    const QByteArrayView octets(chunk.data(), static_cast<qsizetype>(count));
    input = input.subspan(count);
    unmask(chunk);
    m_received += count;
    if (m_messageOpcode == WebSocketOpcode::Text && !m_utf8.feed(octets))
        return fail(WebSocketInvalidPayload, "text is not UTF-8");

    const bool isWholeMessage = m_frame.isFinal && count == m_frame.length && m_message.isEmpty();
    if (isWholeMessage)
        return endFrame(octets);
    m_message.append(octets);
    if (m_received < m_frame.length)
        return WebSocketEvent{};
    m_delivered = m_frame.isFinal;
    return endFrame(m_message);
}

std::optional<WebSocketEvent> WebSocketDecoder::endFrame(QByteArrayView wholeMessage)
{
    m_inPayload = false;
    if (!m_frame.isFinal)
        return std::nullopt;
    const bool isText = m_messageOpcode == WebSocketOpcode::Text;
    m_messageOpcode = WebSocketOpcode::Continuation;
    if (!isText)
        return WebSocketEvent{WebSocketEvent::Kind::Binary, wholeMessage};
    if (!m_utf8.isComplete())
        return fail(WebSocketInvalidPayload, "text ends inside a character");
    return WebSocketEvent{WebSocketEvent::Kind::Text, wholeMessage};
}

WebSocketEvent WebSocketDecoder::control(QByteArrayView payload)
{
    m_inPayload = false;
    switch (m_frame.opcode) {
    case WebSocketOpcode::Ping:
        return {WebSocketEvent::Kind::Ping, payload};
    case WebSocketOpcode::Pong:
        return {WebSocketEvent::Kind::Pong, payload};
    default:
        return closed(payload);
    }
}

WebSocketEvent WebSocketDecoder::closed(QByteArrayView payload)
{
    if (payload.size() == 1)
        return fail(WebSocketProtocolError, "close code cut short");
    quint16 code = WebSocketNoStatus;
    QByteArrayView reason;
    if (payload.size() >= 2) {
        code = qFromBigEndian<quint16>(payload.data());
        reason = payload.sliced(2);
        if (!isSendableCloseCode(code))
            return fail(WebSocketProtocolError, "invalid close code");
    }
    if (!isValidUtf8(reason))
        return fail(WebSocketInvalidPayload, "close reason is not UTF-8");
    m_finished = true;
    return {WebSocketEvent::Kind::Close, reason, code};
}

WebSocketEvent WebSocketDecoder::fail(quint16 code, const char* reason)
{
    m_finished = true;
    m_delivered = false;
    m_message = QByteArray();
    return {WebSocketEvent::Kind::Failed, reason, code};
}

void WebSocketDecoder::unmask(std::span<char> octets) const
{
    if (m_role == WebSocketRole::Server)
        applyMask(octets, m_frame.mask, m_received);
}

QByteArray webSocketFrame(WebSocketOpcode opcode, QByteArrayView payload)
{
    QByteArray frame(webSocketHeaderBytes(payload.size()) + payload.size(), Qt::Uninitialized);
    writeWebSocketFrame(frame.data(), opcode, payload);
    return frame;
}

char* writeWebSocketFrame(char* at, WebSocketOpcode opcode, QByteArrayView payload)
{
    Q_ASSERT(!isControl(opcode) || payload.size() <= MaxControlBytes);
    return std::copy_n(payload.data(), payload.size(), writeHeader(at, opcode, payload.size(), 0));
}

qsizetype webSocketHeaderBytes(qsizetype payloadBytes)
{
    if (payloadBytes <= MaxControlBytes)
        return 2;
    return payloadBytes <= 0xFFFF ? 4 : 10;
}

QByteArray webSocketCloseFrame(quint16 code, QByteArrayView utf8Reason)
{
    if (code == WebSocketNoStatus)
        return webSocketFrame(WebSocketOpcode::Close, {});
    QByteArray payload(2, '\0');
    qToBigEndian(code, payload.data());
    payload.append(cutBetweenCharacters(utf8Reason, MaxControlBytes - 2));
    return webSocketFrame(WebSocketOpcode::Close, payload);
}

QByteArray maskedWebSocketFrame(WebSocketOpcode opcode, QByteArrayView payload, quint32 key)
{
    std::array<uchar, 4> mask{};
    qToBigEndian(key, mask.data());
    QByteArray frame(webSocketHeaderBytes(payload.size()) + 4 + payload.size(), Qt::Uninitialized);
    char* at = writeHeader(frame.data(), opcode, payload.size(), MaskBit);
    at = std::copy(mask.begin(), mask.end(), at);
    std::copy_n(payload.data(), payload.size(), at);
    applyMask({at, static_cast<size_t>(payload.size())}, mask, 0);
    return frame;
}

bool isSendableCloseCode(quint16 code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014)
        || (code >= 3000 && code <= 4999);
}

} // namespace gatehouse::protocol
