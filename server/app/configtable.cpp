// SPDX-License-Identifier: Apache-2.0
#include "common/model/logentry.h"
#include "server/app/configkey.h"

#include <QUrl>

#include <algorithm>
#include <limits>

namespace gatehouse::app {

using transport::RingUse;
using transport::StreamKind;

namespace {

constexpr qint64 second = 1'000;
constexpr qint64 minute = 60 * second;
constexpr qint64 hour = 60 * minute;
constexpr qint64 day = 24 * hour;
constexpr qint64 kib = 1 << 10;
constexpr qint64 mib = 1 << 20;

// Writes a row's accessor: works on a const and on a changeable Configuration alike.
#define FIELD(path)                                                                                \
    [](auto& c) -> auto&                                                                           \
    {                                                                                              \
        return c.path;                                                                             \
    }

ConfigKey row(const char* section, const char* name, ConfigType type, const char* doc)
{
    ConfigKey key;
    key.section = QString::fromLatin1(section);
    key.name = QString::fromLatin1(name);
    key.type = type;
    key.doc = QString::fromUtf8(doc);
    key.max = std::numeric_limits<qint64>::max();
    return key;
}

template <class Field>
ConfigKey text(const char* section, const char* name, ConfigType type, Field field, const char* doc)
{
    ConfigKey key = row(section, name, type, doc);
    key.read = [field](const Configuration& c) { return ConfigValue{field(c)}; };
    key.write = [field](Configuration& c, const ConfigValue& value) {
        using Held = std::decay_t<decltype(field(c))>;
        field(c) = std::get<Held>(value);
    };
    return key;
}

template <class Field>
ConfigKey number(const char* section, const char* name, ConfigType type, Field field, qint64 min,
    qint64 max, const char* doc)
{
    ConfigKey key = row(section, name, type, doc);
    key.min = min;
    key.max = max;
    key.read
        = [field](const Configuration& c) { return ConfigValue{static_cast<qint64>(field(c))}; };
    key.write = [field](Configuration& c, const ConfigValue& value) {
        using Held = std::decay_t<decltype(field(c))>;
        field(c) = static_cast<Held>(std::get<qint64>(value));
    };
    return key;
}

template <class Field>
ConfigKey duration(
    const char* section, const char* name, Field field, qint64 min, qint64 max, const char* doc)
{
    ConfigKey key = row(section, name, ConfigType::Duration, doc);
    key.min = min;
    key.max = max;
    key.read = [field](const Configuration& c) {
        return ConfigValue{qint64{std::chrono::duration_cast<Millis>(field(c)).count()}};
    };
    key.write = [field](Configuration& c, const ConfigValue& value) {
        using Held = std::decay_t<decltype(field(c))>;
        field(c) = std::chrono::duration_cast<Held>(Millis{std::get<qint64>(value)});
    };
    return key;
}

ConfigKey withChoices(ConfigKey key, QStringList choices)
{
    key.choices = std::move(choices);
    return key;
}

ConfigKey withCheck(ConfigKey key, std::function<QString(const ConfigValue&)> check)
{
    key.check = std::move(check);
    return key;
}

QString checkListen(const ConfigValue& value)
{
    return ListenAddress::fromText(std::get<QString>(value))
        ? QString()
        : QStringLiteral("expected ADDRESS:PORT such as \"127.0.0.1:7400\" or \"[::1]:7400\"");
}

QString checkSubnets(const ConfigValue& value)
{
    for (const QString& item : std::get<QStringList>(value)) {
        if (QHostAddress(item).isNull() && QHostAddress::parseSubnet(item).first.isNull()) {
            return QStringLiteral("\"%1\" is neither an IP address nor a subnet").arg(item);
        }
    }
    return {};
}

QString checkOrigins(const ConfigValue& value)
{
    for (const QString& item : std::get<QStringList>(value)) {
        const QUrl url(item);
        const bool isOrigin = url.isValid() && !url.host().isEmpty() && url.path().isEmpty()
            && (url.scheme() == QLatin1StringView("http")
                || url.scheme() == QLatin1StringView("https"));
        if (item != QLatin1StringView("*") && !isOrigin) {
            return QStringLiteral("\"%1\" is not an origin such as \"https://ui.example.org\"; "
                                  "\"*\" allows every origin")
                .arg(item);
        }
    }
    return {};
}

QString checkRecoveryNamespaces(const ConfigValue& value)
{
    for (const QString& item : std::get<QStringList>(value)) {
        if (item != QLatin1StringView("/") && item != QLatin1StringView("/tasks")) {
            return QStringLiteral("\"%1\" is neither \"/\" nor \"/tasks\"").arg(item);
        }
    }
    return {};
}

QString checkCategoryLevels(const ConfigValue& value)
{
    for (const QString& item : std::get<QStringList>(value)) {
        const qsizetype at = item.indexOf(u'=');
        if (at < 1 || !model::logLevelFromName(QStringView(item).sliced(at + 1))) {
            return QStringLiteral("\"%1\" is not CATEGORY=LEVEL such as \"gh.http=debug\"")
                .arg(item);
        }
    }
    return {};
}

template <class Enum>
using Choices = std::vector<std::pair<const char*, Enum>>; ///< name and meaning

template <class Field, class Enum>
ConfigKey choice(const char* section, const char* name, Field field, const Choices<Enum>& choices,
    const char* doc)
{
    ConfigKey key = row(section, name, ConfigType::Choice, doc);
    for (const auto& [word, meaning] : choices)
        key.choices.append(QString::fromLatin1(word));
    key.read = [field, choices](const Configuration& c) {
        const auto found = std::find_if(choices.begin(), choices.end(),
            [&](const auto& option) { return option.second == field(c); });
        return ConfigValue{QString::fromLatin1(found->first)};
    };
    key.write = [field, choices](Configuration& c, const ConfigValue& value) {
        for (const auto& [word, meaning] : choices) {
            if (std::get<QString>(value) == QLatin1StringView(word))
                field(c) = meaning;
        }
    };
    return key;
}

template <class Field>
ConfigKey count(
    const char* section, const char* name, Field field, qint64 min, qint64 max, const char* doc)
{
    return number(section, name, ConfigType::Count, field, min, max, doc);
}

template <class Field>
ConfigKey size(
    const char* section, const char* name, Field field, qint64 min, qint64 max, const char* doc)
{
    return number(section, name, ConfigType::Size, field, min, max, doc);
}

std::vector<ConfigKey> serverKeys()
{
    const auto s = "server";
    return {
        withCheck(text(s, "listen", ConfigType::Text, FIELD(server.listen),
                      "Address and port of the one listener: HTTP API, Socket.IO polling and "
                      "WebSocket. Port 0 takes a free one and prints it."),
            checkListen),
        text(s, "data", ConfigType::Path, FIELD(server.data),
            "Directory of the database, the signing key and what else the server writes. "
            "Made with mode 0700 when it is missing."),
        text(s, "allow_plain_public", ConfigType::Flag, FIELD(server.allowPlainPublic),
            "Listen beyond loopback without TLS. Only for a network that is protected "
            "otherwise, as behind a proxy on another machine; without it the server "
            "refuses to start."),
        text(s, "allow_msgpack", ConfigType::Flag, FIELD(session.allowMsgpack),
            "Serve clients that write packets with `socket.io-msgpack-parser` too; each client's "
            "first packet tells."),
        text(s, "allow_eio3", ConfigType::Flag, FIELD(session.allowEngineIo3),
            "Serve clients of Socket.IO 1 and 2 (Engine.IO 3) too. Their socket ids are their "
            "sessions' secrets, and they ping the server instead of being pinged."),
        withCheck(text(s, "trusted_proxies", ConfigType::TextList, FIELD(transport.trustedProxies),
                      "Addresses or subnets of proxies whose `X-Forwarded-For` and "
                      "`X-Forwarded-Proto` count."),
            checkSubnets),
        count(s, "io_threads", FIELD(transport.ioThreads), 1, 64,
            "Threads that send what one turn of the loop has for many WebSockets over plain TCP, "
            "the network thread included. Everything else stays on the network thread. More than "
            "one pays with large rooms and free cores."),
        duration(s, "drain_spread", FIELD(server.drainSpread), 0, 10 * minute,
            "At SIGTERM the sessions are closed one after the other over this time, so "
            "that they do not all come back elsewhere at once."),
        duration(s, "drain_timeout", FIELD(server.drainTimeout), second, hour,
            "After this the server stops even if clients are left; the exit code is then 3."),
    };
}

std::vector<ConfigKey> tlsKeys()
{
    const auto s = "tls";
    return {
        text(s, "certificate", ConfigType::Path, FIELD(transport.tls.certificateFile),
            "PEM file with the certificate and its chain, the own one first. When set, the "
            "listener speaks only TLS 1.2 and 1.3 (`https`, `wss`). Read again at SIGHUP."),
        text(s, "key", ConfigType::Path, FIELD(transport.tls.keyFile),
            "PEM file with the private key of the certificate (RSA or EC, no pass phrase)."),
        duration(s, "handshake_timeout", FIELD(transport.deadlines.tlsHandshake), 100, 5 * minute,
            "How long a TLS handshake may take."),
        count(s, "pending_handshakes", FIELD(transport.maxPendingTlsHandshakes), 1, 100'000,
            "Handshakes under way at a time; further connections are closed."),
    };
}

std::vector<ConfigKey> sessionKeys()
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
            "What may wait for one client; over it the client is closed as a slow consumer."),
        duration(s, "queue_age", FIELD(session.maxQueueAge), second, hour,
            "How old the oldest packet waiting for a client may get, with the same "
            "consequence."),
        count(s, "namespaces_per_session", FIELD(session.maxNamespacesPerSession), 1, 1'000,
            "Namespaces one session may be in at a time."),
        count(s, "pending_acks", FIELD(session.maxPendingAcks), 1, 1'000'000,
            "Acknowledgements the server waits for, per socket."),
        count(s, "sessions", FIELD(session.maxSessions), 1, 10'000'000,
            "Sessions at a time; above it newcomers get 503."),
        count(s, "attachments", FIELD(session.packets.maxAttachments), 0, 1'000,
            "Binary attachments of one packet."),
        size(s, "attachment_size", FIELD(session.packets.maxAttachmentBytes), 0, 100 * mib,
            "All attachments of one packet together."),
        count(s, "json_depth", FIELD(session.packets.maxDepth), 1, 512,
            "Nesting of a client's JSON."),
        duration(s, "message_stall", FIELD(transport.webSocket.stall), second, hour,
            "A WebSocket message that was begun and does not go on for this long ends the "
            "connection."),
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
        duration(s, "header_timeout", FIELD(transport.deadlines.header), 100, hour,
            "How long the head of a request may take."),
        duration(s, "body_timeout", FIELD(transport.deadlines.body), 100, hour,
            "How long a body may take, and a client to take an answer; longer while octets "
            "move fast enough."),
        duration(s, "keep_alive", FIELD(transport.deadlines.idle), 100, hour,
            "How long a connection may rest between an answer and the next request."),
        size(s, "send_buffer", FIELD(transport.webSocket.sendBufferBytes), 0, 16 * mib,
            "What the system keeps unsent for one connection (`SO_SNDBUF`); what is more waits "
            "in the client's queue and counts there. A fixed size keeps slow clients from "
            "taking up to 4 MiB of kernel memory each. 0 leaves it to the system."),
        choice(s, "websocket_stream", FIELD(transport.webSocket.stream),
            Choices<StreamKind>{
                {"descriptor", StreamKind::Descriptor}, {"socket", StreamKind::Socket}},
            "What carries a WebSocket after the handshake, and TLS from its first octet: "
            "`descriptor` is the bare connection, the fast and small way; `socket` stays with "
            "Qt's sockets."),
        choice(s, "io_uring", FIELD(transport.webSocket.ring),
            Choices<RingUse>{{"auto", RingUse::Auto}, {"off", RingUse::Off}},
            "Send what one turn of the loop has for many WebSockets with one system call, where "
            "the kernel (6.1 or newer) and the container let us; otherwise with one each. "
            "`gatehouse_io_uring` in `/metrics` says which."),
    };
}

