// SPDX-License-Identifier: Apache-2.0
#include "server/session/plainsession.h"

#include "server/session/servercore.h"

namespace gatehouse::session {

namespace {

bool isProtocolFault(quint16 code)
{
    return code == quint16(CloseCode::ProtocolError) || code == quint16(CloseCode::UnsupportedData)
        || code == quint16(CloseCode::InvalidPayload) || code == quint16(CloseCode::MessageTooBig);
}

} // namespace

PlainSession::PlainSession(PlainCore& core, Owner& owner, Handshake handshake)
    : m_core(core), m_owner(owner), m_handshake(std::move(handshake)), m_id{makeId()},
      m_place(core.addresses, m_handshake.peerAddress),
      m_heartbeat(core.timers, *this, core.options.pingInterval, core.options.pingTimeout),
      m_messages(core.options.messages), m_bytes(core.options.bytes)
{
}

PlainSession::~PlainSession() = default;

void PlainSession::open(std::unique_ptr<WebSocketLink> link)
{
    m_link = std::move(link);
    m_link->setReceiver(this);
    m_isOpen = true;
    m_heartbeat.start();
    if (!m_core.options.nsp.isEmpty())
        m_core.hub.attach(m_core.options.nsp, *this);
}

void PlainSession::setPrincipal(access::Principal principal)
{
    m_principal = std::move(principal);
    if (m_isOpen)
        m_core.observers.forEach([this](SessionObserver& o) { o.sessionChanged(sessionId()); });
}

void PlainSession::deliver(const protocol::EncodedPacketPtr& packet, hub::Urgency urgency)
{
    if (!m_isOpen)
        return;
    if (urgency == hub::Urgency::Volatile && m_link->queuedBytes() > 0) {
        ++m_core.counters.volatileDropped;
        return;
    }
    if (const auto& form = m_core.plainForm(packet))
        send(form);
    else
        ++m_core.counters.notForPlain;
}

void PlainSession::send(const protocol::EncodedPacketPtr& packet)
{
    if (!m_isOpen)
        return;
    const auto octets = quint64(packet->text().size());
    ++m_framesOut;
    m_bytesOut += octets;
    ++m_core.counters.framesOut;
    m_core.counters.bytesOut += octets;
    m_link->send(packet);
    recountQueue();
    if (m_core.queuedBytes > m_core.options.maxTotalQueuedBytes)
        m_owner.queueGrew();
}

void PlainSession::recountQueue()
{
    const qsizetype now = queuedBytes();
    m_core.queuedBytes += now - m_countedQueue;
    m_countedQueue = now;
}

bool PlainSession::join(const RoomName& room)
{
    if (!m_isOpen || m_core.options.nsp.isEmpty())
        return false;
    if (m_rooms >= m_core.options.maxRoomsPerSocket) {
        ++m_core.counters.refusedRooms;
        return false;
    }
    if (m_core.hub.join(m_core.options.nsp, room, *this))
        ++m_rooms;
    return true;
}

void PlainSession::leave(const RoomName& room)
{
    if (m_isOpen && !m_core.options.nsp.isEmpty()
        && m_core.hub.leave(m_core.options.nsp, room, *this))
        --m_rooms;
}

bool PlainSession::settle()
{
    if (!m_isOpen || m_link->flushOrDrop())
        return true;
    ++m_core.counters.revoked;
    close(CloseCode::RightsChanged, QLatin1StringView("rights changed"));
    return false;
}

void PlainSession::textReceived(QByteArrayView utf8)
{
    m_isHeard = true;
    if (m_isOpen && countIn(utf8.size()))
        m_core.handler.textReceived(*this, utf8);
}

void PlainSession::binaryReceived(QByteArrayView octets)
{
    if (!m_isOpen || !countIn(octets.size()))
        return;
    ++m_core.counters.protocolErrors;
    close(CloseCode::UnsupportedData, QLatin1StringView("binary message"));
}

void PlainSession::pongReceived()
{
    m_heartbeat.pongReceived();
}

void PlainSession::sendPing()
{
    m_isHeard = false;
    m_link->sendPing();
}

void PlainSession::pongMissing()
{
    // The ping waits behind frames the client has not taken yet, or the pong behind a message it is
    // still sending: both have deadlines of their own.
    if (m_isHeard || m_link->isBusy()) {
        m_heartbeat.start();
        return;
    }
    ++m_core.counters.pingTimeouts;
    close(CloseCode::GoingAway, QLatin1StringView("ping timeout"));
}

void PlainSession::closeAsSlow()
{
    ++m_core.counters.slowConsumers;
    close(CloseCode::SlowConsumer, QLatin1StringView("slow consumer"));
}

void PlainSession::linkClosed(quint16 code, QLatin1StringView)
{
    if (!m_isOpen)
        return;
    m_core.turn.destroyLater(std::shared_ptr<WebSocketLink>(std::move(m_link)));
    if (code == quint16(CloseCode::SlowConsumer)) {
        closeAsSlow();
    } else if (code == quint16(CloseCode::RateLimited)) {
        close(CloseCode::RateLimited, QLatin1StringView("rate limited"));
    } else if (isProtocolFault(code)) {
        ++m_core.counters.protocolErrors;
        close(CloseCode::Normal, QLatin1StringView("transport error"));
    } else {
        close(CloseCode::Normal, QLatin1StringView("transport close"));
    }
}

void PlainSession::close(CloseCode code, QLatin1StringView reason)
{
    if (!m_isOpen)
        return;
    m_isOpen = false;
    m_heartbeat.stop({ErrorCode::Unavailable, QStringLiteral("the client is gone")});
    if (m_link)
        m_core.closingLinks.close(std::move(m_link), code, reason);
    recountQueue();
    m_owner.sessionEnding(*this);
    const QByteArray name(reason.data(), reason.size());
    m_core.handler.socketClosed(*this, name);
    if (!m_core.options.nsp.isEmpty())
        m_core.hub.detach(m_core.options.nsp, *this);
    ++m_core.counters.closed;
    m_core.observers.forEach([&](SessionObserver& o) { o.sessionClosed(sessionId(), name); });
}

bool PlainSession::countIn(qsizetype octets)
{
    ++m_framesIn;
    m_bytesIn += quint64(octets);
    ++m_core.counters.framesIn;
    m_core.counters.bytesIn += quint64(octets);
    const PlainOptions& o = m_core.options;
    if (!m_messages.take(1, o.messages, m_core.clock)) {
        ++m_core.counters.limitedMessages;
    } else if (!m_bytes.take(octets, o.bytes, m_core.clock)) {
        ++m_core.counters.limitedBytes;
    } else {
        return true;
    }
    close(CloseCode::RateLimited, QLatin1StringView("rate limited"));
    return false;
}

SessionView PlainSession::view() const
{
    SessionView view;
    view.id = sessionId();
    view.transport = TransportKind::WebSocket;
    view.dialect = m_core.options.dialect.isFlat() ? QStringLiteral("flat-json")
                                                   : QStringLiteral("typed-json");
    view.peerAddress = m_handshake.peerAddress;
    view.userAgent = m_handshake.headers.value("User-Agent");
    view.connectedAt = m_handshake.at;
    view.principal = m_principal;
    view.queuedBytes = queuedBytes();
    view.packetsIn = m_framesIn;
    view.packetsOut = m_framesOut;
    view.bytesIn = m_bytesIn;
    view.bytesOut = m_bytesOut;
    if (!m_core.options.nsp.isEmpty())
        view.sockets.emplace_back(m_id, m_core.options.nsp);
    return view;
}

} // namespace gatehouse::session
