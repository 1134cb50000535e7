// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/engineecho.h"

namespace gatehouse::conformance {

using protocol::EncodedPacket;

class EngineEcho::Echo final : private session::EngineSession::Client
{
public:
    Echo(EngineEcho& server, protocol::EngineDialect dialect)
        : engine(server.m_core, *this, SessionId{session::makeId()}, dialect), m_server(server)
    {
    }

    session::EngineSession engine;

private:
    void engineMessage(QByteArrayView text) override
    {
        engine.send(EncodedPacket::create('4' + text.toByteArray()), hub::Urgency::Reliable);
    }
    void engineBinary(QByteArrayView octets) override
    {
        engine.send(EncodedPacket::createBinary(octets.toByteArray()), hub::Urgency::Reliable);
    }
    void engineTransportChanged() override { }
    void engineClosed(const QByteArray&) override { m_server.forget(engine.id()); }

    EngineEcho& m_server;
};

EngineEcho::EngineEcho(session::SessionOptions options, const Clock& clock)
    : m_hub(clock), m_core(std::move(options), m_hub, clock), m_front(m_core, *this)
{
}

EngineEcho::~EngineEcho()
{
    while (!m_sessions.empty()) {
        m_sessions.begin()->second->engine.close(
            QLatin1StringView("server shutting down"), session::CloseCode::GoingAway);
    }
    m_core.turn.finish();
}

void EngineEcho::attach(transport::Server& door)
{
    door.addHandler("/engine.io/", this);
    door.addAcceptor("/engine.io/", this);
}

void EngineEcho::handleRequest(const session::HttpExchangePtr& exchange)
{
    m_front.handleRequest(exchange);
}

void EngineEcho::completeRefusal(
    const protocol::HttpRequest& request, protocol::HttpResponse& response)
{
    m_core.origins.decorate(request, response);
}

std::optional<protocol::HttpResponse> EngineEcho::refusal(const protocol::HttpRequest& request)
{
    return m_front.refusal(request);
}

void EngineEcho::linkOpened(
    const protocol::HttpRequest& request, std::unique_ptr<session::WebSocketLink> link)
{
    m_front.linkOpened(request, std::move(link));
}

session::EngineSession* EngineEcho::find(const SessionId& id)
{
    const auto found = m_sessions.find(id);
    return found == m_sessions.end() ? nullptr : &found->second->engine;
}

session::EngineSession& EngineEcho::create(
    const protocol::HttpRequest&, protocol::EngineDialect dialect)
{
    auto echo = std::make_shared<Echo>(*this, dialect);
    return m_sessions.emplace(echo->engine.id(), std::move(echo)).first->second->engine;
}

void EngineEcho::forget(const SessionId& id)
{
    const auto found = m_sessions.find(id);
    if (found == m_sessions.end())
        return;
    m_core.turn.destroyLater(std::move(found->second));
    m_sessions.erase(found);
}

} // namespace gatehouse::conformance
