// SPDX-License-Identifier: Apache-2.0
#include "server/events/memberstopic.h"

namespace gatehouse::events {

void MembersTopic::start()
{
    for (const hub::RoomView& room : m_hub.rooms()) {
        for (const hub::MemberView& member : m_hub.members(room.nsp, room.name)) {
            const auto info = infoOf(room.nsp, room.name, member.socket, member.joinedAt);
            m_members.insert_or_assign(info.key(), info);
        }
    }
    m_hub.addObserver(this);
}

void MembersTopic::stop()
{
    m_hub.removeObserver(this);
    m_members.clear();
    KeyedTopic::stop();
}

std::vector<QString> MembersTopic::keys() const
{
    std::vector<QString> all;
    for (const auto& [key, info] : m_members)
        all.push_back(key);
    return all;
}

std::optional<QByteArray> MembersTopic::item(const QString& key)
{
    const auto found = m_members.find(key);
    if (found == m_members.end())
        return std::nullopt;
    return json(found->second.toJson());
}

void MembersTopic::memberJoined(
    const NamespaceName& nsp, const RoomName& room, const hub::Subscriber& subscriber)
{
    const auto info = infoOf(nsp, room, subscriber.socketId(), m_clock.wall());
    m_members.insert_or_assign(info.key(), info);
    touch(info.key());
}

void MembersTopic::memberLeft(
    const NamespaceName& nsp, const RoomName& room, const hub::Subscriber& subscriber)
{
    const QString key = model::MemberInfo::keyOf(QString::fromUtf8(nsp.value),
        QString::fromUtf8(room.value), QString::fromUtf8(subscriber.socketId().value));
    m_members.erase(key);
    touch(key);
}

model::MemberInfo MembersTopic::infoOf(
    const NamespaceName& nsp, const RoomName& room, const SocketId& socketId, Millis joinedAt) const
{
    model::MemberInfo info;
    info.nsp = QString::fromUtf8(nsp.value);
    info.room = QString::fromUtf8(room.value);
    info.socketId = QString::fromUtf8(socketId.value);
    info.kind = access::name(access::PrincipalKind::Anonymous);
    info.joinedAt = joinedAt.count();
    for (const session::SessionSource* source : m_sources) {
        const auto socket = source->socket(socketId);
        if (!socket)
            continue;
        info.sessionId = QString::fromUtf8(socket->session.value);
        info.kind = access::name(socket->principal.kind);
        info.id = socket->principal.id;
        info.name = socket->principal.name;
        break;
    }
    return info;
}

} // namespace gatehouse::events
