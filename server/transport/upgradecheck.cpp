// SPDX-License-Identifier: Apache-2.0
#include "server/transport/upgradecheck.h"

#include "server/transport/httpanswer.h"

namespace gatehouse::transport {

using protocol::HttpRequest;
using protocol::HttpResponse;

namespace {

constexpr qsizetype KeyOctets = 16;

bool isValidKey(const QByteArray& key)
{
    const auto decoded
        = QByteArray::fromBase64Encoding(key, QByteArray::AbortOnBase64DecodingErrors);
    return decoded && (*decoded).size() == KeyOctets && (*decoded).toBase64() == key;
}

HttpResponse withVersion(HttpResponse response)
{
    response.headers.add("Sec-WebSocket-Version", "13");
    response.headers.add("Upgrade", "websocket");
    return response;
}

} // namespace

bool asksForUpgrade(const HttpRequest& request)
{
    return request.headers.lists("Upgrade", "websocket");
}

std::optional<HttpResponse> checkUpgrade(const HttpHead& head)
{
    const HttpRequest& request = head.request;
    if (request.method != "GET") {
        HttpResponse response = refusalResponse(405, "a WebSocket is asked for with GET");
        response.headers.add("Allow", "GET");
        return response;
    }
    if (head.minorVersion != 1)
        return refusalResponse(400, "a WebSocket needs HTTP/1.1");
    if (head.hasBody)
        return refusalResponse(400, "a WebSocket request has no body");
    if (!request.headers.lists("Connection", "upgrade"))
        return withVersion(refusalResponse(426, "Connection does not name upgrade"));
    if (request.headers.count("Sec-WebSocket-Version") != 1
        || request.headers.value("Sec-WebSocket-Version") != "13")
        return withVersion(refusalResponse(426, "only WebSocket version 13 is spoken here"));
    if (request.headers.count("Sec-WebSocket-Key") != 1
        || !isValidKey(request.headers.value("Sec-WebSocket-Key")))
        return refusalResponse(400, "bad Sec-WebSocket-Key");
    return std::nullopt;
}

} // namespace gatehouse::transport
