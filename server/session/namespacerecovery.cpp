// SPDX-License-Identifier: Apache-2.0
#include "server/session/namespacerecovery.h"

#include "common/core/strictjson.h"
#include "server/session/roompattern.h"
#include "server/session/servercore.h"

#include <algorithm>

namespace gatehouse::session {

namespace {

/// How often what nobody may come back for any more is thrown away.
constexpr Millis sweepInterval{5'000};

} // namespace

NamespaceRecovery::NamespaceRecovery(
    ServerCore& core, NamespaceName nsp, RecoveryOptions options, RecoveryJournal* journal)
    : m_core(core), m_nsp(std::move(nsp)), m_options(std::move(options)),
      m_journal(m_options.durableRooms.isEmpty() ? nullptr : journal), m_expiry(core.timers, *this)
{
    m_core.hub.keepRecent(m_nsp, {m_options.maxAbsence, m_options.maxPackets, m_options.maxBytes},
        m_journal ? this : nullptr);
    m_expiry.startIn(sweepInterval);
}

NamespaceRecovery::~NamespaceRecovery() = default;

void NamespaceRecovery::restore(RecoveredNamespace past)
{
    const Millis wall = m_core.clock.wall();
    const Millis now = m_core.clock.monotonic();
    m_core.hub.restoreRecent(m_nsp, std::move(past.packets), past.forgottenUpTo);
    for (PastSocket& socket : past.sockets) {
        // One that was connected when the process died has been gone since now.
        if (socket.leftAt == Millis{0})
            socket.leftAt = wall;
        const Millis left = socket.leftAt + m_options.maxAbsence - wall;
        m_durableSockets.insert(socket.absence.socket, socket.absence.lostUpTo);
        if (left > Millis{0})
            remember(std::move(socket), now + std::min(left, m_options.maxAbsence));
        else
            unsave(socket);
    }
}

std::optional<NamespaceRecovery::Claim> NamespaceRecovery::claimIn(const QByteArray& authJson)
{
    if (!hasClaim(authJson))
        return std::nullopt;
    const auto pid = rawMember(authJson, "pid");
    const auto text = pid ? jsonText(*pid) : std::nullopt;
    if (!text || text->isEmpty())
        return std::nullopt;
    const auto offset = rawMember(authJson, "offset");
    if (!offset || *offset == "null") // undefined in a MessagePack client
        return Claim{*text, 0};
    const auto offsetText = jsonText(*offset);
    const auto number = offsetText ? hub::offsetNumber(*offsetText) : std::nullopt;
    // An offset that is not ours leaves unknown what the client has seen.
    return number ? std::optional(Claim{*text, *number}) : std::nullopt;
}

bool NamespaceRecovery::hasClaim(const QByteArray& authJson)
{
    return !authJson.isEmpty() && rawMember(authJson, "pid").has_value();
}

void NamespaceRecovery::connected(const QByteArray& pid, SocketImpl& socket)
{
    m_connected.insert(pid, &socket);
}

const PastSocket* NamespaceRecovery::absent(const QByteArray& pid)
{
    expire();
    const auto found = m_absent.constFind(pid);
    return found == m_absent.cend() ? nullptr : &found->socket;
}

void NamespaceRecovery::forget(const QByteArray& pid)
{
    const auto found = m_absent.constFind(pid);
    if (found == m_absent.cend())
        return;
    m_expiries.erase(found->order);
    m_absent.erase(found);
}

void NamespaceRecovery::disconnected(PastSocket socket, bool mayReturn)
{
    m_connected.remove(socket.pid);
    if (!mayReturn) {
        unsave(socket);
        return;
    }
    socket.leftAt = m_core.clock.wall();
    save(socket);
    remember(std::move(socket), m_core.clock.monotonic() + m_options.maxAbsence);
}

void NamespaceRecovery::changed(const PastSocket& socket)
{
    save(socket);
}

void NamespaceRecovery::save(const PastSocket& socket)
{
    if (!m_journal)
        return;
    if (!isDurable(socket)) {
        unsave(socket);
        return;
    }
    const auto known = m_durableSockets.constFind(socket.absence.socket);
    const quint64 since
        = known == m_durableSockets.cend() ? m_core.hub.recent(m_nsp)->lastNumber() : *known;
    m_durableSockets.insert(socket.absence.socket, since);
    // What it was sent before that is not written down: it cannot be had after a restart.
    PastSocket saved = socket;
    saved.absence.lostUpTo = since;
    m_journal->socketSaved(m_nsp, saved);
}

void NamespaceRecovery::unsave(const PastSocket& socket)
{
    if (m_journal && m_durableSockets.remove(socket.absence.socket) > 0)
        m_journal->socketForgotten(m_nsp, socket.pid);
}

void NamespaceRecovery::packetKept(const NamespaceName& nsp, const hub::RecentPacket& packet)
{
    const auto& rooms = packet.audience.rooms;
    const bool isForDurable
        = rooms.empty() || std::any_of(rooms.begin(), rooms.end(), [this](const RoomName& room) {
              return m_durableSockets.contains({room.value}) || isDurable(room);
          });
    if (isForDurable)
        m_journal->packetKept(nsp, packet);
}

void NamespaceRecovery::packetsForgotten(const NamespaceName& nsp, quint64 upTo)
{
    m_journal->packetsForgotten(nsp, upTo);
}

bool NamespaceRecovery::isDurable(const RoomName& room) const
{
    const QString name = QString::fromUtf8(room.value);
    return std::any_of(m_options.durableRooms.begin(), m_options.durableRooms.end(),
        [&name](const QString& pattern) { return fitsPattern(name, pattern); });
}

bool NamespaceRecovery::isDurable(const PastSocket& socket) const
{
    const auto& rooms = socket.absence.rooms;
    return !rooms.empty() && std::all_of(rooms.begin(), rooms.end(), [this](const auto& past) {
        return isDurable(past.room);
    });
}

void NamespaceRecovery::remember(PastSocket socket, Millis until)
{
    if (m_options.maxAbsent <= 0)
        return;
    while (m_absent.size() >= m_options.maxAbsent) {
        const PastSocket oldest = m_absent.value(m_expiries.begin()->second.second).socket;
        forget(oldest.pid);
        unsave(oldest);
        ++m_core.counters.recoveriesLost;
    }
    const QByteArray pid = socket.pid;
    m_expiries.emplace(m_nextOrder, std::pair{until, pid});
    m_absent.insert(pid, {std::move(socket), m_nextOrder++});
}

void NamespaceRecovery::expire()
{
    const Millis now = m_core.clock.monotonic();
    while (!m_expiries.empty() && m_expiries.begin()->second.first <= now) {
        const PastSocket gone = m_absent.value(m_expiries.begin()->second.second).socket;
        forget(gone.pid);
        unsave(gone);
    }
}

void NamespaceRecovery::timerDue(Timer&, Millis)
{
    expire();
    m_core.hub.trimRecent();
    m_expiry.startIn(sweepInterval);
}

} // namespace gatehouse::session
