// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/events/federationoptions.h"
#include "server/events/windowbudget.h"
#include "server/work/journal.h"

#include <QHash>

#include <memory>
#include <utility>
#include <vector>

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
/// speaks of them, and remembered by TaskService. So many questions of one node in a window of
/// time; what the socket says of a run while it is being asked for waits for that answer, in order
/// and within bounds. Owned by FederationNamespace; network thread only.
class ForeignRuns
{
public:
    ForeignRuns(identity::Elsewhere* elsewhere, session::SocketIoServer& server,
        work::TaskService& tasks, const Clock& clock, const FederationOptions& options);
    Q_DISABLE_COPY_MOVE(ForeignRuns)

    bool isAvailable() const { return m_elsewhere != nullptr; }

    /// For an event of so many octets. NotFound, Forbidden, Unavailable, RateLimited. May answer
    /// from inside the call.
    void find(NodeId node, const SocketId& socket, RunId run, qsizetype bytes,
        work::Completion<work::RunRef> done);

private:
    using Question = std::pair<SocketId, RunId>;
    struct Waiting
    {
        work::Completion<work::RunRef> done;
        qsizetype bytes = 0;
    };
    struct Held
    {
        int events = 0;
        qsizetype bytes = 0;
    };

    bool hold(const Question& question, Waiting event);
    void answered(const Question& question, const Result<work::RunRef>& found);

    identity::Elsewhere* m_elsewhere;
    session::SocketIoServer& m_server;
    work::TaskService& m_tasks;
    const Clock& m_clock;
    const FederationOptions& m_options;
    WindowBudget<NodeId> m_budget;
    QHash<Question, std::vector<Waiting>> m_waiting;
    QHash<SocketId, Held> m_held; ///< of all that waits
    std::shared_ptr<bool> m_alive = std::make_shared<bool>(true);
};

} // namespace gatehouse::events
