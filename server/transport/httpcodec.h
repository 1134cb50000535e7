// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/protocol/http.h"
#include "server/transport/transportoptions.h"

#include <QByteArray>
#include <QByteArrayView>

#include <memory>

namespace gatehouse::transport {

/// What a request head says, checked: grammar and framing of RFC 9112, one Host, no folded fields,
/// no request that two servers could understand differently.
struct HttpHead
{
    protocol::HttpRequest request; ///< without body and peer
    qsizetype octets = 0; ///< of the head, with its empty line
    int minorVersion = 1; ///< of HTTP/1
    bool hasBody = false;
    bool keepsAlive = true; ///< the client would go on using the connection
    bool expectsContinue = false; ///< waits for "100 Continue" before it sends its body
};

/// Why a request is answered by us and the connection closed.
struct HttpRefusal
{
    int status = 400;
    QByteArray reason; ///< English, for people; holds nothing the client sent
};

/// Reads one request, in any chunking, within limits. Made anew for each request; not thread-safe.
/// (Boost.Beast does the grammar, inside httpcodec.cpp alone.)
class HttpRequestReader
{
public:
    enum class Progress : quint8 { NeedMore, Done, Refused };

    explicit HttpRequestReader(const HttpLimits& limits);
    ~HttpRequestReader();
    Q_DISABLE_COPY_MOVE(HttpRequestReader)

    /// `octets` always begins with the first octet of the request and may go on behind its head,
    /// so the caller can leave all of it unread in the socket. Done: head() is valid.
    Progress readHead(QByteArrayView octets);

    /// `octets` begin behind what was consumed so far. Done: takeRequest() may be called.
    Progress readBody(QByteArrayView octets, qsizetype& consumed);

    const HttpHead& head() const; ///< after Done; and after Refused with 413, its request
    const HttpRefusal& refusal() const; ///< after Refused
    protocol::HttpRequest takeRequest(); ///< with its body; once

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace gatehouse::transport
