// SPDX-License-Identifier: Apache-2.0
#include "server/app/composition.h"

#include "server/access/loginlimiter.h"
#include "server/access/passwordhasher.h"
#include "server/api/apihandler.h"
#include "server/api/healthhandler.h"
#include "server/app/clustering.h"
#include "server/app/directorychanges.h"
#include "server/app/firstadmin.h"
#include "server/app/journalaudit.h"
#include "server/app/messaging.h"
#include "server/app/plainlisteners.h"
#include "server/app/recoveryjournal.h"
#include "server/app/relays.h"
#include "server/app/revocations.h"
#include "server/app/servermetrics.h"
#include "server/app/serviceitems.h"
#include "server/app/signingkeys.h"
#include "server/events/adminnamespace.h"
#include "server/events/federationannouncer.h"
#include "server/events/federationnamespace.h"
#include "server/events/rootnamespace.h"
#include "server/identity/identities.h"
#include "server/observe/log.h"
#include "server/observe/metrics.h"
#include "server/observe/processstats.h"
#include "server/store/await.h"
#include "server/transport/server.h"
#include "server/work/presence.h"
#include "server/work/taskservice.h"

#include <QEventLoop>
#include <QPointer>

#include <algorithm>

namespace gatehouse::app {

namespace {

StartFailure failureOf(ExitCode code, const Error& error)
{
    return {code, error.detail};
}

/// How long the end of the process waits for the broker to confirm what is on its way.
constexpr Millis flushTime{2'000};

QString plural(qsizetype count, const char* word)
{
    return QString::number(count) + u' ' + QString::fromLatin1(word)
        + (count == 1 ? QString() : QStringLiteral("s"));
}

} // namespace

// Members in the order of their needs. Parts that are destroyed out of that order are pointers; see
// takeDown().
struct Composition::Parts
{
    Parts(const Configuration& c, std::unique_ptr<store::Store> opened, SigningKeys keys,
        ClaimVerifiers claims, const observe::LogSink& logSink, observe::LiveLog& lines,
        const Clock& time)
        : configuration(c), clock(time), store(std::move(opened)),
          retention(*store, c.retention, clock),
          recoveryJournal(*store, c.recovery.options.maxBytes), presence(clock),
          tasks(*store, directory, presence, clock), journalAudit(*store), audit(&journalAudit),
          ownKeys(keys.verification), othersBinding(keys.others),
          verifier(std::move(keys.verification), c.verifier, clock),
          minter(keys.secret, c.tokens, clock), hasher(access::PasswordHasherOptions{}),
          limiter(c.loginLimits(), clock), badTokens(c.badTokens(), clock),
          jwks(
              c.auth.jwks, [this](const QByteArray& set) { return takeKeys(set); }, metrics, clock),
          beside(c.beside, directory, metrics, clock),
          identities(verifier, directory, &badTokens, &jwks, elsewhere()),
          hub(clock, hubOptions(c)),
          history(hub, events::FederationNamespace::name(), c.federation.history, clock,
              {"algorithm_log"}), // the database has them
          sessions(std::make_unique<session::SocketIoServer>(c.session, hub, clock)),
          messaging(std::make_unique<Messaging>(c.bus, *store, hub, *sessions, metrics, clock)),
          relays(std::make_unique<Relays>(
              c.relay, std::move(claims), c.badTokens(), hub, messaging->bus(), metrics, clock)),
          revocations(std::make_unique<Revocations>(*store, relays->verifiers())),
          listeners(std::make_unique<PlainListeners>(c.listeners, servicesOptions(c),
              PlainListeners::House{hub, messaging->bus(), *relays, metrics, clock,
                  [this](const QString& address, const QByteArray& token) {
                      return identities.identifyFrom(address, token)
                          .map([](const identity::Identity& who) { return who.principal; });
                  },
                  c.session.allowedOrigins})),
          clustering(std::make_unique<Clustering>(c.bus, hub, allSources(), messaging->bus(),
              metrics, clock,
              [this](const QByteArray& sender, qsizetype clients, const NamespaceName& nsp) {
                  recordKick(sender, clients, nsp);
              })),
          announcer(hub, tasks, presence, directory, c.federation.generation),
          federation(
              events::FederationServices{*sessions, hub, identities, directory, presence, tasks,
                  *store, metrics, clock, history, [this] { return restFault(); }, elsewhere()},
              announcer, c.federationOptions()),
          admin(events::AdminServices{*sessions, hub, identities, directory, presence, tasks,
                    *store, lines, metrics, loopLag, audit, clock, history, listeners->sources(),
                    [this] { return serviceItems(messaging->bus(), listeners->services()); },
                    [this](const auto& sockets, auto done) {
                        relays->demote(sockets, std::move(done));
                    }},
              c.adminOptions()),
          api(apiServices(), apiOptions(c)),
          transport(std::make_unique<transport::Server>(c.transportOptions(), clock)),
          serverMetrics(std::make_unique<ServerMetrics>(metrics,
              MetricSources{*transport, history, [this] { return listeners->openSessions(); },
                  *sessions, hub, tasks, presence, directory, *store, recoveryJournal, lines,
                  logSink, loopLag, c.federation.nodeSilence})),
          health(
              metrics, readyChecks(), [this] { refreshMetrics(); }, c.metrics.token.toUtf8())
    {
        if (!relays->serves(events::RootNamespace::name()))
            addNamespace(events::RootNamespace::name(), &root);
        relays->attach(*sessions);
        listeners->attach(*transport);
        addNamespace(events::FederationNamespace::name(), &federation);
        sessions->addNamespace(events::AdminNamespace::name(), &admin);
        const QByteArray socketPath("/socket.io/");
        transport->addHandler(socketPath, sessions.get());
        transport->addAcceptor(socketPath, sessions.get());
        transport->addHandler(QByteArray("/api"), &api);
        if (c.federation.generation != events::Generation::V4) {
            api::ApiOptions v5 = apiOptions(c);
            v5.apiPath = QStringLiteral("/hq");
            v5.form = api::WireForm::V5;
            hq = std::make_unique<api::ApiHandler>(apiServices(), v5);
            transport->addHandler(QByteArray("/hq"), hq.get());
        }
        transport->addHandler(QByteArray("/healthz"), &health);
        transport->addHandler(QByteArray("/readyz"), &health);
        if (servesMetrics()) {
            transport->addHandler(QByteArray("/metrics"), &health);
        }
    }

