// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/api/routeaccess.h"

#include <QByteArray>
#include <QByteArrayList>
#include <QStringList>

#include <functional>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

namespace gatehouse::api {

class ApiCall;
using ApiRoute = std::function<void(const std::shared_ptr<ApiCall>&)>;

/// What a path and a method lead to.
struct RouteFound
{
    const ApiRoute* route = nullptr;
    Callers callers;
    std::vector<qint64> ids; ///< the values of `{id}`, left to right
};
struct WrongMethod
{
    QByteArrayList allowed; ///< for the Allow header
};
struct NoRoute
{
};
using RouteAnswer = std::variant<RouteFound, WrongMethod, NoRoute>;

/// Method and path pattern to handler. A pattern's `{id}` stands for a positive decimal number; one
/// trailing slash of a path is ignored, as Flask clients expect. HEAD is answered where GET is.
class Router
{
public:
    /// `pattern` begins with a slash: "/api/task/{id}". Each pair of method and pattern once.
    void add(const QByteArray& method, const QString& pattern, Callers callers, ApiRoute route);

    RouteAnswer find(const QByteArray& method, const QString& path) const;

    /// Every route, for a check that the description is complete: "GET /api/task/{id}".
    QByteArrayList routes() const;

private:
    struct Entry
    {
        QByteArray method;
        QStringList segments;
        Callers callers;
        ApiRoute route;
    };
    static std::optional<std::vector<qint64>> match(
        const QStringList& pattern, const QStringList& path);

    std::vector<Entry> m_entries;
};

} // namespace gatehouse::api
