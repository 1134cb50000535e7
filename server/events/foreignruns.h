// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/events/federationoptions.h"
#include "server/events/windowbudget.h"
#include "server/work/journal.h"

#include <memory>

namespace gatehouse::identity {
class Elsewhere;
}
namespace gatehouse::session {
class SocketIoServer;
}
namespace gatehouse::work {
class TaskService;
}

namespace gatehouse::events {

/// Runs that are in another server's database: asked for there, in the name of the socket that
/// speaks of them, and remembered by TaskService. So many questions of one socket in a window of
/// time. Owned by FederationNamespace; network thread only.
class ForeignRuns
{
public:
    ForeignRuns(identity::Elsewhere* elsewhere, session::SocketIoServer& server,
        work::TaskService& tasks, const Clock& clock, const FederationOptions& options);
    Q_DISABLE_COPY_MOVE(ForeignRuns)

    bool isAvailable() const { return m_elsewhere != nullptr; }

    void forget(const SocketId& socket) { m_budget.forget(socket); } ///< it has gone

    /// NotFound, Unavailable, RateLimited. May answer from inside the call.
    void find(const SocketId& socket, RunId run, work::Completion<work::RunRef> done);

private:
    identity::Elsewhere* m_elsewhere;
    session::SocketIoServer& m_server;
    work::TaskService& m_tasks;
    const Clock& m_clock;
    WindowBudget<SocketId> m_budget;
    std::shared_ptr<bool> m_alive = std::make_shared<bool>(true);
};

} // namespace gatehouse::events