    ~Parts() { takeDown(); }

    void refreshMetrics()
    {
        serverMetrics->refresh();
        messaging->refreshMetrics();
        clustering->refreshMetrics();
        relays->refreshMetrics();
        listeners->refreshMetrics();
    }

    std::vector<session::SessionSource*> allSources() const
    {
        std::vector<session::SessionSource*> all = listeners->sources();
        all.insert(all.begin(), sessions.get());
        return all;
    }

    void addNamespace(const NamespaceName& name, session::NamespaceHandler* handler)
    {
        const Configuration::Recovery& recovery = configuration.recovery;
        if (recovery.namespaces.contains(QString::fromUtf8(name.value))) {
            sessions->addNamespace(name, handler, recovery.options, &recoveryJournal);
        } else {
            sessions->addNamespace(name, handler);
        }
    }

    void recordKick(const QByteArray& sender, qsizetype clients, const NamespaceName& nsp)
    {
        observe::AuditEntry entry;
        entry.at = clock.wall();
        entry.actorKind = QStringLiteral("service");
        entry.actorName = QString::fromUtf8(sender);
        entry.action = QStringLiteral("client:disconnect");
        entry.target = QStringLiteral("%1 of %2").arg(clients).arg(QString::fromUtf8(nsp.value));
        entry.outcome = QStringLiteral("ok");
        audit.record(entry);
    }

    static hub::HubOptions hubOptions(const Configuration& c)
    {
        hub::HubOptions options;
        if (auto policies = hub::SlowPolicies::parse(c.slowConsumers)) // the reader has checked it
            options.slowPolicies = *std::move(policies);
        return options;
    }

