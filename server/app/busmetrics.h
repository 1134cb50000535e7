// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/bus/bus.h"
#include "server/bus/redislink.h"
#include "server/relay/emitters.h"

#include <functional>
#include <vector>

namespace gatehouse::observe {
class Metrics;
}

namespace gatehouse::app {

/// Shows the counters of the bus and the emitters. References outlive it.
class BusMetrics
{
public:
    BusMetrics(observe::Metrics& metrics, const bus::BusCounters& counters,
        const relay::EmitterCounters& emitters, const bus::RedisCounters* redis);

    void refresh(const bus::BusState& state);

private:
    std::vector<std::function<void()>> m_refreshers;
    bus::BusState::Link m_link = bus::BusState::Link::Connecting;
};

} // namespace gatehouse::app
