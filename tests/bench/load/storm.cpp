// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/load/measurement.h"

#include <cstdio>

namespace gatehouse::bench {

namespace {

using namespace std::chrono_literals;

constexpr Microseconds Retry
    = 200ms; ///< far more eager than Socket.IO's client, which waits 0.5 to 1.5 s
constexpr Microseconds Patience = 60s;

} // namespace

void measureStorm(Bench& bench, const Setting& setting)
{
    const Arrival first = bench.pool.connect(setting.members, setting.window);
    bench.findings.addFault("first_missing", double(setting.members - first.ready));
    if (!bench.findings.isFaultless())
        return;
    std::puts("ready");
    std::fflush(stdout);
    bench.pool.runUntil([&bench] { return bench.pool.readyCount() == 0; }, Patience);
    const Arrival back = bench.pool.reconnect(Retry, Patience);
    bench.findings.add("storm_seconds", back.seconds);
    bench.findings.add("connections_refused", double(back.refused));
    bench.findings.addFault("handshakes_failed", double(back.failed));
    bench.findings.addFault("missing", double(setting.members - back.ready));
}

} // namespace gatehouse::bench
