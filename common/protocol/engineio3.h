// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/protocol/engineio.h"

/// What Engine.IO protocol 3 (docs/engine.io-protocol/v3.md of the reference project; the clients
/// of Socket.IO 1 and 2) has of its own on the wire: bytes <-> values, no sockets.
namespace gatehouse::protocol {

/// The first octet of a binary packet: the number of its type, which is always a message.
constexpr char Engine3BinaryType = '\x04';

/// The packets of a text body `<length>:<packet>…`, where a length counts UTF-16 code units as
/// JavaScript does; a binary message is "b4" + base64. Frames of length 0 hold no packet and are
/// skipped. Malformed as a whole if any frame is: no length or one that reaches beyond the body or
/// into a character, an unknown type, text that is not UTF-8, base64 that is not exact, an empty
/// body.
Result<std::vector<EnginePacket>> splitEngine3Text(
    QByteArrayView body, const EnginePayloadLimits& limits = {});

/// The packets of an application/octet-stream body: each one 0 (text) or 1 (binary), its length in
/// octets as octets of value 0 to 9, 255, the packet. Malformed as above.
Result<std::vector<EnginePacket>> splitEngine3Octets(
    QByteArrayView body, const EnginePayloadLimits& limits = {});

/// A text frame of a WebSocket: as in version 4, or "b4" + base64.
Result<EnginePacket> parseEngine3Text(QByteArrayView text);

/// A binary frame of a WebSocket: the message without its type octet; Malformed without one.
Result<QByteArrayView> parseEngine3Binary(QByteArrayView octets);

/// "b4" + base64.
QByteArray encodeEngine3Base64(QByteArrayView octets);

/// The type octet and the message.
QByteArray encodeEngine3Binary(QByteArrayView octets);

/// Adds a text packet, type digit included, to a text payload; `packet` is valid UTF-8.
void appendEngine3Text(QByteArray& payload, QByteArrayView packet);

/// Adds a packet to a binary payload. A binary one includes its type octet.
void appendEngine3Octets(QByteArray& payload, EngineContent content, QByteArrayView packet);

} // namespace gatehouse::protocol
