// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"

#include <QByteArray>
#include <QByteArrayView>

namespace gatehouse::services {

/// A message on the bus, `{"type","uuid","response_uuid","sender","pref_dest","content"}`: raw JSON
/// of each member, views into the text; empty is absent.
struct Envelope
{
    QByteArray type; ///< the text it means; a type name
    QByteArrayView uuid;
    QByteArrayView responseUuid;
    QByteArrayView sender;
    QByteArrayView prefDest;
    QByteArrayView content;
};

/// Malformed says what is wrong with the frame: not JSON, no object, a member twice, or no usable
/// type. `maxDepth` bounds the nesting.
Result<Envelope> readEnvelope(QByteArrayView text, int maxDepth);

/// Absent members are written as null.
QByteArray writeEnvelope(const Envelope& envelope);

/// The sender is a service by its name, or a server: a text. Those of clients are lists.
bool isFromService(const Envelope& envelope);

QByteArray newUuid(); ///< version 4, as JSON text with its quotes

/// The text of a member that has to be one; empty for everything else.
QByteArray textOf(QByteArrayView rawJson);

} // namespace gatehouse::services
