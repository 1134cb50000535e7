// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/socketfixtures.h"

#include "common/core/strictjson.h"
#include "server/access/policy.h"

namespace gatehouse::conformance {

namespace {

void attachTo(transport::Server& door, session::SocketIoServer& server)
{
    door.addHandler("/socket.io/", &server);
    door.addAcceptor("/socket.io/", &server);
}

} // namespace

void ReferenceNamespace::connectRequested(session::Socket& socket, const QByteArray& authJson)
{
    socket.accept();
    socket.emitEvent("auth", authJson.isEmpty() ? QByteArray("{}") : authJson);
}

void ReferenceNamespace::eventReceived(session::Socket& socket, const session::IncomingEvent& event)
{
    if (m_talks == Talks::OnlyAuth)
        return;
    if (event.name == "message")
        socket.emitEvent("message-back", event.args, event.attachments);
    else if (event.name == "message-with-ack" && event.ackId)
        socket.acknowledge(*event.ackId, event.args, event.attachments);
}

void RoomsNamespace::connectRequested(session::Socket& socket, const QByteArray&)
{
    access::Principal guest;
    guest.kind = access::PrincipalKind::Admin; // whoever comes may do anything, but is asked
    socket.setPrincipal(guest);
    socket.accept();
}

void RoomsNamespace::eventReceived(session::Socket& socket, const session::IncomingEvent& event)
{
    using access::AdminAction;
    const auto isAllowed = [&socket](AdminAction action) {
        return access::mayAdminister(socket.principal(), action).allowed;
    };
    if (event.name == "join" && isAllowed(AdminAction::Watch)) {
        if (const auto room = jsonText(event.args))
            socket.join({*room});
    } else if (event.name == "pub" && isAllowed(AdminAction::SendToRoom)) {
        m_hub.publish({socket.namespaceName(), {{"r"}}, "msg", event.args, event.attachments, {},
            hub::Urgency::Reliable});
    }
    if (event.ackId)
        socket.acknowledge(*event.ackId, {});
}

ReferenceFixture::ReferenceFixture(const session::SessionOptions& options, const Clock& clock)
    : m_hub(clock), m_server(options, m_hub, clock)
{
    m_doorOptions.http.maxBodyBytes = options.maxPayloadBytes;
    m_doorOptions.webSocket.maxMessageBytes = options.maxPayloadBytes;
    m_doorOptions.webSocket.maxQueuedBytes = options.maxQueuedBytes;
    m_server.addNamespace({"/"}, &m_root);
    m_server.addNamespace({"/custom"}, &m_custom);
}

void ReferenceFixture::attach(transport::Server& door)
{
    attachTo(door, m_server);
}

RoomsFixture::RoomsFixture(const Clock& clock)
    : m_hub(clock), m_root(m_hub), m_server({}, m_hub, clock)
{
    m_server.addNamespace({"/"}, &m_root);
}

void RoomsFixture::attach(transport::Server& door)
{
    attachTo(door, m_server);
}

} // namespace gatehouse::conformance
