// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QByteArray>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <memory>

namespace gatehouse::observe {

/// Every number /metrics shows, by name. No label per room, socket, user or node: their number has
/// no bound (top lists are in the admin namespace). Counters take Increment(); those that a room
/// counts itself are brought up to date by syncTotal() before serialising. All of it may be used
/// from any thread. Owned by the composition root.
class Metrics
{
    std::shared_ptr<prometheus::Registry> m_registry; ///< before the references into it

public:
    Metrics();
    ~Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    // Door
    prometheus::Counter& connectionsAccepted;
    prometheus::Counter& connectionsRefusedTotal; ///< over the total limit
    prometheus::Counter& connectionsRefusedAddress; ///< over the limit per address
    prometheus::Gauge& connectionsOpen;
    prometheus::Counter& httpRequests2xx;
    prometheus::Counter& httpRequests3xx;
    prometheus::Counter& httpRequests4xx;
    prometheus::Counter& httpRequests5xx;
    prometheus::Histogram& httpSeconds;
    prometheus::Counter& httpOverdue; ///< answered 503 because the answer took too long
    prometheus::Counter& tlsHandshakeFailures;
    prometheus::Counter& connectionsRefusedTls; ///< over the limit of pending TLS handshakes
    prometheus::Counter& acceptErrors;
    prometheus::Counter& httpBadRequests;
    prometheus::Counter& httpTargetTooLong;
    prometheus::Counter& httpHeaderTooLarge;
    prometheus::Counter& httpBodyTooLarge;
    prometheus::Counter& httpRequestTimeouts;
    prometheus::Counter& httpAnswerTimeouts;
    prometheus::Counter& webSocketProtocolErrors;
    prometheus::Counter& webSocketTooBig;
    prometheus::Counter& webSocketStalls;
    prometheus::Counter& webSocketCloseTimeouts;

    // Sessions
    prometheus::Gauge& sessionsPolling;
    prometheus::Gauge& sessionsWebSocket;
    prometheus::Gauge& sockets;
    prometheus::Counter& sessionsOpened;
    prometheus::Counter& sessionsOpenedEngineIo3;
    prometheus::Counter& sessionsClosed;
    prometheus::Counter& packetsIn;
    prometheus::Counter& packetsOut;
    prometheus::Counter& bytesIn;
    prometheus::Counter& bytesOut;
    prometheus::Gauge& ioUring;
    prometheus::Counter& flushBatches;
    prometheus::Counter& slowConsumers;
    prometheus::Counter& revokedSessions;
    prometheus::Counter& pingTimeouts;
    prometheus::Counter& protocolErrors;
    prometheus::Counter& connectTimeouts;
    prometheus::Counter& sessionsUpgraded;
    prometheus::Counter& volatileDropped;
    prometheus::Counter& recoveries;
    prometheus::Counter& recoveriesRefused;
    prometheus::Counter& recoveriesLost;
    prometheus::Counter& recoveryEventsUnwritten;
    prometheus::Gauge& recoveryUnwritten;
    prometheus::Gauge& absentSockets;
    prometheus::Gauge& keptEvents;
    prometheus::Gauge& keptEventBytes;
    prometheus::Gauge& historyRooms; ///< rooms `room:history` knows something of
    prometheus::Gauge& historyBytes;
    prometheus::Counter& eventsShed;
    prometheus::Counter& readingPauses;
    prometheus::Counter& handOverPauses; ///< over limits.handover_size
    prometheus::Counter& stalls;
    prometheus::Counter& refusedOrigins;
    prometheus::Counter& refusedRequests;
    prometheus::Counter& refusedSessions;
    prometheus::Counter& refusedNamespaces;
    prometheus::Counter& refusedBodies;
    prometheus::Counter& refusedAcks;
    prometheus::Counter& refusedAddresses; ///< over the sessions of one address
    prometheus::Counter& refusedHandshakes; ///< over the handshakes of one address
    prometheus::Counter& refusedRooms;
    prometheus::Counter& refusedUnidentifiedMessages;
    prometheus::Counter& displacedUnidentified;
    prometheus::Counter& limitedMessages;
    prometheus::Counter& limitedBytes;
    prometheus::Counter& limitedControlFrames;

    // Access
    prometheus::Counter& tokensAccepted;
    prometheus::Counter& tokensExpired;
    prometheus::Counter& tokensInvalid;
    prometheus::Counter& tokensLocked; ///< not looked at: too many bad ones from the address
    prometheus::Counter& keysFetched; ///< answers of auth.jwks_url that could be used
    prometheus::Counter& keysFailed;
    prometheus::Counter& besideAnswers; ///< of federation.beside_url that could be used
    prometheus::Counter& besideFailures;
    prometheus::Counter& besideTurnedAway; ///< as many clients waited for it as may
    prometheus::Gauge& besideWaiting; ///< clients' questions that wait for their turn
    prometheus::Counter& loginsAccepted;
    prometheus::Counter& loginsFailed;
    prometheus::Counter& loginsLocked;
    prometheus::Counter& decisionsDenied; ///< a handler asked access and was told no

    // Hub
    prometheus::Gauge& rooms;
    prometheus::Gauge& memberships;
    prometheus::Counter& eventsIn;
    prometheus::Counter& eventsPublished;
    prometheus::Counter& eventsDelivered; ///< one per recipient
    prometheus::Counter& eventsIgnored; ///< unknown name, or from somebody who may not send it
    prometheus::Counter& nodeEventsRefused; ///< about no run of the node, or unusable

    // Work
    prometheus::Gauge& nodesOnline;
    prometheus::Gauge& nodesSilent;
    prometheus::Gauge& runsStuck;
    prometheus::Gauge& nodesTotal;
    prometheus::Gauge& tasksOpen;
    prometheus::Gauge& runsActive;
    prometheus::Counter& tasksCreated;
    prometheus::Counter& runsFinished;
    prometheus::Counter& runsFailed;

    // Store
    prometheus::Counter& storeCommits;
    prometheus::Counter& storeRows;
    prometheus::Counter& storeReads;
    prometheus::Counter& refusedWaitingRuns; ///< tasks
    prometheus::Counter& refusedWorkSessions;
    prometheus::Counter& storeErrors;
    prometheus::Gauge& storeQueue;
    prometheus::Histogram& storeCommitSeconds;
    prometheus::Histogram& storeTurnSeconds;
    prometheus::Histogram& storeTurnCpuSeconds;

    // Process
    prometheus::Gauge& residentBytes;
    prometheus::Gauge& openDescriptors;
    prometheus::Gauge& loopLagSeconds;
    prometheus::Counter& logLinesDropped;
    prometheus::Counter& liveLogLinesDropped;
    prometheus::Gauge& startTimeSeconds;

    /// The text exposition format 0.0.4, for GET /metrics.
    QByteArray serialize() const;
    static QByteArray contentType();

    prometheus::Registry& registry() { return *m_registry; }
};

/// Raises the counter to `total`; a smaller total (a source that restarted) changes nothing.
void syncTotal(prometheus::Counter& counter, quint64 total);

} // namespace gatehouse::observe
