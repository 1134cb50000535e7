// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/ids.h"
#include "common/protocol/encodedpacket.h"

namespace gatehouse::hub {

/// Whether an event may be dropped for a client that is behind.
enum class Urgency : quint8 {
    Reliable, ///< queued; a client over its bound is disconnected
    Volatile, ///< dropped when the client has anything queued
};

/// Someone rooms can deliver to. Declared here, implemented by session::Socket; the hub never knows
/// a socket. Must leave its namespace (Hub::detach) before it is destroyed. Network thread only.
class Subscriber
{
public:
    virtual ~Subscriber() = default;

    virtual const SocketId& socketId() const = 0;
    virtual void deliver(const protocol::EncodedPacketPtr& packet, Urgency urgency) = 0;
};

} // namespace gatehouse::hub
