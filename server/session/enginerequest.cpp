// SPDX-License-Identifier: Apache-2.0
#include "server/session/enginerequest.h"

#include <algorithm>
#include <array>

namespace gatehouse::session {

namespace {

constexpr std::array<const char*, 6> messages{"Transport unknown", "Session ID unknown",
    "Bad handshake method", "Bad request", "Forbidden", "Unsupported protocol version"};

QByteArray errorBody(int code, const QByteArray& message)
{
    return "{\"code\":" + QByteArray::number(code) + ",\"message\":\"" + message + "\"}";
}

/// A request's query, decoded once for all that is asked of it.
class QueryItems
{
public:
    explicit QueryItems(const QUrlQuery& query) : m_items(query.queryItems(QUrl::FullyDecoded)) { }

    bool has(QStringView name) const
    {
        return std::any_of(m_items.begin(), m_items.end(),
            [name](const auto& item) { return item.first == name; });
    }
    /// The item if it is there exactly once.
    std::optional<QString> single(QStringView name) const
    {
        std::optional<QString> found;
        for (const auto& [key, value] : m_items) {
            if (key != name)
                continue;
            if (found)
                return std::nullopt;
            found = value;
        }
        return found;
    }

private:
    const QList<std::pair<QString, QString>> m_items;
};

std::optional<TransportKind> transportOf(const QueryItems& items)
{
    const std::optional<QString> name = items.single(u"transport");
    if (name == QStringLiteral("polling"))
        return TransportKind::Polling;
    if (name == QStringLiteral("websocket"))
        return TransportKind::WebSocket;
    return std::nullopt;
}

protocol::EngineDialect dialectOf(const QueryItems& items)
{
    using protocol::EngineDialect;
    if (items.single(u"EIO") != QStringLiteral("3"))
        return EngineDialect::V4;
    // As the reference server has it: any value but an empty one.
    return items.single(u"b64").value_or(QString()).isEmpty() ? EngineDialect::V3
                                                              : EngineDialect::V3Base64;
}

/// What a new session has to bring.
std::optional<EngineError> refusalOfNew(const QByteArray& method, const QueryItems& items,
    const EngineRequest& wanted, const SessionOptions& options)
{
    if (method != "GET")
        return EngineError::BadMethod;
    if (!isVersion3(wanted.dialect)) {
        const bool isVersion4 = items.single(u"EIO") == QStringLiteral("4");
        return isVersion4 ? std::nullopt : std::optional(EngineError::UnsupportedVersion);
    }
    if (!options.allowEngineIo3)
        return EngineError::UnsupportedVersion;
    // JSONP hands any page what is said to its visitor, past every check of origins.
    if (items.has(u"j"))
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
    const QueryItems items(request.query);
    const std::optional<TransportKind> transport = transportOf(items);
    if (!transport)
        return tl::unexpected(EngineError::UnknownTransport);
    const TransportKind expected
        = arrival == Arrival::Upgrade ? TransportKind::WebSocket : TransportKind::Polling;
    EngineRequest result{*transport, dialectOf(items), {}};
    if (items.has(u"sid")) {
        const std::optional<QString> sid = items.single(u"sid");
        if (!sid)
            return tl::unexpected(EngineError::BadRequest);
        result.sid = SessionId{sid->toUtf8()};
    } else if (const auto refusal = refusalOfNew(request.method, items, result, options)) {
        return tl::unexpected(*refusal);
    }
    if (*transport != expected)
        return tl::unexpected(EngineError::BadRequest);
    return result;
}

} // namespace gatehouse::session
