// SPDX-License-Identifier: Apache-2.0
#include "common/model/roominfo.h"

#include "common/model/jsonfields.h"

namespace gatehouse::model {

using L = QLatin1StringView;

QString RoomInfo::keyOf(const QString& nsp, const QString& room)
{
    return nsp % u'|' % room;
}

QJsonObject RoomInfo::toJson() const
{
    return {{L("key"), key()}, {L("nsp"), nsp}, {L("room"), room}, {L("members"), members},
        {L("sequence"), sequence}, {L("createdAt"), createdAt}};
}

std::optional<RoomInfo> RoomInfo::fromJson(const QJsonObject& object)
{
    JsonFields fields(object);
    RoomInfo info;
    info.nsp = fields.text(L("nsp"));
    info.room = fields.text(L("room"));
    info.members = fields.count(L("members"));
    info.sequence = fields.count(L("sequence"));
    info.createdAt = fields.integer(L("createdAt"));
    if (!fields.ok())
        return std::nullopt;
    return info;
}

QString MemberInfo::keyOf(const QString& nsp, const QString& room, const QString& socketId)
{
    return nsp % u'|' % room % u'|' % socketId;
}

QJsonObject MemberInfo::toJson() const
{
    return {{L("key"), key()}, {L("nsp"), nsp}, {L("room"), room}, {L("socketId"), socketId},
        {L("sessionId"), sessionId}, {L("kind"), kind}, {L("id"), id}, {L("name"), name},
        {L("joinedAt"), joinedAt}};
}

std::optional<MemberInfo> MemberInfo::fromJson(const QJsonObject& object)
{
    JsonFields fields(object);
    MemberInfo info;
    info.nsp = fields.text(L("nsp"));
    info.room = fields.text(L("room"));
    info.socketId = fields.text(L("socketId"));
    info.sessionId = fields.text(L("sessionId"));
    info.kind = fields.text(L("kind"));
    info.id = fields.count(L("id"));
    info.name = fields.text(L("name"));
    info.joinedAt = fields.integer(L("joinedAt"));
    if (!fields.ok() || !isIdentityKind(info.kind))
        return std::nullopt;
    return info;
}

} // namespace gatehouse::model
