// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "common/core/ids.h"
#include "common/core/observerlist.h"
#include "server/work/entities.h"

#include <QHash>
#include <QString>

#include <deque>
#include <optional>
#include <vector>

namespace gatehouse::work {

/// What is known about a node's connection at one moment. Times are wall clock.
struct NodePresence
{
    NodeId node;
    bool online = false;
    /// When `online` last changed, as far as is known: of a node that has not come since the
    /// server's start when it was last seen, none when it never was.
    std::optional<Millis> since;
    std::optional<Millis> lastSeen; ///< its last connect, ping or end
    int sockets = 0;
    int flaps = 0; ///< times it went offline since the server's start
    QString address; ///< of its newest socket; kept after the last one is gone
    NodeConfig config; ///< empty while offline
    QByteArray metrics; ///< its last word on its machine's load, a JSON object; empty while offline
    std::optional<Millis> metricsAt; ///< when that came
};

/// A socket of a node that came or went. Times are wall clock.
struct ConnectionEvent
{
    Millis at{};
    bool opened = false;
    QString address;
    int sockets = 0; ///< of the node, afterwards
};

/// Hears changes synchronously, after they are made. Must not change Presence from inside a call.
class PresenceObserver
{
public:
    virtual ~PresenceObserver() = default;
    virtual void nodeOnline(const NodePresence&) { } ///< its first socket came
    virtual void nodeOffline(const NodePresence&) { } ///< its last socket went; config is empty
    virtual void nodeChanged(const NodePresence&) { } ///< sockets, lastSeen, address, metrics
    virtual void nodeConfigChanged(const NodePresence&) { }
};

/// Which nodes are online, counted per live socket: a node is offline only when its last socket is
/// gone, so the late end of a half-open connection never changes what a newer one set. The newest
/// socket that has told its configuration owns it. Owned by the composition root; network thread
/// only.
class Presence
{
public:
    explicit Presence(const Clock& clock);
    Q_DISABLE_COPY_MOVE(Presence)

    void addObserver(PresenceObserver* observer); ///< not owned
    void removeObserver(PresenceObserver* observer);

    /// Fills in what an earlier run of the server knew. No observer hears it.
    void restoreLastSeen(NodeId node, Millis lastSeen);

    /// A socket that is known already has come back on another connection: that is no absence, and
    /// its configuration stays.
    void socketOpened(NodeId node, const SocketId& socket, const QString& address);
    /// Unknown sockets are ignored, so calling it twice is harmless.
    void socketClosed(NodeId node, const SocketId& socket);
    void seen(NodeId node); ///< a ping or any other sign of life
    /// False when it changed nothing: the socket is not live, or a newer one owns the config.
    bool setConfig(NodeId node, const SocketId& socket, NodeConfig config);
    /// A sign of life as well. Ignored from a socket that is not live.
    void setMetrics(NodeId node, const SocketId& socket, QByteArray json);

    bool isOnline(NodeId node) const;
    /// Online, and without a sign of life for this long.
    bool isSilent(NodeId node, Millis time) const;
    NodePresence presence(NodeId node) const; ///< offline for a node never seen
    const NodeConfig& config(NodeId node) const;
    std::vector<SocketId> sockets(NodeId node) const; ///< oldest first
    /// The latest comings and goings, oldest first; at most `maxHistory`.
    const std::deque<ConnectionEvent>& history(NodeId node) const;
    static constexpr size_t maxHistory = 20;
    int onlineCount() const { return m_online; }

private:
    struct LiveSocket
    {
        SocketId id;
        QString address;
        std::optional<NodeConfig> config;
    };
    struct Entry
    {
        NodePresence state;
        std::vector<LiveSocket> sockets; ///< oldest first
        std::deque<ConnectionEvent> history; ///< oldest first
    };

    Entry& entry(NodeId node);
    bool refreshConfig(Entry& entry);
    void remember(Entry& entry, bool opened, const QString& address);

    const Clock& m_clock;
    QHash<NodeId, Entry> m_entries;
    int m_online = 0;
    ObserverList<PresenceObserver> m_observers;
};

} // namespace gatehouse::work
