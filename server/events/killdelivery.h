// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/session/socket.h"
#include "server/work/taskservice.h"

#include <vector>

namespace gatehouse::session {
class SocketIoServer;
}
namespace gatehouse::work {
class Presence;
}

namespace gatehouse::events {

/// Sees to it that a node learns of every kill: tells those it has missed at `sync`, again at each
/// connect until it is sure to know. vantage6 nodes acknowledge nothing; so a kill counts as
/// delivered once the node's client has answered an Engine.IO ping that was sent after it (one
/// connection keeps its order), or the node has reported an end of the run. Owned by
/// FederationNamespace; observes tasks while it lives; network thread only.
class KillDelivery final : private work::TaskObserver
{
public:
    /// The references outlive it, except that the server may end before; add it after the
    /// announcer: what that publishes has to be on its way.
    KillDelivery(session::SocketIoServer& server, work::TaskService& tasks,
        const work::Presence& presence, qsizetype maxKillsPerEvent);
    ~KillDelivery() override;

    void nodeConnected(session::Socket& socket, NodeId node);

private:
    void runsKilled(const work::TaskKill& kill) override;
    void killedRunGoesOn(const work::RunRef& run) override;

    void tell(session::Socket& socket, const std::vector<work::RunRef>& runs);
    void confirmOnArrival(const SessionId& session, std::vector<RunId> runs);

    session::SocketIoServer& m_server;
    work::TaskService& m_tasks;
    const work::Presence& m_presence;
    const qsizetype m_maxKillsPerEvent;
};

} // namespace gatehouse::events
