// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/access/loginlimiter.h"
#include "server/access/passwordhasher.h"
#include "server/access/policy.h"
#include "server/access/tokenminter.h"
#include "server/access/tokenverifier.h"
#include "server/api/apihandler.h"
#include "server/events/adminnamespace.h"
#include "server/events/federationannouncer.h"
#include "server/events/federationnamespace.h"
#include "server/events/rootnamespace.h"
#include "server/identity/elsewhere.h"
#include "server/identity/identities.h"
#include "server/identity/keysource.h"
#include "server/observe/audit.h"
#include "server/observe/livelog.h"
#include "server/observe/metrics.h"
#include "server/observe/processstats.h"
#include "server/session/socketioserver.h"
#include "server/store/await.h"
#include "server/store/import.h"
#include "server/store/store.h"
#include "server/work/directory.h"
#include "server/work/presence.h"
#include "server/work/taskservice.h"
#include "tests/server/session/fakes.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTemporaryDir>
#include <QTest>

/// The whole server but for its sockets: a real database, real tokens, real sessions; clients speak
/// through function calls, and time moves only when told to.
namespace gatehouse::test {

using namespace Qt::StringLiterals;

/// Three organizations, two collaborations; Aachen is in both, Bergen in "heart" only, Cork in
/// "lung" only. One user per way of holding rights.
inline QByteArray houseData()
{
    return R"({
      "format": "gatehouse-import", "version": 1,
      "organizations": [{"name": "Aachen"}, {"name": "Bergen"}, {"name": "Cork"}],
      "collaborations": [
        {"name": "heart", "encrypted": false, "organizations": ["Aachen", "Bergen"]},
        {"name": "lung", "encrypted": false, "organizations": ["Aachen", "Cork"]}],
      "roles": [{"name": "Listener", "rules": ["event/receive/organization"]}],
      "nodes": [
        {"name": "a-heart", "organization": "Aachen", "collaboration": "heart",
         "api_key": "11111111-1111-4111-8111-111111111111"},
        {"name": "b-heart", "organization": "Bergen", "collaboration": "heart",
         "api_key": "22222222-2222-4222-8222-222222222222"},
        {"name": "a-lung", "organization": "Aachen", "collaboration": "lung",
         "api_key": "33333333-3333-4333-8333-333333333333"},
        {"name": "c-lung", "organization": "Cork", "collaboration": "lung",
         "api_key": "44444444-4444-4444-8444-444444444444"}],
      "users": [
        {"username": "root", "organization": "Aachen", "roles": ["Root"]},
        {"username": "anna", "organization": "Aachen", "roles": ["Collaboration Admin"]},
        {"username": "bert", "organization": "Bergen", "roles": ["Researcher"],
         "password": "correct horse battery"},
        {"username": "carl", "organization": "Cork", "roles": ["Collaboration Admin"]},
        {"username": "olga", "organization": "Bergen", "roles": ["Listener"]},
        {"username": "nobody", "organization": "Aachen"}]
    })";
}

/// An issuer that answers when the test says so.
class SlowKeySource final : public identity::KeySource
{
public:
    identity::Inquiry fetch(identity::KeyWait, std::function<void()> done) override
    {
        if (isFull)
            return identity::Inquiry::Refused;
        if (!isWilling)
            return identity::Inquiry::NotNeeded;
        waiting.push_back(std::move(done));
        return identity::Inquiry::Asked;
    }
    identity::Issuer issuer() const override { return state; }
    void answer()
    {
        for (const auto& done : std::exchange(waiting, {}))
            done();
    }
    bool isWilling = false;
    bool isFull = false;
    identity::Issuer state = identity::Issuer::None;
    std::vector<std::function<void()>> waiting;
};

/// Another server, which answers when the test says so.
class SlowElsewhere final : public identity::Elsewhere
{
public:
    identity::Inquiry learn(const access::Claims&, const QByteArray& token,
        std::function<void(Result<void>)> done) override
    {
        if (isFull)
            return identity::Inquiry::Refused;
        if (!isAsked)
            return identity::Inquiry::NotNeeded;
        holders.emplace_back(token, std::move(done));
        return identity::Inquiry::Asked;
    }
    bool isSettled(const access::Claims&) const override { return !isFull && !isAsked; }
    void findRun(NodeId, const QByteArray&, RunId run,
        std::function<void(Result<work::RunRef>)> done) override
    {
        runs.emplace_back(run, std::move(done));
    }
    void answer(const Result<void>& verdict = {})
    {
        for (const auto& [token, done] : std::exchange(holders, {}))
            done(verdict);
    }
    void answerRuns(const Result<work::RunRef>& found)
    {
        for (const auto& [run, done] : std::exchange(runs, {}))
            done(found);
    }
    bool isAsked = false;
    bool isFull = false;
    std::vector<std::pair<QByteArray, std::function<void(Result<void>)>>> holders;
    std::vector<std::pair<RunId, std::function<void(Result<work::RunRef>)>>> runs;
};

