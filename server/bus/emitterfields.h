// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"
#include "server/bus/emittercommand.h"

#include <QByteArrayView>

#include <optional>

namespace gatehouse::bus {

// What the dialects of the emitters have in common. All JSON here has been checked.

/// Names in null, a text or an array of texts; none for a missing value. BadRequest, TooLarge.
Result<std::vector<RoomName>> roomNames(
    std::optional<QByteArrayView> value, const EmitterLimits& limits);

/// A name of a member that has to be there. BadRequest.
Result<QByteArray> requiredText(
    std::optional<QByteArrayView> value, const char* member, const EmitterLimits& limits);

/// An event's name as a client may get it; the reserved ones are refused. BadRequest.
Result<QByteArray> eventName(std::optional<QByteArrayView> value, const EmitterLimits& limits);

/// "/x" for "/x" and "x"; "/" for a missing one. BadRequest.
Result<NamespaceName> namespaceName(
    std::optional<QByteArrayView> value, const EmitterLimits& limits);

/// An event's arguments, and each of its attachments, within `maxArgsBytes`. TooLarge.
Result<void> checkSizes(const EmitterCommand& command, const EmitterLimits& limits);

tl::unexpected<Error> unusable(const char* why);

} // namespace gatehouse::bus
