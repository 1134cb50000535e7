// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/session/httphandler.h"

#include <QByteArray>
#include <QString>

#include <functional>
#include <vector>

namespace gatehouse::observe {
class Metrics;
}

namespace gatehouse::api {

/// What supervisors and Prometheus ask: `/healthz` (the process answers), `/readyz` (and can do its
/// work), `/metrics`. Registered with transport for these three paths; network thread only.
class HealthHandler : public session::HttpHandler
{
public:
    /// One condition of being ready. Returns why it does not hold; empty when it does.
    struct Check
    {
        QString name; ///< "database", "draining"
        std::function<QString()> fault;
    };

    /// `refresh` brings gauges up to date before they are shown. An empty `metricsToken` lets
    /// everybody read the metrics.
    HealthHandler(observe::Metrics& metrics, std::vector<Check> checks,
        std::function<void()> refresh = {}, QByteArray metricsToken = {});

    void handleRequest(const session::HttpExchangePtr& exchange) override;

private:
    protocol::HttpResponse ready() const;
    protocol::HttpResponse metrics(const protocol::HttpRequest& request) const;

    observe::Metrics& m_metrics;
    std::vector<Check> m_checks;
    std::function<void()> m_refresh;
    QByteArray m_metricsToken;
};

} // namespace gatehouse::api
