// SPDX-License-Identifier: Apache-2.0
#include "server/session/heartbeat.h"

namespace gatehouse::session {

Heartbeat::Heartbeat(TimerQueue& timers, Host& host, Millis interval, Millis timeout, Pinger pinger)
    : m_timers(timers), m_host(host), m_interval(interval), m_timeout(timeout), m_pinger(pinger),
      m_timer(timers, *this, Timer::AfterStall::Fire)
{
}

Heartbeat::~Heartbeat()
{
    stop({ErrorCode::Unavailable, QStringLiteral("the client is gone")});
}

void Heartbeat::start()
{
    if (m_pinger == Pinger::Client) {
        packetReceived();
        return;
    }
    m_isWaiting = false;
    m_timer.setAfterStall(Timer::AfterStall::Fire);
    m_timer.startIn(m_interval);
}

void Heartbeat::stop(const Error& reason)
{
    m_timer.cancel();
    m_isWaiting = false;
    finishMeasuring(tl::unexpected(reason));
}

void Heartbeat::packetReceived()
{
    if (m_pinger == Pinger::Server)
        return;
    m_isWaiting = true;
    m_timer.setAfterStall(Timer::AfterStall::Wait);
    m_timer.startIn(m_interval + m_timeout);
}

void Heartbeat::pongReceived()
{
    if (!m_isWaiting)
        return;
    start();
    finishMeasuring(m_timers.clock().monotonic() - m_pingSentAt);
}

void Heartbeat::measure(RoundTripCallback callback)
{
    if (m_pinger == Pinger::Client) {
        callback(failure(ErrorCode::Unavailable,
            QStringLiteral("clients of Engine.IO 3 answer no ping of the server")));
        return;
    }
    m_measuring.push_back(std::move(callback));
    if (!m_isWaiting)
        ping(m_timers.clock().monotonic());
}

void Heartbeat::timerDue(Timer&, Millis due)
{
    if (m_isWaiting) {
        m_isWaiting = false;
        finishMeasuring(failure(ErrorCode::Timeout, QStringLiteral("no pong in time")));
        m_host.pongMissing();
        return;
    }
    ping(due);
}

void Heartbeat::ping(Millis due)
{
    const Millis now = m_timers.clock().monotonic();
    const bool isFarTooLate = now - due > m_timers.stallThreshold();
    m_pingSentAt = now;
    m_isWaiting = true;
    m_timer.setAfterStall(Timer::AfterStall::Wait);
    m_timer.startAt((isFarTooLate ? now : due) + m_timeout);
    m_host.sendPing();
}

void Heartbeat::finishMeasuring(const Result<Millis>& result)
{
    for (const RoundTripCallback& callback : std::exchange(m_measuring, {}))
        callback(result);
}

} // namespace gatehouse::session