class AuditRecorder final : public observe::AuditSink
{
public:
    void record(const observe::AuditEntry& entry) override { entries.push_back(entry); }
    std::vector<observe::AuditEntry> entries;
};

/// A Socket.IO client in one namespace over a WebSocket.
class Client
{
public:
    Client() = default;
    Client(session::fake::PeerPtr peer, QByteArray nsp)
        : m_peer(std::move(peer)), m_nsp(std::move(nsp))
    {
        session::fake::Rig::settle();
    }

    /// What came since the last call, e.g. `sync`, `message "…"`: name and arguments.
    QByteArrayList take()
    {
        session::fake::Rig::settle();
        QByteArrayList events;
        for (const QByteArray& text : m_peer->takeTexts()) {
            const QByteArray prefix = "42" + m_nsp + ',';
            if (!text.startsWith(prefix)) {
                other << text;
                continue;
            }
            const QByteArray array = text.sliced(prefix.size());
            const QByteArray inner = array.sliced(1).chopped(1);
            const qsizetype comma = inner.indexOf("\",");
            if (comma < 0)
                events << inner.sliced(1).chopped(1);
            else
                events << inner.sliced(1, comma - 1) + ' ' + inner.sliced(comma + 2);
        }
        return events;
    }

    /// Only the events of one name, as JSON values.
    QJsonArray take(const QByteArray& name)
    {
        QJsonArray values;
        for (const QByteArray& event : take()) {
            if (event.startsWith(QByteArray(name + ' ')))
                values.append(QJsonDocument::fromJson('[' + event.sliced(name.size() + 1) + ']')
                                  .array()
                                  .at(0));
        }
        return values;
    }

    void emitEvent(const QByteArray& name, const QByteArray& args = {})
    {
        QByteArray packet = "42" + m_nsp + ",[\"" + name + '"';
        if (!args.isEmpty())
            packet += ',' + args;
        packet += ']';
        m_peer->sendText(packet);
        session::fake::Rig::settle();
    }

    /// Ends as a killed process does.
    void die()
    {
        m_peer->end(1006);
        session::fake::Rig::settle();
    }
    bool isClosed() const { return m_peer->isClosed(); }
    bool isConnected() const { return m_peer && m_peer->receiver; }
    session::fake::Peer& peer() { return *m_peer; }

    QByteArrayList other; ///< packets that are no events of the namespace

private:
    session::fake::PeerPtr m_peer;
    QByteArray m_nsp;
};

class House
{
public:
    explicit House(events::FederationOptions federationOptions = {},
        events::AdminOptions adminOptions = {}, api::ApiOptions apiOptions = {},
        session::SessionOptions sessionOptions = {}, const store::StoreOptions& storeOptions = {},
        identity::Elsewhere* elsewhere = nullptr)
        : store(openStore(storeOptions)), presence(clock),
          tasks(*store, directory, presence, clock), minter(secret(), {}, clock),
          verifier(keys(), {}, clock), hasher(cheapHashing()), limiter({}, clock),
          badTokens({.maxFailures = 100}, clock),
          identities(verifier, directory, &badTokens, &keySource, elsewhere), hub(clock),
          history(hub, events::FederationNamespace::name(), federationOptions.history, clock,
              {"algorithm_log"}),
          server(std::make_unique<session::SocketIoServer>(sessionOptions, hub, clock)),
          announcer(hub, tasks, presence, directory, federationOptions.generation),
          federation(
              events::FederationServices{*server, hub, identities, directory, presence, tasks,
                  *store, metrics, clock, history, [this] { return restFault; }, elsewhere},
              announcer, federationOptions),
          admin(events::AdminServices{*server, hub, identities, directory, presence, tasks, *store,
                    liveLog, metrics, loopLag, audit, clock, history, {},
                    [this] { return serviceItems; },
                    [this](const auto& sockets, auto done) {
                        demoted.insert(demoted.end(), sockets.begin(), sockets.end());
                        done(demotion);
                    }},
              adminOptions),
          api(apiServices(), apiOptions)
    {
        if (federationOptions.generation != events::Generation::V4) {
            apiOptions.apiPath = u"/hq"_s;
            apiOptions.form = api::WireForm::V5;
            hq = std::make_unique<api::ApiHandler>(apiServices(), apiOptions);
        }
        server->addNamespace(events::RootNamespace::name(), &root);
        server->addNamespace(events::FederationNamespace::name(), &federation);
        server->addNamespace(events::AdminNamespace::name(), &admin);
        auto data = store::readImport(houseData());
        if (!data)
            qFatal("%s", qPrintable(data.error().detail));
        if (auto hashed = store::hashPasswords(*data,
                [](const QString& password) {
                    return access::hashPassword(password.toUtf8(), cheapHashing().parameters);
                });
            !hashed)
            qFatal("%s", qPrintable(hashed.error().detail));
        const auto report = store::await<store::ImportReport>(
            [&](auto done) { store->applyImport(*data, std::move(done)); });
        if (!report)
            qFatal("%s", qPrintable(report.error().detail));
        directory.replace(store->loadStartState()->directory);
    }

