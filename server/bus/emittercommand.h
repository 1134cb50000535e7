// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/ids.h"
#include "common/protocol/socketiopacket.h"

#include <QList>

#include <optional>
#include <vector>

namespace gatehouse::bus {

/// What a back end in Python or Node asks of all servers at once, whatever it was written in.
struct EmitterCommand
{
    enum class Method : quint8 {
        Emit,
        Disconnect, ///< `socket`, or everybody in `rooms`
        Join, ///< `socket`, or everybody in `rooms`, joins `targets`
        Leave,
        CloseRoom, ///< everybody leaves `targets`
        Callback, ///< an answer to a server's own question
    };

    Method method = Method::Emit;
    NamespaceName nsp{"/"};
    /// Whom it is about: the union of these rooms, a socket's id being one; empty: the namespace.
    std::vector<RoomName> rooms;
    std::vector<RoomName> except; ///< rooms and sockets
    SocketId socket;
    std::vector<RoomName> targets;
    QByteArray event;
    protocol::JsonArgs args;
    QList<QByteArray> attachments;
    bool isVolatile = false;
    bool endsSession = false; ///< a disconnect closes the connection, not the namespace alone
    QByteArray hostId; ///< who sent it; empty: did not say

    /// Where the client's answer goes: back to `hostId`, as a callback with these.
    struct Answer
    {
        QByteArray room; ///< a socket's id
        NamespaceName nsp;
        qint64 id = 0;
    };
    std::optional<Answer> answer;
};

struct EmitterLimits
{
    int maxDepth = 64; ///< nested lists and maps
    int maxAttachments = 10;
    qsizetype maxArgsBytes = 1'000'000; ///< JSON of an event's arguments, and each attachment
    qsizetype maxNames = 1'000; ///< rooms in one command
    qsizetype maxNameBytes = 1'024; ///< of a room or a socket's id
    qsizetype maxEventBytes = 128;
};

} // namespace gatehouse::bus
