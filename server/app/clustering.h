// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/app/busconfiguration.h"

#include <functional>
#include <vector>

namespace gatehouse::observe {
class Metrics;
}

namespace gatehouse::app {

/// This process among the others on the bus: who is connected where, what services may ask of all
/// of them, and the metrics of both. Owned by the composition root, destroyed before hub, sessions
/// and bus. Network thread.
class Clustering
{
public:
    Clustering(const BusConfiguration& configuration, hub::Hub& hub,
        std::vector<session::SessionSource*> sources, bus::Bus& bus, observe::Metrics& metrics,
        const Clock& clock, relay::ClusterCalls::Kicked kicked);
    Q_DISABLE_COPY_MOVE(Clustering)

    void leave() { m_view.leave(); } ///< tells the others that this process goes down
    void refreshMetrics();

private:
    relay::ClusterView m_view;
    relay::ClusterCalls m_calls;
    std::vector<std::function<void()>> m_refreshers;
};

} // namespace gatehouse::app