std::vector<ConfigKey> corsKeys()
{
    return {
        withCheck(text("cors", "origins", ConfigType::TextList, FIELD(session.allowedOrigins),
                      "Origins of web pages that may use the server, compared exactly. `\"*\"` "
                      "allows every one (the vantage6 default). Clients that are not browsers "
                      "send no origin and are not concerned."),
            checkOrigins),
    };
}

std::vector<ConfigKey> authKeys()
{
    const auto s = "auth";
    return {
        text(s, "secret_file", ConfigType::Path, FIELD(auth.secretFile),
            "File with the HS256 secret our own tokens are signed with, mode 0600. Empty: "
            "`jwt.key` in the data directory, made at the first start. Whoever knows it can "
            "make administrators."),
        text(s, "accepted_secrets", ConfigType::PathList, FIELD(auth.acceptedSecrets),
            "Files with HS256 secrets of other issuers, such as a vantage6 server. Their "
            "tokens are accepted for users and nodes, never for administrators."),
        text(s, "public_keys", ConfigType::PathList, FIELD(auth.publicKeys),
            "PEM files with public keys (RSA, P-256, Ed25519), accepted likewise."),
        text(s, "jwks_file", ConfigType::Path, FIELD(auth.jwksFile),
            "JSON Web Key Set whose keys are accepted likewise."),
        text(s, "issuer", ConfigType::Text, FIELD(auth.issuer),
            "When set, tokens of other issuers have to name it in `iss`."),
        text(s, "audience", ConfigType::Text, FIELD(auth.audience),
            "When set, tokens of other issuers have to name it in `aud`."),
        duration(s, "access_lifetime", FIELD(tokens.accessLifetime), 30 * minute, 30 * day,
            "Validity of our access tokens. vantage6 nodes refresh without a pause when it is "
            "shorter than the least value."),
        duration(s, "refresh_lifetime", FIELD(tokens.refreshLifetime), 30 * minute, 365 * day,
            "Validity of our refresh tokens; longer than that of access tokens."),
        duration(s, "admin_lifetime", FIELD(tokens.adminLifetime), 5 * minute, 30 * day,
            "Validity of the tokens of administrators."),
        duration(s, "leeway", FIELD(verifier.leeway), 0, 10 * minute,
            "How far the clocks of token issuers may be off."),
        count(s, "failures", FIELD(logins.maxFailures), 1, 1'000,
            "Failed logins of an address or an account until it is locked."),
        duration(s, "failure_window", FIELD(logins.window), second, day,
            "Time within which they count."),
        duration(s, "lock_time", FIELD(logins.lockFor), second, day, "How long the lock lasts."),
    };
}

