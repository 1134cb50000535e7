// SPDX-License-Identifier: Apache-2.0
#include "server/app/configkey.h"

#include "common/model/logentry.h"

#include <QUrl>

#include <algorithm>
#include <limits>

namespace gatehouse::app {

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
        return ConfigValue{static_cast<qint64>(field(c).count())};
    };
    key.write = [field](Configuration& c, const ConfigValue& value) {
        field(c) = Millis{std::get<qint64>(value)};
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

QString checkAddresses(const ConfigValue& value)
{
    for (const QString& item : std::get<QStringList>(value)) {
        if (QHostAddress(item).isNull()) {
            return QStringLiteral("\"%1\" is not an IP address").arg(item);
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
            "Directory of the database, the signing key and what else the server writes. Made "
            "with mode 0700 when it is missing."),
        text(s, "allow_plain_public", ConfigType::Flag, FIELD(server.allowPlainPublic),
            "Listen beyond loopback without TLS. Only for a network that is already protected, for "
            "instance behind a proxy on another machine; otherwise the server refuses to start."),
        withCheck(
            text(s, "trusted_proxies", ConfigType::TextList, FIELD(server.trustedProxies),
                "Addresses of proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` count."),
            checkAddresses),
        duration(s, "drain_spread", FIELD(server.drainSpread), 0, 10 * minute,
            "At SIGTERM the sessions are closed one after the other over this time, so that they "
            "do "
            "not all come back elsewhere at once."),
        duration(s, "drain_timeout", FIELD(server.drainTimeout), second, hour,
            "After this the server stops even if clients are left; the exit code is then 3."),
        number(s, "open_files", ConfigType::Count, FIELD(server.openFiles), 256, 10'000'000,
            "Raises the limit of open descriptors to this, as far as the system allows. Every "
            "client needs one."),
    };
}

std::vector<ConfigKey> tlsKeys()
{
    const auto s = "tls";
    return {
        text(s, "certificate", ConfigType::Path, FIELD(tls.certificate),
            "PEM file with the certificate and its chain. Set: the listener speaks TLS 1.2 and 1.3 "
            "only (`https`, `wss`). Read again at SIGHUP."),
        text(s, "key", ConfigType::Path, FIELD(tls.key),
            "PEM file with the private key of the certificate."),
    };
}

std::vector<ConfigKey> sessionKeys()
{
    const auto s = "limits";
    return {
        duration(s, "ping_interval", FIELD(session.pingInterval), 100, hour,
            "How often an idle client is asked for a sign of life (Engine.IO ping)."),
        duration(s, "ping_timeout", FIELD(session.pingTimeout), 100, hour,
            "How long the answer may take before the session ends."),
        number(s, "message_size", ConfigType::Size, FIELD(session.maxPayloadBytes), kib, 100 * mib,
            "Largest message of a client, by WebSocket or by polling."),
        duration(s, "connect_timeout", FIELD(session.connectTimeout), second, hour,
            "A session that enters no namespace ends after this."),
        number(s, "queue_size", ConfigType::Size, FIELD(session.maxQueuedBytes), 4 * kib,
            1024 * mib,
            "What may wait for one client. A client over it is closed as a slow consumer."),
        duration(s, "queue_age", FIELD(session.maxQueueAge), second, hour,
            "How old the oldest waiting packet of a client may get, with the same consequence."),
        number(s, "namespaces_per_session", ConfigType::Count,
            FIELD(session.maxNamespacesPerSession), 1, 1'000,
            "Namespaces one session may be in at a time."),
        number(s, "pending_acks", ConfigType::Count, FIELD(session.maxPendingAcks), 1, 1'000'000,
            "Acknowledgements the server waits for, per socket."),
        number(s, "sessions", ConfigType::Count, FIELD(session.maxSessions), 1, 10'000'000,
            "Sessions at a time; above it newcomers get 503."),
        number(s, "attachments", ConfigType::Count, FIELD(session.packets.maxAttachments), 0, 1'000,
            "Binary attachments of one packet."),
        number(s, "attachment_size", ConfigType::Size, FIELD(session.packets.maxAttachmentBytes), 0,
            100 * mib, "All attachments of one packet together."),
        number(s, "json_depth", ConfigType::Count, FIELD(session.packets.maxDepth), 1, 512,
            "Nesting of a client's JSON."),
    };
}

std::vector<ConfigKey> corsKeys()
{
    return {
        withCheck(
            text("cors", "origins", ConfigType::TextList, FIELD(session.allowedOrigins),
                "Origins of web pages that may use the server; compared exactly. `\"*\"` allows "
                "every one (the vantage6 default); the answer then still names the asking "
                "origin. Clients that are not browsers send no origin and are not concerned."),
            checkOrigins),
    };
}

std::vector<ConfigKey> authKeys()
{
    const auto s = "auth";
    return {
        text(s, "secret_file", ConfigType::Path, FIELD(auth.secretFile),
            "File with the HS256 secret tokens are signed with, mode 0600. Empty: `jwt.key` in the "
            "data directory, made at the first start. Give the platform's own secret to accept its "
            "tokens."),
        text(s, "public_keys", ConfigType::PathList, FIELD(auth.publicKeys),
            "PEM files with public keys (RSA, P-256, Ed25519) whose tokens are accepted besides."),
        text(s, "jwks_file", ConfigType::Path, FIELD(auth.jwksFile),
            "JSON Web Key Set whose keys are accepted besides."),
        text(s, "issuer", ConfigType::Text, FIELD(auth.issuer),
            "When set, a token's `iss` has to be this."),
        text(s, "audience", ConfigType::Text, FIELD(auth.audience),
            "When set, a token's `aud` has to contain this."),
        duration(s, "access_lifetime", FIELD(auth.accessLifetime), 30 * minute, 30 * day,
            "Validity of access tokens the server issues. Shorter than half an hour makes vantage6 "
            "nodes refresh without a pause."),
        duration(s, "refresh_lifetime", FIELD(auth.refreshLifetime), 30 * minute, 365 * day,
            "Validity of refresh tokens; longer than that of access tokens."),
        duration(s, "admin_lifetime", FIELD(auth.adminLifetime), 5 * minute, 30 * day,
            "Validity of the tokens the console gets for name and password."),
        duration(s, "leeway", FIELD(auth.leeway), 0, 10 * minute,
            "How far the clocks of token issuers may be off."),
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
        withChoices(
            text(s, "format", ConfigType::Choice, FIELD(log.format),
                "`text` for people, `json` for collectors (one object a line), `journal` for "
                "systemd. `auto` is `journal` under systemd, else `text`."),
            {QStringLiteral("auto"), QStringLiteral("text"), QStringLiteral("json"),
                QStringLiteral("journal")}),
        withCheck(
            text(s, "levels", ConfigType::TextList, FIELD(log.levels),
                "Levels of single categories, as in `[\"gh.http=debug\", \"gh.auth=warning\"]`. "
                "Read again at SIGHUP."),
            checkCategoryLevels),
    };
}

std::vector<ConfigKey> metricsKeys()
{
    const auto s = "metrics";
    return {
        text(s, "enabled", ConfigType::Flag, FIELD(metrics.enabled),
            "Serve `/metrics` in the Prometheus text format."),
        text(s, "token", ConfigType::Secret, FIELD(metrics.token),
            "Bearer token a scraper has to send. Empty: only requests from loopback are answered."),
    };
}

#undef FIELD

std::vector<ConfigKey> allKeys()
{
    std::vector<ConfigKey> all;
    for (auto&& part : {serverKeys(), tlsKeys(), sessionKeys(), corsKeys(), authKeys(), logKeys(),
             metricsKeys()}) {
        all.insert(all.end(), part.begin(), part.end());
    }
    return all;
}

// Damerau-Levenshtein, adjacent transpositions only: what a slip of the fingers does.
int editDistance(QStringView a, QStringView b)
{
    const auto width = static_cast<size_t>(b.size()) + 1;
    std::vector<std::vector<int>> d(static_cast<size_t>(a.size()) + 1, std::vector<int>(width));
    for (size_t i = 0; i < d.size(); ++i) {
        for (size_t j = 0; j < width; ++j) {
            if (i == 0 || j == 0) {
                d[i][j] = static_cast<int>(i + j);
                continue;
            }
            const QChar x = a[static_cast<qsizetype>(i) - 1];
            const QChar y = b[static_cast<qsizetype>(j) - 1];
            d[i][j]
                = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (x == y ? 0 : 1)});
            if (i > 1 && j > 1 && x == b[static_cast<qsizetype>(j) - 2]
                && a[static_cast<qsizetype>(i) - 2] == y) {
                d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
            }
        }
    }
    return d.back().back();
}

