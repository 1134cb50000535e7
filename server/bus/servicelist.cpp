// SPDX-License-Identifier: Apache-2.0
#include "server/bus/servicelist.h"

namespace gatehouse::bus {

const Service* ServiceList::find(const QByteArray& name) const
{
    const auto at = m_services.find(name);
    return at == m_services.end() ? nullptr : &at->second;
}

void ServiceList::put(const Service& service)
{
    const auto [at, isNew] = m_services.try_emplace(service.name, service);
    if (!isNew) {
        if (at->second == service)
            return;
        at->second = service;
    }
    m_counters.services = m_services.size();
    m_later.post([this, service] {
        observers.forEach([&](ServiceObserver& observer) { observer.serviceCame(service); });
    });
}

void ServiceList::remove(const QByteArray& name)
{
    const auto at = m_services.find(name);
    if (at == m_services.end())
        return;
    const Service service = at->second;
    m_services.erase(at);
    m_counters.services = m_services.size();
    m_later.post([this, service] {
        observers.forEach([&](ServiceObserver& observer) { observer.serviceWent(service); });
    });
}

std::vector<Service> ServiceList::all() const
{
    std::vector<Service> services;
    services.reserve(m_services.size());
    for (const auto& [name, service] : m_services)
        services.push_back(service);
    return services;
}

} // namespace gatehouse::bus
