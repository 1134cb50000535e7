// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/services/clientgateway.h"
#include "server/services/servicegateway.h"

namespace gatehouse::services {

/// The services profile: clients on plain WebSockets on one side, back-end services on the other,
/// the bus between them. Owned by the composition root, destroyed after the PlainServers it handles
/// and before the bus. Network thread only.
class ServicesProfile
{
public:
    /// BadRequest names the option that is wrong.
    static Result<void> check(const ServicesOptions& options);

    /// `options` have passed check().
    ServicesProfile(ServicesOptions options, bus::Bus& bus, const Clock& clock,
        ServiceGateway::Identify identify);
    Q_DISABLE_COPY_MOVE(ServicesProfile)

    session::PlainHandler& clients() { return m_clients; }
    session::PlainHandler& services() { return m_services; }
    const ServicesCounters& counters() const { return m_counters; }

    using Connected = ServiceGateway::Connected;
    std::vector<Connected> connected() const { return m_services.connected(); }
    std::vector<TypedPublisher::TypeState> types() const { return m_publisher.types(); }

    /// The clients have gone, and the server goes: says what is still to be said, for the bus to
    /// be flushed. May be called again.
    void finish() { m_publisher.finish(); }

    void tick(); ///< what timers do; for tests with a ManualClock

private:
    const ServicesOptions m_options;
    ServicesCounters m_counters;
    TypedPublisher m_publisher;
    ClientGateway m_clients;
    ServiceGateway m_services;
};

} // namespace gatehouse::services
