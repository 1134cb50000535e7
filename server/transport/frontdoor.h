// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"
#include "server/transport/httpsocket.h"
#include "server/transport/listener.h"
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
#include <vector>

namespace gatehouse::transport {

class HttpConnection;

/// Everything between accept() and the handlers: caps, TLS, the HTTP connections and where they
/// turn. Owned by Server.
class FrontDoor
{
public:
    FrontDoor(TransportOptions options, const Clock& clock);
    ~FrontDoor();
    Q_DISABLE_COPY_MOVE(FrontDoor)

    /// The first gate is there from the beginning.
    size_t addGate(Encryption encryption);
    Result<void> listen(size_t gate, const QHostAddress& address, quint16 port);
    void stopListening();
    void finishRequests(std::function<void()> finished); ///< see Server
    void close();
    Result<void> reloadTls();

    Listener* listener(size_t gate) const { return m_gates[gate]->listener.get(); }
    Router& router(size_t gate) { return m_gates[gate]->router; }
    TransportContext& context() { return *m_context; }
    WebSocketDoor& webSocketDoor() { return m_webSocketDoor; }
    const TrustedProxies& trustedProxies() const { return m_trustedProxies; }
    const TransportCounters& refreshedCounters();
    int connectionLimit() const { return m_connectionLimit; }
    bool isFinishing() const { return m_finished != nullptr; } ///< no more keep-alive

    void forget(HttpConnection* connection); ///< destroys it from the event loop
    void countRefusal(int status);

private:
    /// An address with paths of its own.
    struct Gate
    {
        Router router;
        std::unique_ptr<Listener> listener;
        Encryption encryption = Encryption::AsConfigured;
    };

    void accept(const Gate& gate, const Listener::Accepted& accepted);
    Result<void> prepare();
    std::unique_ptr<HttpSocket> makeSocket(HttpSocket::Host& host, int descriptor, bool isTls);
    bool isAdmitted(const QHostAddress& address, bool isCountedPerAddress, bool isTls);
    int allowedConnections() const;
    Result<void> prepareSending();
    void checkFinished();

    TransportContextPtr m_context;
    std::vector<std::unique_ptr<Gate>> m_gates;
    WebSocketDoor m_webSocketDoor;
    TrustedProxies m_trustedProxies;
    TransportCounters m_allCounters; ///< ours and the threads', as of the last reading
    std::optional<QSslConfiguration> m_tls;
    TlsContextPtr m_tlsContext; ///< the same for our own streams
    std::unordered_map<HttpConnection*, std::unique_ptr<HttpConnection>> m_connections;
    std::function<void()> m_finished; ///< who waits for the last answer
    Deadline m_finishCheck;
    quint64 m_oldAcceptErrors = 0; ///< of listeners that are gone
    int m_connectionLimit = 0;
    bool m_isPrepared = false;
};

} // namespace gatehouse::transport
