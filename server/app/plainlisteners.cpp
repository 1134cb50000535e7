// SPDX-License-Identifier: Apache-2.0
#include "server/app/plainlisteners.h"

#include "server/app/configuration.h"
#include "server/app/relays.h"
#include "server/observe/metrics.h"
#include "server/relay/plainpeers.h"

#include <QHash>
#include <QTimer>

#include <algorithm>

namespace gatehouse::app {

using Profile = ListenerTable::Profile;

namespace {

/// As clients go, for the broker to take what is said about them, and to give it to services.
constexpr Millis tellTime{2'000};
constexpr Millis returnTime{100};

template <class Counters>
struct MeterRow
{
    const char* name;
    const char* help;
    std::map<std::string, std::string> labels;
    quint64 Counters::*count;
    bool isGauge = false;
};

const std::vector<MeterRow<session::PlainCounters>>& listenerRows()
{
    using C = session::PlainCounters;
    static const char* const refusals = "gatehouse_listener_refusals_total";
    static const char* const refusalsHelp
        = "What clients of a plain WebSocket listener were refused, by bound";
    static const char* const ends = "gatehouse_listener_closed_total";
    static const char* const endsHelp
        = "Clients of a plain WebSocket listener the server had to close, by reason";
    static const std::vector<MeterRow<C>> rows{
        {"gatehouse_listener_opened_total", "Clients that came in", {}, &C::opened},
        {"gatehouse_listener_ended_total", "Clients that have gone, for whatever reason", {},
            &C::closed},
        {"gatehouse_listener_frames_received_total", "Frames received", {}, &C::framesIn},
        {"gatehouse_listener_frames_sent_total", "Frames sent", {}, &C::framesOut},
        {"gatehouse_listener_bytes_received_total", "Octets received", {}, &C::bytesIn},
        {"gatehouse_listener_bytes_sent_total", "Octets sent", {}, &C::bytesOut},
        {ends, endsHelp, {{"reason", "slow-consumer"}}, &C::slowConsumers},
        {ends, endsHelp, {{"reason", "total-queue"}}, &C::totalQueueFull},
        {ends, endsHelp, {{"reason", "rights-changed"}}, &C::revoked},
        {ends, endsHelp, {{"reason", "ping-timeout"}}, &C::pingTimeouts},
        {ends, endsHelp, {{"reason", "protocol"}}, &C::protocolErrors},
        {ends, endsHelp, {{"reason", "message-rate"}}, &C::limitedMessages},
        {ends, endsHelp, {{"reason", "byte-rate"}}, &C::limitedBytes},
        {refusals, refusalsHelp, {{"what", "origin"}}, &C::refusedOrigins},
        {refusals, refusalsHelp, {{"what", "session"}}, &C::refusedSessions},
        {refusals, refusalsHelp, {{"what", "address"}}, &C::refusedAddresses},
        {refusals, refusalsHelp, {{"what", "handshake-rate"}}, &C::refusedHandshakes},
        {refusals, refusalsHelp, {{"what", "identity"}}, &C::refusedByHandler},
        {refusals, refusalsHelp, {{"what", "room"}}, &C::refusedRooms},
        {"gatehouse_listener_volatile_dropped_total",
            "Volatile events not sent to a client that was behind", {}, &C::volatileDropped},
        {"gatehouse_listener_untold_total",
            "Events with binary attachments, which plain WebSocket dialects cannot say", {},
            &C::notForPlain},
    };
    return rows;
}

const std::vector<MeterRow<services::ServicesCounters>>& servicesRows()
{
    using C = services::ServicesCounters;
    static const char* const refusals = "gatehouse_services_refusals_total";
    static const char* const refusalsHelp = "What clients of the services profile were refused";
    static const char* const held = "gatehouse_services_held_total";
    static const char* const heldHelp
        = "Messages of a type no service wanted when they came, and what became of them";
    static const std::vector<MeterRow<C>> rows{
        {"gatehouse_services_forwarded_total", "Messages of clients put on the bus", {},
            &C::forwarded},
        {refusals, refusalsHelp, {{"what", "malformed"}}, &C::malformed},
        {refusals, refusalsHelp, {{"what", "reserved-type"}}, &C::refusedReserved},
        {refusals, refusalsHelp, {{"what", "type"}}, &C::refusedTypes},
        {refusals, refusalsHelp, {{"what", "net-send"}}, &C::impersonations},
        {refusals, refusalsHelp, {{"what", "login"}}, &C::refusedLogins},
        {"gatehouse_services_logins_total", "Names bound to clients", {}, &C::logins},
        {"gatehouse_services_net_sends_total", "Messages of services for clients", {},
            &C::netSends},
        {"gatehouse_services_deliveries_total", "Of these, one for each recipient", {},
            &C::deliveries},
        {"gatehouse_services_unknown_recipients_total", "Names and addresses nobody had", {},
            &C::unknownRecipients},
        {"gatehouse_services_bad_net_sends_total", "Messages for clients that could not be read",
            {}, &C::badNetSends},
        {"gatehouse_services_kicks_total", "Clients disconnected by a service", {}, &C::kicks},
        {"gatehouse_services_connected", "Services registered over WebSocket", {}, &C::servicesNow,
            true},
        {"gatehouse_services_registrations_total", "Registrations of services", {},
            &C::registrations},
        {"gatehouse_services_refused_registrations_total", "Registrations that were refused", {},
            &C::refusedRegistrations},
        {"gatehouse_services_published_total", "Messages of services put on the bus", {},
            &C::published},
        {"gatehouse_services_bad_messages_total",
            "Frames of services that were no message, or not theirs to send", {}, &C::badMessages},
        {"gatehouse_services_routed_responses_total",
            "Answers that went to the service that had asked", {}, &C::routedResponses},
        {"gatehouse_services_forgotten_requests_total",
            "Requests of services to each other given up: too many, or too old", {},
            &C::forgottenRequests},
        {"gatehouse_services_received_total", "Messages handed to services", {},
            &C::deliveredToServices},
        {"gatehouse_services_early_refused_total",
            "Messages for services that were being bound, beyond what may wait for that", {},
            &C::earlyRefused},
        {"gatehouse_services_early_bytes", "Octets that wait for that", {}, &C::earlyBytesNow,
            true},
        {"gatehouse_services_bad_bus_messages_total", "Messages of the bus of a wrong shape", {},
            &C::badBusMessages},
        {held, heldHelp, {{"outcome", "held"}}, &C::held},
        {held, heldHelp, {{"outcome", "released"}}, &C::released},
        {held, heldHelp, {{"outcome", "dead"}}, &C::deadLetters},
        {held, heldHelp, {{"outcome", "overflow"}}, &C::heldOverflows},
        {"gatehouse_services_held", "Messages waiting for a service", {}, &C::heldNow, true},
        {"gatehouse_services_held_bytes", "Octets of these", {}, &C::heldBytesNow, true},
    };
    return rows;
}

/// The counters of one thing in /metrics, told apart by its own labels.
template <class Counters>
class MeterSet
{
public:
    MeterSet(prometheus::Registry& registry, const std::vector<MeterRow<Counters>>& rows,
        const std::map<std::string, std::string>& labels)
        : m_rows(rows)
    {
        for (const MeterRow<Counters>& row : rows) {
            std::map<std::string, std::string> all = labels;
            all.insert(row.labels.begin(), row.labels.end());
            if (row.isGauge) {
                m_gauges.push_back(
                    &prometheus::BuildGauge().Name(row.name).Help(row.help).Register(registry).Add(
                        all));
                m_counters.push_back(nullptr);
            } else {
                m_counters.push_back(&prometheus::BuildCounter()
                                          .Name(row.name)
                                          .Help(row.help)
                                          .Register(registry)
                                          .Add(all));
                m_gauges.push_back(nullptr);
            }
        }
    }

    void refresh(const Counters& counters)
    {
        for (size_t i = 0; i < m_rows.size(); ++i) {
            const quint64 value = counters.*m_rows[i].count;
            if (m_gauges[i])
                m_gauges[i]->Set(double(value));
            else
                observe::syncTotal(*m_counters[i], value);
        }
    }

private:
    const std::vector<MeterRow<Counters>>& m_rows;
    std::vector<prometheus::Counter*> m_counters; ///< as the rows; null for gauges
    std::vector<prometheus::Gauge*> m_gauges; ///< as the rows; null for counters
};

} // namespace

struct PlainListeners::Meters
{
    Meters(prometheus::Registry& registry) : services(registry, servicesRows(), {}) { }

