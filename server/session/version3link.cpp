// SPDX-License-Identifier: Apache-2.0
#include "server/session/version3link.h"

#include "common/protocol/engineio3.h"

namespace gatehouse::session {

namespace {

constexpr Millis gentleStart{50};

/// What a receiver takes for a fault: no text packet is empty.
constexpr QByteArrayView NoPacket("");

} // namespace

Version3Link::Version3Link(std::unique_ptr<WebSocketLink> link, protocol::EngineDialect dialect,
    TimerQueue& timers, Start start)
    : m_link(std::move(link)), m_dialect(dialect), m_start(timers, *this, Timer::AfterStall::Fire)
{
    if (start == Start::Gently)
        m_start.startIn(gentleStart);
}

Version3Link::~Version3Link() = default;

void Version3Link::setReceiver(WebSocketLink::Receiver* receiver)
{
    m_receiver = receiver;
    m_link->setReceiver(receiver ? this : nullptr);
}

void Version3Link::send(const protocol::EncodedPacketPtr& packet)
{
    if (m_start.isRunning())
        m_held.push_back(packet);
    else
        m_link->send(protocol::EncodedPacket::forWebSocket(packet, m_dialect));
}

qsizetype Version3Link::queuedBytes() const
{
    return m_link->queuedBytes();
}

void Version3Link::sendPing()
{
    m_link->sendPing();
}

bool Version3Link::isBusy() const
{
    return m_start.isRunning() || m_link->isBusy();
}

bool Version3Link::flushOrDrop()
{
    begin();
    return m_link->flushOrDrop();
}

void Version3Link::close(CloseCode code, QLatin1StringView reason)
{
    begin();
    m_link->close(code, reason);
}

void Version3Link::textReceived(QByteArrayView utf8)
{
    if (!utf8.startsWith('b')) {
        m_receiver->textReceived(utf8);
        return;
    }
    const Result<protocol::EnginePacket> packet = protocol::parseEngine3Text(utf8);
    if (packet)
        m_receiver->binaryReceived(packet->data);
    else
        m_receiver->textReceived(NoPacket);
}

void Version3Link::binaryReceived(QByteArrayView octets)
{
    const Result<QByteArrayView> message = protocol::parseEngine3Binary(octets);
    if (message)
        m_receiver->binaryReceived(*message);
    else
        m_receiver->textReceived(NoPacket);
}

void Version3Link::linkClosed(quint16 code, QLatin1StringView reason)
{
    m_receiver->linkClosed(code, reason);
}

void Version3Link::timerDue(Timer&, Millis)
{
    begin();
}

void Version3Link::begin()
{
    m_start.cancel();
    for (const protocol::EncodedPacketPtr& packet : std::exchange(m_held, {}))
        send(packet);
}

} // namespace gatehouse::session
