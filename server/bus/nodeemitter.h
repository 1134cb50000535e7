// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"
#include "server/bus/emittercommand.h"

#include <QByteArray>

namespace gatehouse::bus {

/// Which of the channels of @socket.io/redis-emitter (and the adapters of Node's servers) one is:
/// `PREFIX#NSP#`, `PREFIX#NSP#ROOM#` for broadcasts, `PREFIX-request#NSP#` for requests.
enum class NodeChannel : quint8 { Broadcast, Request, Other };

struct NodeAddress
{
    NodeChannel channel = NodeChannel::Other;
    NamespaceName nsp;
};

NodeAddress nodeAddress(const QByteArray& channel, const QByteArray& prefix);

/// A broadcast is MessagePack: [uid, {type:2, data:[event, …], nsp}, {rooms, except, flags}]. A
/// request is JSON: {type, opts, rooms, close}; joining (2), leaving (3) and disconnecting (4) are
/// done, the others are questions between servers (BadRequest). Malformed, TooLarge.
Result<EmitterCommand> decodeNodeEmitter(
    const NodeAddress& address, const QByteArray& body, const EmitterLimits& limits = {});

} // namespace gatehouse::bus
