// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/protocol/socketiopacket.h"

/// Socket.IO packets as npm socket.io-msgpack-parser 3 writes them: one binary Engine.IO message, a
/// MessagePack map with `type` (0 to 4), `nsp`, `data` and `id`. Binary stands where it belongs
/// instead of following as attachments. Other members (the JavaScript client adds `options`) are
/// read over.
namespace gatehouse::protocol {

/// The packet as it would have come as JSON, with placeholders and attachments; its shape is not
/// checked yet. Malformed or TooLarge.
Result<SocketIoPacket> parseMsgpackPacket(QByteArrayView octets, const SocketIoLimits& limits);

/// From a packet as encode() writes it: the text with its Engine.IO '4', and what follows.
QByteArray encodeMsgpackPacket(QByteArrayView text, const QList<QByteArray>& attachments);

} // namespace gatehouse::protocol
