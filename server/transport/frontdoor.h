// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"
#include "server/transport/httpsocket.h"
#include "server/transport/router.h"
#include "server/transport/tlscontext.h"
#include "server/transport/transportcontext.h"
#include "server/transport/trustedproxies.h"
#include "server/transport/websocketdoor.h"

#include <QSslConfiguration>

#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>

namespace gatehouse::transport {

class HttpConnection;
class Listener;

/// Everything between accept() and the handlers: caps, TLS, the HTTP connections and where they
/// turn. Owned by Server.
class FrontDoor
{
public:
    FrontDoor(TransportOptions options, const Clock& clock);
    ~FrontDoor();
    Q_DISABLE_COPY_MOVE(FrontDoor)

    Result<void> listen(const QHostAddress& address, quint16 port);
    void stopListening();
    void finishRequests(std::function<void()> finished); ///< see Server
    void close();
    Result<void> reloadTls();

    Listener* listener() const { return m_listener.get(); }
    Router& router() { return m_router; }
    TransportContext& context() { return *m_context; }
    WebSocketDoor& webSocketDoor() { return m_webSocketDoor; }
    const TrustedProxies& trustedProxies() const { return m_trustedProxies; }
    const TransportCounters& refreshedCounters();
    int connectionLimit() const { return m_connectionLimit; }
    bool isFinishing() const { return m_finished != nullptr; } ///< no more keep-alive

    void forget(HttpConnection* connection); ///< destroys it from the event loop
    void countRefusal(int status);

private:
    void accept(qintptr descriptor);
    std::unique_ptr<HttpSocket> makeSocket(HttpSocket::Host& host, int descriptor);
    bool isAdmitted(const QHostAddress& address, bool isCountedPerAddress);
    int allowedConnections() const;
    void prepareSending();
    void checkFinished();

    TransportContextPtr m_context;
    Router m_router;
    WebSocketDoor m_webSocketDoor;
    TrustedProxies m_trustedProxies;
    std::optional<QSslConfiguration> m_tls;
    TlsContextPtr m_tlsContext; ///< the same for our own streams
    std::unique_ptr<Listener> m_listener;
    std::unordered_map<HttpConnection*, std::unique_ptr<HttpConnection>> m_connections;
    std::function<void()> m_finished; ///< who waits for the last answer
    Deadline m_finishCheck;
    quint64 m_oldAcceptErrors = 0; ///< of listeners that are gone
    int m_connectionLimit = 0;
};

} // namespace gatehouse::transport
