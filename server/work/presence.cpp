// SPDX-License-Identifier: Apache-2.0
#include "server/work/presence.h"

#include <algorithm>

namespace gatehouse::work {

Presence::Presence(const Clock& clock) : m_clock(clock) { }

void Presence::addObserver(PresenceObserver* observer)
{
    m_observers.add(observer);
}

void Presence::removeObserver(PresenceObserver* observer)
{
    m_observers.remove(observer);
}

void Presence::restoreLastSeen(NodeId node, Millis lastSeen)
{
    NodePresence& state = entry(node).state;
    if (state.lastSeen)
        return;
    state.lastSeen = lastSeen;
    state.since = lastSeen;
}

void Presence::socketOpened(NodeId node, const SocketId& socket, const QString& address)
{
    Entry& known = entry(node);
    const auto live = std::find_if(known.sockets.begin(), known.sockets.end(),
        [&](const LiveSocket& one) { return one.id == socket; });
    if (live == known.sockets.end())
        known.sockets.push_back({socket, address, std::nullopt});
    else
        live->address = address;
    NodePresence& state = known.state;
    state.sockets = int(known.sockets.size());
    remember(known, true, address);
    state.address = address;
    state.lastSeen = m_clock.wall();
    const bool first = !state.online;
    if (first) {
        state.online = true;
        state.since = m_clock.wall();
        ++m_online;
    }
    const NodePresence now = state;
    m_observers.forEach([&](PresenceObserver& observer) {
        first ? observer.nodeOnline(now) : observer.nodeChanged(now);
    });
}

void Presence::socketClosed(NodeId node, const SocketId& socket)
{
    const auto found = m_entries.find(node);
    if (found == m_entries.end())
        return;
    Entry& known = *found;
    const auto live = std::find_if(known.sockets.begin(), known.sockets.end(),
        [&](const LiveSocket& one) { return one.id == socket; });
    if (live == known.sockets.end())
        return;
    const QString address = live->address;
    known.sockets.erase(live);
    NodePresence& state = known.state;
    state.sockets = int(known.sockets.size());
    remember(known, false, address);
    const bool last = known.sockets.empty();
    if (last) {
        state.online = false;
        state.since = m_clock.wall();
        state.lastSeen = m_clock.wall();
        state.metrics.clear();
        state.metricsAt.reset();
        ++state.flaps;
        --m_online;
    } else {
        state.address = known.sockets.back().address;
    }
    const bool configChanged = refreshConfig(known);
    const NodePresence now = state;
    m_observers.forEach([&](PresenceObserver& observer) {
        last ? observer.nodeOffline(now) : observer.nodeChanged(now);
    });
    if (configChanged)
        m_observers.forEach([&](PresenceObserver& observer) { observer.nodeConfigChanged(now); });
}

void Presence::seen(NodeId node)
{
    NodePresence& state = entry(node).state;
    state.lastSeen = m_clock.wall();
    const NodePresence now = state;
    m_observers.forEach([&](PresenceObserver& observer) { observer.nodeChanged(now); });
}

bool Presence::setConfig(NodeId node, const SocketId& socket, NodeConfig config)
{
    const auto found = m_entries.find(node);
    if (found == m_entries.end())
        return false;
    Entry& known = *found;
    const auto live = std::find_if(known.sockets.begin(), known.sockets.end(),
        [&](const LiveSocket& candidate) { return candidate.id == socket; });
    if (live == known.sockets.end())
        return false;
    live->config = std::move(config);
    if (!refreshConfig(known))
        return false;
    const NodePresence now = known.state;
    m_observers.forEach([&](PresenceObserver& observer) { observer.nodeConfigChanged(now); });
    return true;
}

void Presence::setMetrics(NodeId node, const SocketId& socket, QByteArray json)
{
    const auto found = m_entries.find(node);
    if (found == m_entries.end())
        return;
    const auto isIt = [&](const LiveSocket& one) { return one.id == socket; };
    if (std::none_of(found->sockets.begin(), found->sockets.end(), isIt))
        return;
    NodePresence& state = found->state;
    state.metrics = std::move(json);
    state.lastSeen = state.metricsAt = m_clock.wall();
    const NodePresence now = state;
    m_observers.forEach([&](PresenceObserver& observer) { observer.nodeChanged(now); });
}

bool Presence::isOnline(NodeId node) const
{
    const auto found = m_entries.constFind(node);
    return found != m_entries.constEnd() && found->state.online;
}

bool Presence::isSilent(NodeId node, Millis time) const
{
    const auto found = m_entries.constFind(node);
    return found != m_entries.constEnd() && found->state.online && found->state.lastSeen
        && m_clock.wall() - *found->state.lastSeen >= time;
}

NodePresence Presence::presence(NodeId node) const
{
    const auto found = m_entries.constFind(node);
    if (found != m_entries.constEnd())
        return found->state;
    NodePresence unknown;
    unknown.node = node;
    return unknown;
}

const NodeConfig& Presence::config(NodeId node) const
{
    static const NodeConfig empty;
    const auto found = m_entries.constFind(node);
    return found == m_entries.constEnd() ? empty : found->state.config;
}

std::vector<SocketId> Presence::sockets(NodeId node) const
{
    std::vector<SocketId> ids;
    const auto found = m_entries.constFind(node);
    if (found != m_entries.constEnd()) {
        for (const LiveSocket& live : found->sockets)
            ids.push_back(live.id);
    }
    return ids;
}

const std::deque<ConnectionEvent>& Presence::history(NodeId node) const
{
    static const std::deque<ConnectionEvent> none;
    const auto found = m_entries.constFind(node);
    return found == m_entries.constEnd() ? none : found->history;
}

void Presence::remember(Entry& known, bool opened, const QString& address)
{
    if (known.history.size() >= maxHistory)
        known.history.pop_front();
    known.history.push_back({m_clock.wall(), opened, address, int(known.sockets.size())});
}

Presence::Entry& Presence::entry(NodeId node)
{
    const auto found = m_entries.find(node);
    if (found != m_entries.end())
        return *found;
    Entry fresh;
    fresh.state.node = node;
    return *m_entries.insert(node, fresh);
}

/// True when the config in force changed. While sockets live but none of them has told a config,
/// the one in force stays: a reconnect must not open a moment without the node's policies.
bool Presence::refreshConfig(Entry& known)
{
    NodeConfig wanted = known.sockets.empty() ? NodeConfig{} : known.state.config;
    for (auto live = known.sockets.rbegin(); live != known.sockets.rend(); ++live) {
        if (live->config) {
            wanted = *live->config;
            break;
        }
    }
    if (wanted == known.state.config)
        return false;
    known.state.config = std::move(wanted);
    return true;
}

} // namespace gatehouse::work
