// SPDX-License-Identifier: Apache-2.0
#include "common/protocol/socketio4.h"

#include "common/core/strictjson.h"
#include "common/protocol/socketiopacket.h"

#include <QMap>
#include <QString>

namespace gatehouse::protocol {

namespace {

QByteArray decodeItem(QByteArrayView text)
{
    QByteArray octets = text.toByteArray();
    octets.replace('+', ' ');
    return QString::fromUtf8(QByteArray::fromPercentEncoding(octets)).toUtf8();
}

} // namespace

QByteArray connectPayloadFromQuery(QByteArrayView query)
{
    QMap<QByteArray, QByteArray> items;
    for (qsizetype start = 0; start < query.size();) {
        qsizetype end = query.indexOf('&', start);
        if (end < 0)
            end = query.size();
        const QByteArrayView item = query.sliced(start, end - start);
        const qsizetype equals = item.indexOf('=');
        const QByteArrayView name = equals < 0 ? item : item.first(equals);
        const QByteArrayView value = equals < 0 ? QByteArrayView() : item.sliced(equals + 1);
        if (!item.isEmpty())
            items.insert(decodeItem(name), decodeItem(value));
        start = end + 1;
    }
    if (items.isEmpty())
        return {};
    QByteArray object;
    for (auto item = items.cbegin(); item != items.cend(); ++item) {
        object += object.isEmpty() ? '{' : ',';
        object += jsonString(item.key()) + ':' + jsonString(item.value());
    }
    return object + '}';
}

QByteArray connectErrorOf4(const QByteArray& payload)
{
    if (jsonKind(payload) != JsonKind::Object)
        return payload;
    const auto data = rawMember(payload, "data");
    if (data && *data != "null")
        return data->toByteArray();
    const auto message = rawMember(payload, "message");
    return message ? message->toByteArray() : payload;
}

} // namespace gatehouse::protocol
