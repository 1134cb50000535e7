// SPDX-License-Identifier: Apache-2.0
#include "server/transport/httpcodec.h"

#include "common/core/utf8.h"

#include <QUrl>

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <algorithm>
#include <array>
#include <cctype>

namespace gatehouse::transport {

namespace http = boost::beast::http;
using protocol::HttpHeaders;
using protocol::HttpRequest;

namespace {

using Parser = http::request_parser<http::string_body>;
using MaybeRefusal = std::optional<HttpRefusal>;

/// A chunk's size line has to fit into what the caller shows at once; one that does not is an
/// attack.
constexpr qsizetype MaxChunkLine = 16 * 1024;

/// No chunked body ends in fewer octets ("0", CRLF, CRLF), and Boost's parser asserts that it never
/// sees the last chunk's line twice with less behind it.
constexpr qsizetype MinChunkedRest = 5;

QByteArray toBytes(boost::beast::string_view text)
{
    return {text.data(), qsizetype(text.size())};
}

HttpRefusal refusalFor(const boost::beast::error_code& error)
{
    if (error == http::error::body_limit)
        return {413, "the body is larger than this server takes"};
    if (error == http::error::header_limit)
        return {431, "the header is larger than this server takes"};
    if (error == http::error::bad_version)
        return {505, "only HTTP/1.0 and HTTP/1.1 are spoken here"};
    if (error == http::error::bad_content_length || error == http::error::multiple_content_length)
        return {400, "bad Content-Length"};
    if (error == http::error::bad_transfer_encoding)
        return {400, "bad Transfer-Encoding"};
    if (error == http::error::bad_chunk || error == http::error::bad_chunk_extension)
        return {400, "bad chunk"};
    return {400, "not a valid HTTP request"};
}

/// Octets that tell apart what a front proxy and we might take for the end of a field.
MaybeRefusal checkLines(QByteArrayView head)
{
    for (qsizetype i = 0; (i = head.indexOf('\n', i) + 1) > 0 && i < head.size();) {
        if (head[i] == ' ' || head[i] == '\t')
            return HttpRefusal{400, "folded header fields are not taken"};
    }
    return {};
}

/// Fields of which a second one, or a list, would let two readers disagree.
MaybeRefusal checkFraming(const HttpHead& head)
{
    const HttpHeaders& headers = head.request.headers;
    if (headers.count("Host") > 1 || (head.minorVersion == 1 && headers.count("Host") == 0))
        return HttpRefusal{400, "exactly one Host header is needed"};
    if (headers.count("Content-Length") > 1 || headers.value("Content-Length").contains(','))
        return HttpRefusal{400, "more than one Content-Length"};
    if (!headers.has("Transfer-Encoding"))
        return {};
    if (headers.count("Transfer-Encoding") > 1 || headers.has("Content-Length")
        || head.minorVersion == 0)
        return HttpRefusal{400, "bad Transfer-Encoding"};
    if (headers.value("Transfer-Encoding").trimmed().compare("chunked", Qt::CaseInsensitive) != 0)
        return HttpRefusal{501, "only the transfer encoding chunked is known"};
    return {};
}

MaybeRefusal checkMethod(const QByteArray& method)
{
    constexpr std::array known{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
    if (std::ranges::any_of(known, [&](const char* name) { return method == name; }))
        return {};
    return HttpRefusal{501, "unknown method"};
}

/// Percent-decoded octets; nothing for a broken escape or a NUL.
std::optional<QByteArray> percentDecoded(QByteArrayView text)
{
    if (!text.contains('%'))
        return text.toByteArray();
    QByteArray decoded;
    decoded.reserve(text.size());
    for (qsizetype i = 0; i < text.size(); ++i) {
        char octet = text[i];
        if (octet == '%') {
            bool isHex = false;
            if (i + 2 < text.size() && std::isxdigit(uchar(text[i + 1])))
                octet = char(text.sliced(i + 1, 2).toByteArray().toInt(&isHex, 16));
            if (!isHex || octet == 0)
                return std::nullopt;
            i += 2;
        }
        decoded += octet;
    }
    return decoded;
}

/// The part of a target from its path on: "http://host/x" is "/x" (RFC 9112 section 3.2.2).
QByteArrayView withoutAuthority(QByteArrayView target)
{
    for (QByteArrayView scheme : {QByteArrayView("http://"), QByteArrayView("https://")}) {
        if (target.size() < scheme.size()
            || target.first(scheme.size()).compare(scheme, Qt::CaseInsensitive) != 0)
            continue;
        const QByteArrayView rest = target.sliced(scheme.size());
        const auto end = std::ranges::find_if(rest, [](char c) { return c == '/' || c == '?'; });
        return rest.sliced(end - rest.begin());
    }
    return target;
}

MaybeRefusal readTarget(HttpRequest& request)
{
    const HttpRefusal bad{400, "bad request target"};
    const QByteArrayView target = withoutAuthority(request.target);
    const bool isAsterisk = target == QByteArrayView("*") && request.method == "OPTIONS";
    const bool hasPath = target.startsWith('/') || target.size() != request.target.size();
    if ((!hasPath && !isAsterisk) || target.contains('#'))
        return bad;
    const qsizetype mark = target.indexOf('?');
    const auto path = percentDecoded(mark < 0 ? target : target.first(mark));
    if (!path || !isValidUtf8(*path))
        return bad;
    request.path = path->isEmpty() ? QStringLiteral("/") : QString::fromUtf8(*path);
    if (mark >= 0)
        request.query.setQuery(QString::fromUtf8(target.sliced(mark + 1)));
    return {};
}

} // namespace

struct HttpRequestReader::Private
{
    explicit Private(const HttpLimits& bounds);

