// SPDX-License-Identifier: Apache-2.0
#include "server/work/pendingkills.h"

namespace gatehouse::work {

PendingKills::PendingKills(Journal& journal, const Directory& directory)
    : m_journal(journal), m_directory(directory)
{
}

void PendingKills::start(Completion<void> done)
{
    m_journal.pendingKills([this, done = std::move(done)](Result<std::vector<RunRef>> runs) {
        if (!runs)
            return done(tl::unexpected(runs.error()));
        for (const RunRef& run : *runs)
            add(run);
        done({});
    });
}

void PendingKills::add(const RunRef& run)
{
    const Place place(run.organization, run.collaboration);
    m_places.insert(run.run, place);
    m_runs[place].insert_or_assign(run.run, run);
}

void PendingKills::confirm(const std::vector<RunId>& runs)
{
    std::vector<RunId> known;
    for (const RunId run : runs) {
        const auto place = m_places.constFind(run);
        if (place == m_places.cend())
            continue;
        const auto there = m_runs.find(*place);
        there->erase(run);
        if (there->empty())
            m_runs.erase(there);
        m_places.erase(place);
        known.push_back(run);
    }
    // If this is not written, the node is told once more after the next start: no harm.
    if (!known.empty())
        m_journal.confirmKills(std::move(known), [](const Result<void>&) {});
}

std::vector<RunRef> PendingKills::of(NodeId id) const
{
    std::vector<RunRef> runs;
    const Node* node = m_directory.node(id);
    const auto there
        = node ? m_runs.constFind(Place(node->organization, node->collaboration)) : m_runs.cend();
    if (there != m_runs.cend()) {
        for (const auto& [run, ref] : *there)
            runs.push_back(ref);
    }
    return runs;
}

} // namespace gatehouse::work
