// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/ids.h"
#include "common/protocol/enginedialect.h"
#include "common/protocol/http.h"
#include "server/session/socketioserver.h"

#include <tl/expected.hpp>

namespace gatehouse::session {

/// The reference server's error codes, sent as {"code":n,"message":"…"}.
enum class EngineError : quint8 {
    UnknownTransport = 0,
    UnknownSession = 1,
    BadMethod = 2,
    BadRequest = 3,
    Forbidden = 4,
    UnsupportedVersion = 5,
};

protocol::HttpResponse errorResponse(EngineError error); ///< 403 for Forbidden, else 400
/// 503 (the server is full or going down) or 429 (this client wants too much), with Retry-After.
protocol::HttpResponse overloadedResponse(int status, QByteArray message);

enum class Arrival : quint8 { Request, Upgrade };

/// What a request wants of Engine.IO, after its query was checked against closed lists.
struct EngineRequest
{
    TransportKind transport = TransportKind::Polling;
    protocol::EngineDialect dialect = protocol::EngineDialect::V4; ///< checked for a new session
    std::optional<SessionId> sid; ///< nothing: a new session
};

tl::expected<EngineRequest, EngineError> readEngineRequest(
    const protocol::HttpRequest& request, Arrival arrival, const SessionOptions& options);

} // namespace gatehouse::session
