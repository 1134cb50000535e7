// SPDX-License-Identifier: Apache-2.0
#include "server/transport/httpanswer.h"

#include <QDateTime>
#include <QLocale>

#include <algorithm>
#include <array>

namespace gatehouse::transport {

using protocol::HttpHeader;
using protocol::HttpResponse;

namespace {

struct Status
{
    int code;
    const char* phrase;
};
constexpr std::array Statuses{Status{100, "Continue"}, Status{101, "Switching Protocols"},
    Status{200, "OK"}, Status{201, "Created"}, Status{202, "Accepted"}, Status{204, "No Content"},
    Status{206, "Partial Content"}, Status{301, "Moved Permanently"}, Status{302, "Found"},
    Status{303, "See Other"}, Status{304, "Not Modified"}, Status{307, "Temporary Redirect"},
    Status{308, "Permanent Redirect"}, Status{400, "Bad Request"}, Status{401, "Unauthorized"},
    Status{403, "Forbidden"}, Status{404, "Not Found"}, Status{405, "Method Not Allowed"},
    Status{406, "Not Acceptable"}, Status{408, "Request Timeout"}, Status{409, "Conflict"},
    Status{410, "Gone"}, Status{411, "Length Required"}, Status{412, "Precondition Failed"},
    Status{413, "Content Too Large"}, Status{414, "URI Too Long"},
    Status{415, "Unsupported Media Type"}, Status{417, "Expectation Failed"},
    Status{422, "Unprocessable Content"}, Status{426, "Upgrade Required"},
    Status{428, "Precondition Required"}, Status{429, "Too Many Requests"},
    Status{431, "Request Header Fields Too Large"}, Status{500, "Internal Server Error"},
    Status{501, "Not Implemented"}, Status{502, "Bad Gateway"}, Status{503, "Service Unavailable"},
    Status{504, "Gateway Timeout"}, Status{505, "HTTP Version Not Supported"}};

bool isOurs(const QByteArray& name)
{
    constexpr std::array ours{"Content-Length", "Connection", "Date", "Transfer-Encoding"};
    return std::ranges::any_of(
        ours, [&name](const char* own) { return protocol::equalsWithoutCase(name, own); });
}

bool staysOnItsLine(const HttpHeader& field)
{
    const auto isControl = [](char c) { return (uchar(c) < 0x20 && c != '\t') || c == 0x7F; };
    return !field.name.isEmpty() && !field.name.contains(':')
        && std::ranges::none_of(field.name, isControl)
        && std::ranges::none_of(field.value, isControl);
}

/// IMF-fixdate (RFC 9110 section 5.6.7), made once a second.
const QByteArray& dateNow()
{
    thread_local qint64 madeAt = -1;
    thread_local QByteArray text;
    const qint64 now = QDateTime::currentSecsSinceEpoch();
    if (now != madeAt) {
        madeAt = now;
        text = QLocale::c()
                   .toString(QDateTime::fromSecsSinceEpoch(now, Qt::UTC),
                       QStringLiteral("ddd, dd MMM yyyy HH:mm:ss 'GMT'"))
                   .toLatin1();
    }
    return text;
}

bool mayHaveBody(int status)
{
    return status >= 200 && status != 204 && status != 304;
}

} // namespace

QByteArray reasonPhrase(int status)
{
    const auto found = std::ranges::find(Statuses, status, &Status::code);
    return found == Statuses.end() ? QByteArray("Unknown") : QByteArray(found->phrase);
}

QByteArray serialize(const HttpResponse& response, AnswerForm form)
{
    QByteArray out;
    out.reserve(256 + (form.isHead ? 0 : response.body.size()));
    out += "HTTP/1.1 " + QByteArray::number(response.status) + ' ' + reasonPhrase(response.status);
    out += "\r\n";
    for (const HttpHeader& field : response.headers.fields()) {
        if (!isOurs(field.name) && staysOnItsLine(field))
            out += field.name + ": " + field.value + "\r\n";
    }
    if (mayHaveBody(response.status))
        out += "Content-Length: " + QByteArray::number(response.body.size()) + "\r\n";
    out += "Date: " + dateNow();
    out += form.keepsAlive ? "\r\nConnection: keep-alive\r\n\r\n" : "\r\nConnection: close\r\n\r\n";
    if (!form.isHead && mayHaveBody(response.status))
        out += response.body;
    return out;
}

HttpResponse refusalResponse(int status, const QByteArray& reason)
{
    const QByteArray name = reasonPhrase(status).toLower().replace(' ', '-');
    return HttpResponse::json(
        status, R"({"error":")" + name + R"(","message":")" + reason + R"("})");
}

} // namespace gatehouse::transport
