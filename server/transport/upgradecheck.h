// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/protocol/http.h"
#include "server/transport/httpcodec.h"

#include <optional>

namespace gatehouse::transport {

/// The request names "websocket" in Upgrade: what it wants, not whether it may have it.
bool asksForUpgrade(const protocol::HttpRequest& request);

/// RFC 6455 section 4.2.1, strictly: GET, HTTP/1.1, no body, "upgrade" in any of the Connection
/// fields, one key of 16 octets in canonical base64, version 13. Nothing: all is well. Origin is
/// left to the acceptor.
std::optional<protocol::HttpResponse> checkUpgrade(const HttpHead& head);

} // namespace gatehouse::transport
