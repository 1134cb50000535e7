// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/observerlist.h"
#include "server/bus/bus.h"
#include "server/bus/later.h"

#include <map>

namespace gatehouse::bus {

/// Who is on the bus. Tells the observers in a later turn. Network thread.
class ServiceList
{
public:
    ServiceList(Later& later, BusCounters& counters) : m_later(later), m_counters(counters) { }
    Q_DISABLE_COPY_MOVE(ServiceList)

    bool contains(const QByteArray& name) const { return m_services.contains(name); }
    const Service* find(const QByteArray& name) const;
    void put(const Service& service); ///< new or changed
    void remove(const QByteArray& name);
    std::vector<Service> all() const;

    ObserverList<ServiceObserver> observers;

private:
    Later& m_later;
    BusCounters& m_counters;
    std::map<QByteArray, Service> m_services;
};

} // namespace gatehouse::bus
