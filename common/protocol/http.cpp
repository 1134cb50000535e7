// SPDX-License-Identifier: Apache-2.0
#include "common/protocol/http.h"

#include <algorithm>

namespace gatehouse::protocol {

namespace {

bool isListed(QByteArrayView list, QByteArrayView value)
{
    for (;;) {
        const qsizetype comma = list.indexOf(',');
        if (equalsWithoutCase((comma < 0 ? list : list.first(comma)).trimmed(), value))
            return true;
        if (comma < 0)
            return false;
        list = list.sliced(comma + 1);
    }
}

} // namespace

bool equalsWithoutCase(QByteArrayView a, QByteArrayView b)
{
    // Most differ in length, and Qt would look at their letters first.
    return a.size() == b.size() && a.compare(b, Qt::CaseInsensitive) == 0;
}

void HttpHeaders::add(QByteArray name, QByteArray value)
{
    m_fields.push_back({std::move(name), std::move(value)});
}

void HttpHeaders::set(QByteArrayView name, QByteArray value)
{
    std::erase_if(
        m_fields, [name](const HttpHeader& field) { return equalsWithoutCase(field.name, name); });
    add(name.toByteArray(), std::move(value));
}

QByteArray HttpHeaders::value(QByteArrayView name) const
{
    for (const HttpHeader& field : m_fields) {
        if (equalsWithoutCase(field.name, name))
            return field.value;
    }
    return {};
}

int HttpHeaders::count(QByteArrayView name) const
{
    return int(std::count_if(m_fields.begin(), m_fields.end(),
        [name](const HttpHeader& field) { return equalsWithoutCase(field.name, name); }));
}

bool HttpHeaders::lists(QByteArrayView name, QByteArrayView value) const
{
    return std::any_of(m_fields.begin(), m_fields.end(), [&](const HttpHeader& field) {
        return equalsWithoutCase(field.name, name) && isListed(field.value, value);
    });
}

std::optional<QString> HttpRequest::queryItem(const QString& name) const
{
    if (!query.hasQueryItem(name))
        return std::nullopt;
    return query.queryItemValue(name, QUrl::FullyDecoded);
}

QByteArray HttpRequest::bearerToken() const
{
    const QByteArray field = headers.value("Authorization");
    constexpr QByteArrayView scheme("bearer ");
    if (field.size() <= scheme.size() || !equalsWithoutCase(field.first(scheme.size()), scheme))
        return {};
    return field.sliced(scheme.size()).trimmed();
}

HttpResponse HttpResponse::json(int status, QByteArray body)
{
    return {status, {{"Content-Type", "application/json"}}, std::move(body)};
}

HttpResponse HttpResponse::text(int status, QByteArray body)
{
    return {status, {{"Content-Type", "text/plain; charset=UTF-8"}}, std::move(body)};
}

} // namespace gatehouse::protocol
