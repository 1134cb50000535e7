// SPDX-License-Identifier: Apache-2.0
#include "server/events/foreignruns.h"

#include "server/access/tokenverifier.h"
#include "server/identity/elsewhere.h"
#include "server/session/socketioserver.h"
#include "server/work/taskservice.h"

namespace gatehouse::events {

ForeignRuns::ForeignRuns(identity::Elsewhere* elsewhere, session::SocketIoServer& server,
    work::TaskService& tasks, const Clock& clock, const FederationOptions& options)
    : m_elsewhere(elsewhere), m_server(server), m_tasks(tasks), m_clock(clock),
      m_budget(options.maxRunLookups, options.loggedEventsWindow)
{
}

void ForeignRuns::find(const SocketId& socket, RunId run, work::Completion<work::RunRef> done)
{
    if (const work::RunRef* known = m_tasks.knownRun(run))
        return done(*known);
    const session::Socket* asker = m_server.findSocket(socket);
    if (!m_elsewhere || !asker)
        return done(failure(ErrorCode::NotFound));
    using Verdict = WindowBudget<SocketId>::Verdict;
    if (m_budget.take(socket, m_clock.monotonic()) == Verdict::Refused)
        return done(failure(ErrorCode::RateLimited));
    const QByteArray header = asker->handshake().headers.value("Authorization");
    m_elsewhere->findRun(access::TokenVerifier::bearerToken(header).value_or(QByteArray()), run,
        [this, alive = std::weak_ptr(m_alive), done = std::move(done)](
            const Result<work::RunRef>& found) {
            if (alive.expired())
                return;
            if (found)
                m_tasks.remember(*found);
            done(found);
        });
}

} // namespace gatehouse::events
