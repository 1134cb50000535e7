// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/ids.h"
#include "server/relay/scope.h"

#include <QHash>

namespace gatehouse::relay {

/// Which scope an open room was chosen for. A room's name alone does not tell: "guild_42_logs" may
/// be the logs of 42 or the guild "42_logs". Written before the first one enters, removed when the
/// last one has left.
using RoomScopes = QHash<RoomName, Scope>;

} // namespace gatehouse::relay
