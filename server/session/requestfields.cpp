// SPDX-License-Identifier: Apache-2.0
#include "server/session/requestfields.h"

#include <algorithm>
#include <array>

namespace gatehouse::session {

namespace {

protocol::HttpHeaders spokenOfTheClient(const protocol::HttpHeaders& headers)
{
    static constexpr std::array<QByteArrayView, 11> About{"connection", "upgrade", "keep-alive",
        "sec-websocket-key", "sec-websocket-version", "sec-websocket-extensions", "accept",
        "accept-encoding", "cache-control", "pragma", "content-length"};
    protocol::HttpHeaders kept;
    for (const protocol::HttpHeader& field : headers.fields()) {
        const bool isDropped = std::any_of(About.begin(), About.end(),
            [&](QByteArrayView name) { return protocol::equalsWithoutCase(field.name, name); });
        if (!isDropped)
            kept.add(field.name, field.value);
    }
    return kept;
}

} // namespace

Handshake handshakeOf(const protocol::HttpRequest& request, Millis wallClock)
{
    Handshake handshake;
    handshake.headers = spokenOfTheClient(request.headers);
    handshake.query = request.query;
    handshake.path = request.path;
    handshake.peerAddress = request.peerAddress;
    handshake.peerPort = request.peerPort;
    handshake.secure = request.secure;
    handshake.at = wallClock;
    return handshake;
}

} // namespace gatehouse::session
