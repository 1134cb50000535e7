// SPDX-License-Identifier: Apache-2.0
#include "server/app/clustering.h"

#include "server/observe/metrics.h"

namespace gatehouse::app {

namespace {

struct Total
{
    const char* name;
    const char* help;
    const quint64& source;
};

} // namespace

Clustering::Clustering(const BusConfiguration& configuration, hub::Hub& hub,
    std::vector<session::SessionSource*> sources, bus::Bus& bus, observe::Metrics& metrics,
    const Clock& clock, relay::ClusterCalls::Kicked kicked)
    : m_view(hub, std::move(sources), bus, clock, configuration.clusterOptions()),
      m_calls(configuration.clusterCallOptions(), hub, m_view, bus)
{
    m_calls.setKicked(std::move(kicked));
    prometheus::Registry& registry = metrics.registry();
    const relay::ClusterCounters& view = m_view.counters();
    const relay::ClusterCallCounters& calls = m_calls.counters();
    const Total totals[]{
        {"gatehouse_cluster_updates_sent_total", "Updates about our clients told to the others",
            view.updatesSent},
        {"gatehouse_cluster_updates_heard_total", "Updates of other processes", view.updatesHeard},
        {"gatehouse_cluster_bad_updates_total", "Updates that were of no use", view.badUpdates},
        {"gatehouse_cluster_gaps_total", "Times an update of another process was missed",
            view.gaps},
        {"gatehouse_cluster_lost_nodes_total", "Processes that fell silent", view.lostNodes},
        {"gatehouse_cluster_unlisted_clients_total",
            "Times a client of another process was over bus.cluster_clients", view.unlistedClients},
        {"gatehouse_cluster_unreadable_clients_total",
            "Clients in updates of other processes that could not be read", view.unreadableClients},
        {"gatehouse_control_calls_total", "Calls of services to the house", calls.calls},
        {"gatehouse_control_refused_total", "Of these and of what was published, refused",
            calls.refused},
        {"gatehouse_control_emitted_total", "Events of services given to rooms", calls.emitted},
        {"gatehouse_control_kicked_total", "Clients closed at a service's wish", calls.kicked},
    };
    for (const Total& total : totals) {
        auto& counter = prometheus::BuildCounter()
                            .Name(total.name)
                            .Help(total.help)
                            .Register(registry)
                            .Add({});
        m_refreshers.push_back(
            [&counter, &source = total.source] { observe::syncTotal(counter, source); });
    }
    const Total nows[]{
        {"gatehouse_cluster_nodes", "Processes on the bus, this one included", view.nodes},
        {"gatehouse_cluster_clients", "Clients of the other processes, as known here",
            view.clients},
    };
    for (const Total& now : nows) {
        auto& gauge
            = prometheus::BuildGauge().Name(now.name).Help(now.help).Register(registry).Add({});
        m_refreshers.push_back([&gauge, &source = now.source] { gauge.Set(double(source)); });
    }
}

void Clustering::refreshMetrics()
{
    for (const auto& refresh : m_refreshers)
        refresh();
}

} // namespace gatehouse::app
