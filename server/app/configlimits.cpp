// SPDX-License-Identifier: Apache-2.0
// The part of the configuration table that bounds what a client may cost.
#include "server/app/configrow.h"
#include "server/hub/slowpolicies.h"

namespace gatehouse::app {

using transport::RingUse;
using transport::StreamKind;

namespace {

QString checkSlowConsumers(const ConfigValue& value)
{
    const auto policies = hub::SlowPolicies::parse(std::get<QStringList>(value));
    return policies ? QString() : policies.error().detail;
}

} // namespace

std::vector<ConfigKey> limitKeys()
{
    const auto s = "limits";
    return {
        duration(s, "ping_interval", FIELD(session.pingInterval), 100, hour,
            "How often a client is asked for a sign of life (Engine.IO ping)."),
        duration(s, "ping_timeout", FIELD(session.pingTimeout), 100, hour,
            "How long the answer may take before the session ends."),
        duration(s, "connect_timeout", FIELD(session.connectTimeout), second, hour,
            "A session that enters no namespace ends after this."),
        duration(s, "identify_timeout", FIELD(session.identifyTimeout), 0, hour,
            "A session nobody has identified in ends after this. 0 lets it stay, silent, as "
            "vantage6 nodes with a refused token expect."),
        duration(s, "upgrade_timeout", FIELD(session.upgradeTimeout), second, hour,
            "How long the change from polling to WebSocket may take."),
        size(s, "message_size", FIELD(session.maxPayloadBytes), kib, 100 * mib,
            "Largest message of a client, by WebSocket or by polling; at most `http.body_size`."),
        size(s, "queue_size", FIELD(session.maxQueuedBytes), 4 * kib, 1024 * mib,
            "What may wait for one client; over it the client is closed as a slow consumer. Over "
            "a quarter of it no more is read from a client on a WebSocket until it has taken "
            "some, so that answers that are given at once never close it. Those that need the "
            "database or a service count when they come."),
        duration(s, "queue_age", FIELD(session.maxQueueAge), second, hour,
            "How old the oldest packet waiting for a client may get, with the same "
            "consequence."),
        size(s, "handover_size", FIELD(transport.webSocket.maxHandedOverBytes), 4 * kib, 1024 * mib,
            "With `server.io_threads` above 1: what a client on a WebSocket has sent and the "
            "network thread has not worked off yet. Over it no more is read from the client until "
            "it has."),
        withCheck(text(s, "slow_consumers", ConfigType::TextList, FIELD(slowConsumers),
                      "What a client over these bounds may miss instead of being closed, a rule "
                      "for each room or event: `\"NAMESPACE room|event NAME POLICY\"`, where NAME "
                      "may end in `*` and POLICY is `disconnect`, `drop-oldest`, `keep-latest` or "
                      "`keep-latest:FIELD`. The first rule that fits counts."),
            checkSlowConsumers),
        count(s, "namespaces_per_session", FIELD(session.maxNamespacesPerSession), 1, 1'000,
            "Namespaces one session may be in at a time."),
        count(s, "pending_acks", FIELD(session.maxPendingAcks), 1, 1'000'000,
            "Acknowledgements the server waits for, per socket."),
        count(s, "sessions", FIELD(session.maxSessions), 1, 10'000'000,
            "Sessions at a time; above it newcomers get 503."),
        count(s, "sessions_per_address", FIELD(session.perAddress.maxSessions), 0, 10'000'000,
            "Sessions of one client address (IPv6: of one /64 network), whatever their transport; "
            "above it newcomers get 429. 0: no limit."),
        count(s, "unidentified_per_address", FIELD(session.perAddress.maxUnidentified), 0,
            10'000'000,
            "Sessions of one address that are in a namespace and that nobody has identified in; "
            "above it the oldest of them ends. 0: no limit."),
        count(s, "handshake_rate", FIELD(session.perAddress.handshakes.perSecond), 0, 1'000'000,
            "New sessions of one address per second; faster ones get 429. 0: no limit."),
        count(s, "handshake_burst", FIELD(session.perAddress.handshakes.burst), 1, 10'000'000,
            "New sessions of one address at once, as after a restart."),
        count(s, "message_rate", FIELD(session.messages.perSecond), 0, 1'000'000'000,
            "Engine.IO packets a session may send per second; over it the session ends. 0: no "
            "limit."),
        count(s, "message_burst", FIELD(session.messages.burst), 1, 1'000'000'000,
            "Packets a session may send at once."),
        size(s, "byte_rate", FIELD(session.bytes.perSecond), 0, 1024 * 1024 * mib,
            "Octets a session may send per second; over it the session ends. 0: no limit."),
        size(s, "byte_burst", FIELD(session.bytes.burst), kib, 1024 * 1024 * mib,
            "Octets a session may send at once; at least `message_size`."),
        count(s, "control_frame_rate", FIELD(transport.webSocket.controlFrames.perSecond), 0,
            1'000'000'000,
            "WebSocket pings and pongs of a client per second; over it the connection ends. 0: no "
            "limit."),
        count(s, "control_frame_burst", FIELD(transport.webSocket.controlFrames.burst), 1,
            1'000'000'000, "WebSocket pings and pongs at once."),
        size(s, "unidentified_message_size", FIELD(session.maxUnidentifiedBytes), 0, 100 * mib,
            "Largest message of a session nobody has identified in. 0: `message_size`."),
        count(s, "rooms_per_socket", FIELD(session.maxRoomsPerSocket), 1, 10'000'000,
            "Rooms one socket may be in."),
        count(s, "packets_per_payload", FIELD(session.payload.maxPackets), 1, 10'000'000,
            "Engine.IO packets in one POST."),
        size(s, "namespace_name_size", FIELD(session.packets.maxNamespaceBytes), 1, 64 * kib,
            "Longest name of a namespace."),
        size(s, "event_name_size", FIELD(session.packets.maxEventNameBytes), 1, 64 * kib,
            "Longest name of an event, as it stands in the JSON."),
        count(s, "attachments", FIELD(session.packets.maxAttachments), 0, 1'000,
            "Binary attachments of one packet."),
        size(s, "attachment_size", FIELD(session.packets.maxAttachmentBytes), 0, 100 * mib,
            "All attachments of one packet together."),
        count(s, "json_depth", FIELD(session.packets.maxDepth), 1, 512,
            "Nesting of a client's JSON."),
        duration(s, "message_stall", FIELD(transport.webSocket.stall), second, hour,
            "A WebSocket message that was begun and does not go on for this long ends the "
            "connection."),
        duration(s, "message_time", FIELD(transport.webSocket.messageTotal), second, hour,
            "A WebSocket message may take this long from its first to its last octet."),
        duration(s, "close_timeout", FIELD(transport.webSocket.close), 100, hour,
            "How long a client may take to answer the close of a WebSocket."),
    };
}

std::vector<ConfigKey> httpKeys()
{
    const auto s = "http";
    return {
        count(s, "connections", FIELD(transport.maxConnections), 1, 10'000'000,
            "Open connections at a time, lowered to what the limit of open descriptors allows."),
        count(s, "connections_per_address", FIELD(transport.maxConnectionsPerAddress), 1,
            10'000'000,
            "Open connections of one address (IPv6: of one /64 network). Trusted proxies are "
            "not counted."),
        count(s, "backlog", FIELD(transport.backlog), 1, 65'535,
            "Connections the system keeps until they are accepted."),
        size(s, "header_size", FIELD(transport.http.maxHeaderBytes), kib, mib,
            "Request line and header fields together; more is answered 431."),
        size(s, "url_size", FIELD(transport.http.maxTargetBytes), 256, mib,
            "Path and query; more is answered 414."),
        count(s, "header_fields", FIELD(transport.http.maxHeaderFields), 10, 10'000,
            "Header fields of a request."),
        size(s, "body_size", FIELD(transport.http.maxBodyBytes), kib, 1024 * mib,
            "Body of a request; more is answered 413."),
        count(s, "requests_per_connection", FIELD(transport.http.maxRequestsPerConnection), 0,
            1'000'000'000,
            "Requests of one connection; the answer to the last one closes it. 0: no limit."),
        duration(s, "header_timeout", FIELD(transport.deadlines.header), 100, hour,
            "How long the head of a request may take."),
        duration(s, "body_timeout", FIELD(transport.deadlines.body), 100, hour,
            "How long a body may take, and a client to take an answer; longer while octets "
            "move fast enough."),
        size(s, "body_rate", FIELD(transport.deadlines.minBytesPerSecond), 1, mib,
            "Octets per second that are fast enough for a body, or an answer, to take longer than "
            "`body_timeout`."),
        duration(s, "keep_alive", FIELD(transport.deadlines.idle), 100, hour,
            "How long a connection may rest between an answer and the next request."),
        size(s, "send_buffer", FIELD(transport.webSocket.sendBufferBytes), 0, 16 * mib,
            "What the system keeps unsent for one connection (`SO_SNDBUF`); what is more waits "
            "in the client's queue and counts there. A fixed size keeps slow clients from "
            "taking up to 4 MiB of kernel memory each. 0 leaves it to the system."),
        choice(s, "websocket_stream", FIELD(transport.webSocket.stream),
            Choices<StreamKind>{
                {"descriptor", StreamKind::Descriptor}, {"socket", StreamKind::Socket}},
            "What carries connections: `descriptor` is the bare connection, the fast and small "
            "way; `socket` is Qt's sockets."),
        choice(s, "io_uring", FIELD(transport.webSocket.ring),
            Choices<RingUse>{{"auto", RingUse::Auto}, {"off", RingUse::Off}},
            "Send what one turn of the loop has for many WebSockets with one system call, where "
            "the kernel (6.1 or newer) and the container let us; otherwise with one each. "
            "`gatehouse_io_uring` in `/metrics` says which."),
    };
}

} // namespace gatehouse::app
