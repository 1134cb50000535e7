// SPDX-License-Identifier: Apache-2.0
#include "server/events/nodewrites.h"

#include "server/observe/log.h"
#include "server/work/journal.h"

namespace gatehouse::events {

NodeWrites::NodeWrites(work::Journal& journal, const Clock& clock, Millis interval)
    : m_journal(journal), m_clock(clock), m_interval(interval),
      m_alive(std::make_shared<bool>(true))
{
}

void NodeWrites::seen(NodeId node)
{
    Entry& entry = m_entries[node];
    const bool wasWaiting = entry.isWaiting();
    entry.seenAt = m_clock.wall();
    changed(node, entry, wasWaiting);
}

void NodeWrites::configured(NodeId node, work::NodeConfig config)
{
    Entry& entry = m_entries[node];
    const bool wasWaiting = entry.isWaiting();
    if (entry.stored == config)
        entry.config.reset(); // changed back before it was written
    else
        entry.config = std::move(config);
    changed(node, entry, wasWaiting);
}

void NodeWrites::sweep()
{
    const Millis now = m_clock.monotonic();
    writeAll([&](const Entry& entry) { return now - *entry.writtenAt >= m_interval; });
}

void NodeWrites::flush()
{
    writeAll([](const Entry&) { return true; });
}

void NodeWrites::changed(NodeId node, Entry& entry, bool wasWaiting)
{
    m_waiting += int(entry.isWaiting()) - int(wasWaiting);
    const Millis now = m_clock.monotonic();
    if (entry.isWaiting() && (!entry.writtenAt || now - *entry.writtenAt >= m_interval))
        write(node, entry);
}

void NodeWrites::write(NodeId node, Entry& entry)
{
    --m_waiting;
    entry.writtenAt = m_clock.monotonic();
    if (const auto at = std::exchange(entry.seenAt, std::nullopt))
        m_journal.saveNodeSeen(node, *at, [](const Result<void>&) {});
    auto config = std::exchange(entry.config, std::nullopt);
    if (!config)
        return;
    entry.stored = *config;
    m_journal.saveNodeConfig(node, std::move(*config),
        [this, alive = std::weak_ptr(m_alive), node](const Result<void>& saved) {
            if (saved || alive.expired())
                return;
            m_entries[node].stored.reset(); // the next time it counts as changed
            observe::log(observe::Level::Warning, observe::category::node,
                QStringLiteral("The configuration of a node was not kept: %1")
                    .arg(saved.error().detail),
                {.node = node});
        });
}

template <class Due>
void NodeWrites::writeAll(Due due)
{
    if (m_waiting == 0)
        return;
    for (auto it = m_entries.begin(); it != m_entries.end(); ++it) {
        if (it->isWaiting() && due(*it))
            write(it.key(), *it);
    }
}

} // namespace gatehouse::events
