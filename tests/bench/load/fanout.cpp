// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/load/measurement.h"
#include "tests/bench/load/roommessages.h"

namespace gatehouse::bench {

namespace {

using namespace std::chrono_literals;

constexpr Microseconds Patience = 20s; ///< without any delivery; then the rest is lost

/// Keeps `inFlight` messages under way for a while, then waits for the last of them.
void publish(
    LinkPool& pool, RoomMessages& messages, Link& publisher, const Setting& setting, double seconds)
{
    const auto until = nowMicroseconds() + std::int64_t(seconds * 1e6);
    for (;;) {
        std::string frames;
        while (messages.underWay() < setting.inFlight && nowMicroseconds() < until)
            frames += messages.next();
        if (!frames.empty())
            publisher.sendFrames(frames);
        if (messages.underWay() == 0 || pool.turn(Patience) == 0)
            return;
    }
}

} // namespace

void measureFanOut(Bench& bench, const Setting& setting)
{
    bench.connect(setting.members, setting.window);
    const Arrival publisher = bench.pool.connect(1, 1, {});
    bench.findings.addFault("publishers_missing", double(1 - publisher.ready));
    if (!bench.findings.isFaultless())
        return;
    Link& sender = bench.pool.link(setting.members);
    RoomMessages messages(setting.members, setting.inFlight, setting.payloadBytes);
    bench.pool.setReceiver(&messages);
    publish(bench.pool, messages, sender, setting, setting.seconds / 4);
    bench.settle();
    messages.forgetCounts();
    Meter meter(bench.server);
    publish(bench.pool, messages, sender, setting, setting.seconds);
    meter.stop();
    bench.pool.setReceiver(nullptr);
    meter.note(bench.findings, double(messages.delivered()));
    noteLatencies(bench.findings, messages.latencies());
    bench.findings.add("deliveries", double(messages.delivered()));
    bench.findings.addFault("lost", double(messages.expected() - messages.delivered()));
    bench.findings.addFault("wrong", double(messages.wrong()));
}

} // namespace gatehouse::bench
