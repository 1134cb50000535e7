// SPDX-License-Identifier: Apache-2.0
#include "server/observe/metrics.h"

#include <prometheus/text_serializer.h>

#include <chrono>

namespace gatehouse::observe {

namespace {

using Labels = std::map<std::string, std::string>;

prometheus::Counter& counter(
    prometheus::Registry& registry, const char* name, const char* help, const Labels& labels = {})
{
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add(labels);
}

prometheus::Gauge& gauge(
    prometheus::Registry& registry, const char* name, const char* help, const Labels& labels = {})
{
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add(labels);
}

prometheus::Histogram& seconds(prometheus::Registry& registry, const char* name, const char* help)
{
    static const prometheus::Histogram::BucketBoundaries bounds{
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10};
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry).Add({}, bounds);
}

constexpr char limited[] = "gatehouse_session_refusals_total";
constexpr char limitedHelp[] = "What sessions and newcomers were refused, by bound";
constexpr char rate[] = "gatehouse_rate_limited_total";
constexpr char rateHelp[] = "Sessions ended because they sent too much in too little time";
constexpr char doorRefusals[] = "gatehouse_http_refusals_total";
constexpr char doorRefusalsHelp[] = "HTTP requests refused at the door, by bound";
constexpr char socketEnds[] = "gatehouse_websocket_faults_total";
constexpr char socketEndsHelp[] = "WebSockets ended for a fault of the peer, by fault";
constexpr char refused[] = "gatehouse_connections_refused_total";
constexpr char refusedHelp[] = "Connections refused at the door, by limit";
constexpr char workRefusals[] = "gatehouse_work_refusals_total";
constexpr char workRefusalsHelp[] = "Tasks and sessions (v5) refused, by bound";
constexpr char requests[] = "gatehouse_http_requests_total";
constexpr char requestsHelp[] = "HTTP requests answered, by class of status";
constexpr char sessions[] = "gatehouse_sessions";
constexpr char sessionsHelp[] = "Open Engine.IO sessions, by transport";
constexpr char tokens[] = "gatehouse_tokens_total";
constexpr char tokensHelp[] = "Tokens looked at, by outcome";
constexpr char keys[] = "gatehouse_key_fetches_total";
constexpr char keysHelp[] = "Questions to auth.jwks_url, by outcome";
constexpr char beside[] = "gatehouse_beside_questions_total";
constexpr char besideHelp[] = "What was asked of federation.beside_url, by outcome";
constexpr char logins[] = "gatehouse_logins_total";
constexpr char loginsHelp[] = "Logins by password or API key, by outcome";

} // namespace

