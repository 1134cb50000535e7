// SPDX-License-Identifier: Apache-2.0
#include "server/events/historyjson.h"

namespace gatehouse::events {

QByteArray historyJson(const hub::RoomHistory::Answer& answer)
{
    QByteArrayList events;
    for (const hub::PastEvent& event : answer.events) {
        events.append("{\"number\":" + QByteArray::number(event.number)
            + ",\"at\":" + QByteArray::number(qint64(event.at.count()))
            + ",\"event\":" + protocol::jsonString(event.event)
            + (event.isCut ? QByteArray(",\"cut\":true}") : ",\"args\":[" + event.args + "]}"));
    }
    return QByteArray("{\"ok\":true,\"complete\":") + (answer.isComplete ? "true" : "false")
        + ",\"events\":[" + events.join(',') + "]}";
}

QByteArray historyError(ErrorCode code)
{
    const QLatin1StringView name = traits(code).name;
    return "{\"ok\":false,\"error\":{\"code\":"
        + protocol::jsonString(QByteArrayView(name.data(), name.size())) + "}}";
}

} // namespace gatehouse::events
