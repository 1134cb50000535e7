// SPDX-License-Identifier: Apache-2.0
#include "server/transport/router.h"

#include <algorithm>

namespace gatehouse::transport {

namespace {

bool isBelow(const QString& path, const QString& prefix)
{
    if (!path.startsWith(prefix))
        return false;
    return path.size() == prefix.size() || prefix.endsWith(u'/') || path.at(prefix.size()) == u'/';
}

QString withoutTrailingSlash(QString path)
{
    if (path.endsWith(u'/'))
        path.chop(1);
    return path;
}

} // namespace

void Router::addHandler(const QByteArray& prefix, session::HttpHandler* handler)
{
    const QString text = QString::fromUtf8(prefix);
    const auto place = std::ranges::find_if(
        m_routes, [&](const Route& route) { return route.prefix.size() < text.size(); });
    m_routes.insert(place, {text, handler});
}

void Router::addAcceptor(const QByteArray& path, session::WebSocketAcceptor* acceptor)
{
    m_acceptors.insert(withoutTrailingSlash(QString::fromUtf8(path)), acceptor);
}

session::HttpHandler* Router::handlerFor(const QString& path) const
{
    const auto found = std::ranges::find_if(
        m_routes, [&](const Route& route) { return isBelow(path, route.prefix); });
    return found == m_routes.end() ? nullptr : found->handler;
}

session::WebSocketAcceptor* Router::acceptorFor(const QString& path) const
{
    return m_acceptors.value(withoutTrailingSlash(path), m_fallback);
}

} // namespace gatehouse::transport
