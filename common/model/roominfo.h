// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QJsonObject>
#include <QString>

#include <optional>

namespace gatehouse::model {

/// An item of the admin topic `rooms`: one room that has members.
struct RoomInfo
{
    QString nsp; ///< with its slash: "/tasks"
    QString room;
    qint64 members = 0;
    qint64 sequence = 0; ///< number of the room's last event
    qint64 createdAt = 0; ///< UTC, milliseconds since 1970

    QString key() const { return keyOf(nsp, room); }
    static QString keyOf(const QString& nsp, const QString& room);
    QJsonObject toJson() const; ///< with its key
    static std::optional<RoomInfo> fromJson(const QJsonObject& object);
    friend bool operator==(const RoomInfo&, const RoomInfo&) = default;
};

/// An item of the admin topic `members`: one socket in one room.
struct MemberInfo
{
    QString nsp;
    QString room;
    QString socketId;
    QString sessionId; ///< key of its ClientInfo
    QString kind; ///< whom it speaks as: "anonymous", "user", "node", "service", "admin"
    qint64 id = 0; ///< 0 for anonymous
    QString name;
    qint64 joinedAt = 0; ///< UTC, milliseconds since 1970

    QString key() const { return keyOf(nsp, room, socketId); }
    static QString keyOf(const QString& nsp, const QString& room, const QString& socketId);
    QJsonObject toJson() const;
    static std::optional<MemberInfo> fromJson(const QJsonObject& object);
    friend bool operator==(const MemberInfo&, const MemberInfo&) = default;
};

} // namespace gatehouse::model
