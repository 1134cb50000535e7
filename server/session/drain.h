// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/ids.h"
#include "server/session/timerqueue.h"

#include <functional>
#include <vector>

namespace gatehouse::session {

struct DrainOptions
{
    Millis spread{2'000}; ///< the sessions' turns come one after the other over this time
    Millis answers{2'000}; ///< how long a session whose turn has come may wait for what it is owed
};

/// Empties the server in batches, so that its clients do not all come back in the same second. A
/// session that is owed answers ends when it has them, and takes nothing from its client meanwhile
/// that it would owe another one for. Owned by SocketIoServer.
class Drain final : private Timer::Owner
{
public:
    class Host
    {
    public:
        virtual std::vector<SessionId> sessionIds() const = 0;
        // Where nothing is acknowledged, nothing is owed.
        virtual void stopListening(const SessionId&) { } ///< to events that want an answer
        virtual bool isSettled(const SessionId&) const { return true; } ///< owed nothing, or gone
        virtual void endSession(const SessionId& id) = 0; ///< if it is still there
        virtual bool isEmpty() const = 0; ///< no session, and no goodbye on its way

    protected:
        ~Host() = default;
    };

    Drain(TimerQueue& timers, Host& host, DrainOptions options, std::function<void()> finished);

private:
    struct Waiting
    {
        SessionId id;
        Millis until{};
    };

    void timerDue(Timer& timer, Millis due) override;
    void beginBatch(Millis now);
    void endSettled(Millis now);

    Host& m_host;
    Timer m_timer;
    const DrainOptions m_options;
    const qsizetype m_batches;
    std::vector<SessionId> m_sessions; ///< whose turn has not come
    std::vector<Waiting> m_waiting; ///< for what they are owed
    qsizetype m_total = 0;
    qsizetype m_done = 0; ///< batches
    std::function<void()> m_finished;
};

} // namespace gatehouse::session
