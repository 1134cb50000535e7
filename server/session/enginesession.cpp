// SPDX-License-Identifier: Apache-2.0
#include "server/session/enginesession.h"

#include "common/protocol/engineio3.h"
#include "server/session/servercore.h"
#include "server/session/version3link.h"

#include <QLoggingCategory>

namespace gatehouse::session {

namespace {

Q_LOGGING_CATEGORY(lcSession, "gh.session")

/// How long a GET in mid-upgrade is held: long enough that a "5" sent before it on the WebSocket is
/// read before it, short enough that nobody notices.
constexpr Millis heldPollTime{20};

bool isProtocolFault(quint16 code)
{
    return code == quint16(CloseCode::ProtocolError) || code == quint16(CloseCode::UnsupportedData)
        || code == quint16(CloseCode::InvalidPayload) || code == quint16(CloseCode::MessageTooBig);
}

/// Whether a client is at fault or unwanted; all others shall come back.
bool isForGood(CloseCode code)
{
    switch (code) {
    case CloseCode::GoingAway:
    case CloseCode::InternalError:
    case CloseCode::SlowConsumer:
    case CloseCode::RightsChanged:
    case CloseCode::RateLimited:
        return false;
    case CloseCode::Normal:
    case CloseCode::ProtocolError:
    case CloseCode::UnsupportedData:
    case CloseCode::InvalidPayload:
    case CloseCode::PolicyViolation:
    case CloseCode::MessageTooBig:
    case CloseCode::Unidentified:
    case CloseCode::Kicked:
        break;
    }
    return true;
}

Heartbeat::Pinger pingerOf(protocol::EngineDialect dialect)
{
    return isVersion3(dialect) ? Heartbeat::Pinger::Client : Heartbeat::Pinger::Server;
}

} // namespace

EngineSession::EngineSession(
    ServerCore& core, Client& client, SessionId id, protocol::EngineDialect dialect)
    : m_core(core), m_dialect(dialect), m_client(client), m_id(std::move(id)),
      m_heartbeat(core.timers, *this, core.options.pingInterval, core.options.pingTimeout,
          pingerOf(dialect)),
      m_queueAge(core.timers, *this), m_heldPoll(core.timers, *this),
      m_messages(core.options.messages), m_bytes(core.options.bytes)
{
}

EngineSession::~EngineSession() = default;

TransportKind EngineSession::transport() const
{
    return m_link ? TransportKind::WebSocket : TransportKind::Polling;
}

quint64 EngineSession::shedPackets() const
{
    return m_shedByPolling + (m_polling ? m_polling->shedPackets() : 0)
        + (m_link ? m_link->shedPackets() : 0);
}

qsizetype EngineSession::queuedBytes() const
{
    if (m_link)
        return m_link->queuedBytes();
    return m_polling ? m_polling->queuedBytes() : 0;
}

QByteArray EngineSession::openPacket(const QList<QByteArray>& upgrades) const
{
    const SessionOptions& o = m_core.options;
    return protocol::encodeEngineOpen(
        {m_id, upgrades, o.pingInterval, o.pingTimeout, o.maxPayloadBytes});
}

void EngineSession::openPolling(const HttpExchangePtr& exchange)
{
    m_state = State::Open;
    m_polling = std::make_unique<PollingTransport>(m_core, m_dialect);
    m_heartbeat.start();
    const QByteArray open = openPacket({"websocket"});
    if (isVersion3(m_dialect)) {
        // Its clients know the answer to CONNECT, which nobody asks for, behind the open packet.
        waitForPackets(exchange);
        send(protocol::EncodedPacket::create(open), hub::Urgency::Reliable);
        return;
    }
    countOut(*protocol::EncodedPacket::create(open));
    answer(m_core, exchange, 200, open);
}

void EngineSession::openWebSocket(std::unique_ptr<WebSocketLink> link)
{
    m_state = State::Open;
    if (isVersion3(m_dialect)) {
        link = std::make_unique<Version3Link>(
            std::move(link), m_dialect, m_core.timers, Version3Link::Start::Gently);
    }
    m_link = std::move(link);
    m_link->setReceiver(this);
    m_heartbeat.start();
    send(protocol::EncodedPacket::create(openPacket({})), hub::Urgency::Reliable);
}

void EngineSession::handlePoll(const HttpExchangePtr& exchange)
{
    if (!isOpen() || !m_polling) {
        answer(m_core, exchange, EngineError::BadRequest);
        return;
    }
    if (m_polling->hasPoll()) {
        answer(m_core, exchange, EngineError::BadRequest);
        ++m_core.counters.protocolErrors;
        close(QLatin1StringView("transport error"), CloseCode::ProtocolError);
        return;
    }
    waitForPackets(exchange);
    if (!m_polling->isEmpty()) {
        m_queueAge.cancel();
        m_polling->flush();
    } else if (m_upgrade && m_upgrade->isProbed()) {
        m_heldPoll.startIn(heldPollTime);
    }
}

void EngineSession::waitForPackets(const HttpExchangePtr& exchange)
{
    m_polling->setPoll(exchange);
    exchange->setPeerGoneCallback([this] { pollAborted(); });
}

Result<std::vector<protocol::EnginePacket>> EngineSession::packetsOf(
    const protocol::HttpRequest& request) const
{
    if (!isVersion3(m_dialect))
        return protocol::splitEnginePayload(request.body, m_core.options.payload);
    return request.headers.value("Content-Type") == "application/octet-stream"
        ? protocol::splitEngine3Octets(request.body, m_core.options.payload)
        : protocol::splitEngine3Text(request.body, m_core.options.payload);
}

void EngineSession::handlePost(const HttpExchangePtr& exchange)
{
    if (!isOpen() || !m_polling) {
        answer(m_core, exchange, EngineError::BadRequest);
        return;
    }
    const QByteArray& body = exchange->request().body;
    if (body.size() > m_core.options.maxPayloadBytes) {
        ++m_core.counters.refusedBodies;
        answer(m_core, exchange, 413, "payload too large");
        return;
    }
    const auto packets = packetsOf(exchange->request());
    if (!packets) {
        answer(m_core, exchange, EngineError::BadRequest);
        protocolError(packets.error());
        return;
    }
    answer(m_core, exchange, 200, "ok");
    for (const protocol::EnginePacket& packet : *packets) {
        if (!isOpen())
            return;
        if (packet.content == protocol::EngineContent::Binary)
            receiveBinary(packet.data);
        else
            receiveText(packet.type, packet.data);
    }
}

void EngineSession::startUpgrade(
    std::unique_ptr<WebSocketLink> link, protocol::EngineDialect dialect)
{
    if (!isOpen() || !m_polling || m_upgrade) {
        m_core.closingLinks.close(
            std::move(link), CloseCode::PolicyViolation, QLatin1StringView("already upgraded"));
        return;
    }
    if (isVersion3(m_dialect)) {
        m_upgradeDialect = dialect == protocol::EngineDialect::V3Base64
            ? protocol::EngineDialect::V3Base64
            : protocol::EngineDialect::V3;
    }
    m_upgrade
        = std::make_unique<Upgrade>(m_core, static_cast<Upgrade::Host&>(*this), std::move(link));
}

void EngineSession::upgradeProbed()
{
    m_polling->flush();
    m_polling->answerPoll("6");
}

void EngineSession::upgradeConfirmed(std::unique_ptr<WebSocketLink> link)
{
    releaseUpgrade();
    m_heldPoll.cancel();
    m_queueAge.cancel();
    // A client that has sent "5" waits for no GET; one that asks all the same comes too late.
    m_polling->refusePoll(EngineError::BadRequest);
    const auto waiting = m_polling->takeQueue();
    m_shedByPolling = m_polling->shedPackets();
    m_polling.reset();
    if (isVersion3(m_dialect)) {
        link = std::make_unique<Version3Link>(
            std::move(link), m_upgradeDialect, m_core.timers, Version3Link::Start::AtOnce);
    }
    m_link = std::move(link);
    m_link->setReceiver(this);
    for (const protocol::EncodedPacketPtr& packet : waiting)
        m_link->send(packet);
    ++m_core.counters.upgraded;
    m_client.engineTransportChanged();
}

void EngineSession::upgradeFailed()
{
    releaseUpgrade();
    if (m_polling && m_heldPoll.isRunning())
        m_polling->answerPoll("6");
    m_heldPoll.cancel();
}

void EngineSession::releaseUpgrade()
{
    m_core.turn.destroyLater(std::shared_ptr<Upgrade>(std::move(m_upgrade)));
}

void EngineSession::send(const protocol::EncodedPacketPtr& packet, hub::Urgency urgency)
{
    if (!isOpen() || m_isDoomed)
        return;
    if (!m_link) {
        queue(packet, urgency);
        return;
    }
    if (urgency == hub::Urgency::Volatile && m_link->queuedBytes() > 0) {
        ++m_core.counters.volatileDropped;
        return;
    }
    countOut(*packet);
    m_link->send(packet);
}

void EngineSession::queue(const protocol::EncodedPacketPtr& packet, hub::Urgency urgency)
{
    switch (m_polling->push(packet, urgency)) {
    case PollingTransport::Pushed::Dropped:
        ++m_core.counters.volatileDropped;
        return;
    case PollingTransport::Pushed::Overflow:
        // Possibly inside a publication: the hub must not change now.
        m_isDoomed = true;
        break;
    case PollingTransport::Pushed::Queued:
        countOut(*packet);
        watchQueueAge();
        break;
    }
    m_core.turn.schedule(*this);
}

void EngineSession::watchQueueAge()
{
    if (!m_polling->hasPoll() && !m_queueAge.isRunning())
        m_queueAge.startIn(m_core.options.maxQueueAge);
}

void EngineSession::endOfTurn()
{
    if (!isOpen())
        return;
    if (m_isDoomed) {
        closeAsSlow();
    } else if (m_polling) {
        m_polling->flush();
        if (m_polling->isEmpty())
            m_queueAge.cancel();
    }
}

void EngineSession::timerDue(Timer& timer, Millis)
{
    if (&timer == &m_heldPoll) {
        if (m_polling)
            m_polling->answerPoll("6");
    } else {
        closeAsSlow();
    }
}

void EngineSession::closeAsSlow()
{
    ++m_core.counters.slowConsumers;
    close(QLatin1StringView("slow consumer"), CloseCode::SlowConsumer);
}

void EngineSession::sendPing()
{
    sendHeartbeat(m_core.ping);
}

void EngineSession::answerPing()
{
    // Somebody who pings and never polls must not fill the queue with answers.
    if (!m_polling || !m_polling->endsWith(m_core.pong))
        sendHeartbeat(m_core.pong);
}

void EngineSession::sendHeartbeat(const protocol::EncodedPacketPtr& packet)
{
    if (m_link || !isOpen()) {
        send(packet, hub::Urgency::Reliable);
        return;
    }
    // One that waits for the next GET is the heartbeat's business, not the queue age's.
    const bool wasWatched = m_queueAge.isRunning();
    send(packet, hub::Urgency::Reliable);
    if (!wasWatched)
        m_queueAge.cancel();
}

void EngineSession::pongMissing()
{
    // Its pong may lie unread behind requests; how long it may take for our answers is bounded.
    if (m_link && m_link->isReadingPaused()) {
        m_heartbeat.start();
        return;
    }
    ++m_core.counters.pingTimeouts;
    close(QLatin1StringView("ping timeout"), CloseCode::GoingAway);
}

void EngineSession::measureRoundTrip(Heartbeat::RoundTripCallback callback)
{
    if (isOpen())
        m_heartbeat.measure(std::move(callback));
    else
        callback(failure(ErrorCode::Unavailable, QStringLiteral("the client is gone")));
}

void EngineSession::textReceived(QByteArrayView utf8)
{
    if (!isOpen())
        return;
    const auto packet = protocol::parseEnginePacket(utf8);
    if (packet)
        receiveText(packet->type, packet->data);
    else
        protocolError(packet.error());
}

void EngineSession::binaryReceived(QByteArrayView octets)
{
    if (isOpen())
        receiveBinary(octets);
}

void EngineSession::receiveText(protocol::EnginePacketType type, QByteArrayView data)
{
    using Type = protocol::EnginePacketType;
    if (!countIn(data.size() + 1))
        return;
    const bool pingsItself = isVersion3(m_dialect);
    if (pingsItself)
        m_heartbeat.packetReceived();
    switch (type) {
    case Type::Message:
        m_client.engineMessage(data);
        return;
    case Type::Pong:
        if (pingsItself)
            break;
        m_heartbeat.pongReceived();
        return;
    case Type::Ping:
        if (!pingsItself)
            break;
        answerPing();
        return;
    case Type::Close:
        closedByPeer();
        return;
    case Type::Upgrade: // late, harmless
    case Type::Noop:
        return;
    case Type::Open:
        break;
    }
    protocolError({ErrorCode::Malformed, QStringLiteral("packet of the wrong direction")});
}

void EngineSession::receiveBinary(QByteArrayView octets)
{
    if (!countIn(octets.size()))
        return;
    if (isVersion3(m_dialect))
        m_heartbeat.packetReceived();
    m_client.engineBinary(octets);
}

void EngineSession::protocolError(const Error& error)
{
    if (!isOpen())
        return;
    ++m_core.counters.protocolErrors;
    qCInfo(lcSession, "closing a session for a protocol error: %ls", qUtf16Printable(error.detail));
    close(QLatin1StringView("parse error"), CloseCode::ProtocolError);
}

void EngineSession::closedByPeer()
{
    if (m_polling)
        m_polling->answerPoll("6");
    close(QLatin1StringView("transport close"), CloseCode::Normal);
}

void EngineSession::pollAborted()
{
    if (m_polling)
        m_polling->takePoll();
    close(QLatin1StringView("transport close"), CloseCode::Normal);
}

void EngineSession::linkClosed(quint16 code, QLatin1StringView reason)
{
    if (!isOpen())
        return;
    m_core.turn.destroyLater(std::shared_ptr<WebSocketLink>(std::move(m_link)));
    if (code == quint16(CloseCode::SlowConsumer)) {
        closeAsSlow();
    } else if (code == quint16(CloseCode::RateLimited)) {
        close(QLatin1StringView("rate limited"), CloseCode::RateLimited);
    } else if (isProtocolFault(code)) {
        ++m_core.counters.protocolErrors;
        qCInfo(lcSession, "a WebSocket ended with %u %ls", uint(code),
            qUtf16Printable(QString(reason)));
        close(QLatin1StringView("transport error"), CloseCode::Normal);
    } else {
        close(QLatin1StringView("transport close"), CloseCode::Normal);
    }
}

bool EngineSession::flushOrDrop()
{
    if (!isOpen())
        return true;
    return m_link ? m_link->flushOrDrop() : m_polling->flushOrDrop();
}

void EngineSession::close(QLatin1StringView reason, CloseCode code)
{
    if (!isOpen())
        return;
    m_state = State::Closed;
    m_queueAge.cancel();
    m_heldPoll.cancel();
    m_heartbeat.stop({ErrorCode::Unavailable, QStringLiteral("the client is gone")});
    if (m_polling)
        endPoll(code);
    if (m_upgrade) {
        m_upgrade->abandon();
        releaseUpgrade();
    }
    if (m_link) {
        m_core.closingLinks.close(std::move(m_link), code, reason);
    }
    m_client.engineClosed(QByteArray(reason.data(), reason.size()));
}

/// To python-engineio a close packet says that it is not wanted back: it never reconnects after
/// one.
void EngineSession::endPoll(CloseCode code)
{
    if (isForGood(code)) {
        m_polling->finishPoll("1");
    } else {
        m_polling->flush();
        m_polling->refusePoll(EngineError::UnknownSession);
    }
}

bool EngineSession::countIn(qsizetype octets)
{
    ++m_traffic.packetsIn;
    m_traffic.bytesIn += quint64(octets);
    ++m_core.counters.packetsIn;
    m_core.counters.bytesIn += quint64(octets);
    const SessionOptions& o = m_core.options;
    if (!m_messages.take(1, o.messages, m_core.clock)) {
        ++m_core.counters.limitedMessages;
    } else if (!m_bytes.take(octets, o.bytes, m_core.clock)) {
        ++m_core.counters.limitedBytes;
    } else {
        return true;
    }
    close(QLatin1StringView("rate limited"), CloseCode::RateLimited);
    return false;
}

void EngineSession::countOut(const protocol::EncodedPacket& packet)
{
    const auto packets = quint64(1 + packet.attachments().size());
    m_traffic.packetsOut += packets;
    m_traffic.bytesOut += quint64(packet.costBytes());
    m_core.counters.packetsOut += packets;
    m_core.counters.bytesOut += quint64(packet.costBytes());
}

} // namespace gatehouse::session
