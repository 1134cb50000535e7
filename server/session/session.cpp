// SPDX-License-Identifier: Apache-2.0
#include "server/session/session.h"

#include "common/protocol/msgpackpacket.h"
#include "common/protocol/socketio4.h"

#include <algorithm>

namespace gatehouse::session {

namespace {

/// Larger is more privileged.
int rank(access::PrincipalKind kind)
{
    switch (kind) {
    case access::PrincipalKind::Anonymous:
        return 0;
    case access::PrincipalKind::User:
        return 1;
    case access::PrincipalKind::Node:
        return 2;
    case access::PrincipalKind::Service:
        return 3;
    case access::PrincipalKind::Admin:
        return 4;
    }
    return 0;
}

/// What stands between the brackets of a checked JSON array.
QByteArray arrayContent(const QByteArray& array)
{
    const QByteArray trimmed = array.trimmed();
    return trimmed.mid(1, trimmed.size() - 2).trimmed();
}

const protocol::EncodedPacketPtr& msgpackForm(
    ServerCore& core, const protocol::EncodedPacketPtr& packet)
{
    if (core.msgpackSource != packet) {
        core.msgpackForm = protocol::EncodedPacket::createBinary(
            protocol::encodeMsgpackPacket(packet->text(), packet->attachments()));
        core.msgpackSource = packet;
    }
    return core.msgpackForm;
}

} // namespace

Session::Session(
    ServerCore& core, SessionOwner& owner, Handshake handshake, protocol::EngineDialect dialect)
    : m_core(core), m_owner(owner), m_handshake(std::move(handshake)),
      m_engine(core, *this, SessionId{makeId()}, dialect),
      m_decoder(core.options.packets, revision()), m_connectDeadline(core.timers, *this),
      m_identifyDeadline(core.timers, *this)
{
    m_place.emplace(core.addresses, m_handshake.peerAddress);
}

Session::~Session() = default;

void Session::opened()
{
    m_connectDeadline.startIn(m_core.options.connectTimeout);
    if (m_core.options.identifyTimeout > Millis{0})
        m_identifyDeadline.startIn(m_core.options.identifyTimeout);
}

void Session::enterRoot()
{
    if (!m_engine.isOpen() || revision() != protocol::SocketIoRevision::Four)
        return;
    protocol::SocketIoPacket packet;
    packet.type = protocol::PacketType::Connect;
    connectTo(packet);
}

protocol::SocketIoRevision Session::revision() const
{
    return isVersion3(m_engine.dialect()) ? protocol::SocketIoRevision::Four
                                          : protocol::SocketIoRevision::Five;
}

bool Session::isSettled() const
{
    const bool isFetched
        = m_engine.transport() == TransportKind::WebSocket || m_engine.queuedBytes() == 0;
    return isFetched && std::none_of(m_sockets.begin(), m_sockets.end(), [](const auto& socket) {
        return socket->owesAnswers();
    });
}

SocketId Session::newSocketId(const NamespaceName& nsp) const
{
    if (revision() == protocol::SocketIoRevision::Five)
        return SocketId{makeId()};
    // Never sent: the client derives it from the session's, and tells it to others.
    return SocketId{nsp.value == "/" ? id().value : nsp.value + '#' + id().value};
}

SessionView Session::view() const
{
    SessionView view;
    view.id = id();
    view.transport = m_engine.transport();
    view.peerAddress = m_handshake.peerAddress;
    view.userAgent = m_handshake.headers.value("User-Agent");
    view.connectedAt = m_handshake.at;
    if (const SocketImpl* socket = mostPrivileged())
        view.principal = socket->principal();
    view.queuedBytes = m_engine.queuedBytes();
    const EngineSession::Traffic& traffic = m_engine.traffic();
    view.packetsIn = traffic.packetsIn;
    view.packetsOut = traffic.packetsOut;
    view.bytesIn = traffic.bytesIn;
    view.bytesOut = traffic.bytesOut;
    for (const auto& socket : m_sockets) {
        if (socket->isConnected())
            view.sockets.emplace_back(socket->socketId(), socket->namespaceName());
    }
    return view;
}

void Session::send(const protocol::EncodedPacketPtr& packet, hub::Urgency urgency)
{
    if (m_parser == Parser::Msgpack)
        m_engine.send(msgpackForm(m_core, packet), urgency);
    else
        m_engine.send(packet, urgency);
}

void Session::sendConnectError(const NamespaceName& nsp, QByteArray jsonPayload)
{
    protocol::SocketIoPacket packet;
    packet.type = protocol::PacketType::ConnectError;
    packet.nsp = nsp;
    packet.payload = revision() == protocol::SocketIoRevision::Four
        ? protocol::connectErrorOf4(jsonPayload)
        : std::move(jsonPayload);
    send(protocol::encode(packet), hub::Urgency::Reliable);
}

void Session::socketAccepted()
{
    m_connectDeadline.cancel();
    notifyChanged();
}

void Session::socketSettled()
{
    if (m_isIdentified || !m_place)
        return;
    if (const auto displaced = m_place->setUnidentified(id()))
        m_owner.displace(*displaced);
}

void Session::principalChanged()
{
    const SocketImpl* best = mostPrivileged();
    m_isIdentified = best && best->principal().isIdentified();
    if (m_isIdentified && m_place)
        m_place->setIdentified();
    notifyChanged();
}

void Session::leftByServer(const NamespaceName& nsp)
{
    m_leftByServer.push_back(nsp);
}

void Session::notifyChanged()
{
    if (m_engine.isOpen())
        m_core.observers.forEach([this](SessionObserver& o) { o.sessionChanged(id()); });
}

void Session::releaseSocket(SocketImpl& socket)
{
    const auto at = std::find_if(m_sockets.begin(), m_sockets.end(),
        [&socket](const auto& candidate) { return candidate.get() == &socket; });
    if (at == m_sockets.end())
        return;
    m_core.turn.destroyLater(std::shared_ptr<SocketImpl>(std::move(*at)));
    m_sockets.erase(at);
    if (!m_engine.isOpen())
        return;
    if (!hasConnectedSocket() && !m_connectDeadline.isRunning())
        m_connectDeadline.startIn(m_core.options.connectTimeout);
    notifyChanged();
}

void Session::engineMessage(QByteArrayView text)
{
    if (isTooLargeForUnknown(text))
        return;
    if (m_parser == Parser::Msgpack) {
        m_engine.protocolError(
            {ErrorCode::Malformed, QStringLiteral("text where MessagePack was")});
        return;
    }
    m_parser = Parser::Json;
    dispatch(m_decoder.addText(text));
}

void Session::engineBinary(QByteArrayView octets)
{
    if (isTooLargeForUnknown(octets))
        return;
    const bool mayBegin = m_parser == Parser::Unknown && m_core.options.allowMsgpack
        && revision() == protocol::SocketIoRevision::Five;
    if (mayBegin)
        m_parser = Parser::Msgpack;
    if (m_parser == Parser::Msgpack)
        dispatchMsgpack(octets);
    else
        dispatch(m_decoder.addBinary(octets));
}

/// Turned into what it would have been as JSON, it passes the same checks.
void Session::dispatchMsgpack(QByteArrayView octets)
{
    auto packet = protocol::parseMsgpackPacket(octets, m_core.options.packets);
    if (!packet) {
        m_engine.protocolError(packet.error());
        return;
    }
    const QList<QByteArray> attachments = packet->attachments;
    auto decoded = m_decoder.addText(QByteArrayView(protocol::encode(*packet)->text()).sliced(1));
    for (const QByteArray& attachment : attachments) {
        if (decoded)
            decoded = m_decoder.addBinary(attachment);
    }
    dispatch(std::move(decoded));
}

bool Session::isTooLargeForUnknown(QByteArrayView message)
{
    const qsizetype most = m_core.options.maxUnidentifiedBytes;
    if (m_isIdentified || most == 0 || message.size() <= most)
        return false;
    ++m_core.counters.refusedUnidentifiedBytes;
    m_engine.close(QLatin1StringView("message too big"), CloseCode::MessageTooBig);
    return true;
}

void Session::engineTransportChanged()
{
    notifyChanged();
}

void Session::dispatch(Result<std::optional<protocol::SocketIoPacket>> decoded)
{
    if (!decoded) {
        m_engine.protocolError(decoded.error());
        return;
    }
    if (!*decoded)
        return; // attachments are still missing
    protocol::SocketIoPacket& packet = **decoded;
    if (packet.type == protocol::PacketType::Connect) {
        connectTo(packet);
        return;
    }
    SocketImpl* socket = socketIn(packet.nsp);
    const bool isLeaving = packet.type == protocol::PacketType::Disconnect;
    if (socket && (socket->isConnected() || isLeaving)) {
        dispatchTo(*socket, std::move(packet));
        return;
    }
    const bool crossed = std::find(m_leftByServer.begin(), m_leftByServer.end(), packet.nsp)
        != m_leftByServer.end();
    if (!crossed) {
        m_engine.protocolError(
            {ErrorCode::Malformed, QStringLiteral("packet for a namespace not connected to")});
    }
}

void Session::dispatchTo(SocketImpl& socket, protocol::SocketIoPacket packet)
{
    using Type = protocol::PacketType;
    switch (packet.type) {
    case Type::Event:
    case Type::BinaryEvent: {
        // Without an acknowledgement the client knows that it was not taken. One it never waits for
        // is taken until the end: nothing would tell it.
        if (!m_isListening && packet.ackId)
            return;
        protocol::EventParts parts = protocol::takeEvent(std::move(packet.payload));
        socket.receiveEvent({std::move(parts.name), std::move(parts.args),
            std::move(packet.attachments), packet.ackId});
        return;
    }
    case Type::Ack:
    case Type::BinaryAck:
        if (packet.ackId) {
            socket.receiveAck(*packet.ackId, {arrayContent(packet.payload), packet.attachments});
            return;
        }
        break;
    case Type::Disconnect:
        socket.end("client namespace disconnect");
        releaseSocket(socket);
        return;
    case Type::Connect:
    case Type::ConnectError:
        break;
    }
    m_engine.protocolError({ErrorCode::Malformed, QStringLiteral("packet only a server sends")});
}

void Session::connectTo(const protocol::SocketIoPacket& packet)
{
    if (socketIn(packet.nsp)) {
        m_engine.protocolError(
            {ErrorCode::Malformed, QStringLiteral("second CONNECT to a namespace")});
        return;
    }
    const auto entry = m_core.namespaces.find(packet.nsp);
    if (entry == m_core.namespaces.end()) {
        refuseNamespace(packet.nsp, QByteArrayLiteral("{\"message\":\"Invalid namespace\"}"));
        return;
    }
    if (int(m_sockets.size()) >= m_core.options.maxNamespacesPerSession) {
        refuseNamespace(packet.nsp, QByteArrayLiteral("{\"message\":\"Too many namespaces\"}"));
        return;
    }
    std::erase(m_leftByServer, packet.nsp);
    m_sockets.push_back(std::make_unique<SocketImpl>(
        m_core, *this, newSocketId(packet.nsp), packet.nsp, entry->second));
    m_sockets.back()->requestConnect(packet.payload);
}

void Session::refuseNamespace(const NamespaceName& nsp, QByteArray jsonPayload)
{
    ++m_core.counters.refusedNamespaces;
    sendConnectError(nsp, std::move(jsonPayload));
}

SocketImpl* Session::socketIn(const NamespaceName& nsp) const
{
    for (const auto& socket : m_sockets) {
        if (socket->namespaceName() == nsp)
            return socket.get();
    }
    return nullptr;
}

const SocketImpl* Session::mostPrivileged() const
{
    const SocketImpl* best = nullptr;
    for (const auto& socket : m_sockets) {
        if (!best || rank(socket->principal().kind) > rank(best->principal().kind))
            best = socket.get();
    }
    return best;
}

bool Session::hasConnectedSocket() const
{
    return std::any_of(m_sockets.begin(), m_sockets.end(),
        [](const auto& socket) { return socket->isConnected(); });
}

void Session::timerDue(Timer& timer, Millis)
{
    const bool isConnect = &timer == &m_connectDeadline;
    const SocketImpl* best = mostPrivileged();
    if (!isConnect && best && best->principal().isIdentified())
        return;
    ++m_core.counters.connectTimeouts;
    if (isConnect)
        m_engine.close(QLatin1StringView("connect timeout"), CloseCode::PolicyViolation);
    else
        m_engine.close(QLatin1StringView("unidentified"), CloseCode::Unidentified);
}

void Session::engineClosed(const QByteArray& reason)
{
    m_connectDeadline.cancel();
    m_identifyDeadline.cancel();
    m_place.reset();
    m_owner.sessionEnding(*this);
    while (!m_sockets.empty()) {
        SocketImpl& socket = *m_sockets.back();
        socket.end(reason);
        releaseSocket(socket);
    }
    m_owner.sessionEnded(*this, reason);
}

} // namespace gatehouse::session
