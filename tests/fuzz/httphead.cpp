// SPDX-License-Identifier: Apache-2.0
// The HTTP request reader: octets in any pieces give the same request, what it lets through can be
// read in one way only, and writing it down again gives the same request. Input: a control octet
// (limits, pieces), then the octets of the wire.
#include "common/core/utf8.h"
#include "server/transport/httpcodec.h"
#include "tests/fuzz/target.h"

#include <algorithm>
#include <vector>

namespace gatehouse::fuzz {

using namespace transport;
using Progress = HttpRequestReader::Progress;

namespace {

struct Outcome
{
    Progress progress = Progress::NeedMore;
    bool hasHead = false;
    protocol::HttpRequest request;
    qsizetype octets = 0; ///< of the whole request
    int minorVersion = 1;
    bool keepsAlive = true;
};

bool isSame(const protocol::HttpRequest& left, const protocol::HttpRequest& right)
{
    const auto& ours = left.headers.fields();
    const auto& theirs = right.headers.fields();
    return left.method == right.method && left.target == right.target && left.path == right.path
        && left.query == right.query && left.body == right.body
        && std::equal(ours.begin(), ours.end(), theirs.begin(), theirs.end(),
            [](const auto& a, const auto& b) { return a.name == b.name && a.value == b.value; });
}

/// Faulty octets may be refused at once or when more have come: the reader does not look at the
/// same ones twice. A head that is all there is decided.
bool isSame(const Outcome& left, const Outcome& right, QByteArrayView octets)
{
    const bool isDecided = octets.indexOf("\r\n\r\n") >= 0;
    const bool isDone = left.progress == Progress::Done;
    if (left.progress != right.progress)
        return ((left.hasHead && right.hasHead) || !isDecided) && !isDone
            && right.progress != Progress::Done;
    return !isDone
        || (left.octets == right.octets && left.minorVersion == right.minorVersion
            && left.keepsAlive == right.keepsAlive && isSame(left.request, right.request));
}

/// A socket's view of the wire: an allocation that ends where the arrived octets end.
std::vector<char> arrived(QByteArrayView octets, qsizetype from, qsizetype upTo)
{
    return {octets.begin() + from, octets.begin() + upTo};
}

QByteArrayView view(const std::vector<char>& octets)
{
    return {octets.data(), qsizetype(octets.size())};
}

void checkRefusal(const HttpRefusal& refusal)
{
    require(refusal.status >= 400 && refusal.status <= 505 && !refusal.reason.isEmpty(),
        "a refusal has a status and a reason");
}

/// As HttpConnection reads: the head stays in the socket until it is complete, the body is taken
/// away as it comes.
template <class Sizes>
Outcome read(QByteArrayView octets, const HttpLimits& limits, Sizes sizes)
{
    Outcome outcome;
    HttpRequestReader reader(limits);
    qsizetype end = 0;
    while (outcome.progress == Progress::NeedMore && end < octets.size()) {
        end = qMin(end + sizes(), octets.size());
        const auto head = arrived(octets, 0, end);
        outcome.progress = reader.readHead(view(head));
    }
    if (outcome.progress == Progress::Refused)
        checkRefusal(reader.refusal());
    if (outcome.progress != Progress::Done)
        return outcome;
    const HttpHead& head = reader.head();
    require(head.octets > 0 && head.octets <= limits.maxHeaderBytes && head.octets <= octets.size()
            && octets.first(head.octets).endsWith("\r\n\r\n"),
        "a head ends with an empty line, within its limit");
    outcome.hasHead = true;
    outcome.octets = head.octets;
    outcome.minorVersion = head.minorVersion;
    outcome.keepsAlive = head.keepsAlive;
    if (head.hasBody) {
        outcome.progress = Progress::NeedMore;
        while (true) {
            const auto body = arrived(octets, outcome.octets, qMax(end, outcome.octets));
            qsizetype consumed = 0;
            outcome.progress = reader.readBody(view(body), consumed);
            require(consumed >= 0 && consumed <= qsizetype(body.size()),
                "no more is taken than there is");
            outcome.octets += consumed;
            if (outcome.progress != Progress::NeedMore || end == octets.size())
                break;
            end = qMin(end + sizes(), octets.size());
        }
    }
    if (outcome.progress == Progress::Refused)
        checkRefusal(reader.refusal());
    if (outcome.progress == Progress::Done)
        outcome.request = reader.takeRequest();
    return outcome;
}

bool isTokenOctet(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
        || QByteArrayView("!#$%&'*+-.^_`|~").contains(c);
}

/// RFC 9110 section 5.5: nothing that another reader could take for the end of the field.
bool isValueOctet(char c)
{
    const auto octet = static_cast<uchar>(c);
    return (octet >= 0x20 && octet != 0x7F) || c == '\t';
}

void checkHeaders(const Outcome& outcome)
{
    const protocol::HttpHeaders& headers = outcome.request.headers;
    for (const protocol::HttpHeader& field : headers.fields()) {
        require(!field.name.isEmpty()
                && std::all_of(field.name.begin(), field.name.end(), isTokenOctet),
            "a field's name is a token");
        require(std::all_of(field.value.begin(), field.value.end(), isValueOctet),
            "a field's value is one line");
    }
    require(headers.count("Host") == 1 || (headers.count("Host") == 0 && outcome.minorVersion == 0),
        "there is one Host");
    require(headers.count("Content-Length") + headers.count("Transfer-Encoding") <= 1,
        "the body's length is said once");
    if (headers.has("Content-Length")) {
        bool isNumber = false;
        const qint64 length = headers.value("Content-Length").toLongLong(&isNumber);
        require(isNumber && length == outcome.request.body.size(), "the body is as long as said");
    } else if (!headers.has("Transfer-Encoding")) {
        require(outcome.request.body.isEmpty(), "no body without a length");
    }
}

void checkRequest(const Outcome& outcome, QByteArrayView octets, const HttpLimits& limits)
{
    const protocol::HttpRequest& request = outcome.request;
    const QByteArray line = request.method + ' ' + request.target + " HTTP/1."
        + QByteArray::number(outcome.minorVersion) + "\r\n";
    require(octets.startsWith(line), "the request line is what the octets say");
    require(request.target.size() <= limits.maxTargetBytes, "the target is within its limit");
    require(request.body.size() <= limits.maxBodyBytes, "the body is within its limit");
    require(qsizetype(request.headers.fields().size()) <= limits.maxHeaderFields,
        "the fields are within their limit");
    require(!request.path.isEmpty() && !request.path.contains(QChar(u'\0'))
            && !request.path.contains(QChar::ReplacementCharacter),
        "the path is text");
    checkHeaders(outcome);
}

/// The same request from a client of our own.
QByteArray written(const Outcome& outcome)
{
    const protocol::HttpRequest& request = outcome.request;
    QByteArray octets = request.method + ' ' + request.target + " HTTP/1."
        + QByteArray::number(outcome.minorVersion) + "\r\n";
    for (const protocol::HttpHeader& field : request.headers.fields())
        octets += field.name + ':' + field.value + "\r\n";
    octets += "\r\n";
    if (!request.headers.has("Transfer-Encoding"))
        return octets + request.body;
    if (!request.body.isEmpty())
        octets += QByteArray::number(request.body.size(), 16) + "\r\n" + request.body + "\r\n";
    return octets + "0\r\n\r\n";
}

} // namespace

void checkInput(QByteArrayView input)
{
    Input in(input);
    const uchar control = in.takeOctet();
    const QByteArray octets = in.rest();
    HttpLimits limits;
    if (control & 1U)
        limits = {
            .maxHeaderBytes = 256, .maxTargetBytes = 64, .maxHeaderFields = 8, .maxBodyBytes = 64};
    const auto whole = [&octets] { return qMax(octets.size(), qsizetype(1)); };
    const Outcome outcome = read(octets, limits, whole);
    require(isSame(read(octets, limits, [] { return qsizetype(1); }), outcome, octets),
        "single octets make no difference");
    PieceSizes sizes(control);
    require(isSame(read(octets, limits, [&sizes] { return sizes.next(); }), outcome, octets),
        "pieces make no difference");
    if (outcome.progress != Progress::Done)
        return;
    checkRequest(outcome, octets, limits);
    const QByteArray again = written(outcome);
    const Outcome reread = read(again, {}, whole);
    require(reread.progress == Progress::Done && isSame(reread.request, outcome.request),
        "written down again it is the same request");
}

} // namespace gatehouse::fuzz
