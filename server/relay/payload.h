// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/protocol/socketiopacket.h"
#include "server/relay/rules.h"

// What an event brings along. Pure functions over JSON texts that were checked at the door.
namespace gatehouse::relay {

/// The first of the arguments, or empty.
QByteArray firstArgument(const protocol::JsonArgs& args);

/// The object a text is, for clients that send JSON within JSON; anything else as it is.
QByteArray objectInText(const QByteArray& payload);

/// What is wrong with the fields of a payload; nothing when they are as the rule wants them.
std::optional<QString> faultInFields(
    const std::vector<FieldRule>& fields, QByteArrayView payload, int maxIds);

} // namespace gatehouse::relay
