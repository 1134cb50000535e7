// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/oldclients.h"

#include "common/protocol/jsonargs.h"

namespace gatehouse::conformance {

namespace {

constexpr Millis answerTime{5'000};

/// The callback comes before the socket is gone, or with an error.
void ask(session::Socket& socket, const protocol::JsonArgs& args)
{
    socket.emitWithAck("question", args, answerTime, [&socket](Result<session::AckReply> reply) {
        if (reply)
            socket.emitEvent("answered", reply->args, reply->attachments);
    });
}

} // namespace

void PlaygroundNamespace::connectRequested(session::Socket& socket, const QByteArray& authJson)
{
    socket.accept();
    socket.emitEvent("auth", authJson.isEmpty() ? QByteArray("{}") : authJson);
}

void PlaygroundNamespace::eventReceived(
    session::Socket& socket, const session::IncomingEvent& event)
{
    if (event.name == "echo")
        socket.emitEvent("echo", event.args, event.attachments);
    else if (event.name == "ack" && event.ackId)
        socket.acknowledge(*event.ackId, event.args, event.attachments);
    else if (event.name == "ask")
        ask(socket, event.args);
    else if (event.name == "join")
        socket.join({protocol::fromJsonArgs(event.args).first().toString().toUtf8()});
    else if (event.name == "pub")
        m_hub.publish({socket.namespaceName(), {{"r"}}, "msg", event.args, event.attachments, {},
            hub::Urgency::Reliable});
    else if (event.name == "leave")
        socket.disconnect();
}

OldClientsFixture::OldClientsFixture(session::SessionOptions options, const Clock& clock)
    : m_hub(clock), m_open(m_hub), m_closed(R"({"message":"Not for you"})"),
      m_coded(R"({"message":"Not for you","data":{"code":7}})"),
      m_server(std::move(options), m_hub, clock)
{
    m_server.addNamespace({"/"}, &m_open);
    m_server.addNamespace({"/custom"}, &m_open);
    m_server.addNamespace({"/closed"}, &m_closed);
    m_server.addNamespace({"/coded"}, &m_coded);
}

void OldClientsFixture::attach(transport::Server& door)
{
    door.addHandler("/socket.io/", &m_server);
    door.addAcceptor("/socket.io/", &m_server);
}

} // namespace gatehouse::conformance
