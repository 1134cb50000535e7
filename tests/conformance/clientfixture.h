// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/conformance/fixture.h"

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
/// handshake request waits a moment, for the client's own timeouts.
class ClientSuiteFixture final : public Fixture, private session::HttpHandler
{
public:
    explicit ClientSuiteFixture(const Clock& clock);
    ~ClientSuiteFixture() override;
    void attach(transport::Server& door) override;

private:
    void handleRequest(const session::HttpExchangePtr& exchange) override;

    ClientSuiteNamespace m_root;
    ClientSuiteSideNamespace m_plain{ClientSuiteSideNamespace::Does::Nothing};
    ClientSuiteSideNamespace m_telling{ClientSuiteSideNamespace::Does::TellHandshake};
    ClientSuiteSideNamespace m_closed{ClientSuiteSideNamespace::Does::Refuse};
    hub::Hub m_hub;
    session::SocketIoServer m_server;
    QObject m_context; ///< of the requests that wait
};

} // namespace gatehouse::conformance
