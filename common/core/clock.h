// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace gatehouse {

using Millis = std::chrono::milliseconds;

/// Where time enters the program, so that tests never wait. Owned by the composition root; every
/// implementation may be read from any thread.
class Clock
{
public:
    virtual ~Clock() = default;

    /// Time since an arbitrary start; never jumps. For deadlines, ages and heartbeats.
    virtual Millis monotonic() const = 0;

    /// Time since 1970-01-01T00:00:00Z; may jump. For token claims and what people read.
    virtual Millis wall() const = 0;
};

class SystemClock final : public Clock
{
public:
    Millis monotonic() const override;
    Millis wall() const override;
};

/// Time that moves only when told to. For tests.
class ManualClock final : public Clock
{
public:
    explicit ManualClock(Millis wall = Millis{1'800'000'000'000}) : m_wall(wall) { }

    Millis monotonic() const override { return m_monotonic; }
    Millis wall() const override { return m_wall; }

    void advance(Millis step)
    {
        m_monotonic += step;
        m_wall += step;
    }
    void jumpWall(Millis step) { m_wall += step; }

private:
    Millis m_monotonic{1'000};
    Millis m_wall;
};

} // namespace gatehouse
