// SPDX-License-Identifier: Apache-2.0
#include "server/events/roomstopic.h"

#include "common/model/roominfo.h"

namespace gatehouse::events {

namespace {

QString keyOf(const NamespaceName& nsp, const RoomName& room)
{
    return model::RoomInfo::keyOf(QString::fromUtf8(nsp.value), QString::fromUtf8(room.value));
}

} // namespace

void RoomsTopic::start()
{
    m_hub.addObserver(this);
}

void RoomsTopic::stop()
{
    m_hub.removeObserver(this);
    KeyedTopic::stop();
}

std::vector<QString> RoomsTopic::keys() const
{
    std::vector<QString> all;
    for (const hub::RoomView& room : m_hub.rooms())
        all.push_back(keyOf(room.nsp, room.name));
    return all;
}

std::optional<QByteArray> RoomsTopic::item(const QString& key)
{
    // No namespace of ours has a bar in its name; rooms may.
    const qsizetype bar = key.indexOf(QLatin1Char('|'));
    const QString nsp = key.first(bar);
    const QString name = key.sliced(bar + 1);
    const auto room = m_hub.room({nsp.toUtf8()}, {name.toUtf8()});
    if (!room)
        return std::nullopt;
    return json(model::RoomInfo{
        nsp, name, room->memberCount, qint64(room->sequence), room->createdAt.count()}
                    .toJson());
}

void RoomsTopic::roomOpened(const NamespaceName& nsp, const RoomName& room)
{
    touch(keyOf(nsp, room));
}

void RoomsTopic::roomClosed(const NamespaceName& nsp, const RoomName& room)
{
    touch(keyOf(nsp, room));
}

void RoomsTopic::memberJoined(
    const NamespaceName& nsp, const RoomName& room, const hub::Subscriber&)
{
    touch(keyOf(nsp, room));
}

void RoomsTopic::memberLeft(const NamespaceName& nsp, const RoomName& room, const hub::Subscriber&)
{
    touch(keyOf(nsp, room));
}

void RoomsTopic::published(const hub::Publication& publication, const hub::Delivery&)
{
    for (const RoomName& room : publication.rooms)
        touch(keyOf(publication.nsp, room));
}

} // namespace gatehouse::events