    MeterSet<services::ServicesCounters> services;
};

struct PlainListeners::Entry
{
    ListenerTable table;
    std::unique_ptr<relay::PlainPeers> peers; ///< for a profile of the relay
    std::unique_ptr<session::PlainServer> server;
    std::unique_ptr<MeterSet<session::PlainCounters>> meters;
    transport::Gate gate = transport::Gate::Main;
    bool opensGate = false; ///< the first one at that address
};

PlainListeners::PlainListeners(
    std::vector<ListenerTable> tables, services::ServicesOptions options, const House& house)
    : m_bus(house.bus)
{
    const bool hasServices = std::any_of(tables.begin(), tables.end(),
        [](const ListenerTable& table) { return table.profile != Profile::Relay; });
    if (hasServices) {
        m_services = std::make_unique<services::ServicesProfile>(
            std::move(options), house.bus, house.clock, house.identify);
        m_meters = std::make_unique<Meters>(house.metrics.registry());
    }
    for (ListenerTable& table : tables) {
        auto entry = std::make_unique<Entry>();
        session::PlainOptions plain = table.options;
        plain.allowedOrigins = table.origins.value_or(house.allowedOrigins);
        session::PlainHandler* handler = nullptr;
        if (table.profile == Profile::Relay) {
            relay::Profile* profile = house.relays.profile(table.relay);
            Q_ASSERT(profile);
            plain.nsp = profile->rules().nsp;
            relay::PlainPeers::Gatekeeper gatekeeper;
            if (table.requiresIdentity) {
                gatekeeper = [profile](const session::Handshake& handshake) {
                    return profile->recognizes(handshake);
                };
            }
            entry->peers = std::make_unique<relay::PlainPeers>(*profile, plain.dialect,
                protocol::JsonEventLimits{.maxDepth = table.maxDepth}, std::move(gatekeeper));
            handler = entry->peers.get();
        } else {
            handler = table.profile == Profile::Services ? &m_services->clients()
                                                         : &m_services->services();
        }
        entry->server = std::make_unique<session::PlainServer>(
            std::move(plain), house.hub, house.clock, *handler);
        entry->meters = std::make_unique<MeterSet<session::PlainCounters>>(house.metrics.registry(),
            listenerRows(),
            std::map<std::string, std::string>{{"listener", table.options.name.toStdString()}});
        entry->table = std::move(table);
        m_entries.push_back(std::move(entry));
    }
}

PlainListeners::~PlainListeners()
{
    // Their sessions' ends are told to the handlers, which are there still.
    for (const auto& entry : m_entries)
        entry->server.reset();
}

void PlainListeners::attach(transport::Server& transport)
{
    QHash<QString, transport::Gate> gates;
    for (const auto& entry : m_entries) {
        const ListenerTable& table = entry->table;
        // Port 0 is another one each time.
        const auto known = gates.constFind(table.listen);
        if (!table.listen.isEmpty() && known == gates.cend()) {
            entry->gate = transport.addGate(
                table.isTls ? transport::Encryption::AsConfigured : transport::Encryption::None);
            entry->opensGate = true;
            gates.insert(table.listen, entry->gate);
        } else if (!table.listen.isEmpty()) {
            entry->gate = *known;
        }
        if (table.path.isEmpty())
            transport.setFallbackAcceptor(entry->server.get(), entry->gate);
        else
            transport.addAcceptor(table.path.toUtf8(), entry->server.get(), entry->gate);
    }
}

Result<void> PlainListeners::listen(transport::Server& transport)
{
    for (const auto& entry : m_entries) {
        if (!entry->opensGate)
            continue;
        const auto at = ListenAddress::fromText(entry->table.listen);
        const auto listening = transport.listen(entry->gate, at->address, at->port);
        if (!listening) {
            return failure(listening.error().code,
                QStringLiteral("listener %1: %2")
                    .arg(entry->table.options.name, listening.error().detail));
        }
    }
    return {};
}

QStringList PlainListeners::addresses(const transport::Server& transport) const
{
    QStringList lines;
    for (const auto& entry : m_entries) {
        const ListenAddress at{transport.address(entry->gate), transport.port(entry->gate)};
        const bool isTls = entry->table.isTls && transport.options().tls.isEnabled();
        lines.append(entry->table.options.name + (isTls ? u" wss://" : u" ws://") + at.toText()
            + (entry->table.path.isEmpty() ? QStringLiteral("/") : entry->table.path));
    }
    return lines;
}

std::vector<session::SessionSource*> PlainListeners::sources() const
{
    std::vector<session::SessionSource*> all;
    for (const auto& entry : m_entries)
        all.push_back(entry->server.get());
    return all;
}

quint64 PlainListeners::openSessions() const
{
    quint64 open = 0;
    for (const auto& entry : m_entries)
        open += entry->server->counters().opened - entry->server->counters().closed;
    return open;
}

// Services last: what clients still say, and that they go, is for them.
void PlainListeners::drain(Millis spread, const std::function<void()>& finished)
{
    drain(false, spread, [this, finished] {
        if (!m_services) {
            finished();
            return;
        }
        m_services->finish();
        m_bus.flush(tellTime, [this, finished] {
            // What the broker has confirmed has still to come back from it.
            QTimer::singleShot(
                returnTime, &m_context, [this, finished] { drain(true, Millis{0}, finished); });
        });
    });
}

void PlainListeners::drain(bool areBackends, Millis spread, const std::function<void()>& finished)
{
    std::vector<session::PlainServer*> servers;
    for (const auto& entry : m_entries) {
        if ((entry->table.profile == Profile::Backends) == areBackends)
            servers.push_back(entry->server.get());
    }
    if (servers.empty()) {
        finished();
        return;
    }
    const auto left = std::make_shared<size_t>(servers.size());
    for (session::PlainServer* server : servers) {
        server->drain(spread, [left, finished] {
            if (--*left == 0)
                finished();
        });
    }
}

void PlainListeners::closeAll()
{
    for (const bool areBackends : {false, true}) {
        for (const auto& entry : m_entries) {
            if ((entry->table.profile == Profile::Backends) != areBackends)
                continue;
            for (const session::SessionView& view : entry->server->sessions())
                entry->server->closeSession(view.id, session::CloseCode::GoingAway,
                    QLatin1StringView("server shutting down"));
        }
    }
    if (m_services)
        m_services->finish();
}

void PlainListeners::refreshMetrics()
{
    for (const auto& entry : m_entries)
        entry->meters->refresh(entry->server->counters());
    if (m_services)
        m_meters->services.refresh(m_services->counters());
}

} // namespace gatehouse::app
