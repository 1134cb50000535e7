// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/access/principal.h"
#include "server/session/socket.h"

#include <QByteArray>

#include <optional>

namespace gatehouse::events {

/// One event name that a node may send. Called for identified nodes only; everything in the event
/// is the node's word and checked against who it is. Owned by FederationNamespace.
class FederationEventHandler
{
public:
    virtual ~FederationEventHandler() = default;
    virtual void handle(
        const access::Principal& node, const SocketId& socket, const session::IncomingEvent& event)
        = 0;
};

/// The first argument as raw JSON text if it is an object.
std::optional<QByteArray> firstObject(const protocol::JsonArgs& args);

/// A member that is a positive whole number; 0 when it is absent or anything else.
qint64 idMember(const QByteArray& object, QByteArrayView name);

/// True when the member is absent or names this id: what a client may leave out but not forge.
bool isAbsentOr(const QByteArray& object, QByteArrayView name, qint64 id);

} // namespace gatehouse::events