    ~House()
    {
        server.reset();
        federation.flush();
        store->close();
    }

    /// Clients that come from now on may return as who they were.
    void allowRecovery()
    {
        server->addNamespace(
            events::RootNamespace::name(), &root, session::RecoveryOptions{}, nullptr);
        server->addNamespace(
            events::FederationNamespace::name(), &federation, session::RecoveryOptions{}, nullptr);
    }

    static QByteArray secret() { return "a secret that is long enough for HS256"; }

    // Who is who

    NodeId node(const QString& name) const { return directory.node(name)->id; }
    UserId user(const QString& name) const { return directory.user(name)->id; }
    CollaborationId collaboration(const QString& name) const
    {
        return directory.collaboration(name)->id;
    }
    OrganizationId organization(const QString& name) const
    {
        return directory.organization(name)->id;
    }
    QByteArray nodeToken(const QString& name) const
    {
        return minter.accessToken(access::TokenKind::Node, node(name).value);
    }
    QByteArray userToken(const QString& name) const
    {
        return minter.accessToken(access::TokenKind::User, user(name).value);
    }

    // Sockets

    session::fake::PeerPtr openSession(const QByteArray& token)
    {
        protocol::HttpHeaders headers;
        if (!token.isEmpty())
            headers.add("Authorization", "Bearer " + token);
        const auto request = session::fake::request(
            "GET", QStringLiteral("EIO=4&transport=websocket"), {}, headers);
        auto peer = std::make_shared<session::fake::Peer>();
        server->linkOpened(request, std::make_unique<session::fake::Link>(peer));
        session::fake::Rig::settle();
        peer->takeTexts(); // the open packet
        return peer;
    }
    Client connectWith(const QByteArray& token)
    {
        const auto peer = openSession(token);
        peer->sendText("40/tasks,");
        return Client(peer, "/tasks");
    }
    Client connectNode(const QString& name) { return connectWith(nodeToken(name)); }
    Client connectUser(const QString& name) { return connectWith(userToken(name)); }

    // HTTP

