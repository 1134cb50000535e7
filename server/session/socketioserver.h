// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "common/protocol/engineio.h"
#include "common/protocol/socketiopacket.h"
#include "server/hub/hub.h"
#include "server/session/addressbook.h"
#include "server/session/drain.h"
#include "server/session/httphandler.h"
#include "server/session/recovery.h"
#include "server/session/sessionsource.h"
#include "server/session/socket.h"
#include "server/session/websocketlink.h"

#include <QStringList>

#include <memory>

namespace gatehouse::session {

/// Timings and bounds of sessions; the defaults are those a vantage6 node sees today. What depends
/// on identity, address or speed is open here; a server for everybody sets it (app).
struct SessionOptions
{
    Millis pingInterval{25'000};
    Millis pingTimeout{60'000};
    qint64 maxPayloadBytes = 1'000'000; ///< one message or one POST body
    Millis connectTimeout{45'000}; ///< a session without any namespace ends after this
    /// A session none of whose sockets has an identified principal ends after this; 0: never
    /// (nodes with a refused token stay connected and silent, as vantage6 expects).
    Millis identifyTimeout{0};
    Millis upgradeTimeout{10'000}; ///< from the WebSocket's probe to its "5"
    qsizetype maxQueuedBytes = 1 << 20; ///< per client, then it is closed as a slow consumer
    Millis maxQueueAge{30'000}; ///< oldest queued packet of a client, same consequence
    int maxNamespacesPerSession = 8;
    int maxPendingAcks = 1'000; ///< acks we wait for, per socket
    int maxSessions = 50'000;
    int maxRoomsPerSocket = 1'000;
    protocol::EnginePayloadLimits payload; ///< of one POST
    protocol::SocketIoLimits packets;
    qsizetype maxBroadcastReplyBytes = 16
        << 20; ///< answers to one event sent to many; then missing
    bool allowMsgpack
        = false; ///< clients with socket.io-msgpack-parser, told by their first packet
    bool allowEngineIo3 = false; ///< clients of Socket.IO 1 and 2 ("EIO=3"), else refused
    /// What one session may send, pongs included; over it the session ends with RateLimited.
    Rate messages;
    Rate bytes;
    /// A message of a session nobody has identified in; 0: as large as anybody's.
    qsizetype maxUnidentifiedBytes = 0;
    AddressLimits perAddress;
    /// CORS allow-list; "*" echoes any Origin. An absent Origin header is always accepted (not a
    /// browser), a foreign one is refused with 403 before a session exists.
    QStringList allowedOrigins{QStringLiteral("*")};
};

/// The answers to one event sent to many.
struct BroadcastReplies
{
    qsizetype asked = 0; ///< clients the event went to
    std::vector<std::pair<SocketId, AckReply>> replies; ///< as they came

    /// Clients that did not answer in time, or are gone.
    qsizetype missing() const { return asked - qsizetype(replies.size()); }
};
using BroadcastCallback = std::function<void(BroadcastReplies)>;

/// Totals since the start, for /metrics and the console.
struct SessionCounters
{
    quint64 opened = 0;
    quint64 closed = 0;
    quint64 openedEngineIo3 = 0; ///< of those opened
    quint64 upgraded = 0; ///< polling to WebSocket
    quint64 slowConsumers = 0; ///< closed: outgoing queue over its bound in bytes or age
    quint64 revoked = 0; ///< closed: lost a right with events of it still queued
    quint64 pingTimeouts = 0;
    quint64 connectTimeouts = 0; ///< closed: no namespace, or no identity, in time
    quint64 protocolErrors = 0; ///< closed: bytes that do not follow the protocol
    quint64 refusedRequests = 0; ///< bad transport, version, method or session id
    quint64 refusedOrigins = 0;
    quint64 refusedSessions = 0; ///< server full or draining
    quint64 refusedNamespaces = 0; ///< unknown, or too many in one session
    quint64 refusedBodies = 0; ///< POST over maxPayloadBytes
    quint64 refusedAddresses = 0; ///< a session more than an address may have
    quint64 refusedHandshakes = 0; ///< faster than an address may shake hands
    quint64 refusedRooms = 0; ///< a room more than a socket may be in
    quint64 refusedUnidentifiedBytes = 0; ///< closed: message too large for somebody unknown
    quint64 displacedUnidentified = 0; ///< closed: another unknown of the address came
    quint64 limitedMessages = 0; ///< closed: sent too many messages
    quint64 limitedBytes = 0; ///< closed: sent too many octets
    quint64 refusedAcks = 0; ///< emitWithAck() over maxPendingAcks
    quint64 eventsShed = 0; ///< dropped for a client over its bound, as a policy allows (polling)
    quint64 volatileDropped = 0;
    quint64 recoveries = 0; ///< clients that came back and got what they missed
    quint64 recoveriesRefused = 0; ///< asked for it and started anew
    quint64 recoveriesLost = 0; ///< forgotten early: more were away than are remembered
    quint64 stalls = 0; ///< times this process did not run for longer than a heartbeat allows
    quint64 packetsIn = 0;
    quint64 packetsOut = 0;
    quint64 bytesIn = 0;
    quint64 bytesOut = 0;
};

/// Engine.IO 4 over polling and WebSocket, and Socket.IO 5 above it (if allowed, also Engine.IO 3
/// with Socket.IO 4): every session of the process.
/// Registered with transport for one path ("/socket.io/") both as HttpHandler and
/// WebSocketAcceptor. Owned by the composition root; network thread only.
class SocketIoServer : public HttpHandler, public WebSocketAcceptor, public SessionSource
{
public:
    SocketIoServer(SessionOptions options, hub::Hub& hub, const Clock& clock);
    ~SocketIoServer() override; ///< closes what is open; handlers must still be alive
    Q_DISABLE_COPY_MOVE(SocketIoServer)

    /// Not owned. A CONNECT to a namespace nobody added is answered {"message":"Invalid
    /// namespace"}. With recovery, every CONNECT answer carries a pid and every event that can be
    /// sent again its offset. `journal` is not owned; null where nothing outlives the process.
    void addNamespace(const NamespaceName& name, NamespaceHandler* handler);
    void addNamespace(const NamespaceName& name, NamespaceHandler* handler,
        RecoveryOptions recovery, RecoveryJournal* journal = nullptr);
    /// What an earlier run left; before the first client comes.
    void restoreNamespace(const NamespaceName& name, RecoveredNamespace past);
    void addObserver(SessionObserver* observer) override;
    void removeObserver(SessionObserver* observer) override;

    void handleRequest(const HttpExchangePtr& exchange) override;
    void completeRefusal(
        const protocol::HttpRequest& request, protocol::HttpResponse& response) override;
    std::optional<protocol::HttpResponse> refusal(const protocol::HttpRequest& request) override;
    void linkOpened(
        const protocol::HttpRequest& request, std::unique_ptr<WebSocketLink> link) override;

    std::vector<SessionView> sessions() const override;
    std::optional<SessionView> session(const SessionId& id) const override;
    std::optional<SessionId> sessionOf(const SocketId& id) const override;
    std::optional<SocketView> socket(const SocketId& id) const override;
    Socket* findSocket(const SocketId& id) const; ///< null when there is none (any more)

    bool closeSession(const SessionId& id, CloseCode code, QLatin1StringView reason) override;

    /// For a session that loses a right: what was published to it before leaves now or never. A
    /// client that does not take all of it at once is closed (`rights changed`), so that it comes
    /// back knowing that it has missed something; false then.
    bool settleBeforeRevocation(const SessionId& id);

    /// Publishes an event every recipient is asked to answer. The callback is called once, never
    /// from inside this call: when all have answered, or after `timeout` with those that have.
    void publishWithAcks(hub::Publication publication, Millis timeout, BroadcastCallback callback);

    /// Sends an Engine.IO ping now; the callback gets the round-trip time, or Timeout/Unavailable.
    void measureRoundTrip(const SessionId& id, std::function<void(Result<Millis>)> callback);

    /// No new sessions from now on (503); the open ones are closed in batches, each when its client
    /// has got the answers it is owed.
    void drain(DrainOptions options, std::function<void()> finished);

    /// Runs what is due by the clock. The server's own timer calls it; tests with a ManualClock do
    /// so themselves, in steps shorter than a second (a longer silence is taken for a stall).
    void runTimers();

    const SessionCounters& counters() const;
    qsizetype absentSockets() const; ///< that may still come back
    const SessionOptions& options() const;

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace gatehouse::session
