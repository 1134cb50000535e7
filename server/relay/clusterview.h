// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/bus/bus.h"
#include "server/hub/hub.h"
#include "server/relay/clustermembers.h"
#include "server/session/sessionsource.h"

#include <QTimer>

#include <functional>

namespace gatehouse::relay {

struct ClusterOptions
{
    /// Each process says that it is there; one that was not heard of for three periods is gone.
    Millis period{2'000};
    bool isShared = true; ///< false: nobody else is on the bus, nothing is told
    /// With neither this nor isShared no list of clients is kept, which costs memory for each of
    /// them and work for each that joins a room.
    bool isAsked = true;
    qsizetype maxClients = 100'000; ///< of all other processes together; more are only counted
    qint64 messageBytes = 64 * 1024 * 1024; ///< the bus takes no longer ones
};

/// Totals since the start, and what is known now.
struct ClusterCounters
{
    quint64 nodes = 1; ///< processes known now, this one included
    quint64 clients = 0; ///< of the others, known now
    quint64 updatesSent = 0;
    quint64 updatesHeard = 0;
    quint64 badUpdates = 0; ///< not of the form, or of a process too many
    quint64 gaps = 0; ///< times an update was missed and everything asked for again
    quint64 lostNodes = 0; ///< processes that fell silent
    quint64 unlistedClients = 0; ///< times a client was over maxClients
    quint64 unreadableClients = 0; ///< of updates that were taken
};

/// A process as another one knows it.
struct ClusterNode
{
    QByteArray name;
    qsizetype clients = 0; ///< as it says itself
    Millis silentFor{}; ///< since it was heard of
    bool isStale = false; ///< silent for longer than a period: what is known of it may be old
    bool isComplete = true; ///< all its clients are listed here
};

/// Who is connected to which process on the bus, and in which rooms: readable on each of them
/// without asking the others. Every process tells its changes (topic "cluster.clients" of the bus's
/// own exchange), numbered; who misses one asks for everything ("cluster.ask"):
///
///     {"node":N,"epoch":E,"seq":n,"full":bool,"total":n,"put":[ClusterClient],"drop":[ids]}
///
/// with "gone":true as it leaves. `full` replaces what was known; "epoch" tells one run of a
/// process from the next of the same name. Changes of a tenth of a second go together. In-process
/// (a bus nobody else is on) it shows this process alone. Owned by the composition root, destroyed
/// before hub, sessions and bus; network thread only.
class ClusterView final : private hub::HubObserver,
                          private session::SessionObserver,
                          private bus::StateObserver
{
public:
    ClusterView(hub::Hub& hub, std::vector<session::SessionSource*> sources, bus::Bus& bus,
        const Clock& clock, ClusterOptions options);
    ~ClusterView() override;
    Q_DISABLE_COPY_MOVE(ClusterView)

    /// The clients of this process, up to date.
    const ClusterMembers& own();
    std::vector<ClusterNode> nodes(); ///< this one first, then by name
    /// Every client that is known, process by process in the order of nodes().
    void forEach(const std::function<void(const QByteArray& node, const ClusterMembers&)>& call);

    /// Whose client that is, if it is one of this process.
    session::SessionSource* sourceOf(const SocketId& id) const;

    void leave(); ///< tells the others; nothing follows

    const ClusterCounters& counters() const { return m_counters; }

private:
    struct Node
    {
        QByteArray epoch;
        quint64 sequence = 0; ///< of the last update
        qsizetype total = 0;
        Millis heardAt{}; ///< monotonic
        Millis askedAt{-1'000'000}; ///< monotonic
        Millis askPause{}; ///< grows while asking is of no use
        bool isCurrent = false; ///< no update was missed since everything was told
        bool isCut = false; ///< clients over the bound are not listed
        bool hasUnreadable = false; ///< some were not of the form
        ClusterMembers members;
    };
    struct Update;

    void subscriberAttached(const NamespaceName& nsp, const hub::Subscriber& who) override;
    void subscriberDetached(const NamespaceName& nsp, const hub::Subscriber& who) override;
    void memberJoined(
        const NamespaceName& nsp, const RoomName& room, const hub::Subscriber& who) override;
    void memberLeft(
        const NamespaceName& nsp, const RoomName& room, const hub::Subscriber& who) override;
    void sessionChanged(const SessionId& id) override;
    void busStateChanged(const bus::BusState& state) override;

    void changed(const SocketId& id);
    void refresh(); ///< this process's own clients
    std::optional<ClusterClient> lookUp(const SocketId& id) const;
    bool mayTell() const;
    void greet();
    void tellChanges();
    void tellEverything();
    void tell(const QSet<SocketId>& ids, bool isFull);
    void send(bool isFull, QByteArrayView put, QByteArrayView drop, bool isGone = false);
    bus::Verdict hear(const bus::Message& message);
    void asked();
    bool take(const Update& update);
    void apply(Node& node, const Update& update);
    void askAgain(const QByteArray& name, Node& node);
    void askForCut(); ///< those that were over the bound, when it is no longer reached
    qsizetype bytesPerUpdate() const; ///< then another one begins
    void beat();
    void countClients();

    hub::Hub& m_hub;
    const std::vector<session::SessionSource*> m_sources;
    bus::Bus& m_bus;
    const Clock& m_clock;
    const ClusterOptions m_options;
    const QByteArray m_epoch;
    ClusterCounters m_counters;
    ClusterMembers m_own;
    QSet<SocketId> m_dirty; ///< looked up again before m_own is used
    QSet<SessionId> m_dirtySessions;
    QSet<SocketId> m_untold; ///< changed since the others were told
    quint64 m_sequence = 0;
    std::map<QByteArray, Node> m_nodes; ///< the others
    bool m_owesEverything = false;
    bool m_hasLeft = false;
    QTimer m_changeTimer;
    QTimer m_beatTimer;
    bus::Ticket m_ticket;
};

} // namespace gatehouse::relay
