// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QByteArray>
#include <QByteArrayView>
#include <QString>
#include <QUrlQuery>

#include <optional>
#include <vector>

namespace gatehouse::protocol {

/// Names of fields, methods of encoding and the like, which compare without case.
bool equalsWithoutCase(QByteArrayView a, QByteArrayView b);

struct HttpHeader
{
    QByteArray name;
    QByteArray value;
};

/// Header fields in the order received. Names compare without case (RFC 9110 section 5.1).
class HttpHeaders
{
public:
    HttpHeaders() = default;
    HttpHeaders(std::initializer_list<HttpHeader> fields) : m_fields(fields) { }

    void add(QByteArray name, QByteArray value);
    void set(QByteArrayView name, QByteArray value); ///< replaces every field of that name

    /// The first field of that name; empty when there is none (see has()).
    QByteArray value(QByteArrayView name) const;
    bool has(QByteArrayView name) const { return count(name) > 0; }
    int count(QByteArrayView name) const;
    /// One of the comma-separated values of a field of that name, case aside.
    bool lists(QByteArrayView name, QByteArrayView value) const;
    const std::vector<HttpHeader>& fields() const { return m_fields; }

private:
    std::vector<HttpHeader> m_fields;
};

/// A complete request. `path` is the target's path, percent-decoded once, without the query.
struct HttpRequest
{
    QByteArray method;
    QByteArray target; ///< as received
    QString path;
    QUrlQuery query;
    HttpHeaders headers;
    QByteArray body;
    QString peerAddress; ///< numeric; already that of the client behind a trusted proxy
    quint16 peerPort = 0;
    bool secure = false; ///< arrived over TLS

    /// The query item, percent-decoded; nothing when it is absent.
    std::optional<QString> queryItem(const QString& name) const;

    /// The token of `Authorization: Bearer …`; empty when there is none.
    QByteArray bearerToken() const;
};

struct HttpResponse
{
    int status = 200;
    HttpHeaders headers; ///< Content-Length, Date and Connection are added by the transport
    QByteArray body;

    static HttpResponse json(int status, QByteArray body);
    static HttpResponse text(int status, QByteArray body);
};

} // namespace gatehouse::protocol
