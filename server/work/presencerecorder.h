// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/work/directory.h"
#include "server/work/journal.h"
#include "server/work/presence.h"

namespace gatehouse::work {

/// Writes what Presence learns to the journal, and at the start gives Presence what the journal
/// knew. A write that fails is logged, nothing waits for it. Owned by the composition root; network
/// thread only; must outlive the journal's last completion.
class PresenceRecorder final : public PresenceObserver
{
public:
    /// Observes `presence` as long as it lives.
    PresenceRecorder(Presence& presence, const Directory& directory, Journal& journal);
    ~PresenceRecorder() override;
    Q_DISABLE_COPY_MOVE(PresenceRecorder)

    void nodeOnline(const NodePresence& node) override;
    void nodeOffline(const NodePresence& node) override;
    void nodeConfigChanged(const NodePresence& node) override;

private:
    void saveSeen(const NodePresence& node);

    Presence& m_presence;
    Journal& m_journal;
};

} // namespace gatehouse::work
