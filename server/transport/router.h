// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/session/httphandler.h"
#include "server/session/websocketlink.h"

#include <QByteArray>
#include <QHash>
#include <QString>

#include <vector>

namespace gatehouse::transport {

/// Who takes which path; rules in server.h. Handlers and acceptors are not owned.
class Router
{
public:
    void addHandler(const QByteArray& prefix, session::HttpHandler* handler);
    void addAcceptor(const QByteArray& path, session::WebSocketAcceptor* acceptor);
    /// Takes every path nobody else has.
    void setFallbackAcceptor(session::WebSocketAcceptor* acceptor) { m_fallback = acceptor; }

    session::HttpHandler* handlerFor(const QString& path) const; ///< null: nobody
    session::WebSocketAcceptor* acceptorFor(const QString& path) const; ///< null: nobody

private:
    struct Route
    {
        QString prefix;
        session::HttpHandler* handler;
    };
    std::vector<Route> m_routes; ///< longest prefix first
    QHash<QString, session::WebSocketAcceptor*> m_acceptors;
    session::WebSocketAcceptor* m_fallback = nullptr;
};

} // namespace gatehouse::transport
