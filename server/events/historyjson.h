// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/error.h"
#include "server/hub/roomhistory.h"

namespace gatehouse::events {

// What `room:history` is acknowledged with: {ok: true, complete, events: [{number, at, event,
// args}]} or {ok: false, error: {code}}. Arguments are relayed as they were sent; `cut: true`
// stands for those that were too long.

QByteArray historyJson(const hub::RoomHistory::Answer& answer);
QByteArray historyError(ErrorCode code);

} // namespace gatehouse::events
