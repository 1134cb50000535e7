// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/session/recovery.h"
#include "server/store/storedrecovery.h"

#include <QTimer>

namespace gatehouse::app {

/// Writes durable sockets and the events of their rooms into the store, off the network thread:
/// what changes while a write is under way goes with the next one. What waits is bounded in octets;
/// beyond that, or when the store refuses, the events are given up and a restart tells whoever
/// missed them. Network thread; the store outlives it.
class RecoveryJournal final : public session::RecoveryJournal
{
public:
    /// `maxBytes`: what may wait, of one namespace.
    RecoveryJournal(store::Store& store, qsizetype maxBytes);
    ~RecoveryJournal() override;

    void socketSaved(const NamespaceName& nsp, const session::PastSocket& socket) override;
    void socketForgotten(const NamespaceName& nsp, const QByteArray& pid) override;
    void packetKept(const NamespaceName& nsp, const hub::RecentPacket& packet) override;
    void packetsForgotten(const NamespaceName& nsp, quint64 upTo) override;

    void flush(); ///< gives the store everything that waits, at once

    qsizetype unwritten() const; ///< changes that are not on disk yet
    quint64 eventsLost() const { return m_eventsLost; } ///< given up, since the start

    /// What an earlier run left of a namespace. Blocks; for the start of a program.
    static Result<session::RecoveredNamespace> load(store::Store& store, const NamespaceName& nsp,
        const session::RecoveryOptions& options, const Clock& clock);
    /// Removes what earlier runs left of all other namespaces. Blocks; for the start of a program.
    static Result<void> keepOnly(store::Store& store, const std::vector<NamespaceName>& namespaces);

private:
    struct Waiting
    {
        store::RecoveryChanges changes;
        qsizetype bytes = 0;
    };
    using Batch = std::map<QByteArray, store::RecoveryChanges>;

    Waiting& waiting(const NamespaceName& nsp);
    void put(
        const NamespaceName& nsp, const QByteArray& pid, std::optional<store::StoredSocket> socket);
    void dropEvents(Waiting& waiting);
    void keepWithin(Waiting& waiting);
    void schedule();
    void submit();
    void written(const Result<void>& result, const Batch& batch, qsizetype changes);
    void takeBack(const Batch& batch);

    store::StoredRecovery m_table;
    const qsizetype m_maxBytes;
    std::map<QByteArray, Waiting> m_waiting; ///< by namespace
    QTimer m_next; ///< runs while something waits and no write is under way
    int m_underWay = 0; ///< writes
    qsizetype m_changesUnderWay = 0;
    quint64 m_eventsLost = 0;
    bool m_isFailing = false;
};

} // namespace gatehouse::app
