// SPDX-License-Identifier: Apache-2.0
#include "server/app/relays.h"

#include "server/observe/metrics.h"

#include <algorithm>

namespace gatehouse::app {

namespace {

using relay::RelayCounters;

struct MeterRow
{
    const char* name;
    const char* help;
    quint64 RelayCounters::*count;
    bool isGauge;
};

constexpr MeterRow meterRows[]{
    {"gatehouse_relay_clients", "Clients of a profile", &RelayCounters::clients, true},
    {"gatehouse_relay_elevated_clients", "Clients of a profile that have proved who they are",
        &RelayCounters::elevatedClients, true},
    {"gatehouse_relay_events_total", "Events of clients that have a rule", &RelayCounters::events,
        false},
    {"gatehouse_relay_unknown_events_total", "Events of clients without a rule",
        &RelayCounters::unknownEvents, false},
    {"gatehouse_relay_bad_events_total", "Events whose payload no rule takes",
        &RelayCounters::badEvents, false},
    {"gatehouse_relay_unauthenticated_total", "Events refused for want of a good token",
        &RelayCounters::unauthenticated, false},
    {"gatehouse_relay_forbidden_total", "Events refused for want of a right",
        &RelayCounters::forbidden, false},
    {"gatehouse_relay_limited_total", "Events refused because too many requests were under way",
        &RelayCounters::limited, false},
    {"gatehouse_relay_requests_total", "Requests sent to services", &RelayCounters::requests,
        false},
    {"gatehouse_relay_requests_under_way", "Requests of clients not yet answered to the end",
        &RelayCounters::requestsUnderWay, true},
    {"gatehouse_relay_failed_calls_total",
        "Calls a service refused, did not answer or answered with nonsense",
        &RelayCounters::failedCalls, false},
    {"gatehouse_relay_answers_total", "Answers of services, parts included",
        &RelayCounters::answers, false},
    {"gatehouse_relay_membership_questions_total", "Memberships asked over the bus",
        &RelayCounters::membershipQuestions, false},
    {"gatehouse_relay_joins_total", "Rooms chosen by clients", &RelayCounters::joins, false},
    {"gatehouse_relay_elevations_total", "Clients that proved who they are",
        &RelayCounters::elevations, false},
    {"gatehouse_relay_refused_elevations_total", "Tokens and nonces that were not good",
        &RelayCounters::refusedElevations, false},
    {"gatehouse_relay_nonces", "Nonces registered and not redeemed", &RelayCounters::nonces, true},
    {"gatehouse_relay_expired_nonces_total", "Nonces nobody redeemed in time",
        &RelayCounters::expiredNonces, false},
    {"gatehouse_relay_demotions_total", "Clients whose elevation ended before they did",
        &RelayCounters::demotions, false},
    {"gatehouse_relay_lost_memberships_total", "Rooms left because a right had gone",
        &RelayCounters::lostMemberships, false},
    {"gatehouse_relay_gaps_total", "Times a slow client was told that it missed events",
        &RelayCounters::gaps, false},
    {"gatehouse_relay_publications_total", "Messages of the bus for rooms",
        &RelayCounters::publications, false},
    {"gatehouse_relay_restricted_publications_total",
        "Messages of the bus only for clients with a right", &RelayCounters::restrictedPublications,
        false},
    {"gatehouse_relay_bad_publications_total", "Messages of the bus that name no room",
        &RelayCounters::badPublications, false},
    {"gatehouse_relay_control_calls_total", "Calls of services to a profile",
        &RelayCounters::controlCalls, false},
    {"gatehouse_relay_bad_control_calls_total", "Calls of services that were refused",
        &RelayCounters::badControlCalls, false},
    {"gatehouse_relay_bound_topics", "Topics bound because clients are in their rooms",
        &RelayCounters::boundTopics, true},
};

Error named(const ClaimSource& source, const char* key, const QString& path, const Error& error)
{
    return {error.code,
        QStringLiteral("claims.%1.%2: %3: %4")
            .arg(source.profile.name, QLatin1StringView(key), path, error.detail)};
}

} // namespace

Result<access::KeySet> loadClaimKeys(const ClaimSource& source, QStringList& warnings)
{
    access::KeySet keys;
    access::KeyBinding binding;
    binding.issuer = source.issuer.toUtf8();
    if (!source.audience.isEmpty())
        binding.audiences.append(source.audience.toUtf8());
    for (const QString& file : source.secretFiles) {
        if (const auto added = keys.addSecretFile(file, binding, &warnings); !added)
            return tl::unexpected(named(source, "secret_files", file, added.error()));
    }
    for (const QString& file : source.publicKeys) {
        if (const auto added = keys.addPemFile(file, binding, &warnings); !added)
            return tl::unexpected(named(source, "public_keys", file, added.error()));
    }
    if (!source.jwksFile.isEmpty()) {
        if (const auto added = keys.addJwksFile(source.jwksFile, binding, &warnings); !added)
            return tl::unexpected(named(source, "jwks_file", source.jwksFile, added.error()));
    }
    return keys;
}

Result<ClaimVerifiers> makeClaimVerifiers(
    const RelayTables& tables, const Clock& clock, QStringList& warnings)
{
    ClaimVerifiers verifiers;
    for (const ClaimSource& source : tables.claims) {
        auto keys = loadClaimKeys(source, warnings);
        if (!keys)
            return tl::unexpected(keys.error());
        verifiers.emplace(source.profile.name,
            std::make_unique<access::ProfileVerifier>(source.profile, *std::move(keys), clock));
    }
    return verifiers;
}

Result<std::map<QString, access::KeySet>> loadAllClaimKeys(
    const RelayTables& tables, QStringList& warnings)
{
    std::map<QString, access::KeySet> all;
    for (const ClaimSource& source : tables.claims) {
        auto keys = loadClaimKeys(source, warnings);
        if (!keys)
            return tl::unexpected(keys.error());
        all.insert_or_assign(source.profile.name, *std::move(keys));
    }
    return all;
}

/// The counters of one profile in /metrics, told apart by the label "profile".
struct Relays::Meters
{
    Meters(observe::Metrics& metrics, const relay::Profile& shown) : profile(shown)
    {
        const std::map<std::string, std::string> labels{
            {"profile", shown.rules().name.toStdString()}};
        for (const MeterRow& row : meterRows) {
            if (row.isGauge) {
                gauges.push_back(&prometheus::BuildGauge()
                                      .Name(row.name)
                                      .Help(row.help)
                                      .Register(metrics.registry())
                                      .Add(labels));
                counters.push_back(nullptr);
            } else {
                counters.push_back(&prometheus::BuildCounter()
                                        .Name(row.name)
                                        .Help(row.help)
                                        .Register(metrics.registry())
                                        .Add(labels));
                gauges.push_back(nullptr);
            }
        }
    }

