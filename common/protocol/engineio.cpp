// SPDX-License-Identifier: Apache-2.0
#include "common/protocol/engineio.h"

#include "common/core/strictjson.h"
#include "common/core/utf8.h"
#include "common/protocol/socketiopacket.h"

namespace gatehouse::protocol {

namespace {

constexpr char BinaryMark = 'b';

std::optional<EnginePacketType> packetType(char digit)
{
    if (digit < '0' || digit > '6')
        return std::nullopt;
    return static_cast<EnginePacketType>(digit);
}

bool isBase64Character(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+'
        || c == '/';
}

Result<EnginePacket> readPayloadPacket(QByteArrayView text)
{
    if (!text.isEmpty() && text.front() == BinaryMark) {
        std::optional<QByteArray> octets = decodeExactBase64(text.sliced(1));
        if (!octets)
            return failure(ErrorCode::Malformed, QStringLiteral("base64 is not exact"));
        return EnginePacket{EnginePacketType::Message, EngineContent::Binary, *std::move(octets)};
    }
    const Result<EnginePacketView> packet = parseEnginePacket(text);
    if (!packet)
        return tl::unexpected<Error>(packet.error());
    if (!isValidUtf8(packet->data))
        return failure(ErrorCode::Malformed, QStringLiteral("packet is not UTF-8"));
    return EnginePacket{packet->type, EngineContent::Text, packet->data.toByteArray()};
}

Result<Millis> readMillis(QByteArrayView json, QByteArrayView name)
{
    const std::optional<QByteArrayView> raw = rawMember(json, name);
    const std::optional<qint64> value = raw ? jsonInteger(*raw) : std::nullopt;
    if (!value || *value <= 0)
        return failure(ErrorCode::Malformed,
            QStringLiteral("open packet without a usable %1").arg(QLatin1StringView(name)));
    return Millis{*value};
}

} // namespace

std::optional<QByteArray> decodeExactBase64(QByteArrayView text)
{
    if (text.size() % 4 != 0)
        return std::nullopt;
    qsizetype significant = text.size();
    while (significant > 0 && text.size() - significant < 2 && text[significant - 1] == '=')
        --significant;
    for (const char c : text.first(significant)) {
        if (!isBase64Character(c))
            return std::nullopt;
    }
    QByteArray octets = QByteArray::fromBase64(text.toByteArray());
    const qsizetype lastQuad = text.size() - 4;
    const bool hasPadding = significant < text.size();
    if (hasPadding
        && octets.last(octets.size() - lastQuad / 4 * 3).toBase64() != text.sliced(lastQuad))
        return std::nullopt;
    return octets;
}

Result<EnginePacketView> parseEnginePacket(QByteArrayView text)
{
    const auto type = text.isEmpty() ? std::nullopt : packetType(text.front());
    if (!type)
        return failure(ErrorCode::Malformed, QStringLiteral("unknown packet type"));
    return EnginePacketView{*type, text.sliced(1)};
}

Result<std::vector<EnginePacket>> splitEnginePayload(
    QByteArrayView body, const EnginePayloadLimits& limits)
{
    const qsizetype count = body.count(EnginePayloadSeparator) + 1;
    if (count > limits.maxPackets)
        return failure(ErrorCode::TooLarge, QStringLiteral("too many packets in one payload"));
    std::vector<EnginePacket> packets;
    packets.reserve(static_cast<size_t>(count));
    for (qsizetype start = 0; start <= body.size();) {
        qsizetype end = body.indexOf(EnginePayloadSeparator, start);
        if (end < 0)
            end = body.size();
        Result<EnginePacket> packet = readPayloadPacket(body.sliced(start, end - start));
        if (!packet)
            return tl::unexpected<Error>(std::move(packet).error());
        packets.push_back(*std::move(packet));
        start = end + 1;
    }
    return packets;
}

void appendToEnginePayload(QByteArray& payload, QByteArrayView packet)
{
    if (!payload.isEmpty())
        payload += EnginePayloadSeparator;
    payload += packet;
}

QByteArray encodeEngineBinary(QByteArrayView octets)
{
    return BinaryMark + QByteArray::fromRawData(octets.data(), octets.size()).toBase64();
}

QByteArray encodeEngineOpen(const EngineHandshake& handshake)
{
    QByteArray upgrades;
    for (const QByteArray& upgrade : handshake.upgrades) {
        if (!upgrades.isEmpty())
            upgrades += ',';
        upgrades += jsonString(upgrade);
    }
    return R"(0{"sid":)" + jsonString(handshake.sid.value) + R"(,"upgrades":[)" + upgrades
        + R"(],"pingInterval":)" + QByteArray::number(handshake.pingInterval.count())
        + R"(,"pingTimeout":)" + QByteArray::number(handshake.pingTimeout.count())
        + R"(,"maxPayload":)" + QByteArray::number(handshake.maxPayload) + '}';
}

Result<EngineHandshake> parseEngineOpen(QByteArrayView json)
{
    if (const auto checked = checkJson(json); !checked)
        return tl::unexpected<Error>(checked.error().toError());
    EngineHandshake handshake;
    if (const auto raw = rawMember(json, "sid"))
        handshake.sid.value = jsonText(*raw).value_or(QByteArray());
    if (handshake.sid.isEmpty())
        return failure(ErrorCode::Malformed, QStringLiteral("open packet without a sid"));
    const Result<Millis> interval = readMillis(json, "pingInterval");
    const Result<Millis> timeout = readMillis(json, "pingTimeout");
    if (!interval || !timeout)
        return tl::unexpected<Error>(interval ? timeout.error() : interval.error());
    handshake.pingInterval = *interval;
    handshake.pingTimeout = *timeout;
    if (const auto raw = rawMember(json, "maxPayload"))
        handshake.maxPayload = jsonInteger(*raw).value_or(0);
    if (const auto raw = rawMember(json, "upgrades")) {
        for (JsonArrayWalker upgrades(*raw); upgrades.next();)
            handshake.upgrades.append(jsonText(upgrades.value()).value_or(QByteArray()));
    }
    return handshake;
}

} // namespace gatehouse::protocol