std::vector<ConfigKey> federationKeys()
{
    const auto s = "federation";
    return {
        duration(s, "unidentified_grace", FIELD(federation.unidentifiedGrace), second, hour,
            "A socket without a valid token is closed after this."),
        count(s, "unidentified_sockets", FIELD(federation.maxUnidentified), 0, 1'000'000,
            "Such sockets at a time; beyond, the oldest is closed."),
        duration(s, "expired_token_interval", FIELD(federation.expiredTokenInterval), 0, hour,
            "`expired_token` is sent to one identity at most once in this time."),
        duration(s, "expired_token_grace", FIELD(federation.expiredTokenGrace), 0, day,
            "A token that ended less than this ago still lets a client in."),
        choice(s, "live_token_end", FIELD(federation.liveTokenEnd),
            Choices<events::LiveTokenEnd>{
                {"keep", events::LiveTokenEnd::Keep}, {"renew", events::LiveTokenEnd::Renew}},
            "What happens to an open socket when its token ends: `keep` leaves it alone, as "
            "vantage6 does; `renew` sends `expired_token` and closes it when it does not come "
            "back."),
        size(s, "log_line_size", FIELD(federation.maxLogLineBytes), kib, mib,
            "One line of an algorithm's log; longer ones are cut."),
        duration(s, "log_flush_interval", FIELD(federation.logFlushInterval), 0, 10 * second,
            "How long live log lines wait to be written to the database together."),
        duration(s, "node_write_interval", FIELD(federation.nodeWriteInterval), 0, 10 * minute,
            "When a node was last seen and its configuration are written at most once in this "
            "time, the newest values."),
        count(s, "run_lookups", FIELD(federation.maxRunLookups), 0, 100'000,
            "Status events of one node in 10 s that may ask the database for a run that is neither "
            "open nor lately finished; more are dropped."),
        count(s, "kills_per_event", FIELD(federation.maxKillsPerEvent), 1, 100'000,
            "Runs one `kill_containers` names when a node returns that has missed their kills; "
            "more go into further ones."),
    };
}

