// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "common/core/ids.h"
#include "server/work/entities.h"

#include <QHash>

#include <memory>
#include <optional>

namespace gatehouse::work {
class Journal;
}

namespace gatehouse::events {

/// What the journal keeps about nodes: when each was last seen and its configuration. The first
/// news of a node is written at once, what follows within the interval is written once when that
/// has passed, with the newest values only: a node that pings, reconnects or changes its
/// configuration without a pause does not fill the queue everybody writes through. Owned by
/// FederationNamespace; network thread only.
class NodeWrites
{
public:
    NodeWrites(work::Journal& journal, const Clock& clock, Millis interval);

    void seen(NodeId node); ///< now
    void configured(NodeId node, work::NodeConfig config); ///< as it is now

    void sweep(); ///< writes what is due
    void flush(); ///< writes everything

    qsizetype waiting() const { return m_waiting; } ///< nodes with something unwritten

private:
    struct Entry
    {
        std::optional<Millis> seenAt; ///< wall clock; unwritten
        std::optional<work::NodeConfig> config; ///< unwritten
        std::optional<work::NodeConfig> stored; ///< what was written last
        std::optional<Millis> writtenAt; ///< monotonic
        bool isWaiting() const { return seenAt || config; }
    };

    void changed(NodeId node, Entry& entry, bool wasWaiting);
    void write(NodeId node, Entry& entry);
    template <class Due>
    void writeAll(Due due);

    work::Journal& m_journal;
    const Clock& m_clock;
    const Millis m_interval;
    QHash<NodeId, Entry> m_entries;
    qsizetype m_waiting = 0;
    std::shared_ptr<bool> m_alive;
};

} // namespace gatehouse::events
