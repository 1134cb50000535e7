// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/conformance/fixture.h"

#include <map>
#include <vector>

namespace gatehouse::conformance {

/// The main namespace of the reference project's client suite: echoes, acknowledgements, dates,
/// texts beyond ASCII and binary arguments that have to arrive as such. Refuses a client whose
/// query has `fail`.
class ClientSuiteNamespace final : public session::NamespaceHandler
{
public:
    void connectRequested(session::Socket& socket, const QByteArray& authJson) override;
    void eventReceived(session::Socket& socket, const session::IncomingEvent& event) override;

private:
    static void answerTexts(session::Socket& socket, const QByteArray& event);
    static void answerBinary(session::Socket& socket, const session::IncomingEvent& event);
    static void askBack(session::Socket& socket);
};

/// A namespace that only lets in, tells its handshake, or keeps everybody out.
class ClientSuiteSideNamespace final : public session::NamespaceHandler
{
public:
    enum class Does : quint8 { Nothing, TellHandshake, Refuse };
    explicit ClientSuiteSideNamespace(Does does) : m_does(does) { }

    void connectRequested(session::Socket& socket, const QByteArray& authJson) override;
    void eventReceived(session::Socket& socket, const session::IncomingEvent& event) override;

private:
    Does m_does;
};

/// The server the suite of npm socket.io-client expects, with connection state recovery; every
/// handshake waits a moment, over polling and WebSocket, so that a client's timeout of nothing
/// comes first. The suite gives up to 50 ms for a handshake and an answer, so it is a short one.
class ClientSuiteFixture final : public Fixture,
                                 private session::HttpHandler,
                                 private session::WebSocketAcceptor
{
public:
    explicit ClientSuiteFixture(const Clock& clock);
    ~ClientSuiteFixture() override;
    void attach(transport::Server& door) override;

private:
    class Arrival;

    void handleRequest(const session::HttpExchangePtr& exchange) override;
    std::optional<protocol::HttpResponse> refusal(const protocol::HttpRequest& request) override;
    void linkOpened(const protocol::HttpRequest& request,
        std::unique_ptr<session::WebSocketLink> link) override;

    ClientSuiteNamespace m_root;
    ClientSuiteSideNamespace m_plain{ClientSuiteSideNamespace::Does::Nothing};
    ClientSuiteSideNamespace m_telling{ClientSuiteSideNamespace::Does::TellHandshake};
    ClientSuiteSideNamespace m_closed{ClientSuiteSideNamespace::Does::Refuse};
    hub::Hub m_hub;
    session::SocketIoServer m_server;
    std::map<quint64, std::unique_ptr<Arrival>> m_arriving;
    quint64 m_arrivals = 0;
    QObject m_context; ///< of the requests that wait
};

} // namespace gatehouse::conformance