    void refresh()
    {
        for (size_t i = 0; i < std::size(meterRows); ++i) {
            const quint64 value = profile.counters().*meterRows[i].count;
            if (gauges[i])
                gauges[i]->Set(double(value));
            else
                observe::syncTotal(*counters[i], value);
        }
    }

    const relay::Profile& profile;
    std::vector<prometheus::Gauge*> gauges; ///< as meterRows; null for counters
    std::vector<prometheus::Counter*> counters;
};

Relays::Relays(const RelayTables& tables, ClaimVerifiers verifiers,
    access::LoginLimiterOptions guesses, hub::Hub& hub, bus::Bus& bus, observe::Metrics& metrics,
    const Clock& clock)
    : m_verifiers(std::move(verifiers))
{
    for (const relay::Rules& rules : tables.relays) {
        const auto verifier = m_verifiers.find(rules.claims);
        m_profiles.push_back(std::make_unique<relay::Profile>(rules,
            relay::ProfileServices{hub, bus,
                verifier == m_verifiers.end() ? nullptr : verifier->second.get(), guesses, clock}));
        m_meters.push_back(std::make_unique<Meters>(metrics, *m_profiles.back()));
    }
}

Relays::~Relays() = default;

relay::Profile* Relays::profile(const QString& name) const
{
    const auto at = std::find_if(m_profiles.begin(), m_profiles.end(),
        [&](const auto& profile) { return profile->rules().name == name; });
    return at == m_profiles.end() ? nullptr : at->get();
}

void Relays::demote(
    const std::vector<SocketId>& sockets, std::function<void(const Result<void>&)> done)
{
    std::vector<std::pair<relay::Profile*, SocketId>> logins;
    for (const SocketId& socket : sockets) {
        for (const auto& profile : m_profiles) {
            if (profile->canDemote(socket))
                logins.emplace_back(profile.get(), socket);
        }
    }
    if (logins.empty())
        return done(failure(ErrorCode::Conflict, QStringLiteral("the client has no login")));
    struct Outcome
    {
        size_t left;
        Result<void> first{};
    };
    const auto outcome = std::make_shared<Outcome>(Outcome{logins.size()});
    const auto ended = [outcome, done = std::move(done)](const Result<void>& one) {
        if (!one && outcome->first)
            outcome->first = one;
        if (--outcome->left == 0)
            done(outcome->first);
    };
    for (const auto& [profile, socket] : logins)
        profile->demoteClient(socket, ended);
}

bool Relays::serves(const NamespaceName& nsp) const
{
    return std::any_of(m_profiles.begin(), m_profiles.end(),
        [&](const auto& profile) { return profile->rules().nsp == nsp; });
}

void Relays::attach(session::SocketIoServer& sessions)
{
    for (const auto& profile : m_profiles) {
        m_namespaces.push_back(std::make_unique<relay::SocketNamespace>(*profile, sessions));
        sessions.addNamespace(profile->rules().nsp, m_namespaces.back().get());
    }
}

void Relays::refreshMetrics()
{
    for (const auto& meters : m_meters)
        meters->refresh();
}

} // namespace gatehouse::app
