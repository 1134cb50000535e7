// SPDX-License-Identifier: Apache-2.0
#include "server/events/adminnamespace.h"

#include "common/core/strictjson.h"
#include "common/protocol/jsonargs.h"
#include "server/access/accountmark.h"
#include "server/access/policy.h"
#include "server/access/secrets.h"
#include "server/access/tokenverifier.h"
#include "server/events/adminactions.h"
#include "server/events/admintopic.h"
#include "server/events/clientstopic.h"
#include "server/events/federationnames.h"
#include "server/events/historyjson.h"
#include "server/events/logtopic.h"
#include "server/events/memberstopic.h"
#include "server/events/nodestopic.h"
#include "server/events/overviewtopic.h"
#include "server/events/roomstopic.h"
#include "server/events/servicestopic.h"
#include "server/events/taskstopic.h"
#include "server/identity/identities.h"
#include "server/observe/log.h"
#include "server/observe/metrics.h"

#include <QSysInfo>

#include <algorithm>
#include <map>

namespace gatehouse::events {

using L = QLatin1StringView;

std::vector<session::SessionSource*> AdminServices::allSessions() const
{
    std::vector<session::SessionSource*> all{&server};
    all.insert(all.end(), plainSessions.begin(), plainSessions.end());
    return all;
}

/// One topic somebody watches, and how far they have read its snapshot.
struct AdminNamespace::Watcher
{
    std::unique_ptr<SnapshotReader> reader;
    int pageSize = 0;
    quint64 pagesRead = 0;
    bool isBusy = false; ///< a page is being read
    bool isLastRead = false; ///< there is no further page
    bool isAcked = false; ///< until then changes wait
    std::vector<protocol::EncodedPacketPtr> held;
};

struct AdminNamespace::Connection
{
    session::Socket* socket = nullptr; ///< null once it has gone
    access::Principal principal;
    std::optional<Millis> endsAt; ///< monotonic
    QByteArray account; ///< access::accountMark() of whoever logged in; empty: a minted token
    quint64 missedEvents = 0; ///< of its session, when it was last told the versions
    std::map<AdminTopic*, std::shared_ptr<Watcher>> watched;
};

namespace {

QByteArray errorJson(const Error& error)
{
    return protocol::toJson(QJsonObject{{L("ok"), false},
        {L("error"),
            QJsonObject{
                {L("code"), QString(traits(error.code).name)}, {L("message"), error.detail}}}});
}

QByteArray okJson(QJsonObject members = {})
{
    members.insert(L("ok"), true);
    return protocol::toJson(members);
}

QString epochText()
{
    return QString::fromLatin1(access::randomToken(9));
}

} // namespace

AdminNamespace::AdminNamespace(AdminServices services, AdminOptions options)
    : m_services(services), m_options(std::move(options)), m_epoch(epochText()),
      m_startedAt(services.clock.wall()),
      m_actions(std::make_unique<AdminActions>(m_services, m_options)),
      m_alive(std::make_shared<bool>(true))
{
    m_topics.push_back(std::make_unique<OverviewTopic>(
        m_services, m_options.overviewInterval, services.clock.monotonic()));
    m_topics.push_back(std::make_unique<RoomsTopic>(services.hub));
    m_topics.push_back(
        std::make_unique<MembersTopic>(services.hub, m_services.allSessions(), services.clock));
    m_topics.push_back(std::make_unique<ClientsTopic>(
        m_services.allSessions(), services.hub, m_options.clientCountersInterval));
    m_topics.push_back(std::make_unique<NodesTopic>(services.directory, services.presence,
        services.tasks, services.clock, m_options.nodeSilence));
    m_topics.push_back(std::make_unique<TasksTopic>(
        services.tasks, services.journal, services.directory, m_options.maxTasksInSnapshot));
    m_topics.push_back(std::make_unique<ServicesTopic>(m_services.services));
    m_topics.push_back(std::make_unique<LogTopic>(services.liveLog, m_options));
    m_timer.callOnTimeout(&m_timer, [this] { tick(); });
    m_services.directory.addObserver(this);
}

AdminNamespace::~AdminNamespace()
{
    m_services.directory.removeObserver(this);
    // Topics look away while what they look at is there. Usually the server has gone first, and
    // every socket with it, so that nothing is left to stop.
    for (const auto& topic : m_topics) {
        if (isWatched(*topic))
            topic->stop();
    }
}

void AdminNamespace::connectRequested(session::Socket& socket, const QByteArray& authJson)
{
    QByteArray token;
    if (const auto raw = rawMember(authJson, "token"))
        token = jsonText(*raw).value_or(QByteArray());
    if (token.isEmpty()) {
        const QByteArray header = socket.handshake().headers.value("Authorization");
        token = access::TokenVerifier::bearerToken(header).value_or(QByteArray());
    }
    auto identity = m_services.identities.identifyFrom(socket.handshake().peerAddress, token);
    std::optional<ErrorCode> refusal;
    QString why;
    if (!identity) {
        refusal = identity.error().code;
        why = identity.error().detail;
        if (refusal == ErrorCode::RateLimited)
            m_services.metrics.tokensLocked.Increment();
    } else if (identity->isContainer() || identity->claims.type != access::TokenType::Access) {
        refusal = ErrorCode::TokenInvalid;
    } else if (const auto decision
               = access::mayAdminister(identity->principal, access::AdminAction::Watch);
               !decision) {
        refusal = ErrorCode::Forbidden;
        why = decision.reason;
    }
    if (refusal) {
        observe::log(observe::Level::Warning, observe::category::auth,
            QStringLiteral("Admin connection from %1 refused: %2 (%3)")
                .arg(socket.handshake().peerAddress, traits(*refusal).name, why),
            {.socket = socket.socketId()});
        return socket.refuse(
            protocol::toJson(QJsonObject{{L("message"), QStringLiteral("admin principal required")},
                {L("data"), QJsonObject{{L("code"), QString(traits(*refusal).name)}}}}));
    }
    socket.setPrincipal(identity->principal);
    socket.setData(access::accountOf(identity->claims));
    socket.accept();
}

void AdminNamespace::socketConnected(session::Socket& socket)
{
    const auto connection = std::make_shared<Connection>();
    connection->socket = &socket;
    connection->principal = socket.principal();
    connection->account = socket.data();
    if (const auto end = connection->principal.expiresAt)
        connection->endsAt = m_services.clock.monotonic() + (*end - m_services.clock.wall());
    m_connections.insert(socket.socketId(), connection);
    if (!m_timer.isActive())
        m_timer.start(m_options.changeInterval);
    observe::log(observe::Level::Info, observe::category::auth,
        QStringLiteral("Console of %1 <%2> connected from %3")
            .arg(access::name(connection->principal.kind), connection->principal.name,
                socket.handshake().peerAddress),
        {.socket = socket.socketId()});
    socket.emitEvent("hello", helloArgs(connection->principal));
}

void AdminNamespace::eventReceived(session::Socket& socket, const session::IncomingEvent& event)
{
    const ConnectionPtr connection = m_connections.value(socket.socketId());
    if (!connection)
        return;
    if (event.name == "echo") {
        if (event.ackId)
            socket.acknowledge(*event.ackId, event.args, event.attachments);
        return;
    }
    if (event.ackId)
        socket.owesAnswer(*event.ackId); // every event here that asks for one gets one
    if (m_actions->has(event.name)) {
        return m_actions->run(
            socket, event, [connection, ackId = event.ackId](const Result<QJsonObject>& result) {
                if (ackId && connection->socket)
                    connection->socket->acknowledge(
                        *ackId, result ? okJson(*result) : errorJson(result.error()));
            });
    }
    if (!event.ackId)
        return; // nobody waits for an answer
    const QJsonObject request = protocol::fromJsonArgs(event.args).at(0).toObject();
    if (event.name == "subscribe") {
        handleSubscribe(connection, request, *event.ackId);
    } else if (event.name == "page") {
        handlePage(connection, request, *event.ackId);
    } else if (event.name == "room:history") {
        handleHistory(connection, request, *event.ackId);
    } else if (event.name == "unsubscribe") {
        handleUnsubscribe(connection, request, *event.ackId);
    } else {
        socket.acknowledge(
            *event.ackId, errorJson({ErrorCode::BadRequest, QStringLiteral("unknown event")}));
    }
}

void AdminNamespace::socketDisconnected(session::Socket& socket, const QByteArray& reason)
{
    const ConnectionPtr connection = m_connections.take(socket.socketId());
    if (!connection)
        return;
    connection->socket = nullptr;
    const auto watched = std::move(connection->watched);
    for (const auto& [topic, watcher] : watched)
        stopIfUnwatched(*topic);
    if (m_connections.isEmpty())
        m_timer.stop();
    observe::log(observe::Level::Info, observe::category::auth,
        QStringLiteral("Console of <%1> disconnected: %2")
            .arg(connection->principal.name, QString::fromUtf8(reason)),
        {.socket = socket.socketId()});
}

void AdminNamespace::tick()
{
    endExpired();
    const Millis now = m_services.clock.monotonic();
    for (const auto& topic : m_topics) {
        if (!isWatched(*topic))
            continue;
        topic->prepare(now);
        sendChanges(*topic);
    }
    tellVersionsToWhoMissedSome();
}

void AdminNamespace::handleSubscribe(
    const ConnectionPtr& connection, const QJsonObject& request, quint64 ackId)
{
    AdminTopic* topic = topicOf(request);
    if (!topic)
        return acknowledge(connection, ackId, errorJson(unknownTopic()));
    const bool wasWatched = isWatched(*topic);
    if (!wasWatched)
        topic->start();
    // What others have not been told yet would otherwise be told to the new one twice, in changes
    // that begin before the snapshot.
    while (wasWatched && sendChanges(*topic)) { }
    const auto watcher = std::make_shared<Watcher>();
    const qint64 wanted = request.value(L("pageSize")).toInteger(m_options.defaultPageSize);
    watcher->pageSize = int(std::clamp<qint64>(wanted, 1, m_options.maxPageSize));
    watcher->reader = topic->read(request);
    connection->watched[topic] = watcher;
    readPage(connection, *topic, watcher,
        [this, connection, topic, watcher, ackId, version = topic->version()](
            const Result<QByteArray>& page) {
            if (!page) {
                const auto current = connection->watched.find(topic);
                if (current != connection->watched.end() && current->second == watcher) {
                    connection->watched.erase(current);
                    stopIfUnwatched(*topic);
                }
                return acknowledge(connection, ackId, errorJson(page.error()));
            }
            acknowledge(connection, ackId,
                "{\"ok\":true,\"topic\":\"" + QByteArray(topic->name().data()) + "\",\"epoch\":\""
                    + m_epoch.toLatin1() + "\",\"version\":" + QByteArray::number(version) + ','
                    + *page + '}');
            watcher->isAcked = true;
            for (const protocol::EncodedPacketPtr& packet : std::exchange(watcher->held, {})) {
                if (connection->socket)
                    connection->socket->deliver(packet, hub::Urgency::Reliable);
            }
        });
}

void AdminNamespace::handlePage(
    const ConnectionPtr& connection, const QJsonObject& request, quint64 ackId)
{
    AdminTopic* topic = topicOf(request);
    if (!topic)
        return acknowledge(connection, ackId, errorJson(unknownTopic()));
    const auto found = connection->watched.find(topic);
    const QString cursor = request.value(L("cursor")).toString();
    const auto watcher = found == connection->watched.end() ? nullptr : found->second;
    if (!watcher || watcher->isLastRead || watcher->isBusy
        || cursor != QString::number(watcher->pagesRead))
        return acknowledge(connection, ackId,
            errorJson({ErrorCode::BadRequest, QStringLiteral("no such page; subscribe again")}));
    readPage(connection, *topic, watcher,
        // The watcher has to last until the page is there, also when a new subscription takes its
        // place: its question is answered then too.
        [this, connection, topic, watcher, ackId](const Result<QByteArray>& page) {
            if (!page)
                return acknowledge(connection, ackId, errorJson(page.error()));
            acknowledge(connection, ackId,
                "{\"ok\":true,\"topic\":\"" + QByteArray(topic->name().data()) + "\"," + *page
                    + '}');
        });
}

void AdminNamespace::handleHistory(
    const ConnectionPtr& connection, const QJsonObject& request, quint64 ackId)
{
    if (request.value(L("nsp")).toString() != QString::fromUtf8(federationNamespace().value))
        return acknowledge(connection, ackId,
            errorJson({ErrorCode::NotFound, QStringLiteral("no history is kept there")}));
    const RoomName room{request.value(L("room")).toString().toUtf8()};
    const qint64 after = std::max<qint64>(0, request.value(L("after")).toInteger());
    acknowledge(connection, ackId,
        historyJson(m_services.history.after(room, quint64(after), m_options.maxHistoryBytes)));
}

void AdminNamespace::handleUnsubscribe(
    const ConnectionPtr& connection, const QJsonObject& request, quint64 ackId)
{
    AdminTopic* topic = topicOf(request);
    if (!topic)
        return acknowledge(connection, ackId, errorJson(unknownTopic()));
    if (connection->watched.erase(topic) > 0)
        stopIfUnwatched(*topic);
    acknowledge(connection, ackId, okJson());
}

/// Reads the next page and hands on its members `"items":[…],"cursor":…`.
void AdminNamespace::readPage(const ConnectionPtr& connection, AdminTopic& topic,
    const std::shared_ptr<Watcher>& watcher, std::function<void(Result<QByteArray>)> done)
{
    watcher->isBusy = true;
    SnapshotReader& reader = *watcher->reader;
    reader.next({watcher->pageSize, m_options.maxPageBytes},
        [alive = std::weak_ptr(m_alive), connection, topic = &topic, weak = std::weak_ptr(watcher),
            done = std::move(done)](Result<SnapshotPage> page) {
            const auto reading = weak.lock();
            if (alive.expired() || !reading || !connection->socket)
                return;
            const auto current = connection->watched.find(topic);
            if (current == connection->watched.end() || current->second != reading)
                return done(
                    failure(ErrorCode::Conflict, QStringLiteral("subscribed anew meanwhile")));
            reading->isBusy = false;
            if (!page)
                return done(tl::unexpected<Error>(page.error()));
            ++reading->pagesRead;
            QByteArray cursor = "null";
            if (!page->isLast)
                cursor = '"' + QByteArray::number(reading->pagesRead) + '"';
            reading->isLastRead = page->isLast;
            done("\"items\":[" + page->items.join(',') + "],\"cursor\":" + cursor);
        });
}

void AdminNamespace::stopIfUnwatched(AdminTopic& topic)
{
    if (!isWatched(topic))
        topic.stop();
}

bool AdminNamespace::isWatched(const AdminTopic& topic) const
{
    return std::any_of(
        m_connections.cbegin(), m_connections.cend(), [&topic](const ConnectionPtr& connection) {
            return connection->watched.count(const_cast<AdminTopic*>(&topic)) > 0;
        });
}

/// True when there was something to send. Encoded once for everybody.
bool AdminNamespace::sendChanges(AdminTopic& topic)
{
    const auto changes = topic.takeChanges({m_options.maxPageSize, m_options.maxPageBytes});
    if (!changes)
        return false;
    const auto packet = changePacket(topic, changes->from, changes->version, changes->members);
    const QList<ConnectionPtr> connections = m_connections.values();
    for (const ConnectionPtr& connection : connections) {
        const auto found = connection->watched.find(&topic);
        if (found == connection->watched.end() || !connection->socket)
            continue;
        if (found->second->isAcked)
            connection->socket->deliver(packet, hub::Urgency::Reliable);
        else
            found->second->held.push_back(packet);
    }
    return true;
}

protocol::EncodedPacketPtr AdminNamespace::changePacket(
    const AdminTopic& topic, quint64 from, quint64 version, const QByteArray& members) const
{
    const QByteArray args = "{\"topic\":\"" + QByteArray(topic.name().data()) + "\",\"epoch\":\""
        + m_epoch.toLatin1() + "\",\"from\":" + QByteArray::number(from)
        + ",\"version\":" + QByteArray::number(version) + ",\"at\":"
        + QByteArray::number(qint64(m_services.clock.wall().count())) + ',' + members + '}';
    const auto packet = protocol::encodeEvent(name(), "change", args);
    // A client that misses one sees it by the numbers and asks for the snapshot.
    packet->setShedding(m_services.hub.slowPolicies().sheddingOf(name(), {}, "change", args));
    return packet;
}

/// A gap shows in the change that follows it; of a topic that has fallen silent none follows. So
/// whoever was too slow for some changes is told where each topic stands, until it hears it.
void AdminNamespace::tellVersionsToWhoMissedSome()
{
    const QList<ConnectionPtr> connections = m_connections.values();
    for (const ConnectionPtr& connection : connections) {
        if (!connection->socket)
            continue;
        const quint64 missed = connection->socket->missedEvents();
        if (std::exchange(connection->missedEvents, missed) == missed)
            continue;
        const auto watched = connection->watched; // delivering may end the connection
        for (const auto& [topic, watcher] : watched) {
            if (watcher->isAcked && connection->socket)
                connection->socket->deliver(
                    changePacket(*topic, topic->version(), topic->version(), topic->noChanges()),
                    hub::Urgency::Reliable);
        }
    }
}

void AdminNamespace::endExpired()
{
    const Millis monotonic = m_services.clock.monotonic();
    const Millis wall = m_services.clock.wall();
    const QList<ConnectionPtr> connections = m_connections.values();
    for (const ConnectionPtr& connection : connections) {
        // Either clock: a wall clock set back does not make the token last longer.
        const bool isOver = connection->endsAt
            && (*connection->endsAt <= monotonic || *connection->principal.expiresAt <= wall);
        if (isOver)
            end(connection);
    }
}

void AdminNamespace::directoryChanged()
{
    const QList<ConnectionPtr> connections = m_connections.values();
    for (const ConnectionPtr& connection : connections) {
        if (!connection->account.isEmpty()
            && !m_services.identities.isAccountCurrent(
                AdminId{connection->principal.id}, connection->account))
            end(connection);
    }
}

void AdminNamespace::end(const ConnectionPtr& connection)
{
    if (connection->socket)
        connection->socket->emitEvent("session_expired");
    if (connection->socket)
        connection->socket->disconnect();
}

AdminTopic* AdminNamespace::topicOf(const QJsonObject& request) const
{
    const QString wanted = request.value(L("topic")).toString();
    for (const auto& topic : m_topics) {
        if (topic->name() == wanted)
            return topic.get();
    }
    return nullptr;
}

Error AdminNamespace::unknownTopic() const
{
    return {ErrorCode::BadRequest, QStringLiteral("no such topic")};
}

void AdminNamespace::acknowledge(
    const ConnectionPtr& connection, quint64 ackId, const QByteArray& json)
{
    if (connection->socket)
        connection->socket->acknowledge(ackId, json);
}

QByteArray AdminNamespace::helloArgs(const access::Principal& principal) const
{
    const QString host = QSysInfo::machineHostName();
    return protocol::toJson(QJsonObject{{L("protocol"), 1},
        {L("serverId"), m_options.serverId.isEmpty() ? host : m_options.serverId},
        {L("version"), QStringLiteral(GATEHOUSE_VERSION)}, {L("hostname"), host},
        {L("startedAt"), qint64(m_startedAt.count())},
        {L("now"), qint64(m_services.clock.wall().count())}, {L("epoch"), m_epoch},
        {L("principal"), QJsonObject{{L("id"), principal.id}, {L("name"), principal.name}}}});
}

} // namespace gatehouse::events
