// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/app/listenertables.h"
#include "server/services/servicesprofile.h"
#include "server/transport/server.h"

#include <QObject>

#include <functional>
#include <memory>
#include <vector>

namespace gatehouse::observe {
class Metrics;
}
namespace gatehouse::relay {
class PlainPeers;
}

namespace gatehouse::app {

class Relays;

/// Everybody who speaks plain WebSocket: the listeners of the configuration with their clients, and
/// the services profile behind some of them. Owned by the composition root, destroyed before the
/// relay's profiles, hub and bus.
class PlainListeners
{
public:
    struct House
    {
        hub::Hub& hub;
        bus::Bus& bus;
        Relays& relays;
        observe::Metrics& metrics;
        const Clock& clock;
        services::ServiceGateway::Identify identify;
        QStringList allowedOrigins; ///< where a listener says nothing
    };

    /// What the tables name is there: the reader has checked it.
    PlainListeners(
        std::vector<ListenerTable> tables, services::ServicesOptions options, const House& house);
    ~PlainListeners();
    Q_DISABLE_COPY_MOVE(PlainListeners)

    /// Registers with `transport`, which has to outlive this; before it listens.
    void attach(transport::Server& transport);
    /// Opens the listeners' own addresses. The error names the listener.
    Result<void> listen(transport::Server& transport);
    /// One line for each address of its own: "teamcode ws://127.0.0.1:12345".
    QStringList addresses(const transport::Server& transport) const;

    /// For the console and the counters of all sessions.
    std::vector<session::SessionSource*> sources() const;

    quint64 openSessions() const;
    const services::ServicesProfile* services() const { return m_services.get(); } ///< may be null

    /// Clients first, then the services they spoke with.
    void drain(Millis spread, const std::function<void()>& finished);
    void closeAll(); ///< at once, for the end: what is still to be said is with the bus then
    void refreshMetrics();

private:
    struct Entry;
    struct Meters;

    void drain(bool areBackends, Millis spread, const std::function<void()>& finished);

    bus::Bus& m_bus;
    QObject m_context; ///< of what waits
    std::vector<std::unique_ptr<Entry>> m_entries;
    std::unique_ptr<services::ServicesProfile> m_services; ///< null: no listener is for it
    std::unique_ptr<Meters> m_meters;
};

} // namespace gatehouse::app
