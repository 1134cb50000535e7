// SPDX-License-Identifier: Apache-2.0
#include "server/api/router.h"

#include <algorithm>

namespace gatehouse::api {

namespace {

QStringList segmentsOf(QStringView path)
{
    if (path.size() > 1 && path.endsWith(QLatin1Char('/')))
        path.chop(1);
    return path.toString().split(QLatin1Char('/'));
}

/// Plain decimal digits only: no sign, no spaces, no leading zero, so that each thing has one URL.
std::optional<qint64> idOf(const QString& segment)
{
    const auto isDigit = [](QChar c) { return c >= QLatin1Char('0') && c <= QLatin1Char('9'); };
    if (segment.isEmpty() || segment.startsWith(QLatin1Char('0'))
        || !std::all_of(segment.begin(), segment.end(), isDigit))
        return std::nullopt;
    bool ok = false;
    const qint64 id = segment.toLongLong(&ok);
    return ok ? std::optional(id) : std::nullopt;
}

bool answers(const QByteArray& routeMethod, const QByteArray& method)
{
    return routeMethod == method || (method == "HEAD" && routeMethod == "GET");
}

} // namespace

void Router::add(const QByteArray& method, const QString& pattern, Callers callers, ApiRoute route)
{
    m_entries.push_back({method, segmentsOf(pattern), callers, std::move(route)});
}

RouteAnswer Router::find(const QByteArray& method, const QString& path) const
{
    const QStringList segments = segmentsOf(path);
    WrongMethod wrong;
    for (const Entry& entry : m_entries) {
        auto ids = match(entry.segments, segments);
        if (!ids)
            continue;
        if (answers(entry.method, method))
            return RouteFound{&entry.route, entry.callers, std::move(*ids)};
        wrong.allowed.append(entry.method);
        if (entry.method == "GET")
            wrong.allowed.append("HEAD");
    }
    if (wrong.allowed.isEmpty())
        return NoRoute{};
    wrong.allowed.append("OPTIONS");
    return wrong;
}

QByteArrayList Router::routes() const
{
    QByteArrayList list;
    for (const Entry& entry : m_entries)
        list.append(entry.method + ' ' + entry.segments.join(QLatin1Char('/')).toUtf8());
    return list;
}

std::optional<std::vector<qint64>> Router::match(
    const QStringList& pattern, const QStringList& path)
{
    if (pattern.size() != path.size())
        return std::nullopt;
    std::vector<qint64> ids;
    for (qsizetype i = 0; i < pattern.size(); ++i) {
        if (pattern[i] == QLatin1String("{id}")) {
            const auto id = idOf(path[i]);
            if (!id)
                return std::nullopt;
            ids.push_back(*id);
        } else if (pattern[i] != path[i]) {
            return std::nullopt;
        }
    }
    return ids;
}

} // namespace gatehouse::api