Metrics::Metrics()
    : m_registry(std::make_shared<prometheus::Registry>()),
      connectionsAccepted(
          counter(*m_registry, "gatehouse_connections_accepted_total", "TCP connections accepted")),
      connectionsRefusedTotal(counter(*m_registry, refused, refusedHelp, {{"limit", "total"}})),
      connectionsRefusedAddress(counter(*m_registry, refused, refusedHelp, {{"limit", "address"}})),
      connectionsOpen(gauge(*m_registry, "gatehouse_connections", "Open TCP connections")),
      httpRequests2xx(counter(*m_registry, requests, requestsHelp, {{"status", "2xx"}})),
      httpRequests3xx(counter(*m_registry, requests, requestsHelp, {{"status", "3xx"}})),
      httpRequests4xx(counter(*m_registry, requests, requestsHelp, {{"status", "4xx"}})),
      httpRequests5xx(counter(*m_registry, requests, requestsHelp, {{"status", "5xx"}})),
      httpSeconds(seconds(*m_registry, "gatehouse_http_request_duration_seconds",
          "From the whole request to its answer; long polls left out")),
      httpOverdue(counter(*m_registry, "gatehouse_http_overdue_total",
          "Requests answered 503 because the storage or a password check took too long")),
      tlsHandshakeFailures(counter(*m_registry, "gatehouse_tls_handshake_failures_total",
          "TLS handshakes that failed or took too long")),
      connectionsRefusedTls(counter(*m_registry, refused, refusedHelp, {{"limit", "tls"}})),
      acceptErrors(counter(*m_registry, "gatehouse_accept_errors_total",
          "Connections that could not be accepted, mostly for want of descriptors")),
      httpBadRequests(
          counter(*m_registry, doorRefusals, doorRefusalsHelp, {{"what", "bad-request"}})),
      httpTargetTooLong(counter(*m_registry, doorRefusals, doorRefusalsHelp, {{"what", "url"}})),
      httpHeaderTooLarge(
          counter(*m_registry, doorRefusals, doorRefusalsHelp, {{"what", "header"}})),
      httpBodyTooLarge(counter(*m_registry, doorRefusals, doorRefusalsHelp, {{"what", "body"}})),
      httpRequestTimeouts(
          counter(*m_registry, doorRefusals, doorRefusalsHelp, {{"what", "request-time"}})),
      httpAnswerTimeouts(
          counter(*m_registry, doorRefusals, doorRefusalsHelp, {{"what", "answer-time"}})),
      webSocketProtocolErrors(
          counter(*m_registry, socketEnds, socketEndsHelp, {{"what", "protocol"}})),
      webSocketTooBig(counter(*m_registry, socketEnds, socketEndsHelp, {{"what", "too-big"}})),
      webSocketStalls(counter(*m_registry, socketEnds, socketEndsHelp, {{"what", "stall"}})),
      webSocketCloseTimeouts(
          counter(*m_registry, socketEnds, socketEndsHelp, {{"what", "close-time"}})),
      sessionsPolling(gauge(*m_registry, sessions, sessionsHelp, {{"transport", "polling"}})),
      sessionsWebSocket(gauge(*m_registry, sessions, sessionsHelp, {{"transport", "websocket"}})),
      sockets(gauge(*m_registry, "gatehouse_sockets", "Sockets: one per session and namespace")),
      sessionsOpened(counter(*m_registry, "gatehouse_sessions_opened_total", "Sessions opened")),
      sessionsOpenedEngineIo3(counter(*m_registry, "gatehouse_sessions_opened_eio3_total",
          "Sessions opened by clients of Engine.IO 3")),
      sessionsClosed(counter(*m_registry, "gatehouse_sessions_closed_total", "Sessions ended")),
      packetsIn(counter(*m_registry, "gatehouse_packets_received_total", "Packets received")),
      packetsOut(counter(*m_registry, "gatehouse_packets_sent_total", "Packets sent")),
      bytesIn(counter(*m_registry, "gatehouse_bytes_received_total", "Payload octets received")),
      bytesOut(counter(*m_registry, "gatehouse_bytes_sent_total", "Payload octets sent")),
      ioUring(gauge(*m_registry, "gatehouse_io_uring",
          "1: io_uring sends to many clients at once; 0: one system call each")),
      flushBatches(counter(*m_registry, "gatehouse_flush_batches_total",
          "System calls that sent to many clients at once")),
      slowConsumers(counter(*m_registry, "gatehouse_slow_consumers_total",
          "Clients closed because their queue was over its bound")),
      revokedSessions(counter(*m_registry, "gatehouse_revoked_sessions_total",
          "Sessions closed because they lost a right while events of it waited for them")),
      pingTimeouts(counter(*m_registry, "gatehouse_ping_timeouts_total",
          "Sessions ended because the client was not heard of")),
      protocolErrors(counter(*m_registry, "gatehouse_protocol_errors_total",
          "Frames, packets and requests that broke their protocol")),
      connectTimeouts(counter(*m_registry, "gatehouse_connect_timeouts_total",
          "Sessions ended because they entered no namespace, or identified in none, in time")),
      sessionsUpgraded(counter(*m_registry, "gatehouse_sessions_upgraded_total",
          "Sessions that changed from polling to WebSocket")),
      volatileDropped(counter(*m_registry, "gatehouse_volatile_dropped_total",
          "Volatile events not sent to a client that was behind")),
      recoveries(counter(*m_registry, "gatehouse_recoveries_total",
          "Clients that came back as who they were and got what they missed")),
      recoveriesRefused(counter(*m_registry, "gatehouse_recoveries_refused_total",
          "Clients that asked for their earlier state and started anew")),
      recoveriesLost(counter(*m_registry, "gatehouse_recoveries_lost_total",
          "Absent clients forgotten before their time: more than recovery.clients were away")),
      recoveryEventsUnwritten(counter(*m_registry, "gatehouse_recovery_events_unwritten_total",
          "Events of durable rooms that could not be written down; after a restart whoever missed "
          "them starts anew")),
      recoveryUnwritten(gauge(*m_registry, "gatehouse_recovery_unwritten_changes",
          "Changes of durable rooms' clients and events that are not on disk yet")),
      absentSockets(gauge(*m_registry, "gatehouse_absent_sockets",
          "Sockets without connection that may still come back")),
      keptEvents(
          gauge(*m_registry, "gatehouse_kept_events", "Events kept for clients that come back")),
      keptEventBytes(gauge(*m_registry, "gatehouse_kept_event_bytes",
          "Octets of the events kept for clients that come back")),
      historyRooms(gauge(*m_registry, "gatehouse_history_rooms", "Rooms with a kept past")),
      historyBytes(gauge(*m_registry, "gatehouse_history_bytes", "Octets of the past of rooms")),
      eventsShed(counter(*m_registry, "gatehouse_events_shed_total",
          "Events a client over its queue's bound missed, as limits.slow_consumers allows")),
      readingPauses(counter(*m_registry, "gatehouse_reading_pauses_total",
          "Times a client asked faster than it took the answers, and had to wait")),
      handOverPauses(counter(*m_registry, "gatehouse_handover_pauses_total",
          "Times a client sent faster than the network thread worked it off, and had to wait")),
      stalls(counter(*m_registry, "gatehouse_stalls_total",
          "Times the process did not run for longer than a heartbeat allows")),
      refusedOrigins(counter(*m_registry, limited, limitedHelp, {{"what", "origin"}})),
      refusedRequests(counter(*m_registry, limited, limitedHelp, {{"what", "request"}})),
      refusedSessions(counter(*m_registry, limited, limitedHelp, {{"what", "session"}})),
      refusedNamespaces(counter(*m_registry, limited, limitedHelp, {{"what", "namespace"}})),
      refusedBodies(counter(*m_registry, limited, limitedHelp, {{"what", "body"}})),
      refusedAcks(counter(*m_registry, limited, limitedHelp, {{"what", "ack"}})),
      refusedAddresses(counter(*m_registry, limited, limitedHelp, {{"what", "address"}})),
      refusedHandshakes(counter(*m_registry, limited, limitedHelp, {{"what", "handshake-rate"}})),
      refusedRooms(counter(*m_registry, limited, limitedHelp, {{"what", "room"}})),
      refusedUnidentifiedMessages(
          counter(*m_registry, limited, limitedHelp, {{"what", "unidentified-message"}})),
      displacedUnidentified(counter(*m_registry, limited, limitedHelp, {{"what", "unidentified"}})),
      limitedMessages(counter(*m_registry, rate, rateHelp, {{"what", "messages"}})),
      limitedBytes(counter(*m_registry, rate, rateHelp, {{"what", "bytes"}})),
      limitedControlFrames(counter(*m_registry, rate, rateHelp, {{"what", "control-frames"}})),
      tokensAccepted(counter(*m_registry, tokens, tokensHelp, {{"outcome", "accepted"}})),
      tokensExpired(counter(*m_registry, tokens, tokensHelp, {{"outcome", "expired"}})),
      tokensInvalid(counter(*m_registry, tokens, tokensHelp, {{"outcome", "invalid"}})),
      tokensLocked(counter(*m_registry, tokens, tokensHelp, {{"outcome", "locked"}})),
      keysFetched(counter(*m_registry, keys, keysHelp, {{"outcome", "ok"}})),
      keysFailed(counter(*m_registry, keys, keysHelp, {{"outcome", "failed"}})),
      besideAnswers(counter(*m_registry, beside, besideHelp, {{"outcome", "ok"}})),
      besideFailures(counter(*m_registry, beside, besideHelp, {{"outcome", "failed"}})),
      besideTurnedAway(counter(*m_registry, beside, besideHelp, {{"outcome", "turned-away"}})),
      besideWaiting(gauge(*m_registry, "gatehouse_beside_waiting",
          "Questions about clients that wait for their turn at federation.beside_url")),
      loginsAccepted(counter(*m_registry, logins, loginsHelp, {{"outcome", "accepted"}})),
      loginsFailed(counter(*m_registry, logins, loginsHelp, {{"outcome", "failed"}})),
      loginsLocked(counter(*m_registry, logins, loginsHelp, {{"outcome", "locked"}})),
      decisionsDenied(counter(*m_registry, "gatehouse_decisions_denied_total",
          "Requests and events somebody was not permitted")),
      rooms(gauge(*m_registry, "gatehouse_rooms", "Rooms with members")),
      memberships(gauge(*m_registry, "gatehouse_room_memberships", "Members of all rooms")),
      eventsIn(counter(*m_registry, "gatehouse_events_received_total", "Events from clients")),
      eventsPublished(
          counter(*m_registry, "gatehouse_events_published_total", "Events published to rooms")),
      eventsDelivered(counter(*m_registry, "gatehouse_events_delivered_total",
          "Events put on a client's queue, one per recipient")),
      eventsIgnored(counter(*m_registry, "gatehouse_events_ignored_total",
          "Events of unknown name or from somebody who may not send them")),
      nodeEventsRefused(counter(*m_registry, "gatehouse_node_events_refused_total",
          "Events of nodes that were about no run of theirs or could not be used")),
      nodesOnline(gauge(*m_registry, "gatehouse_nodes_online", "Nodes online")),
      nodesSilent(gauge(*m_registry, "gatehouse_nodes_silent",
          "Nodes online without a sign of life for federation.node_silence")),
      runsStuck(gauge(
          *m_registry, "gatehouse_runs_stuck", "Active runs of nodes that are silent or offline")),
      nodesTotal(gauge(*m_registry, "gatehouse_nodes", "Nodes registered")),
      tasksOpen(gauge(*m_registry, "gatehouse_tasks_open", "Tasks that have not ended")),
      runsActive(gauge(*m_registry, "gatehouse_runs_active", "Runs being worked on")),
      tasksCreated(counter(*m_registry, "gatehouse_tasks_created_total", "Tasks created")),
      runsFinished(counter(*m_registry, "gatehouse_runs_finished_total", "Runs that ended")),
      runsFailed(counter(*m_registry, "gatehouse_runs_failed_total", "Runs that ended badly")),
      storeCommits(counter(
          *m_registry, "gatehouse_store_commits_total", "Transactions committed and flushed")),
      storeRows(counter(*m_registry, "gatehouse_store_writes_total", "Writes committed")),
      storeReads(counter(*m_registry, "gatehouse_store_reads_total", "Queries asked for")),
      refusedWaitingRuns(
          counter(*m_registry, workRefusals, workRefusalsHelp, {{"what", "waiting-runs"}})),
      refusedWorkSessions(
          counter(*m_registry, workRefusals, workRefusalsHelp, {{"what", "session"}})),
      storeErrors(counter(*m_registry, "gatehouse_store_errors_total", "Writes that failed")),
      storeQueue(gauge(*m_registry, "gatehouse_store_queue", "Writes waiting for the disk")),
      storeCommitSeconds(seconds(*m_registry, "gatehouse_store_commit_duration_seconds",
          "One transaction with its flush")),
      storeTurnSeconds(seconds(*m_registry, "gatehouse_store_loop_turn_seconds",
          "For how long answers of the storage held the network thread's loop in one turn")),
      storeTurnCpuSeconds(seconds(*m_registry, "gatehouse_store_loop_turn_cpu_seconds",
          "The same in time of a processor: without what other programs and threads took")),
      residentBytes(gauge(*m_registry, "gatehouse_resident_memory_bytes", "Resident memory")),
      openDescriptors(gauge(*m_registry, "gatehouse_open_fds", "Open file descriptors")),
      loopLagSeconds(gauge(*m_registry, "gatehouse_loop_lag_seconds",
          "How late the network thread's event loop was at worst lately")),
      logLinesDropped(counter(*m_registry, "gatehouse_log_lines_dropped_total",
          "Log lines lost because the output was behind")),
      liveLogLinesDropped(counter(*m_registry, "gatehouse_live_log_lines_dropped_total",
          "Lines the log shown in consoles misses because it was behind")),
      startTimeSeconds(gauge(*m_registry, "gatehouse_start_time_seconds",
          "When the server started, seconds since 1970"))
{
    using namespace std::chrono;
    startTimeSeconds.Set(duration<double>(system_clock::now().time_since_epoch()).count());
}

Metrics::~Metrics() = default;

QByteArray Metrics::serialize() const
{
    return QByteArray::fromStdString(prometheus::TextSerializer().Serialize(m_registry->Collect()));
}

QByteArray Metrics::contentType()
{
    return "text/plain; version=0.0.4; charset=utf-8";
}

void syncTotal(prometheus::Counter& counter, quint64 total)
{
    const double missing = double(total) - counter.Value();
    if (missing > 0)
        counter.Increment(missing);
}

} // namespace gatehouse::observe
