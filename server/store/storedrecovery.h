// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/work/journal.h"

#include <QByteArray>

#include <map>
#include <optional>
#include <vector>

namespace gatehouse::store {

class Store;

/// A client that may come back. What it is stands in `body`, which only its writer reads.
struct StoredSocket
{
    QByteArray pid; ///< ASCII
    QByteArray body;
    Millis leftAt{}; ///< wall clock; zero while it is connected
};

struct StoredEvent
{
    quint64 number = 0; ///< below 2^63
    Millis keptAt{}; ///< wall clock
    QByteArray body;
};

/// What changed in one namespace, to be written in one transaction.
struct RecoveryChanges
{
    bool forgetsSockets = false; ///< first of all those that are there
    std::map<QByteArray, std::optional<StoredSocket>> sockets; ///< by pid; nothing: forgotten
    std::vector<StoredEvent> events;
    quint64 forgottenUpTo = 0; ///< zero: as before
};

/// What is there of one namespace.
struct RecoveryContent
{
    std::vector<StoredSocket> sockets;
    std::vector<StoredEvent> events; ///< oldest first
    quint64 forgottenUpTo = 0; ///< of events above this number none is missing
};

/// The tables `recovery_…` of a store. Network thread; the store outlives it.
class StoredRecovery
{
public:
    template <class T>
    using Completion = work::Completion<T>;

    explicit StoredRecovery(Store& store) : m_store(store) { }

    /// By namespace. `bytes`: what the changes hold, roughly.
    void write(
        std::map<QByteArray, RecoveryChanges> changes, qsizetype bytes, Completion<void> done);

    struct Bounds
    {
        Millis leftAfter{}; ///< wall clock; sockets that left before are not wanted
        Millis keptAfter{}; ///< the same of events
        qsizetype sockets = 0;
        qsizetype events = 0;
        qsizetype bytes = 0; ///< of events
    };
    /// The newest within the bounds; what is beyond them counts as forgotten.
    void load(QByteArray nsp, Bounds bounds, Completion<RecoveryContent> done);

    /// Removes what is there of all other namespaces.
    void keepOnly(std::vector<QByteArray> namespaces, Completion<void> done);

private:
    Store& m_store;
};

} // namespace gatehouse::store