int tolerance(QStringView word)
{
    return std::max<int>(1, static_cast<int>(word.size()) / 3);
}

} // namespace

QString ConfigKey::environmentName() const
{
    return u"GATEHOUSE_" + section.toUpper() + u'_' + name.toUpper();
}

QString ConfigKey::rangeText() const
{
    const bool unbounded = max == std::numeric_limits<qint64>::max();
    switch (type) {
    case ConfigType::Choice:
        return choices.join(QStringLiteral(", "));
    case ConfigType::Count:
        return unbounded ? QString()
                         : QString::number(min) + QStringLiteral(" to ") + QString::number(max);
    case ConfigType::Size:
        return unbounded ? QString() : sizeToText(min) + QStringLiteral(" to ") + sizeToText(max);
    case ConfigType::Duration:
        return unbounded ? QString()
                         : durationToText(min) + QStringLiteral(" to ") + durationToText(max);
    default:
        return {};
    }
}

QString ConfigKey::problemWith(const ConfigValue& value) const
{
    if (type == ConfigType::Choice && !choices.contains(std::get<QString>(value))) {
        return QStringLiteral("expected one of ") + rangeText();
    }
    if (const auto* amount = std::get_if<qint64>(&value);
        amount && (*amount < min || *amount > max)) {
        return QStringLiteral("out of range, expected ") + rangeText();
    }
    return check ? check(value) : QString();
}

