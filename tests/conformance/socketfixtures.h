// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/conformance/fixture.h"

namespace gatehouse::conformance {

/// The namespaces of the reference project's Socket.IO 5 suite. On connect both send "auth" with
/// the client's payload; "/" answers "message" with "message-back" and acknowledges
/// "message-with-ack" with its arguments.
class ReferenceNamespace final : public session::NamespaceHandler
{
public:
    enum class Talks : quint8 { Back, OnlyAuth };
    explicit ReferenceNamespace(Talks talks) : m_talks(talks) { }

    void connectRequested(session::Socket& socket, const QByteArray& authJson) override;
    void eventReceived(session::Socket& socket, const session::IncomingEvent& event) override;

private:
    Talks m_talks;
};

/// Rooms for load generators, with the real access questions in the way: "join" takes a room's
/// name, "pub" goes as "msg" with the same arguments to the members of room "r"; these and any
/// other event ("x") are acknowledged with nothing when an ack is asked for.
class RoomsNamespace final : public session::NamespaceHandler
{
public:
    explicit RoomsNamespace(hub::Hub& hub) : m_hub(hub) { }

    void connectRequested(session::Socket& socket, const QByteArray& authJson) override;
    void eventReceived(session::Socket& socket, const session::IncomingEvent& event) override;

private:
    hub::Hub& m_hub;
};

/// "/" and "/custom" on /socket.io/; the door takes what the sessions take.
class ReferenceFixture final : public Fixture
{
public:
    ReferenceFixture(const session::SessionOptions& options, const Clock& clock);
    transport::TransportOptions doorOptions() const override { return m_doorOptions; }
    void attach(transport::Server& door) override;

private:
    ReferenceNamespace m_root{ReferenceNamespace::Talks::Back};
    ReferenceNamespace m_custom{ReferenceNamespace::Talks::OnlyAuth};
    transport::TransportOptions m_doorOptions;
    hub::Hub m_hub;
    session::SocketIoServer m_server;
};

/// "/" on /socket.io/ with the default timings.
class RoomsFixture final : public Fixture
{
public:
    explicit RoomsFixture(const Clock& clock);
    void attach(transport::Server& door) override;

private:
    hub::Hub m_hub;
    RoomsNamespace m_root;
    session::SocketIoServer m_server;
};

} // namespace gatehouse::conformance
