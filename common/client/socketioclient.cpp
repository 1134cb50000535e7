// SPDX-License-Identifier: Apache-2.0
#include "common/client/socketioclient.h"

#include "common/client/pendingacks.h"
#include "common/client/websocketsession.h"
#include "common/core/strictjson.h"
#include "common/protocol/jsonargs.h"

#include <QPointer>
#include <QRandomGenerator>

namespace gatehouse::client {

namespace {

const auto ClientDisconnect = QStringLiteral("io client disconnect");
const auto ServerDisconnect = QStringLiteral("io server disconnect");

Error notConnected()
{
    return {ErrorCode::Unavailable, QStringLiteral("not connected")};
}

} // namespace

SocketIoClient::SocketIoClient(SocketIoClientOptions options, QObject* parent)
    : QObject(parent), m_options(std::move(options)), m_acks(new PendingAcks(this))
{
    m_reconnectTimer.setSingleShot(true);
    connect(&m_reconnectTimer, &QTimer::timeout, this, &SocketIoClient::startSession);
}

SocketIoClient::~SocketIoClient()
{
    if (m_session)
        m_session->disconnect(this);
}

void SocketIoClient::setOptions(SocketIoClientOptions options)
{
    m_options = std::move(options);
}

void SocketIoClient::open()
{
    if (m_state != State::Closed && m_state != State::Waiting)
        return;
    m_reconnectTimer.stop();
    m_attempt = 0;
    startSession();
}

void SocketIoClient::close()
{
    if (m_state == State::Closed)
        return;
    m_reconnectTimer.stop();
    const bool wasOpen = m_state == State::Connected;
    if (m_session) {
        for (auto it = m_namespaces.cbegin(); it != m_namespaces.cend(); ++it) {
            if (it->isRequested)
                sendDisconnect(it.key());
        }
        m_session->close();
    }
    dropSession();
    const QPointer<SocketIoClient> self(this);
    setState(State::Closed);
    if (self)
        leaveAll(ClientDisconnect);
    if (self && wasOpen)
        Q_EMIT disconnected(ClientDisconnect);
}

void SocketIoClient::reopen()
{
    const QPointer<SocketIoClient> self(this);
    close();
    if (self)
        open();
}

void SocketIoClient::connectNamespace(const NamespaceName& nsp, const QByteArray& authJson)
{
    Membership& membership = m_namespaces[nsp];
    membership.authJson = authJson;
    if (m_state == State::Connected && !membership.isRequested)
        requestNamespace(nsp, membership);
}

void SocketIoClient::disconnectNamespace(const NamespaceName& nsp)
{
    if (!m_namespaces.contains(nsp))
        return;
    const Membership membership = m_namespaces.take(nsp);
    if (membership.isRequested)
        sendDisconnect(nsp);
    const QPointer<SocketIoClient> self(this);
    m_acks->failNamespace(nsp, notConnected());
    if (self && !membership.socketId.isEmpty())
        Q_EMIT namespaceDisconnected(nsp, ClientDisconnect);
}

bool SocketIoClient::isConnected(const NamespaceName& nsp) const
{
    return !socketId(nsp).isEmpty();
}

SocketId SocketIoClient::socketId(const NamespaceName& nsp) const
{
    return m_namespaces.value(nsp).socketId;
}

bool SocketIoClient::emitEvent(const NamespaceName& nsp, QByteArrayView name,
    const protocol::JsonArgs& args, const QList<QByteArray>& attachments)
{
    if (!isConnected(nsp))
        return false;
    m_session->send(protocol::encodeEvent(nsp, name, args, attachments));
    return true;
}

bool SocketIoClient::emitJson(const NamespaceName& nsp, QByteArrayView name, const QJsonArray& args)
{
    return emitEvent(nsp, name, protocol::toJsonArgs(args));
}

void SocketIoClient::emitWithAck(const NamespaceName& nsp, QByteArrayView name,
    const protocol::JsonArgs& args, QObject* context, AckCallback callback, Millis timeout,
    const QList<QByteArray>& attachments)
{
    Q_ASSERT(context);
    if (!isConnected(nsp)) {
        QTimer::singleShot(0, context,
            [callback = std::move(callback)] { callback(tl::unexpected<Error>(notConnected())); });
        return;
    }
    const quint64 id = m_acks->add(
        nsp, timeout > Millis{} ? timeout : m_options.ackTimeout, context, std::move(callback));
    m_session->send(protocol::encodeEvent(nsp, name, args, attachments, id));
}

void SocketIoClient::emitJsonWithAck(const NamespaceName& nsp, QByteArrayView name,
    const QJsonArray& args, QObject* context, AckCallback callback, Millis timeout)
{
    emitWithAck(nsp, name, protocol::toJsonArgs(args), context, std::move(callback), timeout);
}

void SocketIoClient::acknowledge(const ReceivedEvent& event, const protocol::JsonArgs& args,
    const QList<QByteArray>& attachments)
{
    if (event.ackId && isConnected(event.nsp))
        m_session->send(protocol::encodeAck(event.nsp, *event.ackId, args, attachments));
}

void SocketIoClient::startSession()
{
    protocol::SocketIoLimits limits;
    limits.maxAttachmentBytes = m_options.maxMessageBytes;
    m_decoder = std::make_unique<protocol::SocketIoDecoder>(limits);
    auto* const session = new WebSocketSession(m_options, this);
    m_session = session;
    connect(session, &WebSocketSession::opened, this, &SocketIoClient::handleOpened);
    connect(session, &WebSocketSession::messageReceived, this, &SocketIoClient::handleMessage);
    connect(
        session, &WebSocketSession::attachmentReceived, this, &SocketIoClient::handleAttachment);
    connect(session, &WebSocketSession::ended, this, &SocketIoClient::handleEnded);
    const QPointer<SocketIoClient> self(this);
    setState(State::Connecting);
    if (self && m_session == session)
        session->open();
}

void SocketIoClient::dropSession()
{
    if (!m_session)
        return;
    m_session->disconnect(this);
    m_session->deleteLater();
    m_session = nullptr;
}

void SocketIoClient::setState(State state)
{
    if (m_state == state)
        return;
    m_state = state;
    Q_EMIT stateChanged(state);
}

void SocketIoClient::handleOpened()
{
    const QPointer<WebSocketSession> session(m_session);
    setState(State::Connected);
    if (!session || m_session != session)
        return;
    for (auto it = m_namespaces.begin(); it != m_namespaces.end(); ++it)
        requestNamespace(it.key(), *it);
    Q_EMIT connected();
}

void SocketIoClient::handleEnded(const QString& reason)
{
    const bool wasOpen = m_state == State::Connected;
    dropSession();
    const QPointer<SocketIoClient> self(this);
    setState(State::Waiting);
    if (self)
        leaveAll(reason);
    if (self && wasOpen)
        Q_EMIT disconnected(reason);
    else if (self)
        Q_EMIT connectFailed(reason);
    if (self && m_state == State::Waiting && !m_reconnectTimer.isActive())
        waitForNextAttempt();
}

void SocketIoClient::waitForNextAttempt()
{
    const Millis wait
        = m_options.reconnect.delay(m_attempt++, QRandomGenerator::global()->generateDouble());
    m_reconnectTimer.start(wait);
    Q_EMIT reconnecting(wait);
}

void SocketIoClient::handleMessage(const QByteArray& text)
{
    handleDecoded(m_decoder->addText(text));
}

void SocketIoClient::handleAttachment(const QByteArray& octets)
{
    handleDecoded(m_decoder->addBinary(octets));
}

void SocketIoClient::handleDecoded(Result<std::optional<protocol::SocketIoPacket>> decoded)
{
    if (!decoded) {
        m_session->close();
        handleEnded(QStringLiteral("parse error: %1").arg(decoded.error().detail));
    } else if (*decoded) {
        handlePacket(**std::move(decoded));
    }
}

void SocketIoClient::handlePacket(protocol::SocketIoPacket packet)
{
    switch (packet.type) {
    case protocol::PacketType::Connect:
        return handleConnectAnswer(packet);
    case protocol::PacketType::ConnectError:
        if (m_namespaces.remove(packet.nsp))
            Q_EMIT connectRefused(packet.nsp, packet.payload);
        return;
    case protocol::PacketType::Disconnect:
        return handleServerDisconnect(packet.nsp);
    case protocol::PacketType::Event:
    case protocol::PacketType::BinaryEvent:
        return handleEvent(std::move(packet));
    case protocol::PacketType::Ack:
    case protocol::PacketType::BinaryAck:
        m_acks->resolve(packet.nsp, *packet.ackId,
            {packet.payload.trimmed().sliced(1).chopped(1), packet.attachments});
        return;
    }
}

void SocketIoClient::handleConnectAnswer(const protocol::SocketIoPacket& packet)
{
    const auto found = m_namespaces.find(packet.nsp);
    const auto sid = rawMember(packet.payload, "sid");
    if (found == m_namespaces.end() || !sid)
        return; // left in the meantime
    found->socketId.value = jsonText(*sid).value_or(QByteArray());
    m_attempt = 0;
    Q_EMIT namespaceConnected(packet.nsp);
}

void SocketIoClient::handleServerDisconnect(const NamespaceName& nsp)
{
    if (!m_namespaces.remove(nsp))
        return;
    const QPointer<SocketIoClient> self(this);
    m_acks->failNamespace(nsp, notConnected());
    if (self)
        Q_EMIT namespaceDisconnected(nsp, ServerDisconnect);
}

void SocketIoClient::handleEvent(protocol::SocketIoPacket packet)
{
    if (!m_namespaces.contains(packet.nsp))
        return; // sent before the server knew that we left
    auto parts = protocol::splitEvent(packet.payload);
    if (!parts)
        return; // the decoder has checked it
    Q_EMIT eventReceived({packet.nsp, std::move(parts->name), std::move(parts->args),
        std::move(packet.attachments), packet.ackId});
}

void SocketIoClient::leaveAll(const QString& reason)
{
    QList<NamespaceName> left;
    for (auto it = m_namespaces.begin(); it != m_namespaces.end(); ++it) {
        if (!it->socketId.isEmpty())
            left.append(it.key());
        it->socketId = {};
        it->isRequested = false;
    }
    const QPointer<SocketIoClient> self(this);
    m_acks->failAll(notConnected());
    for (const NamespaceName& nsp : left) {
        if (self)
            Q_EMIT namespaceDisconnected(nsp, reason);
    }
}

void SocketIoClient::requestNamespace(const NamespaceName& nsp, Membership& membership)
{
    membership.isRequested = true;
    protocol::SocketIoPacket packet;
    packet.type = protocol::PacketType::Connect;
    packet.nsp = nsp;
    packet.payload = membership.authJson;
    m_session->send(protocol::encode(packet));
}

void SocketIoClient::sendDisconnect(const NamespaceName& nsp)
{
    if (!m_session)
        return;
    protocol::SocketIoPacket packet;
    packet.type = protocol::PacketType::Disconnect;
    packet.nsp = nsp;
    m_session->send(protocol::encode(packet));
}

} // namespace gatehouse::client
