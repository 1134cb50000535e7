// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/session/enginerequest.h"
#include "server/session/httphandler.h"
#include "server/session/websocketlink.h"

namespace gatehouse::session {

class EngineSession;
struct ServerCore;

/// Reads every Engine.IO request of a path, refuses what may not enter (origin, version, transport,
/// session id, a full server) before a session exists, and hands the rest to its session. The same
/// checks stand before polling and WebSocket. Owned by the server, outlived by its host.
class EngineFront
{
public:
    /// Who owns the sessions.
    class Host
    {
    public:
        virtual EngineSession* find(const SessionId& id) = 0; ///< null when unknown
        /// Asked once for each session somebody wants; counts what it refuses.
        virtual std::optional<protocol::HttpResponse> newSessionRefusal(
            const protocol::HttpRequest& request)
            = 0;
        virtual bool isGoingDown() const = 0; ///< and ends its sessions
        virtual bool takesNewSessions() const = 0; ///< still, when hands were shaken
        virtual EngineSession& create(
            const protocol::HttpRequest& request, protocol::EngineDialect dialect)
            = 0;
        virtual void opened(const SessionId& id) = 0; ///< the handshake is answered

    protected:
        ~Host() = default;
    };

    EngineFront(ServerCore& core, Host& host) : m_core(core), m_host(host) { }

    void handleRequest(const HttpExchangePtr& exchange);
    std::optional<protocol::HttpResponse> refusal(const protocol::HttpRequest& request);
    void linkOpened(const protocol::HttpRequest& request, std::unique_ptr<WebSocketLink> link);

private:
    void handleNew(const HttpExchangePtr& exchange, protocol::EngineDialect dialect);
    void handleKnown(const HttpExchangePtr& exchange, const SessionId& id);
    std::optional<protocol::HttpResponse> upgradeRefusal(const protocol::HttpRequest& request);

    ServerCore& m_core;
    Host& m_host;
};

} // namespace gatehouse::session
