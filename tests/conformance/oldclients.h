// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/conformance/fixture.h"

namespace gatehouse::conformance {

/// What a client needs to try everything of Socket.IO with: on connect it gets "auth" with its
/// payload; "echo" comes back as it was; "ack" is acknowledged with its arguments; "ask" makes the
/// server emit "question" with the same arguments and, when that is acknowledged, "answered"
/// with the acknowledgement's; "join" enters a room, "pub" goes as "msg" to room "r"; "leave" makes
/// the server disconnect the socket.
class PlaygroundNamespace final : public session::NamespaceHandler
{
public:
    explicit PlaygroundNamespace(hub::Hub& hub) : m_hub(hub) { }

    void connectRequested(session::Socket& socket, const QByteArray& authJson) override;
    void eventReceived(session::Socket& socket, const session::IncomingEvent& event) override;

private:
    hub::Hub& m_hub;
};

/// A namespace that lets nobody in.
class ClosedNamespace final : public session::NamespaceHandler
{
public:
    explicit ClosedNamespace(QByteArray refusal) : m_refusal(std::move(refusal)) { }

    void connectRequested(session::Socket& socket, const QByteArray&) override
    {
        socket.refuse(m_refusal);
    }
    void eventReceived(session::Socket&, const session::IncomingEvent&) override { }

private:
    QByteArray m_refusal;
};

/// "/", "/custom", "/closed" (refused with a message) and "/coded" (with data too) on /socket.io/,
/// for clients of Socket.IO 2 to 4.
class OldClientsFixture final : public Fixture
{
public:
    OldClientsFixture(session::SessionOptions options, const Clock& clock);
    void attach(transport::Server& door) override;

private:
    hub::Hub m_hub;
    PlaygroundNamespace m_open;
    ClosedNamespace m_closed;
    ClosedNamespace m_coded;
    session::SocketIoServer m_server;
};

} // namespace gatehouse::conformance
