// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "common/core/ids.h"
#include "common/core/result.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QList>

#include <optional>
#include <vector>

/// Engine.IO protocol 4 packets: bytes <-> values, no sockets.
namespace gatehouse::protocol {

enum class EnginePacketType : char {
    Open = '0',
    Close = '1',
    Ping = '2',
    Pong = '3',
    Message = '4',
    Upgrade = '5',
    Noop = '6',
};

enum class EngineContent : quint8 { Text, Binary };

/// A packet read from a polling payload. Binary packets are always messages.
struct EnginePacket
{
    EnginePacketType type = EnginePacketType::Message;
    EngineContent content = EngineContent::Text;
    QByteArray data; ///< without the type digit; binary decoded
};

/// A text packet as a WebSocket carries it: one per frame. A view of the frame's text.
struct EnginePacketView
{
    EnginePacketType type = EnginePacketType::Message;
    QByteArrayView data;
};

/// Malformed when the text does not start with a type digit.
Result<EnginePacketView> parseEnginePacket(QByteArrayView text);

struct EnginePayloadLimits
{
    qsizetype maxPackets = 65'536; ///< in one request body
};

/// The packets of a POST body, joined by 0x1E, binary ones as "b" + base64. Malformed as a whole if
/// any of them is: an unknown type, an empty packet, text that is not UTF-8, base64 that is not
/// exactly RFC 4648 section 4 with its padding.
Result<std::vector<EnginePacket>> splitEnginePayload(
    QByteArrayView body, const EnginePayloadLimits& limits = {});

constexpr char EnginePayloadSeparator = '\x1e';

/// Adds a packet to a GET answer. `packet` is text with its type digit, or what
/// EncodedPacket::pollingPayload() gives.
void appendToEnginePayload(QByteArray& payload, QByteArrayView packet);

/// RFC 4648 section 4 to the letter: padded, nothing but the alphabet, unused bits zero. Qt alone
/// takes white space, missing padding and stray bits.
std::optional<QByteArray> decodeExactBase64(QByteArrayView text);

/// "b" + base64, as a binary message stands in a polling payload.
QByteArray encodeEngineBinary(QByteArrayView octets);

/// What the server says first.
struct EngineHandshake
{
    SessionId sid;
    QList<QByteArray> upgrades; ///< "websocket" on polling, nothing on a WebSocket
    Millis pingInterval{};
    Millis pingTimeout{};
    qint64 maxPayload = 0; ///< octets
};

/// The open packet, "0" + JSON with exactly the keys sid, upgrades, pingInterval, pingTimeout and
/// maxPayload.
QByteArray encodeEngineOpen(const EngineHandshake& handshake);

/// Reads the JSON of an open packet (without the "0"). Unknown keys are ignored; sid, pingInterval
/// and pingTimeout must be there.
Result<EngineHandshake> parseEngineOpen(QByteArrayView json);

} // namespace gatehouse::protocol
