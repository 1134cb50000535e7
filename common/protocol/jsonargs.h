// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/protocol/socketiopacket.h"

#include <QJsonArray>
#include <QJsonValue>

namespace gatehouse::protocol {

/// Compact JSON text of a value of any type.
QByteArray toJson(const QJsonValue& value);

/// The arguments of an event, in order. Numbers and key order are QJsonDocument's; relay raw text
/// where they have to survive.
JsonArgs toJsonArgs(const QJsonArray& args);

/// Reads arguments that were checked before. Empty for no argument.
QJsonArray fromJsonArgs(const JsonArgs& args);

/// Puts arguments together, binary ones as placeholders (Socket.IO 5, "Sending binary data").
class JsonArgsBuilder
{
public:
    JsonArgsBuilder& add(const QJsonValue& value);
    JsonArgsBuilder& addRaw(QByteArrayView checkedJson);
    JsonArgsBuilder& addBinary(QByteArray octets);

    const JsonArgs& args() const { return m_args; }
    const QList<QByteArray>& attachments() const { return m_attachments; }

private:
    JsonArgs m_args;
    QList<QByteArray> m_attachments;
};

} // namespace gatehouse::protocol
