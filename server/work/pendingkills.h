// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/work/directory.h"
#include "server/work/journal.h"

#include <QHash>

#include <map>
#include <utility>
#include <vector>

namespace gatehouse::work {

/// Killed runs whose node has not shown yet that it knows of the kill. A kill and its row in the
/// journal are written together, so none is forgotten by a restart; it is told at every connect of
/// the node until confirm(). Owned by TaskService; network thread only.
class PendingKills
{
public:
    PendingKills(Journal& journal, const Directory& directory);
    Q_DISABLE_COPY_MOVE(PendingKills)

    void start(Completion<void> done); ///< fills the index

    void add(const RunRef& run); ///< the journal has it already
    void confirm(const std::vector<RunId>& runs); ///< unknown ones are ignored

    bool contains(RunId run) const { return m_places.contains(run); }
    std::vector<RunRef> of(NodeId node) const; ///< ascending
    qsizetype size() const { return m_places.size(); }

private:
    using Place = std::pair<OrganizationId, CollaborationId>;

    Journal& m_journal;
    const Directory& m_directory;
    QHash<Place, std::map<RunId, RunRef>> m_runs;
    QHash<RunId, Place> m_places;
};

} // namespace gatehouse::work
