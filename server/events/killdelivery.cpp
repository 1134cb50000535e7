// SPDX-License-Identifier: Apache-2.0
#include "server/events/killdelivery.h"

#include "server/events/federationannouncer.h"
#include "server/session/socketioserver.h"
#include "server/work/pendingkills.h"
#include "server/work/presence.h"

#include <algorithm>
#include <map>

namespace gatehouse::events {

namespace {

std::vector<RunId> idsOf(const std::vector<work::RunRef>& runs)
{
    std::vector<RunId> ids;
    for (const work::RunRef& run : runs)
        ids.push_back(run.run);
    return ids;
}

} // namespace

KillDelivery::KillDelivery(session::SocketIoServer& server, work::TaskService& tasks,
    const work::Presence& presence, qsizetype maxKillsPerEvent)
    : m_server(server), m_tasks(tasks), m_presence(presence),
      m_maxKillsPerEvent(std::max<qsizetype>(maxKillsPerEvent, 1))
{
    m_tasks.addObserver(this);
}

KillDelivery::~KillDelivery()
{
    m_tasks.removeObserver(this);
}

void KillDelivery::nodeConnected(session::Socket& socket, NodeId node)
{
    const std::vector<work::RunRef> runs = m_tasks.pendingKills().of(node);
    if (runs.empty())
        return;
    const SessionId session = socket.sessionId();
    tell(socket, runs);
    confirmOnArrival(session, idsOf(runs));
}

/// The room has been told already; what is left is to see it arrive.
void KillDelivery::runsKilled(const work::TaskKill& kill)
{
    std::map<NodeId, std::vector<RunId>> runsOfNodes;
    for (const work::RunChange& change : kill.runs)
        runsOfNodes[m_tasks.nodeOf(change.run)].push_back(change.run.run);
    for (const auto& [node, runs] : runsOfNodes) {
        for (const SocketId& id : m_presence.sockets(node)) {
            if (const session::Socket* socket = m_server.findSocket(id))
                confirmOnArrival(socket->sessionId(), runs);
        }
    }
}

/// The kill came between the node's question for its work and its first word about it.
void KillDelivery::killedRunGoesOn(const work::RunRef& run)
{
    for (const SocketId& id : m_presence.sockets(m_tasks.nodeOf(run))) {
        if (session::Socket* socket = m_server.findSocket(id))
            tell(*socket, {run});
    }
}

void KillDelivery::tell(session::Socket& socket, const std::vector<work::RunRef>& runs)
{
    const auto size = qsizetype(runs.size());
    for (qsizetype from = 0; from < size; from += m_maxKillsPerEvent) {
        const auto begin = runs.begin() + from;
        const auto end = begin + std::min(m_maxKillsPerEvent, size - from);
        socket.emitEvent("kill_containers",
            FederationAnnouncer::killArgs({begin, end}, runs.front().collaboration));
    }
}

void KillDelivery::confirmOnArrival(const SessionId& session, std::vector<RunId> runs)
{
    // The first pong may answer a ping from before the kill, the second cannot.
    m_server.measureRoundTrip(
        session, [this, session, runs = std::move(runs)](const Result<Millis>& first) {
            if (!first)
                return;
            m_server.measureRoundTrip(session, [this, runs](const Result<Millis>& second) {
                if (second)
                    m_tasks.confirmKills(runs);
            });
        });
}

} // namespace gatehouse::events
