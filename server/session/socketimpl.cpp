// SPDX-License-Identifier: Apache-2.0
#include "server/session/socketimpl.h"

#include "server/session/servercore.h"
#include "server/session/session.h"

#include <algorithm>

namespace gatehouse::session {

namespace {

/// Acknowledgements a drain waits for; beyond, it does not wait for further ones.
constexpr qsizetype maxOwed = 10'000;

/// Ends nobody wanted, after which a client may come back as who it was.
bool isBrokenConnection(const QByteArray& reason)
{
    return reason == "transport close" || reason == "transport error" || reason == "ping timeout"
        || reason == "slow consumer" || reason == "server shutting down"
        || reason == supersededReason;
}

} // namespace

SocketImpl::SocketImpl(
    ServerCore& core, Session& session, SocketId id, NamespaceName nsp, const NamespaceEntry& entry)
    : m_session(session), m_core(core), m_id(std::move(id)), m_nsp(std::move(nsp)),
      m_handler(*entry.handler),
      m_recovery(
          session.revision() == protocol::SocketIoRevision::Five ? entry.recovery.get() : nullptr),
      m_acks(core)
{
    m_core.sockets.insert(m_id, this);
}

SocketImpl::~SocketImpl() = default;

const SessionId& SocketImpl::sessionId() const
{
    return m_session.id();
}

const Handshake& SocketImpl::handshake() const
{
    return m_session.handshake();
}

void SocketImpl::setPrincipal(access::Principal principal)
{
    m_principal = std::move(principal);
    if (m_state != State::Gone)
        m_session.principalChanged();
}

void SocketImpl::requestConnect(const QByteArray& authJson)
{
    if (m_recovery) {
        m_stay = std::make_unique<Stay>();
        m_stay->auth = authJson;
    }
    m_handler.connectRequested(*this, authJson);
}

void SocketImpl::accept()
{
    if (m_state != State::Deciding)
        return;
    const Return past = m_recovery ? beginStay() : Return();
    m_state = State::Connected;
    protocol::SocketIoPacket answer;
    answer.type = protocol::PacketType::Connect;
    answer.nsp = m_nsp;
    if (m_session.revision() == protocol::SocketIoRevision::Five) {
        answer.payload = "{\"sid\":\"" + m_id.value + '"';
        if (m_stay)
            answer.payload += ",\"pid\":\"" + m_stay->pid + '"';
        answer.payload += '}';
    }
    m_session.send(protocol::encode(answer), hub::Urgency::Reliable);
    m_core.hub.attach(m_nsp, *this);
    for (const hub::PastMembership& membership : past.rooms)
        m_core.hub.rejoin(m_nsp, membership, *this);
    for (const RoomName& room : std::exchange(m_joinsHeld, {}))
        m_rooms += m_core.hub.join(m_nsp, room, *this) ? 1 : 0;
    m_rooms += int(past.rooms.size());
    for (const protocol::EncodedPacketPtr& packet : past.missed)
        m_session.send(packet, hub::Urgency::Reliable);
    for (const HeldEvent& event : std::exchange(m_held, {}))
        emitNow(event);
    m_session.socketAccepted();
    noteChange();
    m_handler.socketConnected(*this);
    m_session.socketSettled();
}

SocketImpl::Return SocketImpl::beginStay()
{
    auto recovered = recover();
    if (!recovered) {
        m_stay->pid = makeId();
        m_stay->since = m_core.hub.recent(m_nsp)->lastNumber();
    }
    m_stay->isRecovered = recovered.has_value();
    m_recovery->connected(m_stay->pid, *this);
    return recovered ? std::move(*recovered) : Return();
}

std::optional<SocketImpl::Return> SocketImpl::recover()
{
    const QByteArray auth = std::exchange(m_stay->auth, {});
    const auto claim = NamespaceRecovery::claimIn(auth);
    if (!claim) {
        if (NamespaceRecovery::hasClaim(auth))
            ++m_core.counters.recoveriesRefused;
        return std::nullopt;
    }
    // The server may not know yet that the old connection is dead; its owner does.
    SocketImpl* holder = m_recovery->holder(claim->pid);
    std::optional<PastSocket> past;
    if (holder && &holder->m_session != &m_session)
        past = holder->asPast();
    else if (const PastSocket* absent = m_recovery->absent(claim->pid))
        past = *absent;
    auto recovered = past ? returnFrom(*past, claim->offset) : std::nullopt;
    if (!recovered) {
        ++m_core.counters.recoveriesRefused;
        return std::nullopt;
    }
    if (holder)
        holder->m_session.engine().close(QLatin1StringView(supersededReason), CloseCode::Normal);
    m_recovery->forget(claim->pid);
    ++m_core.counters.recoveries;
    m_stay->pid = past->pid;
    m_stay->since = past->absence.since;
    m_stay->lostUpTo = past->absence.lostUpTo;
    m_data = past->data;
    takeId(past->absence.socket);
    return recovered;
}

std::optional<SocketImpl::Return> SocketImpl::returnFrom(const PastSocket& past, quint64 offset)
{
    const auto allowed = m_handler.recoveryRequested(*this, past);
    if (!allowed)
        return std::nullopt;
    hub::Absence absence = past.absence;
    std::erase_if(absence.rooms, [&](const hub::PastMembership& membership) {
        return std::find(allowed->begin(), allowed->end(), membership.room) == allowed->end();
    });
    auto missed = m_core.hub.recent(m_nsp)->missed(absence, offset);
    if (!missed)
        return std::nullopt;
    qsizetype bytes = 0;
    for (const protocol::EncodedPacketPtr& packet : *missed)
        bytes += packet->costBytes();
    // The other half of the queue is for what comes meanwhile.
    if (bytes > m_core.options.maxQueuedBytes / 2)
        return std::nullopt;
    return Return{std::move(absence.rooms), std::move(*missed)};
}

void SocketImpl::takeId(SocketId id)
{
    m_core.sockets.remove(m_id);
    m_id = std::move(id);
    m_core.sockets.insert(m_id, this);
}

PastSocket SocketImpl::asPast() const
{
    PastSocket past;
    past.pid = m_stay->pid;
    past.absence = {m_id, m_stay->since, m_core.hub.memberships(m_nsp, m_id), m_stay->lostUpTo};
    past.principalKind = m_principal.kind;
    past.principalId = m_principal.id;
    past.data = m_data;
    return past;
}

void SocketImpl::noteChange()
{
    if (m_recovery && m_recovery->isDurable() && m_state == State::Connected)
        m_recovery->changed(asPast());
}

void SocketImpl::setData(QByteArray data)
{
    m_data = std::move(data);
    noteChange();
}

quint64 SocketImpl::missedEvents() const
{
    return m_session.engine().shedPackets();
}

bool SocketImpl::isRecovered() const
{
    return m_stay && m_stay->isRecovered;
}

void SocketImpl::refuse(QByteArray jsonPayload)
{
    if (m_state != State::Deciding)
        return;
    m_state = State::Gone;
    m_session.sendConnectError(m_nsp, std::move(jsonPayload));
    m_core.sockets.remove(m_id);
    m_acks.close();
    m_session.releaseSocket(*this);
}

void SocketImpl::send(const protocol::EncodedPacketPtr& packet)
{
    if (m_state == State::Connected)
        m_session.send(packet, hub::Urgency::Reliable);
}

void SocketImpl::emitNow(const HeldEvent& event)
{
    const bool isKept = m_recovery && !event.ackId;
    const auto packet = isKept
        ? m_core.hub.encodeFor(m_nsp, m_id, event.name, event.args, event.attachments)
        : protocol::encodeEvent(m_nsp, event.name, event.args, event.attachments, event.ackId);
    const hub::SlowPolicies& policies = m_core.hub.slowPolicies();
    if (!event.ackId && !policies.isEmpty())
        packet->setShedding(policies.sheddingOf(m_nsp, {}, event.name, event.args));
    send(packet);
}

void SocketImpl::deliver(const protocol::EncodedPacketPtr& packet, hub::Urgency urgency)
{
    if (m_state == State::Connected)
        m_session.send(packet, urgency);
}

void SocketImpl::emitEvent(
    QByteArrayView name, const protocol::JsonArgs& args, const QList<QByteArray>& attachments)
{
    if (m_state == State::Connected)
        emitNow({name.toByteArray(), args, attachments, {}});
    else if (m_state == State::Deciding)
        m_held.push_back({name.toByteArray(), args, attachments, {}});
}

void SocketImpl::emitWithAck(
    QByteArrayView name, const protocol::JsonArgs& args, Millis timeout, AckCallback callback)
{
    const auto id = m_acks.add(timeout, std::move(callback));
    if (!id)
        return;
    if (m_state == State::Deciding)
        m_held.push_back({name.toByteArray(), args, {}, *id});
    else
        send(protocol::encodeEvent(m_nsp, name, args, {}, *id));
}

void SocketImpl::acknowledge(
    quint64 ackId, const protocol::JsonArgs& args, const QList<QByteArray>& attachments)
{
    m_owed.remove(ackId);
    if (m_state == State::Connected)
        send(protocol::encodeAck(m_nsp, ackId, args, attachments));
}

void SocketImpl::owesAnswer(quint64 ackId)
{
    if (m_state == State::Connected && m_owed.size() < maxOwed)
        m_owed.insert(ackId);
}

bool SocketImpl::join(const RoomName& room)
{
    if (m_rooms + int(m_joinsHeld.size()) >= m_core.options.maxRoomsPerSocket
        && !m_core.hub.isMember(m_nsp, room, m_id)) {
        ++m_core.counters.refusedRooms;
        return false;
    }
    if (m_state == State::Connected)
        m_rooms += m_core.hub.join(m_nsp, room, *this) ? 1 : 0;
    else if (m_state == State::Deciding)
        m_joinsHeld.push_back(room);
    noteChange();
    return true;
}

void SocketImpl::leave(const RoomName& room)
{
    std::erase(m_joinsHeld, room);
    if (m_core.hub.leave(m_nsp, room, *this))
        --m_rooms;
    noteChange();
}

void SocketImpl::disconnect()
{
    if (m_state == State::Deciding) {
        refuse(QByteArrayLiteral("{\"message\":\"Connection refused\"}"));
    } else if (m_state == State::Connected) {
        protocol::SocketIoPacket goodbye;
        goodbye.type = protocol::PacketType::Disconnect;
        goodbye.nsp = m_nsp;
        send(protocol::encode(goodbye));
        m_session.leftByServer(m_nsp);
        end("server namespace disconnect");
        m_session.releaseSocket(*this);
    }
}

void SocketImpl::receiveEvent(IncomingEvent event)
{
    m_core.observers.forEach([&](SessionObserver& o) { o.eventReceived(*this, event); });
    if (m_state == State::Connected)
        m_handler.eventReceived(*this, event);
}

void SocketImpl::receiveAck(quint64 id, AckReply reply)
{
    m_acks.answered(id, std::move(reply));
}

void SocketImpl::expectAck(quint64 id, Millis timeout, AckCallback callback)
{
    m_acks.expect(id, timeout, std::move(callback));
}

void SocketImpl::end(const QByteArray& reason)
{
    const State before = std::exchange(m_state, State::Gone);
    if (before == State::Gone)
        return;
    m_held.clear();
    m_owed.clear();
    const bool mayReturn = m_recovery && before == State::Connected;
    const PastSocket past = mayReturn ? asPast() : PastSocket();
    if (before == State::Connected)
        m_handler.socketDisconnected(*this, reason);
    else
        m_handler.connectAbandoned(*this);
    m_core.hub.detach(m_nsp, *this);
    m_core.sockets.remove(m_id);
    m_acks.close();
    if (mayReturn)
        m_recovery->disconnected(past, isBrokenConnection(reason));
}

} // namespace gatehouse::session
