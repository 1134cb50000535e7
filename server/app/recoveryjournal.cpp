// SPDX-License-Identifier: Apache-2.0
#include "server/app/recoveryjournal.h"

#include "server/observe/log.h"
#include "server/store/await.h"

#include <QDataStream>
#include <QIODevice>

#include <algorithm>

namespace gatehouse::app {

namespace {

/// Of what is written; another one is not read, and its sockets start anew.
constexpr quint8 format = 1;
/// A store that has refused is asked again after this.
constexpr Millis retryAfter{1'000};
/// What a row holds beside its body, roughly.
constexpr qsizetype rowBytes = 128;

void prepare(QDataStream& stream)
{
    stream.setVersion(QDataStream::Qt_6_0);
}

QByteArray packed(const session::PastSocket& socket)
{
    QByteArray octets;
    QDataStream out(&octets, QIODevice::WriteOnly);
    prepare(out);
    out << format << socket.absence.socket.value << socket.absence.since << socket.absence.lostUpTo
        << quint8(socket.principalKind) << socket.principalId << socket.data
        << quint32(socket.absence.rooms.size());
    for (const hub::PastMembership& membership : socket.absence.rooms)
        out << membership.room.value << membership.since;
    return octets;
}

std::optional<session::PastSocket> unpacked(const store::StoredSocket& stored)
{
    QDataStream in(stored.body);
    prepare(in);
    quint8 written = 0;
    quint8 kind = 0;
    quint32 rooms = 0;
    session::PastSocket socket;
    in >> written;
    if (written != format)
        return std::nullopt;
    in >> socket.absence.socket.value >> socket.absence.since >> socket.absence.lostUpTo >> kind
        >> socket.principalId >> socket.data >> rooms;
    for (quint32 i = 0; i < rooms && in.status() == QDataStream::Ok; ++i) {
        hub::PastMembership membership;
        in >> membership.room.value >> membership.since;
        socket.absence.rooms.push_back(std::move(membership));
    }
    if (in.status() != QDataStream::Ok || kind > quint8(access::PrincipalKind::Admin))
        return std::nullopt;
    socket.pid = stored.pid;
    socket.principalKind = access::PrincipalKind(kind);
    socket.leftAt = stored.leftAt;
    return socket;
}

template <class T>
void write(QDataStream& out, const std::vector<T>& names)
{
    out << quint32(names.size());
    for (const T& name : names)
        out << name.value;
}

template <class T>
void read(QDataStream& in, std::vector<T>& names)
{
    quint32 count = 0;
    in >> count;
    for (quint32 i = 0; i < count && in.status() == QDataStream::Ok; ++i) {
        T name;
        in >> name.value;
        names.push_back(std::move(name));
    }
}

QByteArray packed(const hub::RecentPacket& packet)
{
    QByteArray octets;
    octets.reserve(packet.packet->costBytes() + rowBytes);
    QDataStream out(&octets, QIODevice::WriteOnly);
    prepare(out);
    out << format << packet.packet->text() << packet.packet->attachments();
    write(out, packet.audience.rooms);
    write(out, packet.audience.except);
    write(out, packet.audience.exceptRooms);
    return octets;
}

std::optional<hub::RecentPacket> unpacked(const store::StoredEvent& stored)
{
    QDataStream in(stored.body);
    prepare(in);
    quint8 written = 0;
    QByteArray text;
    QList<QByteArray> attachments;
    hub::RecentPacket packet;
    in >> written;
    if (written != format)
        return std::nullopt;
    in >> text >> attachments;
    read(in, packet.audience.rooms);
    read(in, packet.audience.except);
    read(in, packet.audience.exceptRooms);
    if (in.status() != QDataStream::Ok)
        return std::nullopt;
    packet.number = stored.number;
    packet.at = stored.keptAt;
    packet.packet = protocol::EncodedPacket::create(std::move(text), std::move(attachments));
    return packet;
}

qsizetype countOf(const store::RecoveryChanges& changes)
{
    return qsizetype(changes.sockets.size() + changes.events.size());
}

session::RecoveredNamespace recovered(const store::RecoveryContent& content)
{
    session::RecoveredNamespace past;
    past.forgottenUpTo = content.forgottenUpTo;
    for (const store::StoredSocket& stored : content.sockets) {
        if (auto socket = unpacked(stored))
            past.sockets.push_back(*std::move(socket));
    }
    for (const store::StoredEvent& stored : content.events) {
        if (auto packet = unpacked(stored)) {
            past.packets.push_back(*std::move(packet));
            continue;
        }
        // One that cannot be read is a gap, and what is before it of no use.
        past.packets.clear();
        past.forgottenUpTo = stored.number;
    }
    return past;
}

} // namespace

RecoveryJournal::RecoveryJournal(store::Store& store, qsizetype maxBytes)
    : m_table(store), m_maxBytes(maxBytes)
{
    m_next.setSingleShot(true);
    m_next.callOnTimeout([this] { submit(); });
}

RecoveryJournal::~RecoveryJournal() = default;

RecoveryJournal::Waiting& RecoveryJournal::waiting(const NamespaceName& nsp)
{
    schedule();
    return m_waiting[nsp.value];
}

void RecoveryJournal::schedule()
{
    if (m_underWay == 0 && !m_next.isActive())
        m_next.start(0);
}

void RecoveryJournal::put(
    const NamespaceName& nsp, const QByteArray& pid, std::optional<store::StoredSocket> socket)
{
    Waiting& entry = waiting(nsp);
    const auto bytesOf = [](const std::optional<store::StoredSocket>& one) {
        return rowBytes + (one ? one->body.size() : 0);
    };
    const auto [at, isNew] = entry.changes.sockets.try_emplace(pid);
    entry.bytes += bytesOf(socket) - (isNew ? 0 : bytesOf(at->second));
    at->second = std::move(socket);
    keepWithin(entry);
}

void RecoveryJournal::socketSaved(const NamespaceName& nsp, const session::PastSocket& socket)
{
    put(nsp, socket.pid, store::StoredSocket{socket.pid, packed(socket), socket.leftAt});
}

void RecoveryJournal::socketForgotten(const NamespaceName& nsp, const QByteArray& pid)
{
    put(nsp, pid, std::nullopt);
}

void RecoveryJournal::packetKept(const NamespaceName& nsp, const hub::RecentPacket& packet)
{
    Waiting& entry = waiting(nsp);
    entry.changes.events.push_back({packet.number, packet.at, packed(packet)});
    entry.bytes += entry.changes.events.back().body.size() + rowBytes;
    keepWithin(entry);
}

void RecoveryJournal::packetsForgotten(const NamespaceName& nsp, quint64 upTo)
{
    Waiting& entry = waiting(nsp);
    entry.changes.forgottenUpTo = std::max(entry.changes.forgottenUpTo, upTo);
}

void RecoveryJournal::dropEvents(Waiting& entry)
{
    auto& events = entry.changes.events;
    if (events.empty())
        return;
    m_eventsLost += events.size();
    entry.changes.forgottenUpTo = std::max(entry.changes.forgottenUpTo, events.back().number);
    for (const store::StoredEvent& event : events)
        entry.bytes -= event.body.size() + rowBytes;
    events.clear();
}

void RecoveryJournal::keepWithin(Waiting& entry)
{
    if (entry.bytes <= m_maxBytes)
        return;
    dropEvents(entry);
    if (entry.bytes <= m_maxBytes)
        return;
    // More sockets change than can be written: nobody of now comes back after a restart.
    entry.changes.sockets.clear();
    entry.changes.forgetsSockets = true;
    entry.bytes = 0;
}

void RecoveryJournal::flush()
{
    m_next.stop();
    submit();
}

void RecoveryJournal::submit()
{
    if (m_waiting.empty())
        return;
    const auto batch = std::make_shared<Batch>();
    qsizetype bytes = 0;
    qsizetype changes = 0;
    for (auto& [nsp, entry] : std::exchange(m_waiting, {})) {
        bytes += entry.bytes;
        changes += countOf(entry.changes);
        batch->emplace(nsp, std::move(entry.changes));
    }
    ++m_underWay;
    m_changesUnderWay += changes;
    m_table.write(*batch, bytes,
        [this, batch, changes](const Result<void>& result) { written(result, *batch, changes); });
}

void RecoveryJournal::written(const Result<void>& result, const Batch& batch, qsizetype changes)
{
    --m_underWay;
    m_changesUnderWay -= changes;
    if (result) {
        m_isFailing = false;
        if (!m_waiting.empty())
            schedule();
        return;
    }
    if (!std::exchange(m_isFailing, true)) {
        observe::log(observe::Level::Warning, observe::category::db,
            u"what clients may come back for is not written down: " + result.error().detail);
    }
    takeBack(batch);
    m_next.start(retryAfter);
}

/// The events are lost; who may come back can still be said.
void RecoveryJournal::takeBack(const Batch& batch)
{
    for (const auto& [nsp, changes] : batch) {
        Waiting& entry = m_waiting[nsp];
        const bool wasReplaced = entry.changes.forgetsSockets;
        entry.changes.forgetsSockets |= changes.forgetsSockets;
        quint64 gap = changes.forgottenUpTo;
        if (!changes.events.empty()) {
            m_eventsLost += changes.events.size();
            gap = std::max(gap, changes.events.back().number);
        }
        entry.changes.forgottenUpTo = std::max(entry.changes.forgottenUpTo, gap);
        if (!wasReplaced) {
            for (const auto& [pid, socket] : changes.sockets) {
                if (entry.changes.sockets.try_emplace(pid, socket).second)
                    entry.bytes += rowBytes + (socket ? socket->body.size() : 0);
            }
        }
        keepWithin(entry);
    }
}

qsizetype RecoveryJournal::unwritten() const
{
    qsizetype count = m_changesUnderWay;
    for (const auto& [nsp, entry] : m_waiting)
        count += countOf(entry.changes);
    return count;
}

Result<session::RecoveredNamespace> RecoveryJournal::load(store::Store& store,
    const NamespaceName& nsp, const session::RecoveryOptions& options, const Clock& clock)
{
    store::StoredRecovery table(store);
    const Millis earliest = clock.wall() - options.maxAbsence;
    return store::await<store::RecoveryContent>([&](auto done) {
        table.load(nsp.value,
            {earliest, earliest, options.maxAbsent, options.maxPackets, options.maxBytes},
            std::move(done));
    }).map(recovered);
}

Result<void> RecoveryJournal::keepOnly(
    store::Store& store, const std::vector<NamespaceName>& namespaces)
{
    store::StoredRecovery table(store);
    std::vector<QByteArray> names;
    for (const NamespaceName& nsp : namespaces)
        names.push_back(nsp.value);
    return store::await<void>(
        [&](auto done) { table.keepOnly(std::move(names), std::move(done)); });
}

} // namespace gatehouse::app
