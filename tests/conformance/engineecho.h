// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/session/enginefront.h"
#include "server/session/enginesession.h"
#include "server/session/servercore.h"
#include "tests/conformance/fixture.h"

#include <map>

namespace gatehouse::conformance {

/// Plain Engine.IO on /engine.io/: every message comes back as it was, text as text and binary as
/// binary. The options say whether Engine.IO 3 is spoken too.
class EngineEcho final : public Fixture,
                         public session::HttpHandler,
                         public session::WebSocketAcceptor,
                         private session::EngineFront::Host
{
public:
    EngineEcho(session::SessionOptions options, const Clock& clock);
    ~EngineEcho() override;

    void attach(transport::Server& door) override;

    void handleRequest(const session::HttpExchangePtr& exchange) override;
    void completeRefusal(
        const protocol::HttpRequest& request, protocol::HttpResponse& response) override;
    std::optional<protocol::HttpResponse> refusal(const protocol::HttpRequest& request) override;
    void linkOpened(const protocol::HttpRequest& request,
        std::unique_ptr<session::WebSocketLink> link) override;

private:
    class Echo;

    session::EngineSession* find(const SessionId& id) override;
    bool isGoingDown() const override { return false; }
    bool takesNewSessions() const override { return true; }
    std::optional<protocol::HttpResponse> newSessionRefusal(const protocol::HttpRequest&) override
    {
        return std::nullopt;
    }
    session::EngineSession& create(
        const protocol::HttpRequest& request, protocol::EngineDialect dialect) override;
    void opened(const SessionId&) override { }
    void forget(const SessionId& id);

    hub::Hub m_hub;
    session::ServerCore m_core;
    session::EngineFront m_front;
    std::map<SessionId, std::shared_ptr<Echo>> m_sessions;
};

} // namespace gatehouse::conformance