QString checkStorageUrl(const ConfigValue& value)
{
    const QString url = std::get<QString>(value);
    if (url.isEmpty()) {
        return {};
    }
    const auto place = store::Place::fromUrl(url);
    return place ? QString() : place.error().detail;
}

std::vector<ConfigKey> storageKeys()
{
    const auto s = "storage";
    return {
        withCheck(text(s, "url", ConfigType::Secret, FIELD(storage.url),
                      "A PostgreSQL database, `postgresql://user:password@host:port/name`, with "
                      "options of libpq such as `?sslmode=verify-full`. Empty: SQLite in the data "
                      "directory."),
            checkStorageUrl),
        duration(s, "group_time", FIELD(storage.groupTime), 0, second,
            "Writes that arrive this soon after each other share one flush to the disk. An "
            "answer leaves only after it."),
        count(s, "group_size", FIELD(storage.maxGroupSize), 1, 100'000, "Writes in one flush."),
        count(s, "queued_writes", FIELD(storage.maxQueuedWrites), 1, 10'000'000,
            "Writes that may wait; more are refused."),
        duration(s, "idempotency_life", FIELD(storage.idempotencyLife), minute, 365 * day,
            "How long the `Idempotency-Key` of a `POST /api/task` is remembered: the same request "
            "under it is answered with the same task."),
    };
}

std::vector<ConfigKey> retentionKeys()
{
    const auto s = "retention";
    constexpr qint64 century = 100 * 365 * day;
    return {
        duration(s, "finished_tasks", FIELD(retention.finishedTasks), 0, century,
            "How long a task is kept after its last run finished, with runs, inputs and results. "
            "`0` keeps it for ever."),
        duration(s, "run_logs", FIELD(retention.runLogs), 0, century,
            "How long the log of a finished run is kept; the run and its result stay. `0`: as "
            "long as the run."),
        duration(s, "audit", FIELD(retention.audit), 0, century,
            "How long audit records are kept. `0` keeps them for ever."),
        duration(s, "interval", FIELD(retention.interval), minute, 7 * day,
            "How often old data is looked for. It goes in small batches, among other writes."),
    };
}

std::vector<ConfigKey> logKeys()
{
    const auto s = "log";
    const QStringList levels{QStringLiteral("debug"), QStringLiteral("info"),
        QStringLiteral("warning"), QStringLiteral("error"), QStringLiteral("critical")};
    return {
        withChoices(text(s, "level", ConfigType::Choice, FIELD(log.level),
                        "Least level that is logged. Read again at SIGHUP."),
            levels),
        withCheck(text(s, "levels", ConfigType::TextList, FIELD(log.levels),
                      "Levels of single categories, as in `[\"gh.http=debug\"]`. Read again at "
                      "SIGHUP."),
            checkCategoryLevels),
        withChoices(text(s, "format", ConfigType::Choice, FIELD(log.format),
                        "`text` for people, `json` for collectors (one object a line), "
                        "`journal` for systemd. `auto` is `journal` under systemd, else `text`."),
            {QStringLiteral("auto"), QStringLiteral("text"), QStringLiteral("json"),
                QStringLiteral("journal")}),
        count(s, "kept_lines", FIELD(liveLog.capacity), 100, 10'000'000,
            "Newest lines kept in memory for the console."),
    };
}

std::vector<ConfigKey> recoveryKeys()
{
    const auto s = "recovery";
    return {
        withCheck(text(s, "namespaces", ConfigType::TextList, FIELD(recovery.namespaces),
                      "Namespaces (`/`, `/tasks`) with connection state recovery. Every event "
                      "there then ends in one more argument, its offset, for all clients: those "
                      "in JavaScript expect it, handlers in Python have to take it."),
            checkRecoveryNamespaces),
        duration(s, "absence", FIELD(recovery.options.maxAbsence), second, day,
            "How long a client may be away and still come back as who it was; events are kept "
            "as long."),
        count(s, "clients", FIELD(recovery.options.maxAbsent), 1, 10'000'000,
            "Absent clients remembered at a time, per namespace; the oldest goes first."),
        count(s, "events", FIELD(recovery.options.maxPackets), 1, 100'000'000,
            "Events kept at a time, per namespace."),
        size(s, "events_size", FIELD(recovery.options.maxBytes), 4 * kib, 1024 * mib,
            "Octets of the events kept at a time, per namespace. A client that missed more than "
            "half of `limits.queue_size` starts anew all the same."),
    };
}

std::vector<ConfigKey> metricsKeys()
{
    const auto s = "metrics";
    return {
        text(s, "enabled", ConfigType::Flag, FIELD(metrics.enabled),
            "Serve `/metrics` in the Prometheus text format."),
        text(s, "token", ConfigType::Secret, FIELD(metrics.token),
            "Bearer token a scraper has to send. Empty: everybody may read, and for that reason "
            "only a listener on loopback serves them."),
    };
}

#undef FIELD

std::vector<ConfigKey> allKeys()
{
    std::vector<ConfigKey> all;
    for (auto&& part : {serverKeys(), tlsKeys(), httpKeys(), sessionKeys(), corsKeys(), authKeys(),
             federationKeys(), recoveryKeys(), storageKeys(), retentionKeys(), logKeys(),
             metricsKeys()}) {
        all.insert(all.end(), part.begin(), part.end());
    }
    return all;
}

} // namespace

