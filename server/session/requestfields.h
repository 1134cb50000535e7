// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/protocol/http.h"
#include "server/session/socket.h"

namespace gatehouse::session {

/// What a request says about the client, without what is about the connection only: it stays in
/// memory as long as the client. The query is the caller's to clean.
Handshake handshakeOf(const protocol::HttpRequest& request, Millis wallClock);

} // namespace gatehouse::session
