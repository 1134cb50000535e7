// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"
#include "server/access/principal.h"
#include "server/events/adminoptions.h"
#include "server/session/sessionsource.h"
#include "server/session/socket.h"
#include "server/work/directory.h"

#include <QHash>
#include <QJsonObject>
#include <QTimer>

#include <functional>
#include <map>
#include <memory>
#include <vector>

namespace gatehouse::hub {
class Hub;
class RoomHistory;
} // namespace gatehouse::hub
namespace gatehouse::identity {
class Identities;
}
namespace gatehouse::observe {
class AuditSink;
class LiveLog;
class LoopLag;
class Metrics;
} // namespace gatehouse::observe
namespace gatehouse::session {
class SocketIoServer;
}
namespace gatehouse::work {
class Journal;
class Presence;
class TaskService;
} // namespace gatehouse::work

namespace gatehouse::events {

class AdminActions;
class AdminTopic;

/// What the admin namespace looks at and acts on. References outlive it.
struct AdminServices
{
    session::SocketIoServer& server;
    hub::Hub& hub;
    const identity::Identities& identities;
    work::Directory& directory;
    work::Presence& presence;
    work::TaskService& tasks;
    work::Journal& journal;
    observe::LiveLog& liveLog;
    observe::Metrics& metrics;
    observe::LoopLag& loopLag;
    observe::AuditSink& audit;
    const Clock& clock;
    const hub::RoomHistory& history; ///< of the federation's rooms
    /// Sessions beside those of `server`, for the console; not owned.
    std::vector<session::SessionSource*> plainSessions{};
    /// By key, which each has as a member too.
    std::function<std::map<QString, QJsonObject>()>
        services{}; ///< the items of the topic `services`; null: none
    using Demoted = std::function<void(const Result<void>&)>;
    /// Takes the login of a relay profile from the client with these sockets. Conflict: it has
    /// none. Null: nobody has.
    std::function<void(const std::vector<SocketId>& sockets, Demoted done)> demote{};

    std::vector<session::SessionSource*> allSessions() const;
};

/// The namespace `/gh-admin` (docs/admin-protocol.md): watching by snapshot and numbered changes,
/// and privileged actions, for admin principals only. One timer serves all watchers; nothing is
/// computed for topics nobody watches. Registered with SocketIoServer::addNamespace(); owned by the
/// composition root, which destroys it after the server; network thread only.
class AdminNamespace final : public session::NamespaceHandler, private work::DirectoryObserver
{
public:
    static NamespaceName name() { return {"/gh-admin"}; }

    explicit AdminNamespace(AdminServices services, AdminOptions options = {});
    ~AdminNamespace() override;

    void connectRequested(session::Socket& socket, const QByteArray& authJson) override;
    void socketConnected(session::Socket& socket) override;
    void eventReceived(session::Socket& socket, const session::IncomingEvent& event) override;
    void socketDisconnected(session::Socket& socket, const QByteArray& reason) override;

    /// Sends what changed and ends expired sessions. Called by a timer while somebody is connected;
    /// tests call it after moving their clock.
    void tick();

private:
    struct Watcher;
    struct Connection;
    using ConnectionPtr = std::shared_ptr<Connection>; ///< outlives the socket while it is answered

    void handleSubscribe(
        const ConnectionPtr& connection, const QJsonObject& request, quint64 ackId);
    void handlePage(const ConnectionPtr& connection, const QJsonObject& request, quint64 ackId);
    void handleHistory(const ConnectionPtr& connection, const QJsonObject& request, quint64 ackId);
    void handleUnsubscribe(
        const ConnectionPtr& connection, const QJsonObject& request, quint64 ackId);
    void readPage(const ConnectionPtr& connection, AdminTopic& topic,
        const std::shared_ptr<Watcher>& watcher, std::function<void(Result<QByteArray>)> done);
    void stopIfUnwatched(AdminTopic& topic);
    bool isWatched(const AdminTopic& topic) const;
    bool sendChanges(AdminTopic& topic);
    protocol::EncodedPacketPtr changePacket(
        const AdminTopic& topic, quint64 from, quint64 version, const QByteArray& members) const;
    void tellVersionsToWhoMissedSome();
    void directoryChanged() override; ///< ends connections of accounts that are no more
    void endExpired();
    static void end(const ConnectionPtr& connection);
    AdminTopic* topicOf(const QJsonObject& request) const;
    Error unknownTopic() const;
    void acknowledge(const ConnectionPtr& connection, quint64 ackId, const QByteArray& json);
    QByteArray helloArgs(const access::Principal& principal) const;

    AdminServices m_services;
    const AdminOptions m_options;
    const QString m_epoch;
    const Millis m_startedAt; ///< wall clock
    std::vector<std::unique_ptr<AdminTopic>> m_topics;
    std::unique_ptr<AdminActions> m_actions;
    QHash<SocketId, ConnectionPtr> m_connections;
    std::shared_ptr<bool> m_alive;
    QTimer m_timer;
};

} // namespace gatehouse::events
