// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/session/socketioserver.h"

namespace gatehouse::session {

struct ServerCore;

/// Sends an event that every recipient answers with the same ack id, and collects the answers.
/// What waits is held by the recipients' sockets; it ends with the timeout or with them.
void publishWithAcks(
    ServerCore& core, hub::Publication publication, Millis timeout, BroadcastCallback callback);

} // namespace gatehouse::session
