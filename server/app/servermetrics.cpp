// SPDX-License-Identifier: Apache-2.0
#include "server/app/servermetrics.h"

#include "server/app/recoveryjournal.h"
#include "server/observe/livelog.h"
#include "server/observe/logsink.h"
#include "server/observe/metrics.h"
#include "server/observe/processstats.h"
#include "server/session/socketioserver.h"
#include "server/store/store.h"
#include "server/transport/server.h"

#include <prometheus/gauge.h>
#include <prometheus/registry.h>

namespace gatehouse::app {

ServerMetrics::ServerMetrics(observe::Metrics& metrics, MetricSources sources)
    : m_metrics(metrics), m_sources(sources)
{
    m_sources.hub.addObserver(this);
    m_sources.sessions.addObserver(this);
    m_sources.tasks.addObserver(this);
}

ServerMetrics::~ServerMetrics()
{
    m_sources.tasks.removeObserver(this);
    m_sources.sessions.removeObserver(this);
    m_sources.hub.removeObserver(this);
}

/// How many there are is known only when the server listens.
void ServerMetrics::showThreads()
{
    const std::vector<size_t> links = m_sources.transport.linksPerThread();
    for (size_t i = 0; i < links.size(); ++i) {
        if (i == m_threadLinks.size()) {
            auto& family = prometheus::BuildGauge()
                               .Name("gatehouse_io_thread_websockets")
                               .Help("Open WebSockets of each I/O thread")
                               .Register(m_metrics.registry());
            m_threadLinks.push_back(&family.Add({{"thread", std::to_string(i + 1)}}));
        }
        m_threadLinks[i]->Set(double(links[i]));
    }
}

void ServerMetrics::refresh()
{
    using observe::syncTotal;
    observe::Metrics& m = m_metrics;

    const transport::TransportCounters& door = m_sources.transport.counters();
    syncTotal(m.connectionsAccepted, door.accepted);
    syncTotal(m.connectionsRefusedTotal, door.refusedTotalCap);
    syncTotal(m.connectionsRefusedAddress, door.refusedAddressCap);
    syncTotal(m.tlsHandshakeFailures, door.tlsFailures);
    syncTotal(m.connectionsRefusedTls, door.refusedTlsCap);
    syncTotal(m.acceptErrors, door.acceptErrors);
    syncTotal(m.httpBadRequests, door.badRequests);
    syncTotal(m.httpTargetTooLong, door.targetTooLong);
    syncTotal(m.httpHeaderTooLarge, door.headerTooLarge);
    syncTotal(m.httpBodyTooLarge, door.bodyTooLarge);
    syncTotal(m.httpRequestTimeouts, door.requestTimeouts);
    syncTotal(m.httpAnswerTimeouts, door.answerTimeouts);
    syncTotal(m.webSocketProtocolErrors, door.webSocketProtocolErrors);
    syncTotal(m.webSocketTooBig, door.webSocketTooBig);
    syncTotal(m.webSocketStalls, door.webSocketStalls);
    syncTotal(m.webSocketCloseTimeouts, door.closeTimeouts);
    syncTotal(m.limitedControlFrames, door.webSocketFloods);
    syncTotal(m.httpRequests2xx, door.answers[2]);
    syncTotal(m.httpRequests3xx, door.answers[3]);
    syncTotal(m.httpRequests4xx, door.answers[4]);
    syncTotal(m.httpRequests5xx, door.answers[5]);
    m.connectionsOpen.Set(double(door.openConnections));
    syncTotal(m.bytesIn, door.bytesIn);
    syncTotal(m.bytesOut, door.bytesOut);
    m.ioUring.Set(door.hasRing ? 1 : 0);
    syncTotal(m.flushBatches, door.ringBatches);

    const session::SessionCounters& sessions = m_sources.sessions.counters();
    syncTotal(m.sessionsOpened, sessions.opened);
    syncTotal(m.sessionsOpenedEngineIo3, sessions.openedEngineIo3);
    syncTotal(m.sessionsClosed, sessions.closed);
    syncTotal(m.packetsIn, sessions.packetsIn);
    syncTotal(m.packetsOut, sessions.packetsOut);
    syncTotal(m.slowConsumers, sessions.slowConsumers);
    syncTotal(m.pingTimeouts, sessions.pingTimeouts);
    syncTotal(m.revokedSessions, sessions.revoked);
    syncTotal(m.protocolErrors, sessions.protocolErrors);
    syncTotal(m.connectTimeouts, sessions.connectTimeouts);
    syncTotal(m.sessionsUpgraded, sessions.upgraded);
    syncTotal(m.readingPauses, door.readingPauses);
    syncTotal(m.handOverPauses, door.handOverPauses);
    showThreads();
    syncTotal(m.eventsShed, sessions.eventsShed + door.framesShed);
    syncTotal(m.volatileDropped, sessions.volatileDropped);
    syncTotal(m.recoveries, sessions.recoveries);
    syncTotal(m.recoveriesRefused, sessions.recoveriesRefused);
    syncTotal(m.recoveriesLost, sessions.recoveriesLost);
    syncTotal(m.recoveryEventsUnwritten, m_sources.recovery.eventsLost());
    m.recoveryUnwritten.Set(double(m_sources.recovery.unwritten()));
    m.absentSockets.Set(double(m_sources.sessions.absentSockets()));
    syncTotal(m.stalls, sessions.stalls);
    syncTotal(m.refusedOrigins, sessions.refusedOrigins);
    syncTotal(m.refusedRequests, sessions.refusedRequests);
    syncTotal(m.refusedSessions, sessions.refusedSessions);
    syncTotal(m.refusedNamespaces, sessions.refusedNamespaces);
    syncTotal(m.refusedBodies, sessions.refusedBodies);
    syncTotal(m.refusedAcks, sessions.refusedAcks);
    syncTotal(m.refusedAddresses, sessions.refusedAddresses);
    syncTotal(m.refusedHandshakes, sessions.refusedHandshakes);
    syncTotal(m.refusedRooms, sessions.refusedRooms);
    syncTotal(m.refusedUnidentifiedMessages, sessions.refusedUnidentifiedBytes);
    syncTotal(m.displacedUnidentified, sessions.displacedUnidentified);
    syncTotal(m.limitedMessages, sessions.limitedMessages);
    syncTotal(m.limitedBytes, sessions.limitedBytes);
    const qint64 webSockets
        = std::max<qint64>(0, qint64(door.openWebSockets) - qint64(m_sources.plainSessions()));
    m.sessionsWebSocket.Set(double(webSockets));
    const qint64 open = qint64(sessions.opened) - qint64(sessions.closed);
    m.sessionsPolling.Set(double(std::max<qint64>(0, open - webSockets)));

    const std::vector<hub::RoomView> rooms = m_sources.hub.rooms();
    m.rooms.Set(double(rooms.size()));
    qsizetype sockets = 0;
    qsizetype kept = 0;
    qsizetype keptBytes = 0;
    for (const NamespaceName& nsp : m_sources.hub.namespaces()) {
        sockets += m_sources.hub.subscriberCount(nsp);
        const hub::RecentPackets* recent = m_sources.hub.recent(nsp);
        kept += recent ? recent->count() : 0;
        keptBytes += recent ? recent->bytes() : 0;
    }
    m.sockets.Set(double(sockets));
    m.keptEvents.Set(double(kept));
    m.keptEventBytes.Set(double(keptBytes));
    m.historyRooms.Set(double(m_sources.history.roomCount()));
    m.historyBytes.Set(double(m_sources.history.bytes()));

    m.nodesOnline.Set(m_sources.presence.onlineCount());
    m.nodesTotal.Set(double(m_sources.directory.nodes().size()));
    int silent = 0;
    int stuckRuns = 0;
    const QHash<NodeId, int> activeRuns = m_sources.tasks.activeRuns();
    for (const work::Node& node : m_sources.directory.nodes()) {
        const bool isSilent = m_sources.presence.isSilent(node.id, m_sources.nodeSilence);
        silent += isSilent ? 1 : 0;
        if (isSilent || !m_sources.presence.isOnline(node.id)) {
            stuckRuns += activeRuns.value(node.id);
        }
    }
    m.nodesSilent.Set(silent);
    m.runsStuck.Set(stuckRuns);
    m.tasksOpen.Set(double(m_sources.tasks.openTaskCount()));
    m.runsActive.Set(double(m_sources.tasks.openRunCount()));
    m.storeQueue.Set(double(m_sources.store.queuedWrites()));
    const store::WriterStats writer = m_sources.store.takeWriterStats();
    syncTotal(m.storeCommits, writer.commits);
    syncTotal(m.storeRows, writer.writes);
    syncTotal(m.storeErrors, writer.errors);
    syncTotal(m.refusedWaitingRuns, m_sources.store.refusedWaitingRuns());
    syncTotal(m.refusedWorkSessions, m_sources.store.refusedWorkSessions());
    syncTotal(m.storeReads, m_sources.store.reads());
    for (const auto time : writer.commitTimes)
        m.storeCommitSeconds.Observe(time.count());
    for (const store::LoopTurn& turn : m_sources.store.takeTurns()) {
        m.storeTurnSeconds.Observe(turn.held.count());
        m.storeTurnCpuSeconds.Observe(turn.worked.count());
    }

    m.residentBytes.Set(double(observe::residentBytes()));
    m.openDescriptors.Set(double(observe::openDescriptors()));
    m.loopLagSeconds.Set(double(m_sources.loopLag.worst().count()) / 1'000);
    syncTotal(m.logLinesDropped, m_sources.log.dropped());
    syncTotal(m.liveLogLinesDropped, m_sources.log.droppedLive() + m_sources.liveLog.dropped());
}

void ServerMetrics::memberJoined(const NamespaceName&, const RoomName&, const hub::Subscriber&)
{
    m_metrics.memberships.Increment();
}

void ServerMetrics::memberLeft(const NamespaceName&, const RoomName&, const hub::Subscriber&)
{
    m_metrics.memberships.Decrement();
}

void ServerMetrics::eventReceived(const session::Socket&, const session::IncomingEvent&)
{
    m_metrics.eventsIn.Increment();
}

void ServerMetrics::published(const hub::Publication&, const hub::Delivery& delivery)
{
    m_metrics.eventsPublished.Increment();
    m_metrics.eventsDelivered.Increment(double(delivery.recipients));
}

void ServerMetrics::taskCreated(const work::TaskRecord&)
{
    m_metrics.tasksCreated.Increment();
}

void ServerMetrics::runChanged(const work::RunChange& change)
{
    if (!change.run.finished || !change.finishedAt) {
        return;
    }
    m_metrics.runsFinished.Increment();
    if (work::hasFailed(change.run.status)) {
        m_metrics.runsFailed.Increment();
    }
}

} // namespace gatehouse::app
