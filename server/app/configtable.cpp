// SPDX-License-Identifier: Apache-2.0
#include "common/model/logentry.h"
#include "server/app/configrow.h"

#include <QUrl>

#include <algorithm>

namespace gatehouse::app {

namespace {

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

QString checkHttpUrl(const ConfigValue& value)
{
    const QString text = std::get<QString>(value);
    const QUrl url(text);
    const bool isHttp = url.isValid() && !url.host().isEmpty()
        && (url.scheme() == QLatin1StringView("http")
            || url.scheme() == QLatin1StringView("https"));
    return text.isEmpty() || isHttp
        ? QString()
        : QStringLiteral("\"%1\" is no address that begins with https:// or http://").arg(text);
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
            "Threads that own connections. With one, the network thread does everything. With "
            "more it keeps HTTP, polling, the TLS handshake, sessions and rooms, and the others "
            "share the WebSockets: reading, frames, encryption, queues and sending, with "
            "`http.websocket_stream` `descriptor`. Pays with large rooms or TLS, and free cores. "
            "`gatehouse_io_thread_websockets` in `/metrics` says which has how many."),
        duration(s, "drain_spread", FIELD(server.drainSpread), 0, 10 * minute,
            "At SIGTERM the sessions are closed one after the other over this time, so "
            "that they do not all come back elsewhere at once."),
        duration(s, "drain_answers", FIELD(server.drainAnswers), 0, 10 * minute,
            "How long a session that is about to be closed waits for the acknowledgements its "
            "client is owed (for a write, or a request of a service), and a polling client may "
            "take to fetch what is left; meanwhile no events are taken from it that want an "
            "answer."),
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
            "make administrators. The files of all keys are read again at SIGHUP; sessions "
            "whose key is gone end."),
        text(s, "accepted_secrets", ConfigType::PathList, FIELD(auth.acceptedSecrets),
            "Files with HS256 secrets of other issuers, such as a vantage6 server. Their "
            "tokens are accepted for users and nodes, never for administrators."),
        text(s, "public_keys", ConfigType::PathList, FIELD(auth.publicKeys),
            "PEM files with public keys (RSA, P-256, Ed25519), accepted likewise."),
        text(s, "jwks_file", ConfigType::Path, FIELD(auth.jwksFile),
            "JSON Web Key Set whose keys are accepted likewise."),
        withCheck(text(s, "jwks_url", ConfigType::Text, FIELD(auth.jwks.url),
                      "Address of a JSON Web Key Set, such as that of a Keycloak realm "
                      "(`https://HOST/realms/REALM/protocol/openid-connect/certs`), whose keys are "
                      "accepted likewise. While it cannot be reached, the keys there are stay."),
            checkHttpUrl),
        duration(s, "jwks_refresh", FIELD(auth.jwks.refresh), 10 * second, 7 * day,
            "How often it is read again."),
        duration(s, "jwks_retry", FIELD(auth.jwks.retry), second, day,
            "Least time between two readings. A token that names an unknown key causes one; a "
            "socket "
            "that brings it waits for that one, and until it is allowed."),
        duration(s, "jwks_timeout", FIELD(auth.jwks.timeout), 100, minute,
            "How long one reading may take."),
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
            "Failed logins of an account until it is locked."),
        count(s, "address_failures", FIELD(addressFailures), 1, 1'000'000,
            "Failed logins and unknown node keys of an address, whatever the accounts, until "
            "nobody logs in from there for a while. Above `failures`, because one address may be "
            "that of many people and stations."),
        count(s, "token_failures", FIELD(tokenFailures), 1, 1'000'000,
            "Tokens of an address that are malformed or not signed by a known key, until its "
            "tokens are not looked at any more for a while. Above `failures`, because many "
            "stations behind one address may come with old tokens after a key was changed."),
        duration(s, "failure_window", FIELD(logins.window), second, day,
            "Time within which they count."),
        duration(s, "lock_time", FIELD(logins.lockFor), second, day, "How long the lock lasts."),
    };
}

