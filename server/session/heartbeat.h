// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"
#include "server/session/timerqueue.h"

#include <functional>

namespace gatehouse::session {

/// The server's side of the heartbeat. Engine.IO 4: a ping every interval, a pong within the
/// timeout. Periods are counted from when a ping was due, not from when it went out, so that a
/// silent client is dropped at exactly pingInterval + pingTimeout. Engine.IO 3: the client pings,
/// and has as long for whatever it says next. Plain WebSockets are as Engine.IO 4, with pings of
/// their own. Owned by its session.
class Heartbeat final : private Timer::Owner
{
public:
    class Host
    {
    public:
        virtual void sendPing() = 0;
        virtual void pongMissing() = 0;

    protected:
        ~Host() = default;
    };
    enum class Pinger : quint8 { Server, Client };
    using RoundTripCallback = std::function<void(Result<Millis>)>;

    Heartbeat(TimerQueue& timers, Host& host, Millis interval, Millis timeout,
        Pinger pinger = Pinger::Server);
    ~Heartbeat();

    void start();
    void stop(const Error& reason); ///< who measures gets this
    void pongReceived();
    void packetReceived(); ///< where the client pings, everything it says counts

    /// Joins the ping that is on its way, or sends one; Unavailable where the client pings.
    void measure(RoundTripCallback callback);

private:
    void timerDue(Timer& timer, Millis due) override;
    void ping(Millis due);
    void finishMeasuring(const Result<Millis>& result);

    TimerQueue& m_timers;
    Host& m_host;
    const Millis m_interval;
    const Millis m_timeout;
    const Pinger m_pinger;
    Timer m_timer;
    Millis m_pingSentAt{};
    bool m_isWaiting = false; ///< for a pong, or for anything where the client pings
    std::vector<RoundTripCallback> m_measuring;
};

} // namespace gatehouse::session