    Progress refuse(HttpRefusal why);
    bool hasEnd(QByteArrayView octets);
    MaybeRefusal finishHead(QByteArrayView octets);
    void copyHead();

    HttpLimits limits;
    Parser parser;
    HttpHead head;
    HttpRefusal refusal;
    qsizetype searched = 0; ///< octets in which no head's end begins
};

HttpRequestReader::Private::Private(const HttpLimits& bounds) : limits(bounds)
{
    parser.header_limit(quint32(limits.maxHeaderBytes));
    parser.body_limit(quint64(limits.maxBodyBytes));
    parser.eager(false);
}

HttpRequestReader::Progress HttpRequestReader::Private::refuse(HttpRefusal why)
{
    refusal = std::move(why);
    return Progress::Refused;
}

/// The empty line behind a head is there. Looks at each octet once, however slowly they come.
bool HttpRequestReader::Private::hasEnd(QByteArrayView octets)
{
    constexpr QByteArrayView end("\r\n\r\n");
    const bool found = octets.indexOf(end, searched) >= 0;
    searched = std::max(octets.size() - end.size() + 1, qsizetype(0));
    return found;
}

void HttpRequestReader::Private::copyHead()
{
    const auto& message = parser.get();
    head.request.method = toBytes(message.method_string());
    head.request.target = toBytes(message.target());
    for (const auto& field : message)
        head.request.headers.add(toBytes(field.name_string()), toBytes(field.value()));
    head.minorVersion = int(message.version()) - 10;
}

MaybeRefusal HttpRequestReader::Private::finishHead(QByteArrayView octets)
{
    copyHead();
    const HttpHeaders& headers = head.request.headers;
    if (head.request.target.size() > limits.maxTargetBytes)
        return HttpRefusal{414, "the request target is longer than this server takes"};
    if (int(headers.fields().size()) > limits.maxHeaderFields)
        return HttpRefusal{431, "more header fields than this server takes"};
    if (const auto why = checkLines(octets.first(head.octets)))
        return why;
    if (const auto why = checkFraming(head))
        return why;
    if (const auto why = checkMethod(head.request.method))
        return why;
    if (const auto why = readTarget(head.request))
        return why;
    if (headers.has("Expect")) {
        if (headers.value("Expect").compare("100-continue", Qt::CaseInsensitive) != 0)
            return HttpRefusal{417, "unknown expectation"};
        head.expectsContinue = head.minorVersion == 1;
    }
    head.hasBody = !parser.is_done();
    head.keepsAlive = head.minorVersion == 1 ? !headers.lists("Connection", "close")
                                             : headers.lists("Connection", "keep-alive");
    return {};
}

HttpRequestReader::HttpRequestReader(const HttpLimits& limits)
    : d(std::make_unique<Private>(limits))
{
}

HttpRequestReader::~HttpRequestReader() = default;

HttpRequestReader::Progress HttpRequestReader::readHead(QByteArrayView octets)
{
    boost::beast::error_code error;
    const QByteArrayView fresh = octets.sliced(d->head.octets);
    const auto used = d->parser.put({fresh.data(), size_t(fresh.size())}, error);
    d->head.octets += qsizetype(used);
    if (error == http::error::need_more) {
        // In pieces the parser passes over the end of a head it could not read, and waits.
        if (d->hasEnd(octets))
            return d->refuse({400, "not a valid HTTP request"});
        // The parser counts what it has not yet accepted line by line; the sum is ours to watch.
        if (octets.size() < d->limits.maxHeaderBytes)
            return Progress::NeedMore;
        error = http::error::header_limit;
    }
    if (error == http::error::header_limit
        && !octets.first(std::min(octets.size(), d->limits.maxTargetBytes)).contains('\n'))
        return d->refuse({414, "the request line is longer than this server takes"});
    if (error == http::error::body_limit) {
        // The head is sound; who asked has to be known to be answered readably.
        d->copyHead();
        if (auto why = readTarget(d->head.request))
            return d->refuse(std::move(*why));
    }
    if (error)
        return d->refuse(refusalFor(error));
    if (!d->parser.is_header_done())
        return Progress::NeedMore;
    if (d->head.octets > d->limits.maxHeaderBytes)
        return d->refuse(refusalFor(http::error::header_limit));
    if (auto why = d->finishHead(octets))
        return d->refuse(std::move(*why));
    d->parser.eager(true);
    return Progress::Done;
}

HttpRequestReader::Progress HttpRequestReader::readBody(QByteArrayView octets, qsizetype& consumed)
{
    consumed = 0;
    while (!d->parser.is_done()) {
        boost::beast::error_code error;
        const QByteArrayView fresh = octets.sliced(consumed);
        if (fresh.isEmpty() || (d->parser.chunked() && fresh.size() < MinChunkedRest))
            return Progress::NeedMore;
        const auto used = d->parser.put({fresh.data(), size_t(fresh.size())}, error);
        consumed += qsizetype(used);
        if (error == http::error::need_more) {
            if (octets.size() - consumed > MaxChunkLine)
                return d->refuse({400, "chunk line too long"});
            return Progress::NeedMore;
        }
        if (error)
            return d->refuse(refusalFor(error));
    }
    return Progress::Done;
}

const HttpHead& HttpRequestReader::head() const
{
    return d->head;
}

const HttpRefusal& HttpRequestReader::refusal() const
{
    return d->refusal;
}

HttpRequest HttpRequestReader::takeRequest()
{
    const std::string& body = d->parser.get().body();
    d->head.request.body = QByteArray(body.data(), qsizetype(body.size()));
    return std::move(d->head.request);
}

} // namespace gatehouse::transport
