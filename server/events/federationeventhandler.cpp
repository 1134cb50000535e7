// SPDX-License-Identifier: Apache-2.0
#include "server/events/federationeventhandler.h"

#include "common/core/strictjson.h"

namespace gatehouse::events {

std::optional<QByteArray> firstObject(const protocol::JsonArgs& args)
{
    const QByteArray array = '[' + args + ']';
    const auto first = rawElement(array, 0);
    if (!first || jsonKind(*first) != JsonKind::Object)
        return std::nullopt;
    return first->toByteArray();
}

qint64 idMember(const QByteArray& object, QByteArrayView name)
{
    const auto raw = rawMember(object, name);
    const auto id = raw ? jsonInteger(*raw) : std::nullopt;
    return id.value_or(0) > 0 ? *id : 0;
}

bool isAbsentOr(const QByteArray& object, QByteArrayView name, qint64 id)
{
    return !rawMember(object, name) || idMember(object, name) == id;
}

} // namespace gatehouse::events
