// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/session/timerqueue.h"

#include <functional>

namespace gatehouse::session {

/// Empties the server in batches, so that its clients do not all come back in the same second.
/// Owned by SocketIoServer.
class Drain final : private Timer::Owner
{
public:
    class Host
    {
    public:
        virtual qsizetype sessionCount() const = 0;
        virtual void closeSome(qsizetype count) = 0;
        virtual bool isEmpty() const = 0; ///< no session, and no goodbye on its way

    protected:
        ~Host() = default;
    };

    Drain(TimerQueue& timers, Host& host, Millis spread, std::function<void()> finished);

private:
    void timerDue(Timer& timer, Millis due) override;

    Host& m_host;
    Timer m_timer;
    const qsizetype m_total;
    const qsizetype m_batches;
    qsizetype m_done = 0; ///< batches
    std::function<void()> m_finished;
};

} // namespace gatehouse::session
