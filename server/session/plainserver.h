// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/tokenbucket.h"
#include "common/protocol/jsonframe.h"
#include "server/hub/hub.h"
#include "server/session/addressbook.h"
#include "server/session/plainsocket.h"
#include "server/session/sessionsource.h"

#include <QStringList>

#include <functional>
#include <memory>

namespace gatehouse::session {

/// Bounds and timings of one PlainServer.
struct PlainOptions
{
    QString name; ///< of the listener; for the log and the console
    /// How what is published to rooms is written for these clients; the name of its shape is what
    /// the console shows.
    protocol::JsonDialect dialect = protocol::JsonDialect::typed();
    NamespaceName nsp; ///< whose rooms its clients may be in; empty: none
    Millis pingInterval{20'000};
    Millis pingTimeout{20'000};
    qint64 maxMessageBytes = 1 << 20; ///< from a client
    qsizetype maxQueuedBytes = 128 << 20; ///< waiting for one client, then it is a slow consumer
    Millis maxQueueAge{60'000}; ///< of the oldest frame waiting, same consequence
    /// Waiting for all clients together, each frame counted for each of them; over it the client
    /// with the longest queue is closed as a slow consumer, until it fits again.
    qint64 maxTotalQueuedBytes = qint64(1) << 30;
    int maxSessions = 10'000;
    int maxRoomsPerSocket = 1'000;
    AddressLimits perAddress{
        .maxSessions = 1'000, .handshakes = {.perSecond = 100, .burst = 1'000}};
    Rate messages{.perSecond = 5'000, .burst = 50'000}; ///< over it a session ends: RateLimited
    Rate bytes{.perSecond = 16 << 20, .burst = 64 << 20};
    QStringList allowedOrigins{QStringLiteral("*")}; ///< as SessionOptions::allowedOrigins
};

/// Totals since the start.
struct PlainCounters
{
    quint64 opened = 0;
    quint64 closed = 0;
    quint64 framesIn = 0;
    quint64 framesOut = 0;
    quint64 bytesIn = 0;
    quint64 bytesOut = 0;
    quint64 slowConsumers = 0; ///< closed: queue over its bound in octets or age, or over the total
    quint64 totalQueueFull = 0; ///< of these, for the sake of all: over maxTotalQueuedBytes
    quint64 revoked = 0; ///< closed: lost a right with frames still queued
    quint64 pingTimeouts = 0;
    quint64 protocolErrors = 0; ///< closed: binary messages, or WebSocket frames out of order
    quint64 limitedMessages = 0; ///< closed: too many messages
    quint64 limitedBytes = 0; ///< closed: too many octets
    quint64 refusedOrigins = 0;
    quint64 refusedSessions = 0; ///< full or draining
    quint64 refusedAddresses = 0;
    quint64 refusedHandshakes = 0;
    quint64 refusedByHandler = 0;
    quint64 refusedRooms = 0;
    quint64 volatileDropped = 0;
    quint64 notForPlain = 0; ///< publications with attachments: there is no way to say them here
};

/// Plain WebSockets: every client of one listener or path, each text frame handed to one handler.
/// No subprotocol and no extension is agreed on. Registered with transport as WebSocketAcceptor.
/// Owned by the composition root, destroyed before its handler and the hub; network thread only.
class PlainServer : public WebSocketAcceptor, public SessionSource
{
public:
    PlainServer(PlainOptions options, hub::Hub& hub, const Clock& clock, PlainHandler& handler);
    ~PlainServer() override; ///< closes what is open
    Q_DISABLE_COPY_MOVE(PlainServer)

    std::optional<protocol::HttpResponse> refusal(const protocol::HttpRequest& request) override;
    void linkOpened(
        const protocol::HttpRequest& request, std::unique_ptr<WebSocketLink> link) override;
    LinkLimits linkLimits() const override;

    std::vector<SessionView> sessions() const override;
    qsizetype sessionCount() const override;
    std::optional<SessionView> session(const SessionId& id) const override;
    std::optional<SessionId> sessionOf(const SocketId& id) const override;
    std::optional<SocketView> socket(const SocketId& id) const override;
    bool closeSession(const SessionId& id, CloseCode code, QLatin1StringView reason) override;
    void addObserver(SessionObserver* observer) override;
    void removeObserver(SessionObserver* observer) override;
    PlainSocket* find(const SessionId& id) const; ///< null when there is none (any more)

    /// No new clients from now on (503); the open ones are closed in batches spread over `spread`.
    void drain(Millis spread, std::function<void()> finished);

    /// Runs what is due by the clock; for tests with a ManualClock.
    void runTimers();

    const PlainCounters& counters() const;
    const PlainOptions& options() const;

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace gatehouse::session
