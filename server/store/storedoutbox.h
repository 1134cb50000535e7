// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/bus/outbox.h"

namespace gatehouse::store {

class Store;

/// The table `outbox` of a store: bus messages that wait for the broker. Network thread; the store
/// outlives it.
class StoredOutbox final : public bus::Outbox
{
public:
    StoredOutbox(Store& store, const Clock& clock) : m_store(store), m_clock(clock) { }

    void state(Completion<bus::OutboxState> done) override;
    void keep(bus::Publication publication, bool mayBeRepeated, Completion<quint64> done) override;
    void oldest(quint64 after, int count, qint64 bytes,
        Completion<std::vector<bus::KeptMessage>> done) override;
    void markTried(std::vector<quint64> numbers, Completion<void> done) override;
    void remove(std::vector<quint64> numbers, Completion<void> done) override;

private:
    Store& m_store;
    const Clock& m_clock;
};

} // namespace gatehouse::store
