// SPDX-License-Identifier: Apache-2.0
#include "server/app/listenertables.h"

#include "server/app/configuration.h"

#include <QHash>
#include <QSet>

namespace gatehouse::app {

namespace {

using protocol::JsonDialect;
using Profile = ListenerTable::Profile;

constexpr qint64 kib = 1 << 10;
constexpr qint64 mib = 1 << 20;
constexpr Millis hour{3'600'000};

void readProfile(ConfigTable& table, const QStringList& relays, ListenerTable& listener)
{
    const QString name = table.required(QStringLiteral("profile"));
    if (name == QStringLiteral("services")) {
        listener.profile = Profile::Services;
    } else if (name == QStringLiteral("backends")) {
        listener.profile = Profile::Backends;
    } else {
        listener.profile = Profile::Relay;
        listener.relay = name;
        if (!name.isEmpty() && !relays.contains(name))
            table.complain(QStringLiteral("profile"),
                QStringLiteral("is \"services\", \"backends\" or the name of a profile of the "
                               "relay; there is no [relay.%1]")
                    .arg(name));
    }
    listener.requiresIdentity = table.flagOr(QStringLiteral("require_identity"), false);
    if (listener.requiresIdentity && listener.profile != Profile::Relay)
        table.complain(QStringLiteral("require_identity"),
            QStringLiteral("is for profiles of the relay; back ends always need a token"));
}

void readPlace(ConfigTable& table, ListenerTable& listener)
{
    listener.listen = table.textOr(QStringLiteral("listen"), {});
    if (!listener.listen.isEmpty() && !ListenAddress::fromText(listener.listen)) {
        table.complain(QStringLiteral("listen"),
            QStringLiteral("expected ADDRESS:PORT such as \"127.0.0.1:12345\" or \"[::1]:12345\""));
    }
    const QString path = table.textOr(QStringLiteral("path"), {});
    const bool isAny = path == QStringLiteral("*") || path.isEmpty();
    if (!isAny && !path.startsWith(u'/'))
        table.complain(QStringLiteral("path"),
            QStringLiteral("begins with \"/\", or is \"*\" for every path"));
    if (isAny && listener.listen.isEmpty())
        table.complain(QStringLiteral(
            "the main listener needs a \"path\"; every path is for one with its own \"listen\""));
    for (const char* taken : {"/socket.io", "/api", "/healthz", "/readyz", "/metrics"}) {
        if (listener.listen.isEmpty() && path.startsWith(QLatin1StringView(taken)))
            table.complain(QStringLiteral("path"), QStringLiteral("is taken by the server itself"));
    }
    listener.path = isAny ? QString() : path;
    listener.isTls = table.flagOr(QStringLiteral("tls"), true);
    listener.allowPlainPublic = table.flagOr(QStringLiteral("allow_plain_public"), false);
    if (table.has(QStringLiteral("origins")))
        listener.origins = table.texts(QStringLiteral("origins"));
}

JsonDialect::Names readNames(ConfigTable& table, const QString& name)
{
    JsonDialect::Names names;
    const ConfigNode* node = table.node(name);
    if (!node)
        return names;
    const ConfigMembers* members = node->table();
    if (!members) {
        table.complain(name, QStringLiteral("is a table of texts"));
        return names;
    }
    for (const ConfigMember& member : *members) {
        const QString* text = member.node.text();
        if (text && !text->isEmpty())
            names.insert(member.name.toUtf8(), text->toUtf8());
        else
            table.mistakes().add(
                member.place, table.path() + u'.' + name + QStringLiteral(" is a table of texts"));
    }
    return names;
}

void readDialect(ConfigTable& table, ListenerTable& listener)
{
    const bool isRelay = listener.profile == Profile::Relay;
    const QString fallback = isRelay ? QStringLiteral("flat") : QStringLiteral("typed");
    const QString shape
        = table.choice(QStringLiteral("dialect"), {QStringLiteral("flat"), QStringLiteral("typed")})
              .value_or(fallback);
    JsonDialect& dialect = listener.options.dialect;
    dialect = shape == QStringLiteral("flat") ? JsonDialect::flat() : JsonDialect::typed();
    if (!isRelay) {
        if (dialect.isFlat())
            table.complain(
                QStringLiteral("dialect"), QStringLiteral("the services profile speaks \"typed\""));
        return;
    }
    dialect.eventKey
        = table.textOr(QStringLiteral("event_key"), QString::fromUtf8(dialect.eventKey)).toUtf8();
    if (dialect.eventKey.isEmpty())
        table.complain(QStringLiteral("event_key"), QStringLiteral("may not be empty"));
    if (!dialect.isFlat()) {
        dialect.payloadKey
            = table.textOr(QStringLiteral("payload_key"), QString::fromUtf8(dialect.payloadKey))
                  .toUtf8();
        if (dialect.payloadKey.isEmpty() || dialect.payloadKey == dialect.eventKey)
            table.complain(QStringLiteral("payload_key"),
                QStringLiteral("may neither be empty nor the same as \"event_key\""));
    }
    dialect.eventsIn = readNames(table, QStringLiteral("events_in"));
    dialect.eventsOut = readNames(table, QStringLiteral("events_out"));
    dialect.membersIn = readNames(table, QStringLiteral("members_in"));
    dialect.membersOut = readNames(table, QStringLiteral("members_out"));
    if (!dialect.isFlat() && (!dialect.membersIn.isEmpty() || !dialect.membersOut.isEmpty()))
        table.complain(QStringLiteral("\"members_in\" and \"members_out\" are for flat frames"));
}

void setDefaults(ListenerTable& listener)
{
    session::PlainOptions& o = listener.options;
    if (listener.profile == Profile::Backends) {
        // Of our own house, behind a token; files of clients pass through.
        o.maxMessageBytes = 128 * mib;
        o.maxSessions = 1'000;
        o.messages = {};
        o.bytes = {};
    } else if (listener.profile == Profile::Relay) {
        o.maxQueuedBytes = 1 * mib;
        o.maxMessageBytes = 64 * kib;
        o.maxQueueAge = Millis{30'000};
    }
}

void readBounds(ConfigTable& table, ListenerTable& listener)
{
    setDefaults(listener);
    session::PlainOptions& o = listener.options;
    const auto duration = [&](const char* name, Millis& field, Millis min, Millis max) {
        field = table.durationOr(QString::fromLatin1(name), field, min, max);
    };
    const auto size = [&](const char* name, auto& field, qint64 min, qint64 max) {
        using Field = std::decay_t<decltype(field)>;
        field = Field(table.sizeOr(QString::fromLatin1(name), qint64(field), min, max));
    };
    const auto count = [&](const char* name, auto& field, qint64 min, qint64 max) {
        using Field = std::decay_t<decltype(field)>;
        field = Field(table.integerOr(QString::fromLatin1(name), qint64(field), min, max));
    };
    size("message_size", o.maxMessageBytes, kib, 1'024 * mib);
    size("queue_size", o.maxQueuedBytes, 4 * kib, 4'096 * mib);
    size("total_queue_size", o.maxTotalQueuedBytes, 4 * kib, qint64(1) << 40);
    duration("queue_age", o.maxQueueAge, Millis{1'000}, hour);
    duration("ping_interval", o.pingInterval, Millis{100}, hour);
    duration("ping_timeout", o.pingTimeout, Millis{100}, hour);
    count("sessions", o.maxSessions, 1, 10'000'000);
    count("sessions_per_address", o.perAddress.maxSessions, 0, 10'000'000);
    count("handshake_rate", o.perAddress.handshakes.perSecond, 0, 1'000'000);
    count("handshake_burst", o.perAddress.handshakes.burst, 1, 10'000'000);
    count("message_rate", o.messages.perSecond, 0, 1'000'000'000);
    count("message_burst", o.messages.burst, o.messages.isLimited() ? 1 : 0, 1'000'000'000);
    size("byte_rate", o.bytes.perSecond, 0, qint64(1) << 40);
    size("byte_burst", o.bytes.burst, 0, qint64(1) << 40);
    count("rooms_per_client", o.maxRoomsPerSocket, 1, 10'000'000);
    count("json_depth", listener.maxDepth, 1, 512);
    if (o.bytes.isLimited() && o.bytes.burst < o.maxMessageBytes)
        table.complain(QStringLiteral("\"byte_burst\" may not be smaller than \"message_size\""));
}

ListenerTable readListener(const QString& path, const ConfigNode& node, const QStringList& relays,
    ConfigMistakes& mistakes)
{
    ConfigTable table(node, path, mistakes);
    ListenerTable listener;
    listener.options.name = table.required(QStringLiteral("name"));
    readProfile(table, relays, listener);
    readPlace(table, listener);
    readDialect(table, listener);
    readBounds(table, listener);
    table.finish();
    return listener;
}

} // namespace

std::vector<ListenerTable> readListeners(
    const ConfigNode* listeners, const QStringList& relays, ConfigMistakes& mistakes)
{
    std::vector<ListenerTable> read;
    if (!listeners)
        return read;
    if (!listeners->array()) {
        mistakes.add(listeners->place(), QStringLiteral("listener: write it as [[listener]]"));
        return read;
    }
    QSet<QString> names;
    QSet<QString> places;
    QHash<QString, bool> isTls;
    for (const ConfigNode& node : *listeners->array()) {
        const QString path = QStringLiteral("listener[%1]").arg(read.size() + 1);
        ListenerTable listener = readListener(path, node, relays, mistakes);
        const QString place = listener.listen + u' ' + listener.path;
        const bool isFreePort = listener.listen.endsWith(QStringLiteral(":0"));
        if (names.contains(listener.options.name))
            mistakes.add(node.place(),
                path + QStringLiteral(".name: \"%1\" is there twice").arg(listener.options.name));
        else if (places.contains(place) && !isFreePort)
            mistakes.add(node.place(),
                path + QStringLiteral(": another listener has this address and path"));
        if (!listener.listen.isEmpty()
            && isTls.value(listener.listen, listener.isTls) != listener.isTls)
            mistakes.add(node.place(),
                path + QStringLiteral(".tls: another listener at this address says otherwise"));
        isTls.insert(listener.listen, listener.isTls);
        names.insert(listener.options.name);
        places.insert(place);
        read.push_back(std::move(listener));
    }
    return read;
}

} // namespace gatehouse::app
