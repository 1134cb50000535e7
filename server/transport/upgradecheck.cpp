// SPDX-License-Identifier: Apache-2.0
#include "server/transport/upgradecheck.h"

#include "server/transport/httpanswer.h"

#include <algorithm>

namespace gatehouse::transport {

using protocol::HttpHeader;
using protocol::HttpRequest;
using protocol::HttpResponse;

namespace {

constexpr qsizetype KeyOctets = 16;

bool names(const HttpRequest& request, QByteArrayView field, QByteArrayView token)
{
    return std::ranges::any_of(request.headers.fields(), [&](const HttpHeader& header) {
        if (header.name.compare(field, Qt::CaseInsensitive) != 0)
            return false;
        const auto parts = header.value.split(',');
        return std::ranges::any_of(parts, [&](const QByteArray& part) {
            return part.trimmed().compare(token, Qt::CaseInsensitive) == 0;
        });
    });
}

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
    return names(request, "Upgrade", "websocket");
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
    if (!names(request, "Connection", "upgrade"))
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