std::vector<ConfigKey> federationKeys()
{
    const auto s = "federation";
    return {
        choice(s, "generation", FIELD(federation.generation),
            Choices<events::Generation>{{"v4", events::Generation::V4},
                {"v5", events::Generation::V5}, {"both", events::Generation::Both}},
            "Which vantage6 the clients are of. `v4`: `new_task`, and the API below `/api`. `v5`: "
            "`new_task_update`, a status event after each change over HTTP, and the API below "
            "`/hq` in its words, beside `/api` for the console. `both`: all of it at once."),
        withCheck(
            text(s, "beside_url", ConfigType::Text, FIELD(beside.url),
                "API of a vantage6 server that keeps the tasks, `http://127.0.0.1:5000/api`: "
                "nodes, users and runs are asked of it in their own name, this server carries "
                "their events (docs/beside.md). Empty: this server keeps everything itself."),
            checkHttpUrl),
        duration(s, "beside_cache", FIELD(beside.cache), 0, day,
            "What that server said of a node or user counts for so long."),
        duration(s, "beside_timeout", FIELD(beside.timeout), 100, minute,
            "How long it may take to answer. Clients wait for it, the server does not."),
        count(s, "beside_questions", FIELD(beside.maxUnderWay), 1, 10'000,
            "Nodes and users, and runs, that are being asked for at a time. Others wait in line."),
        count(s, "beside_queue", FIELD(beside.maxWaiting), 0, 1'000'000,
            "Clients, and events about runs, that may wait in line. A client that comes when it is "
            "full is closed with 4029, and comes back."),
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
            "Runs one node may have the database, or the server of `beside_url`, looked up for in "
            "10 s because they are neither open nor lately finished. Events about further ones are "
            "dropped. Beside another server those that come while a run is being asked for wait "
            "for "
            "the answer and count once; of the database each status event counts."),
        duration(s, "node_silence", FIELD(federation.nodeSilence), 10 * second, day,
            "A node that is connected but gives no sign of life for this long is shown as silent, "
            "and its active runs as stuck. Nothing is changed because of that. Nodes ping each "
            "minute."),
        count(s, "history_events", FIELD(federation.history.maxEvents), 0, 100'000,
            "Latest events of each room kept for `room:history` (docs/federation.md). `0`: none."),
        duration(s, "history_age", FIELD(federation.history.maxAge), second, day,
            "Older ones are forgotten."),
        size(s, "history_size", FIELD(federation.history.maxBytes), kib, 1024 * mib,
            "Of all rooms together; the oldest events go first."),
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
        duration(s, "answer_timeout", FIELD(answerTimeout), 100, hour,
            "How long a request of the HTTP API waits for the database, or a login for its "
            "password to be checked. Then it is answered 503, and what it asked of the database "
            "may still be done."),
        duration(s, "idempotency_life", FIELD(storage.idempotencyLife), minute, 365 * day,
            "How long the `Idempotency-Key` of a `POST /api/task` is remembered: the same request "
            "under it is answered with the same task."),
        count(s, "waiting_runs", FIELD(storage.maxWaitingRuns), 1, 1'000'000,
            "Runs of a collaboration that may wait for other tasks (`depends_on_ids` of v5); tasks "
            "beyond are refused. When one of those fails, all that wait for it end, a hundred in "
            "one transaction."),
        count(s, "work_sessions", FIELD(storage.maxWorkSessions), 1, 1'000'000,
            "Sessions (v5) of a collaboration; more are refused."),
    };
}

std::vector<ConfigKey> retentionKeys()
{
    const auto s = "retention";
    constexpr qint64 century = 100 * 365 * day;
    return {
        duration(s, "finished_tasks", FIELD(retention.finishedTasks), 0, century,
            "How long a task is kept after its last run finished, with runs, inputs and results, "
            "and a session (v5) once it has no tasks. `0` keeps them for ever."),
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
        text(s, "durable_rooms", ConfigType::TextList, FIELD(recovery.options.durableRooms),
            "Rooms whose clients come back over a restart of the server too, as patterns with "
            "`*` and `?`: who is in rooms and in durable ones only, and the events of these, are "
            "written into the database as they come. Empty: a restart forgets everybody."),
        duration(s, "absence", FIELD(recovery.options.maxAbsence), second, day,
            "How long a client may be away and still come back as who it was; events are kept "
            "as long."),
        count(s, "clients", FIELD(recovery.options.maxAbsent), 1, 10'000'000,
            "Absent clients remembered at a time, per namespace; the oldest goes first."),
        count(s, "events", FIELD(recovery.options.maxPackets), 1, 100'000'000,
            "Events kept at a time, per namespace."),
        size(s, "events_size", FIELD(recovery.options.maxBytes), 4 * kib, 1024 * mib,
            "Octets of the events kept at a time, per namespace; as many may wait to be written "
            "down. A client that missed more than half of `limits.queue_size` starts anew all the "
            "same."),
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

std::vector<ConfigKey> allKeys()
{
    std::vector<ConfigKey> all;
    for (auto&& part : {serverKeys(), tlsKeys(), httpKeys(), limitKeys(), corsKeys(), authKeys(),
             federationKeys(), recoveryKeys(), busKeys(), servicesKeys(), storageKeys(),
             retentionKeys(), logKeys(), metricsKeys()}) {
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
        {QStringLiteral("bus"),
            QStringLiteral("What joins this process with back-end services and other processes "
                           "(docs/bus.md).")},
        {QStringLiteral("services"),
            QStringLiteral("Clients on plain WebSockets that talk to internal services; where they "
                           "come in is said by `[[listener]]` (docs/services.md).")},
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