    /// A service must not take calls that are for the server.
    static services::ServicesOptions servicesOptions(const Configuration& c)
    {
        services::ServicesOptions options = c.services;
        if (!c.bus.controlQueue.isEmpty())
            options.ownQueues.append(c.bus.controlQueue.toUtf8());
        for (const relay::Rules& rules : c.relay.relays) {
            for (const relay::ControlRule& control : rules.controls)
                options.ownQueues.append(control.queue);
        }
        return options;
    }

    static api::ApiOptions apiOptions(const Configuration& c)
    {
        api::ApiOptions options;
        options.allowedOrigins = c.session.allowedOrigins;
        options.answerTimeout = c.answerTimeout;
        options.longestLock = c.logins.lockFor;
        return options;
    }

    identity::Elsewhere* elsewhere()
    {
        return configuration.beside.url.isEmpty() ? nullptr : &beside;
    }

    /// Our own keys, and what the issuer has said. On failure everything stays as it was.
    Result<void> useKeys(access::KeySet own, access::KeyBinding binding, QByteArray issued)
    {
        access::KeySet all = own;
        if (!issued.isEmpty()) {
            if (const auto added = all.addJwks(issued, binding); !added)
                return tl::unexpected(added.error());
        }
        ownKeys = std::move(own);
        othersBinding = std::move(binding);
        issuerKeys = std::move(issued);
        verifier.setKeys(std::move(all));
        return {};
    }

    Result<void> takeKeys(const QByteArray& set)
    {
        if (set == issuerKeys)
            return {};
        const auto used = useKeys(ownKeys, othersBinding, set);
        if (used)
            endSessionsWithoutKey();
        return used;
    }

    api::ApiServices apiServices()
    {
        return {identities, minter, hasher, limiter, directory, presence, tasks, *store, metrics,
            audit, clock, [this](const work::Node& node) { announcer.killEverythingOn(node); }};
    }

    std::vector<api::HealthHandler::Check> healthChecks()
    {
        const auto queued = [this] {
            return store->queuedWrites() > qsizetype(configuration.storage.maxQueuedWrites / 2)
                ? QStringLiteral("the database does not keep up")
                : QString();
        };
        const auto drained
            = [this] { return draining ? QStringLiteral("the server is going down") : QString(); };
        return {{QStringLiteral("database"), queued},
            {QStringLiteral("disk"), [this] { return diskFault(); }},
            {QStringLiteral("draining"), drained}};
    }

    // The bus is no condition of serving: clients stay and what they were promised is kept.
    std::vector<api::HealthHandler::Check> readyChecks()
    {
        std::vector<api::HealthHandler::Check> all = checks;
        all.push_back({QStringLiteral("bus"), [this] { return messaging->fault(); }});
        return all;
    }