const std::vector<ConfigSection>& configSections()
{
    static const std::vector<ConfigSection> sections{
        {QStringLiteral("server"),
            QStringLiteral("The process: where it listens and how it stops.")},
        {QStringLiteral("tls"), QStringLiteral("Encryption of the listener.")},
        {QStringLiteral("http"),
            QStringLiteral("The door: connections and requests of everybody, known or not.")},
        {QStringLiteral("limits"),
            QStringLiteral("What one client's session may cost. The defaults of the timings are "
                           "those vantage6 nodes see today.")},
        {QStringLiteral("cors"), QStringLiteral("Web pages from other origins.")},
        {QStringLiteral("auth"),
            QStringLiteral("Tokens: whose are accepted and how ours are made.")},
        {QStringLiteral("federation"),
            QStringLiteral("The namespace `/tasks` of data stations and researchers.")},
        {QStringLiteral("recovery"),
            QStringLiteral("Clients that lost their connection and come back: their id, rooms and "
                           "missed events (Socket.IO's connection state recovery).")},
        {QStringLiteral("storage"), QStringLiteral("The database.")},
        {QStringLiteral("retention"), QStringLiteral("When old data is removed.")},
        {QStringLiteral("log"), QStringLiteral("What is written to standard error.")},
        {QStringLiteral("metrics"), QStringLiteral("Numbers for a monitoring system.")},
    };
    return sections;
}

const std::vector<ConfigKey>& configKeys()
{
    static const std::vector<ConfigKey> keys = allKeys();
    return keys;
}

} // namespace gatehouse::app
