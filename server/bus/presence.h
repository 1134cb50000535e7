// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/bus/amqpoptions.h"
#include "server/bus/bus.h"
#include "server/bus/servicelist.h"

#include <QTimer>

#include <map>

namespace gatehouse::bus {

/// Who is on the bus beyond this process. Each process says every period, and after every change,
/// which services it has: a message on the topic `node` of the exchange `EXCHANGE.presence`, body
/// {"node":N,"services":[{"name":S,"topics":[…],"queues":[…]}]}, with "gone":true when it leaves.
/// One that was not heard of for three periods is gone, and its services with it. Whoever hears
/// `ask` there says it at once. A back end may say the same for itself. Network thread.
class Presence final : private StateObserver
{
public:
    Presence(
        Bus& bus, ServiceList& services, const Clock& clock, ExchangeName exchange, Millis period);
    ~Presence() override;
    Q_DISABLE_COPY_MOVE(Presence)

    void start(); ///< subscribes; tells and asks when the bus is up
    bool announce(const Service& service); ///< false: the name is taken
    void withdraw(const QByteArray& name);
    void leave(); ///< says so; nothing follows

private:
    void busStateChanged(const BusState& state) override;
    void greet(); ///< tells and asks, when there is somebody to hear it
    void tell(bool isGone = false);
    Verdict hear(const Message& message);
    void forget(const QByteArray& node);
    void sweep();

    struct Node
    {
        Millis heardAt{}; ///< monotonic
        std::vector<QByteArray> services;
    };

    Bus& m_bus;
    ServiceList& m_services;
    const Clock& m_clock;
    const ExchangeName m_exchange;
    const Millis m_period;
    std::map<QByteArray, Service> m_own;
    std::map<QByteArray, Node> m_nodes;
    Ticket m_subscription;
    bool m_isBound = false;
    QTimer m_timer;
};

} // namespace gatehouse::bus
