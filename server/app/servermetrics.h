// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/hub/hub.h"
#include "server/hub/roomhistory.h"
#include "server/session/socketioserver.h"
#include "server/work/taskservice.h"

namespace gatehouse::observe {
class LiveLog;
class LoopLag;
class LogSink;
class Metrics;
} // namespace gatehouse::observe
namespace gatehouse::store {
class Store;
}
namespace gatehouse::transport {
class Server;
}

namespace prometheus {
class Gauge;
}

namespace gatehouse::app {

class RecoveryJournal;

/// Where the numbers come from that /metrics shows. References outlive it.
struct MetricSources
{
    const transport::Server& transport;
    const hub::RoomHistory& history;
    std::function<quint64()> plainSessions; ///< open ones; their WebSockets are no Engine.IO
    session::SocketIoServer& sessions;
    hub::Hub& hub;
    work::TaskService& tasks;
    const work::Presence& presence;
    const work::Directory& directory;
    store::Store& store;
    const RecoveryJournal& recovery;
    const observe::LiveLog& liveLog;
    const observe::LogSink& log;
    const observe::LoopLag& loopLag;
    Millis nodeSilence{}; ///< see events::FederationOptions
};

/// Brings the metrics of rooms that count for themselves up to date: counts events as the hub, the
/// sessions and the task service tell them, and reads the rest when somebody asks. Network thread
/// only.
class ServerMetrics final : private hub::HubObserver,
                            private session::SessionObserver,
                            private work::TaskObserver
{
public:
    ServerMetrics(observe::Metrics& metrics, MetricSources sources);
    ~ServerMetrics() override;
    Q_DISABLE_COPY_MOVE(ServerMetrics)

    void refresh(); ///< before the metrics are shown

private:
    void memberJoined(const NamespaceName&, const RoomName&, const hub::Subscriber&) override;
    void memberLeft(const NamespaceName&, const RoomName&, const hub::Subscriber&) override;
    void eventReceived(const session::Socket&, const session::IncomingEvent&) override;
    void published(const hub::Publication&, const hub::Delivery& delivery) override;
    void taskCreated(const work::TaskRecord&) override;
    void runChanged(const work::RunChange& change) override;

    void showThreads();

    observe::Metrics& m_metrics;
    MetricSources m_sources;
    std::vector<prometheus::Gauge*> m_threadLinks; ///< for each I/O thread
};

} // namespace gatehouse::app