const std::vector<ConfigSection>& configSections()
{
    static const std::vector<ConfigSection> sections{
        {QStringLiteral("server"),
            QStringLiteral("The process: where it listens and how it stops.")},
        {QStringLiteral("tls"), QStringLiteral("Encryption of the listener.")},
        {QStringLiteral("limits"),
            QStringLiteral(
                "What clients may cost. Every bound has a default that fits a server with "
                "a few thousand clients.")},
        {QStringLiteral("cors"), QStringLiteral("Web pages from other origins.")},
        {QStringLiteral("auth"),
            QStringLiteral("Tokens: whose are accepted and how ours are made.")},
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

const ConfigKey* findConfigKey(const QString& section, const QString& name)
{
    for (const ConfigKey& key : configKeys()) {
        if (key.section == section && key.name == name) {
            return &key;
        }
    }
    return nullptr;
}

QString nearestConfigKey(const QString& section, const QString& name)
{
    QString best;
    int bestScore = std::numeric_limits<int>::max();
    for (const ConfigKey& key : configKeys()) {
        const int distance = editDistance(name, key.name);
        // The right key in the wrong section is a frequent slip, but the own section goes first.
        const int score = 2 * distance + (key.section == section ? 0 : 1);
        if (distance <= tolerance(name) && score < bestScore) {
            bestScore = score;
            best = key.fullName();
        }
    }
    return best;
}

QString nearestConfigSection(const QString& name)
{
    QString best;
    int bestDistance = tolerance(name) + 1;
    for (const ConfigSection& section : configSections()) {
        const int distance = editDistance(name, section.name);
        if (distance < bestDistance) {
            bestDistance = distance;
            best = section.name;
        }
    }
    return best;
}

} // namespace gatehouse::app
