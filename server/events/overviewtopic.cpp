// SPDX-License-Identifier: Apache-2.0
#include "server/events/overviewtopic.h"

#include "common/model/overviewinfo.h"
#include "server/observe/livelog.h"
#include "server/observe/metrics.h"
#include "server/observe/processstats.h"
#include "server/work/directory.h"
#include "server/work/presence.h"
#include "server/work/taskservice.h"

namespace gatehouse::events {

OverviewTopic::OverviewTopic(
    const AdminServices& services, Millis interval, Millis startedAtMonotonic)
    : m_services(services), m_interval(interval), m_startedAt(startedAtMonotonic)
{
}

void OverviewTopic::start()
{
    m_rates.emplace(m_services.clock);
    m_rates->bytesInBefore = m_services.server.counters().bytesIn;
    m_rates->bytesOutBefore = m_services.server.counters().bytesOut;
    m_services.server.addObserver(this);
    m_services.hub.addObserver(this);
}

void OverviewTopic::stop()
{
    m_services.hub.removeObserver(this);
    m_services.server.removeObserver(this);
    m_rates.reset();
    KeyedTopic::stop();
}

void OverviewTopic::prepare(Millis now)
{
    const session::SessionCounters& counters = m_services.server.counters();
    m_rates->bytesIn.setTotal(counters.bytesIn - m_rates->bytesInBefore);
    m_rates->bytesOut.setTotal(counters.bytesOut - m_rates->bytesOutBefore);
    if (now - m_toldAt < m_interval)
        return;
    m_toldAt = now;
    touch(model::OverviewInfo::key());
}

std::vector<QString> OverviewTopic::keys() const
{
    return {model::OverviewInfo::key()};
}

std::optional<QByteArray> OverviewTopic::item(const QString&)
{
    const session::SessionCounters& counters = m_services.server.counters();
    model::OverviewInfo info;
    info.uptimeMs = (m_services.clock.monotonic() - m_startedAt).count();
    info.clients = qint64(counters.opened - counters.closed);
    for (const session::SessionSource* source : m_services.plainSessions)
        info.clients += source->sessionCount();
    for (const NamespaceName& nsp : m_services.hub.namespaces())
        info.sockets += m_services.hub.subscriberCount(nsp);
    info.rooms = qint64(m_services.hub.rooms().size());
    info.nodesOnline = m_services.presence.onlineCount();
    info.nodesTotal = qint64(m_services.directory.nodes().size());
    info.tasksOpen = m_services.tasks.openTaskCount();
    info.runsActive = m_services.tasks.openRunCount();
    info.eventsInPerSecond = m_rates->eventsIn.perSecond();
    info.eventsOutPerSecond = m_rates->eventsOut.perSecond();
    info.bytesInPerSecond = m_rates->bytesIn.perSecond();
    info.bytesOutPerSecond = m_rates->bytesOut.perSecond();
    info.loopLagMs = double(m_services.loopLag.worst().count());
    info.residentBytes = observe::residentBytes();
    info.slowConsumers = qint64(counters.slowConsumers);
    info.protocolErrors = qint64(counters.protocolErrors);
    info.pingTimeouts = qint64(counters.pingTimeouts);
    info.refusedConnections = qint64(m_services.metrics.connectionsRefusedTotal.Value()
        + m_services.metrics.connectionsRefusedAddress.Value());
    info.logDropped = qint64(m_services.liveLog.dropped());
    return json(info.toJson());
}

void OverviewTopic::eventReceived(const session::Socket&, const session::IncomingEvent&)
{
    m_rates->eventsIn.add();
}

void OverviewTopic::published(const hub::Publication&, const hub::Delivery& delivery)
{
    m_rates->eventsOut.add(quint64(delivery.recipients));
}

} // namespace gatehouse::events
