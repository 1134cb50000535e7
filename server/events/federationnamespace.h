// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/access/principal.h"
#include "server/events/federationannouncer.h"
#include "server/events/federationnames.h"
#include "server/events/federationoptions.h"
#include "server/events/noderefusals.h"
#include "server/events/nodewrites.h"
#include "server/events/windowbudget.h"
#include "server/observe/log.h"
#include "server/session/socket.h"
#include "server/work/directory.h"

#include <QHash>
#include <QSet>
#include <QTimer>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace gatehouse::hub {
class Hub;
class RoomHistory;
} // namespace gatehouse::hub
namespace gatehouse::identity {
class Elsewhere;
class Identities;
struct Identity;
} // namespace gatehouse::identity
namespace gatehouse::observe {
class Metrics;
}
namespace gatehouse::session {
class SocketIoServer;
}
namespace gatehouse::work {
class Journal;
class Presence;
class TaskService;
} // namespace gatehouse::work

namespace gatehouse::events {

class AlgorithmLogHandler;
class ForeignRuns;
class FederationEventHandler;
class KillDelivery;

/// What the federation namespace works with. References outlive it.
struct FederationServices
{
    session::SocketIoServer& server;
    hub::Hub& hub;
    const identity::Identities& identities;
    work::Directory& directory;
    work::Presence& presence;
    work::TaskService& tasks;
    work::Journal& journal;
    observe::Metrics& metrics;
    const Clock& clock;
    const hub::RoomHistory& history;
    /// Why a client could not get a new token or its work over HTTP just now; empty when it could.
    /// A node that is told `expired_token` at such a moment asks once and is lost for good.
    std::function<QString()> restFault = {};
    identity::Elsewhere* elsewhere = nullptr; ///< where runs are that the journal does not have
};

/// The namespace `/tasks` as vantage6 v4 nodes and user interfaces know it (federation.md sections
/// 1 to 7). The token is that of the handshake's Authorization header; CONNECT is always confirmed,
/// then a bad token leads to `expired_token`, `invalid_token` or silence. Everything after that is
/// done for identified sockets only. Registered with SocketIoServer::addNamespace(); owned by the
/// composition root, which destroys it after the server; network thread only.
class FederationNamespace final : public session::NamespaceHandler, private work::DirectoryObserver
{
public:
    static NamespaceName name() { return federationNamespace(); }

    FederationNamespace(FederationServices services, FederationAnnouncer& announcer,
        FederationOptions options = {});
    ~FederationNamespace() override;

    std::optional<std::vector<RoomName>> recoveryRequested(
        session::Socket& socket, const session::PastSocket& past) override;
    void socketConnected(session::Socket& socket) override;
    void eventReceived(session::Socket& socket, const session::IncomingEvent& event) override;
    void socketDisconnected(session::Socket& socket, const QByteArray& reason) override;

    /// What is due now: unidentified sockets to close, `expired_token` held back, log lines and
    /// news of nodes to write. Called by a timer; tests call it after moving their clock.
    void sweep();

    /// Hands everything that waits to be written to the journal; before that is closed.
    void flush();

    qsizetype unidentifiedCount() const { return qsizetype(m_unidentified.size()); }

private:
    struct Member
    {
        session::Socket* socket = nullptr; ///< null once it has gone
        access::Principal principal;
        std::vector<RoomName> rooms;
        std::optional<Millis> tokenEnd; ///< monotonic
        bool wasTold = false; ///< that its token has ended
    };
    using MemberPtr = std::shared_ptr<Member>; ///< outlives the socket while something is under way
    /// Somebody whose token we did not accept.
    struct Stranger
    {
        session::Socket* socket = nullptr;
        Millis closeAt{}; ///< monotonic
        QByteArray expiredSubject; ///< waits for `expired_token` when not empty
    };

    /// Nobody yet: somebody is being asked about its token. What it says meanwhile is heard after
    /// that.
    struct Early
    {
        session::Socket* socket = nullptr;
        std::vector<session::IncomingEvent> events;
        qsizetype bytes = 0;
    };

    /// A node whose connection has ended because it is back on another.
    struct HandOver
    {
        NodeId node;
        Millis until{}; ///< monotonic; then it has gone after all
    };

    void directoryChanged() override;
    void directoryPartChanged(const work::DirectoryPart& part) override;

    Result<identity::Identity> identityOf(const session::Socket& socket) const;
    void findHolder(session::Socket& socket);
    std::function<void(Result<void>)> later(
        const session::Socket& socket, void (FederationNamespace::*step)(session::Socket&));
    void sendAway(const session::Socket& socket);
    bool keepForLater(const SocketId& id, const session::IncomingEvent& event);
    void admit(session::Socket& socket);
    void refuse(session::Socket& socket, const Error& error);
    void enter(session::Socket& socket, const access::Principal& principal);
    void handleRefusedToken(session::Socket& socket, const Error& error);
    void endRemoved(const Member& member);
    void addStranger(session::Socket& socket, QByteArray expiredSubject);
    void closeStranger(const SocketId& id);
    void sendExpiredToken(Stranger& stranger);
    bool mayAskForRenewal();
    void admitNode(const MemberPtr& member);
    void joinRooms(const MemberPtr& member, const std::vector<RoomName>& rooms);
    void leaveRooms(const MemberPtr& member, const std::vector<RoomName>& rooms);
    void tellRoom(const RoomName& room, const QString& text);
    std::vector<RoomName> roomsOf(const access::Principal& principal) const;
    void reviewMember(const SocketId& id);
    bool isConcerned(const access::Principal& user, const work::DirectoryPart& part) const;
    void sweepStrangers(Millis now);
    void sweepTokens(Millis now);
    void sweepHandOvers(Millis now);
    void logWordsOf(const session::Socket& socket, const access::Principal& principal,
        observe::Level level, const QString& text);
    void handlePing(Member& member);
    void handleHistory(const Member& member, const session::IncomingEvent& event);

    FederationServices m_services;
    FederationAnnouncer& m_announcer;
    const FederationOptions m_options;
    std::unique_ptr<KillDelivery> m_kills;
    std::unique_ptr<ForeignRuns> m_foreignRuns;
    WindowBudget<SocketId> m_logBudget;
    WindowBudget<SocketId> m_historyBudget;
    NodeRefusals m_refusals;
    NodeWrites m_nodeWrites;
    QHash<SocketId, MemberPtr> m_members;
    QHash<SocketId, HandOver> m_handOvers;
    QMultiHash<NodeId, SocketId> m_socketsOf; ///< members that are nodes
    QSet<SocketId> m_users; ///< members that are none
    QHash<SocketId, Early> m_early;
    QHash<SocketId, Stranger> m_unidentified;
    std::vector<SocketId> m_strangerOrder; ///< oldest first; may name some that have gone
    QHash<QByteArray, Millis> m_expiredTold; ///< subject -> when `expired_token` was last sent
    QHash<QByteArray, FederationEventHandler*> m_handlers;
    std::vector<std::unique_ptr<FederationEventHandler>> m_ownedHandlers;
    AlgorithmLogHandler* m_logHandler = nullptr;
    bool m_isHoldingRenewals = false;
    QTimer m_timer;
    std::shared_ptr<bool> m_alive = std::make_shared<bool>(true);
};

} // namespace gatehouse::events
