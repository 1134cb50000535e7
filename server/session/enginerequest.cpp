// SPDX-License-Identifier: Apache-2.0
#include "server/session/enginerequest.h"

#include <array>

namespace gatehouse::session {

namespace {

constexpr std::array<const char*, 6> messages{"Transport unknown", "Session ID unknown",
    "Bad handshake method", "Bad request", "Forbidden", "Unsupported protocol version"};

QByteArray errorBody(int code, const QByteArray& message)
{
    return "{\"code\":" + QByteArray::number(code) + ",\"message\":\"" + message + "\"}";
}

/// The item if it is there exactly once.
std::optional<QString> singleItem(const protocol::HttpRequest& request, const QString& name)
{
    const QStringList values = request.query.allQueryItemValues(name, QUrl::FullyDecoded);
    return values.size() == 1 ? std::optional(values.front()) : std::nullopt;
}

std::optional<TransportKind> transportOf(const protocol::HttpRequest& request)
{
    const std::optional<QString> name = singleItem(request, QStringLiteral("transport"));
    if (name == QStringLiteral("polling"))
        return TransportKind::Polling;
    if (name == QStringLiteral("websocket"))
        return TransportKind::WebSocket;
    return std::nullopt;
}

} // namespace

protocol::HttpResponse errorResponse(EngineError error)
{
    const int status = error == EngineError::Forbidden ? 403 : 400;
    return protocol::HttpResponse::json(status, errorBody(int(error), messages[size_t(error)]));
}

protocol::HttpResponse overloadedResponse(QByteArray message)
{
    auto response = protocol::HttpResponse::json(503, errorBody(3, message));
    response.headers.add("Retry-After", "5");
    return response;
}

tl::expected<EngineRequest, EngineError> readEngineRequest(
    const protocol::HttpRequest& request, Arrival arrival)
{
    const std::optional<TransportKind> transport = transportOf(request);
    if (!transport)
        return tl::unexpected(EngineError::UnknownTransport);
    const TransportKind expected
        = arrival == Arrival::Upgrade ? TransportKind::WebSocket : TransportKind::Polling;
    EngineRequest result{*transport, {}};
    if (request.query.hasQueryItem(QStringLiteral("sid"))) {
        const std::optional<QString> sid = singleItem(request, QStringLiteral("sid"));
        if (!sid)
            return tl::unexpected(EngineError::BadRequest);
        result.sid = SessionId{sid->toUtf8()};
    } else {
        if (request.method != "GET")
            return tl::unexpected(EngineError::BadMethod);
        if (singleItem(request, QStringLiteral("EIO")) != QStringLiteral("4"))
            return tl::unexpected(EngineError::UnsupportedVersion);
    }
    if (*transport != expected)
        return tl::unexpected(EngineError::BadRequest);
    return result;
}

} // namespace gatehouse::session