    // The answer is that of the last write; when nothing is written, one is tried now and then.
    QString diskFault()
    {
        if (!store->isFailing()) {
            return {};
        }
        const Millis now = clock.monotonic();
        if (!probedAt || now - *probedAt >= Millis{5'000}) {
            probedAt = now;
            store->saveSetting(
                QStringLiteral("health.probe"), QByteArray("1"), [](const Result<void>&) {});
        }
        return QStringLiteral("the database cannot be written");
    }

    QString restFault()
    {
        for (const api::HealthHandler::Check& check : checks) {
            if (const QString fault = check.fault(); !fault.isEmpty()) {
                return fault;
            }
        }
        return {};
    }

    /// Those whose token was signed by a key that is gone; how many.
    qsizetype endSessionsWithoutKey()
    {
        qsizetype ended = 0;
        std::vector<session::SessionSource*> sources = listeners->sources();
        sources.push_back(sessions.get());
        for (session::SessionSource* source : sources) {
            for (const session::SessionView& view : source->sessions()) {
                const bool isGone = hasLostKey(view.principal)
                    || std::any_of(view.sockets.begin(), view.sockets.end(), [&](const auto& one) {
                           const session::Socket* socket = sessions->findSocket(one.first);
                           return socket && hasLostKey(socket->principal());
                       });
                if (isGone
                    && source->closeSession(view.id, session::CloseCode::RightsChanged,
                        QLatin1StringView("key withdrawn")))
                    ++ended;
            }
        }
        return ended;
    }

    bool hasLostKey(const access::Principal& principal) const
    {
        return principal.key != 0 && !verifier.hasKey(principal.key);
    }

    /// Clients and events of an earlier run; those of namespaces that no longer are durable go.
    Result<void> restoreRecovery()
    {
        const Configuration::Recovery& recovery = configuration.recovery;
        std::vector<NamespaceName> durable;
        if (!recovery.options.durableRooms.isEmpty()) {
            for (const QString& name : recovery.namespaces)
                durable.push_back({name.toUtf8()});
        }
        if (const auto kept = RecoveryJournal::keepOnly(*store, durable); !kept)
            return kept;
        for (const NamespaceName& name : durable) {
            auto past = RecoveryJournal::load(*store, name, recovery.options, clock);
            if (!past)
                return tl::unexpected(past.error());
            sessions->restoreNamespace(name, *std::move(past));
        }
        return {};
    }

    // Without a token the numbers are for the machine itself.
    bool servesMetrics() const
    {
        const auto address = ListenAddress::fromText(configuration.server.listen);
        return configuration.metrics.enabled
            && (!configuration.metrics.token.isEmpty()
                || (address && address->address.isLoopback()));
    }

    // Connections first, then sessions (whose ends still change presence), then the disk, whose
    // last completions may call anybody. A broker or its name server may hold the bus up: what the
    // journals have goes to the disk before, and again with what the sessions' ends add.
    void takeDown()
    {
        if (!transport) {
            return;
        }
        isDown = true;
        transport->close();
        serverMetrics.reset();
        federation.flush();
        recoveryJournal.flush();
        clustering.reset();
        listeners->closeAll(); // whose clients' ends are told over the bus
        flushBus();
        listeners.reset();
        messaging.reset();
        sessions.reset();
        revocations->flush();
        revocations.reset();
        relays.reset();
        federation.flush();
        recoveryJournal.flush();
        transport.reset();
        store->close();
    }

    /// What was said last waits for the broker, or for the disk; after a drain nothing does. Runs
    /// the event loop: a drain that was cut short must not go on in it.
    void flushBus()
    {
        if (!configuration.bus.hasBroker())
            return;
        QEventLoop loop;
        const auto isFlushed = std::make_shared<bool>(false);
        messaging->bus().flush(flushTime, [isFlushed, waiting = QPointer(&loop)] {
            *isFlushed = true;
            if (waiting)
                waiting->quit();
        });
        if (!*isFlushed)
            loop.exec();
    }

    const Configuration configuration;
    const Clock& clock;
    bool draining = false;
    bool isDown = false; ///< takeDown() has begun
    std::optional<Millis> probedAt; // monotonic
    const std::vector<api::HealthHandler::Check> checks = healthChecks();
    std::unique_ptr<store::Store> store;
    store::Retention retention;
    RecoveryJournal recoveryJournal;
    work::Directory directory;
    work::Presence presence;
    work::TaskService tasks;
    observe::Metrics metrics;
    observe::LoopLag loopLag;
    JournalAuditSink journalAudit;
    observe::LogAuditSink audit;
    access::KeySet ownKeys; ///< and those of files
    access::KeyBinding othersBinding;
    QByteArray issuerKeys; ///< fetched last
    access::TokenVerifier verifier;
    access::TokenMinter minter;
    access::PasswordHasher hasher;
    access::LoginLimiter limiter;
    access::LoginLimiter badTokens;
    JwksSource jwks;
    BesideServer beside;
    identity::Identities identities;
    hub::Hub hub;
    hub::RoomHistory history;
    std::unique_ptr<session::SocketIoServer> sessions;
    std::unique_ptr<Messaging> messaging;
    std::unique_ptr<Relays> relays;
    std::unique_ptr<Revocations> revocations;
    std::unique_ptr<PlainListeners> listeners;
    std::unique_ptr<Clustering> clustering;
    events::RootNamespace root;
    events::FederationAnnouncer announcer;
    events::FederationNamespace federation;
    events::AdminNamespace admin;
    api::ApiHandler api;
    std::unique_ptr<api::ApiHandler> hq; ///< in the words of v5; null without them
    std::unique_ptr<transport::Server> transport;
    std::unique_ptr<ServerMetrics> serverMetrics;
    api::HealthHandler health;
};

Composition::Composition(std::unique_ptr<Parts> parts) : d(std::move(parts)) { }

Composition::~Composition() = default;

Start<std::unique_ptr<Composition>> Composition::build(const Configuration& configuration,
    const observe::LogSink& log, observe::LiveLog& liveLog, const Clock& clock)
{
    auto store = store::Store::open(configuration.server.data, configuration.storage);
    if (!store) {
        return tl::unexpected(failureOf(ExitCode::Unavailable, store.error()));
    }
    auto keys = loadSigningKeys(configuration);
    if (!keys) {
        return tl::unexpected(failureOf(ExitCode::BadConfiguration, keys.error()));
    }
    QStringList claimWarnings;
    auto claims = makeClaimVerifiers(configuration.relay, clock, claimWarnings);
    if (!claims) {
        return tl::unexpected(failureOf(ExitCode::BadConfiguration, claims.error()));
    }
    if (const auto known = Revocations::load(**store, *claims); !known) {
        return tl::unexpected(failureOf(ExitCode::Unavailable, known.error()));
    }
    keys->warnings += claimWarnings;
    for (const QString& warning : keys->warnings) {
        observe::log(observe::Level::Warning, observe::category::auth, warning);
    }
    auto state = (*store)->loadStartState();
    if (!state) {
        return tl::unexpected(failureOf(ExitCode::Unavailable, state.error()));
    }
    if (const auto admin = ensureFirstAdmin(**store, state->directory, clock); !admin) {
        return tl::unexpected(failureOf(ExitCode::IoError, admin.error()));
    }

    auto parts = std::make_unique<Parts>(configuration, std::move(*store), std::move(*keys),
        *std::move(claims), log, liveLog, clock);
    parts->directory.replace(std::move(state->directory));
    for (const work::Node& node : parts->directory.nodes()) {
        if (node.lastSeen) {
            parts->presence.restoreLastSeen(node.id, *node.lastSeen);
        }
    }
    const auto started
        = store::await<void>([&](work::Completion<void> done) { parts->tasks.start(done); });
    if (!started) {
        return tl::unexpected(failureOf(ExitCode::Unavailable, started.error()));
    }
    if (const auto restored = parts->restoreRecovery(); !restored) {
        return tl::unexpected(failureOf(ExitCode::Unavailable, restored.error()));
    }
    parts->store->announceServer();
    parts->retention.start();
    parts->jwks.start();
    return std::unique_ptr<Composition>(new Composition(std::move(parts)));
}

Start<void> Composition::listen()
{
    const auto wanted = ListenAddress::fromText(d->configuration.server.listen);
    Q_ASSERT(wanted); // the reader has checked it
    const auto listening = d->transport->listen(wanted->address, wanted->port);
    if (!listening) {
        const bool isConfiguration = listening.error().code == ErrorCode::BadRequest;
        return tl::unexpected(failureOf(
            isConfiguration ? ExitCode::BadConfiguration : ExitCode::IoError, listening.error()));
    }
    if (const auto further = d->listeners->listen(*d->transport); !further) {
        return tl::unexpected(failureOf(ExitCode::IoError, further.error()));
    }
    return {};
}

QStringList Composition::listenerLines() const
{
    return d->listeners->addresses(*d->transport);
}

QString Composition::url() const
{
    const ListenAddress at{d->transport->address(), d->transport->port()};
    return (d->configuration.hasTls() ? QStringLiteral("https://") : QStringLiteral("http://"))
        + at.toText();
}

void Composition::drain(std::function<void()> finished)
{
    // Newcomers are refused in words to the end, and a proxy that needs one more connection for a
    // session that is still there gets it: to a closed port it would answer in our place.
    d->draining = true;
    // Polls are answered as their sessions end; then what is left are requests whose writes are on
    // their way to the disk.
    const Millis spread = d->configuration.server.drainSpread;
    const auto left = std::make_shared<int>(2);
    const std::function<void()> gone = [this, left, finished = std::move(finished)] {
        if (--*left > 0 || d->isDown)
            return;
        d->clustering->leave();
        d->transport->finishRequests([this, finished] {
            if (!d->isDown)
                d->messaging->bus().flush(flushTime, finished);
        });
    };
    d->sessions->drain({spread, d->configuration.server.drainAnswers}, gone);
    d->listeners->drain(spread, gone);
}

Result<void> Composition::reloadTls()
{
    return d->configuration.hasTls() ? d->transport->reloadTls() : Result<void>();
}

Result<void> Composition::reloadKeys()
{
    auto fresh = loadSigningKeys(d->configuration);
    if (!fresh)
        return tl::unexpected(fresh.error());
    auto claimKeys = loadAllClaimKeys(d->configuration.relay, fresh->warnings);
    if (!claimKeys)
        return tl::unexpected(claimKeys.error());
    for (const QString& warning : fresh->warnings)
        observe::log(observe::Level::Warning, observe::category::auth, warning);
    const qsizetype count = fresh->verification.size();
    if (const auto used
        = d->useKeys(std::move(fresh->verification), std::move(fresh->others), d->issuerKeys);
        !used)
        return tl::unexpected(used.error());
    d->minter.setSecret(std::move(fresh->secret));
    // Clients whose token's key is gone lose their elevation with the next look at it.
    for (auto& [name, keys] : *claimKeys)
        d->relays->verifiers().at(name)->setKeys(std::move(keys));
    observe::log(observe::Level::Info, observe::category::auth,
        QStringLiteral("Token keys read again: %1; %2 ended")
            .arg(plural(count, "key"), plural(d->endSessionsWithoutKey(), "session")));
    return {};
}

void Composition::reloadDirectory()
{
    d->store->loadDirectory([this](Result<work::DirectoryContent> fresh) {
        if (!fresh) {
            observe::log(observe::Level::Error, observe::category::app,
                u"Directory not read again: " + fresh.error().detail);
            return;
        }
        std::vector<observe::AuditEntry> changes = directoryChanges(d->directory, *fresh);
        d->directory.reload(std::move(*fresh));
        for (observe::AuditEntry& change : changes) {
            change.at = d->clock.wall();
            change.actorKind = QStringLiteral("system");
            change.actorName = QStringLiteral("import");
            change.outcome = QStringLiteral("ok");
            d->audit.record(change);
        }
        observe::log(observe::Level::Info, observe::category::app,
            QStringLiteral("Directory read again: %1 changes").arg(changes.size()));
    });
}

bus::Bus& Composition::bus()
{
    return d->messaging->bus();
}

QString Composition::banner() const
{
    const work::Directory& all = d->directory;
    return QStringLiteral(
        "gatehouse " GATEHOUSE_VERSION " serves %1 (up to %2), database %3, bus %9: %4, %5, "
        "%6, %7; origins %8")
        .arg(url(), plural(d->transport->connectionLimit(), "connection"), d->store->place().text(),
            plural(qsizetype(all.organizations().size()), "organization"),
            plural(qsizetype(all.collaborations().size()), "collaboration"),
            plural(qsizetype(all.nodes().size()), "node"),
            plural(qsizetype(all.users().size()), "user"),
            d->configuration.session.allowedOrigins.join(u' '), d->messaging->text());
}

} // namespace gatehouse::app
