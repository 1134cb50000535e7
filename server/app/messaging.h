// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/app/busconfiguration.h"
#include "server/bus/bus.h"

#include <memory>

namespace gatehouse::hub {
class Hub;
}
namespace gatehouse::observe {
class Metrics;
}
namespace gatehouse::session {
class SocketIoServer;
}
namespace gatehouse::store {
class Store;
}

namespace gatehouse::app {

/// The bus with what belongs to it: outbox, emitters of other languages, its metrics. Owned by the
/// composition root; what it is given outlives it. Network thread.
class Messaging
{
public:
    Messaging(const BusConfiguration& configuration, store::Store& store, hub::Hub& hub,
        session::SocketIoServer& sessions, observe::Metrics& metrics, const Clock& clock);
    ~Messaging();
    Q_DISABLE_COPY_MOVE(Messaging)

    bus::Bus& bus();
    QString fault() const; ///< for /readyz; empty: none
    QString text() const; ///< for the banner
    void refreshMetrics();

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace gatehouse::app
