// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/access/principal.h"
#include "server/hub/hub.h"

#include <QStringList>

namespace gatehouse::session {

/// Connection state recovery of one namespace: a client that lost its connection and comes back in
/// time gets its socket id, its rooms, its data and the events it missed.
struct RecoveryOptions
{
    Millis maxAbsence{120'000};
    qsizetype maxAbsent = 10'000; ///< clients remembered at a time; the oldest goes first
    qsizetype maxPackets = 10'000; ///< events kept, of the whole namespace
    qsizetype maxBytes = 16 << 20; ///< of the events kept
    /// Rooms that outlive the process, as wildcard patterns ("task_*"). A socket is remembered over
    /// a restart when it is in rooms and every one of them is durable.
    QStringList durableRooms;
};

/// Who may come back, and as what.
struct PastSocket
{
    QByteArray pid; ///< what the client has to know: 144 bits of secret
    hub::Absence absence;
    access::PrincipalKind principalKind = access::PrincipalKind::Anonymous;
    qint64 principalId = 0;
    QByteArray data;
    Millis leftAt{}; ///< wall clock; zero while it is connected
};

/// Writes durable sockets down. Declared here, implemented above. Called in the network thread,
/// must not block.
class RecoveryJournal : public hub::RecentJournal
{
public:
    /// Replaces what was stored under this pid.
    virtual void socketSaved(const NamespaceName& nsp, const PastSocket& socket) = 0;
    virtual void socketForgotten(const NamespaceName& nsp, const QByteArray& pid) = 0;
};

/// What an earlier run left of one namespace.
struct RecoveredNamespace
{
    std::vector<PastSocket> sockets;
    std::vector<hub::RecentPacket> packets; ///< oldest first
    quint64 forgottenUpTo = 0;
};

} // namespace gatehouse::session
