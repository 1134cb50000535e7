// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QByteArray>
#include <QByteArrayView>

/// What Socket.IO protocol 4 (the clients of Socket.IO 1 and 2) says differently about entering a
/// namespace; every other packet is the same in version 5.
namespace gatehouse::protocol {

/// A client that enters `/admin?token=a` has no other way to say who it is. The items of the query
/// as a JSON object of texts, the last of a name counting; empty for an empty query. Escapes that
/// are not UTF-8 become U+FFFD.
QByteArray connectPayloadFromQuery(QByteArrayView query);

/// CONNECT_ERROR of version 5 (`{"message":"text","data":any}`, checked) as version 4 has it: the
/// data if there is any, else the message. What is not such an object stays as it is.
QByteArray connectErrorOf4(const QByteArray& payload);

} // namespace gatehouse::protocol
