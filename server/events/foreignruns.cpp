// SPDX-License-Identifier: Apache-2.0
#include "server/events/foreignruns.h"

#include "server/access/tokenverifier.h"
#include "server/identity/elsewhere.h"
#include "server/session/socketioserver.h"
#include "server/work/taskservice.h"

namespace gatehouse::events {

ForeignRuns::ForeignRuns(identity::Elsewhere* elsewhere, session::SocketIoServer& server,
    work::TaskService& tasks, const Clock& clock, const FederationOptions& options)
    : m_elsewhere(elsewhere), m_server(server), m_tasks(tasks), m_clock(clock), m_options(options),
      m_budget(options.maxRunLookups, options.loggedEventsWindow)
{
}

void ForeignRuns::find(NodeId node, const SocketId& socket, RunId run, qsizetype bytes,
    work::Completion<work::RunRef> done)
{
    if (const work::RunRef* known = m_tasks.knownRun(run))
        return done(*known);
    const session::Socket* asker = m_server.findSocket(socket);
    if (!m_elsewhere || !asker)
        return done(failure(ErrorCode::NotFound));
    const Question question(socket, run);
    const bool isNew = !m_waiting.contains(question);
    using Verdict = WindowBudget<NodeId>::Verdict;
    if (isNew && m_budget.take(node, m_clock.monotonic()) == Verdict::Refused)
        return done(failure(ErrorCode::RateLimited));
    if (!hold(question, {done, bytes}))
        return done(failure(ErrorCode::RateLimited));
    if (!isNew)
        return;
    const QByteArray header = asker->handshake().headers.value("Authorization");
    m_elsewhere->findRun(node, access::TokenVerifier::bearerToken(header).value_or(QByteArray()),
        run, [this, alive = std::weak_ptr(m_alive), question](const Result<work::RunRef>& found) {
            if (!alive.expired())
                answered(question, found);
        });
}

bool ForeignRuns::hold(const Question& question, Waiting event)
{
    Held& held = m_held[question.first];
    const bool isTooMuch = held.events >= m_options.maxEventsForRuns
        || held.bytes + event.bytes > m_options.maxEventBytesForRuns;
    if (held.events > 0 && isTooMuch)
        return false;
    ++held.events;
    held.bytes += event.bytes;
    m_waiting[question].push_back(std::move(event));
    return true;
}

void ForeignRuns::answered(const Question& question, const Result<work::RunRef>& found)
{
    if (found)
        m_tasks.remember(*found);
    const std::vector<Waiting> waiting = m_waiting.take(question);
    const auto held = m_held.find(question.first);
    for (const Waiting& event : waiting) {
        --held->events;
        held->bytes -= event.bytes;
    }
    if (held->events == 0)
        m_held.erase(held);
    for (const Waiting& event : waiting)
        event.done(found);
}

} // namespace gatehouse::events
