// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"

#include <QByteArray>
#include <QList>
#include <QString>
#include <QStringList>

#include <algorithm>

namespace gatehouse::services {

/// What an operator may set about the services profile.
struct ServicesOptions
{
    /// Who the server is to clients and services: the sender of its own messages.
    QString sender = QStringLiteral("service.WSServer");
    /// Types a client may send, each a name that may end in `*`. Empty: every type that is not
    /// reserved.
    QStringList allowedTypes;
    /// Types no client may send: `*` at the beginning or the end stands for anything. `client-*`,
    /// `service-*` and `bus-*` are reserved in any case, and so is `net-send`, which closes the
    /// connection.
    QStringList reservedTypes{QStringLiteral("*-response"), QStringLiteral("*-broadcast")};
    /// The server's own messages to clients; protocol::JsonTemplate.
    QString envelope = QStringLiteral(
        R"({"type":"$type","uuid":"$uuid","response_uuid":"$response_uuid","sender":"$sender",)"
        R"("pref_dest":null,"content":"$content"})");
    qsizetype maxNameBytes = 64; ///< of a client's name
    int maxDepth = 64; ///< nesting of a client's JSON
    /// Nesting of a message on the bus. What a service may send is what reaches clients, and what
    /// clients send fits in it.
    int envelopeDepth() const { return std::max(128, maxDepth + 8); }

    /// Messages of a type no service wants yet wait this long, then they are dead letters.
    Millis holdTime{10'000};
    qsizetype maxHeld = 10'000; ///< messages at a time, of all types
    qint64 maxHeldBytes = 128 << 20; ///< and octets

    Millis requestLife{60'000}; ///< a service's request may be answered for this long
    qsizetype maxRequests = 10'000; ///< such requests at a time; the oldest is forgotten
    qsizetype maxWanted = 1'000; ///< types one service may ask for

    /// What each service may do on the bus: lines of ServiceRights. None: everything.
    QStringList rights;
    /// Queues the server serves itself; no service does. Not the operator's to set.
    QList<QByteArray> ownQueues;
};

} // namespace gatehouse::services
