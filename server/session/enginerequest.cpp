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

protocol::EngineDialect dialectOf(const protocol::HttpRequest& request)
{
    using protocol::EngineDialect;
    if (singleItem(request, QStringLiteral("EIO")) != QStringLiteral("3"))
        return EngineDialect::V4;
    // As the reference server has it: any value but an empty one.
    return singleItem(request, QStringLiteral("b64")).value_or(QString()).isEmpty()
        ? EngineDialect::V3
        : EngineDialect::V3Base64;
}

/// What a new session has to bring.
std::optional<EngineError> refusalOfNew(const protocol::HttpRequest& request,
    const EngineRequest& wanted, const SessionOptions& options)
{
    if (request.method != "GET")
        return EngineError::BadMethod;
    if (!isVersion3(wanted.dialect)) {
        const bool isVersion4 = singleItem(request, QStringLiteral("EIO")) == QStringLiteral("4");
        return isVersion4 ? std::nullopt : std::optional(EngineError::UnsupportedVersion);
    }
    if (!options.allowEngineIo3)
        return EngineError::UnsupportedVersion;
    // JSONP hands any page what is said to its visitor, past every check of origins.
    if (request.query.hasQueryItem(QStringLiteral("j")))
        return EngineError::UnknownTransport;
    return std::nullopt;
}

} // namespace

protocol::HttpResponse errorResponse(EngineError error)
{
    const int status = error == EngineError::Forbidden ? 403 : 400;
    return protocol::HttpResponse::json(status, errorBody(int(error), messages[size_t(error)]));
}

protocol::HttpResponse overloadedResponse(int status, QByteArray message)
{
    auto response = protocol::HttpResponse::json(status, errorBody(3, message));
    response.headers.add("Retry-After", "5");
    return response;
}

tl::expected<EngineRequest, EngineError> readEngineRequest(
    const protocol::HttpRequest& request, Arrival arrival, const SessionOptions& options)
{
    const std::optional<TransportKind> transport = transportOf(request);
    if (!transport)
        return tl::unexpected(EngineError::UnknownTransport);
    const TransportKind expected
        = arrival == Arrival::Upgrade ? TransportKind::WebSocket : TransportKind::Polling;
    EngineRequest result{*transport, dialectOf(request), {}};
    if (request.query.hasQueryItem(QStringLiteral("sid"))) {
        const std::optional<QString> sid = singleItem(request, QStringLiteral("sid"));
        if (!sid)
            return tl::unexpected(EngineError::BadRequest);
        result.sid = SessionId{sid->toUtf8()};
    } else if (const auto refusal = refusalOfNew(request, result, options)) {
        return tl::unexpected(*refusal);
    }
    if (*transport != expected)
        return tl::unexpected(EngineError::BadRequest);
    return result;
}

} // namespace gatehouse::session
