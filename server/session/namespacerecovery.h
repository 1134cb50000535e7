// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/session/recovery.h"
#include "server/session/timerqueue.h"

#include <QHash>

#include <map>

namespace gatehouse::session {

class SocketImpl;
struct ServerCore;

/// Remembers the sockets of one namespace that lost their connection, for as long as they may come
/// back, and knows who of the connected ones may. Owned by ServerCore; network thread only.
class NamespaceRecovery final : private Timer::Owner, private hub::RecentJournal
{
public:
    NamespaceRecovery(
        ServerCore& core, NamespaceName nsp, RecoveryOptions options, RecoveryJournal* journal);
    ~NamespaceRecovery();

    void restore(RecoveredNamespace past);

    /// A client's claim: what the CONNECT payload says of an earlier stay.
    struct Claim
    {
        QByteArray pid;
        quint64 offset = 0; ///< zero: it got no event, or one that carried none
    };
    static std::optional<Claim> claimIn(const QByteArray& authJson);
    static bool hasClaim(const QByteArray& authJson); ///< usable or not

    void connected(const QByteArray& pid, SocketImpl& socket);
    SocketImpl* holder(const QByteArray& pid) const { return m_connected.value(pid); }
    const PastSocket* absent(const QByteArray& pid);

    /// It is connected again, or will never be.
    void forget(const QByteArray& pid);
    /// `mayReturn`: its connection broke; otherwise it left for good.
    void disconnected(PastSocket socket, bool mayReturn);
    /// Rooms or data of a connected socket changed.
    void changed(const PastSocket& socket);
    bool isDurable() const { return m_journal != nullptr; }

    qsizetype absentCount() const { return m_absent.size(); }

private:
    struct Entry
    {
        PastSocket socket;
        quint64 order = 0;
    };

    void timerDue(Timer& timer, Millis due) override;
    void packetKept(const NamespaceName& nsp, const hub::RecentPacket& packet) override;
    void packetsForgotten(const NamespaceName& nsp, quint64 upTo) override;
    void expire();
    void remember(PastSocket socket, Millis until);
    bool isDurable(const RoomName& room) const;
    bool isDurable(const PastSocket& socket) const;
    void save(const PastSocket& socket);
    void unsave(const PastSocket& socket);

    ServerCore& m_core;
    const NamespaceName m_nsp;
    const RecoveryOptions m_options;
    RecoveryJournal* const m_journal;
    QHash<QByteArray, SocketImpl*> m_connected;
    QHash<QByteArray, Entry> m_absent;
    QHash<SocketId, quint64> m_durableSockets; ///< and the last event before they became so
    std::map<quint64, std::pair<Millis, QByteArray>> m_expiries; ///< monotonic, by order of leaving
    quint64 m_nextOrder = 0;
    Timer m_expiry;
};

} // namespace gatehouse::session