    session::fake::ExchangePtr send(const QByteArray& method, const QString& path,
        const QByteArray& token, const QByteArray& body = {},
        const protocol::HttpHeaders& extra = {})
    {
        protocol::HttpRequest request;
        request.method = method;
        const QStringList parts = path.split(u'?');
        request.path = parts.at(0);
        request.query = QUrlQuery(parts.value(1));
        request.headers = extra;
        if (!token.isEmpty())
            request.headers.add("Authorization", "Bearer " + token);
        request.body = body;
        request.peerAddress = QStringLiteral("192.0.2.9");
        auto exchange = std::make_shared<session::fake::Exchange>(std::move(request));
        (hq && path.startsWith(u"/hq") ? *hq : api).handleRequest(exchange);
        return exchange;
    }
    /// Waits for the answer and returns it.
    protocol::HttpResponse call(const QByteArray& method, const QString& path,
        const QByteArray& token, const QByteArray& body = {},
        const protocol::HttpHeaders& extra = {})
    {
        const auto exchange = send(method, path, token, body, extra);
        if (!QTest::qWaitFor([&] { return exchange->response.has_value(); }, 10'000))
            qFatal("no answer to %s %s", method.constData(), qPrintable(path));
        session::fake::Rig::settle();
        return *exchange->response;
    }
    QJsonObject callJson(const QByteArray& method, const QString& path, const QByteArray& token,
        const QByteArray& body = {})
    {
        return QJsonDocument::fromJson(call(method, path, token, body).body).object();
    }

    /// A task of `heart` for both its organizations, created over HTTP; its JSON.
    QJsonObject createTask(
        const QString& user, const QString& collaborationName, const QStringList& organizations)
    {
        QJsonArray targets;
        for (const QString& name : organizations) {
            targets.append(
                QJsonObject{{u"id"_s, organization(name).value}, {u"input"_s, u"aW5wdXQ="_s}});
        }
        const QJsonObject body{{u"name"_s, u"average"_s}, {u"image"_s, u"harbor/average:1"_s},
            {u"collaboration_id"_s, collaboration(collaborationName).value},
            {u"organizations"_s, targets}, {u"description"_s, u""_s},
            {u"databases"_s, QJsonArray{QJsonObject{{u"label"_s, u"default"_s}}}}};
        return callJson("POST", u"/api/task"_s, userToken(user), QJsonDocument(body).toJson());
    }
    /// Writes the store has done so far, this question included: it waits for those before it.
    quint64 writesDone()
    {
        (void)store::await<void>(
            [&](auto done) { store->saveSetting(u"written"_s, "so far", std::move(done)); });
        return store->takeWriterStats().writes;
    }

    /// The id of the run an organization has in a task.
    qint64 runOf(qint64 task, const QString& organizationName)
    {
        const auto record = store::await<work::TaskRecord>(
            [&](auto done) { store->task(TaskId{task}, std::move(done)); });
        for (const work::Run& run : record->runs) {
            if (run.organization == organization(organizationName))
                return run.id.value;
        }
        return 0;
    }

    /// Lets time pass for everything that runs by the clock.
    void pass(Millis time)
    {
        clock.advance(time);
        server->runTimers();
        federation.sweep();
        admin.tick();
        session::fake::Rig::settle();
    }

    QTemporaryDir folder;
    ManualClock clock;
    std::unique_ptr<store::Store> store;
    work::Directory directory;
    work::Presence presence;
    work::TaskService tasks;
    access::TokenMinter minter;
    access::TokenVerifier verifier;
    access::PasswordHasher hasher;
    access::LoginLimiter limiter;
    access::LoginLimiter badTokens;
    SlowKeySource keySource;
    identity::Identities identities;
    QString restFault; ///< what keeps the HTTP side from serving, if anything
    observe::Metrics metrics;
    observe::LiveLog liveLog;
    std::map<QString, QJsonObject> serviceItems; ///< what the topic `services` shows
    std::vector<SocketId> demoted; ///< sockets of clients that were to lose their login
    Result<void> demotion; ///< what comes of it
    observe::LoopLag loopLag;
    AuditRecorder audit;
    hub::Hub hub;
    hub::RoomHistory history;
    std::unique_ptr<session::SocketIoServer> server;
    events::RootNamespace root;
    events::FederationAnnouncer announcer;
    events::FederationNamespace federation;
    events::AdminNamespace admin;
    api::ApiHandler api;
    std::unique_ptr<api::ApiHandler> hq; ///< of v5

private:
    api::ApiServices apiServices()
    {
        return {identities, minter, hasher, limiter, directory, presence, tasks, *store, metrics,
            audit, clock, [this](const work::Node& node) { announcer.killEverythingOn(node); }};
    }
    static access::PasswordHasherOptions cheapHashing()
    {
        access::PasswordHasherOptions options;
        options.parameters = {1, 64, 1};
        return options;
    }
    static access::KeySet keys()
    {
        access::KeySet set;
        const auto added
            = set.addSecret(secret(), access::KeyBinding{.trust = access::KeyTrust::Full});
        if (!added)
            qFatal("%s", qPrintable(added.error().detail));
        return set;
    }
    std::unique_ptr<store::Store> openStore(const store::StoreOptions& options)
    {
        auto opened = store::Store::open(folder.filePath(u"data"_s), options);
        if (!opened)
            qFatal("%s", qPrintable(opened.error().detail));
        return std::move(*opened);
    }
};

} // namespace gatehouse::test
