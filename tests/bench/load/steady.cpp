// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/load/measurement.h"
#include "tests/bench/load/roommessages.h"

#include <algorithm>

namespace gatehouse::bench {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t MaxUnderWay = 4'096;

/// Memory of the server, looked at again and again.
struct Memory
{
    long firstKiB = 0;
    long peakKiB = 0;
    long lastKiB = 0;

    void look(const ProcessProbe& server)
    {
        lastKiB = server.residentKiB();
        firstKiB = firstKiB == 0 ? lastKiB : firstKiB;
        peakKiB = std::max(peakKiB, lastKiB);
    }
};

/// Messages at fixed times for a while, then a moment for the last of them to arrive.
Memory publish(Bench& bench, RoomMessages& messages, Link& publisher, const Setting& setting)
{
    Memory memory;
    memory.look(bench.server);
    const auto begin = nowMicroseconds();
    const auto count = std::uint64_t(setting.seconds * setting.rate);
    std::int64_t nextLook = begin;
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto due = begin + std::int64_t(double(i) * 1e6 / setting.rate);
        while (nowMicroseconds() < due)
            bench.pool.turn(Microseconds(std::max<std::int64_t>(due - nowMicroseconds(), 0)));
        publisher.sendFrames(messages.next());
        bench.pool.turn(0us);
        if (nowMicroseconds() >= nextLook) {
            memory.look(bench.server);
            nextLook += 100'000;
        }
    }
    bench.pool.runUntil([&messages] { return messages.underWay() == 0; }, 3s);
    memory.look(bench.server);
    return memory;
}

} // namespace

void measureSteady(Bench& bench, const Setting& setting)
{
    bench.connect(setting.members, setting.window);
    const Arrival publisher = bench.pool.connect(1, 1, {});
    bench.findings.addFault("publishers_missing", double(1 - publisher.ready));
    if (!bench.findings.isFaultless())
        return;
    Link& sender = bench.pool.link(setting.members);
    RoomMessages messages(setting.members, MaxUnderWay, setting.payloadBytes);
    bench.pool.setReceiver(&messages);
    Setting warmUp = setting;
    warmUp.seconds = std::max(setting.seconds / 10, 2 / setting.rate);
    publish(bench, messages, sender, warmUp);
    messages.forgetCounts();
    Meter meter(bench.server);
    const Memory memory = publish(bench, messages, sender, setting);
    meter.stop();
    meter.note(bench.findings, double(messages.delivered()));
    noteLatencies(bench.findings, messages.latencies());
    bench.findings.add("deliveries", double(messages.delivered()));
    bench.findings.add("rss_first_kib", double(memory.firstKiB));
    bench.findings.add("rss_peak_kib", double(memory.peakKiB));
    bench.findings.add("rss_last_kib", double(memory.lastKiB));
    bench.findings.addFault("lost", double(messages.expected() - messages.delivered()));
    if (setting.stopped > 0) {
        for (std::size_t i = 0; i < setting.stopped; ++i) {
            messages.excuse(bench.pool.link(i));
            bench.pool.setReading(bench.pool.link(i), false);
        }
        messages.forgetCounts();
        const Memory among = publish(bench, messages, sender, setting);
        bench.findings.add("slow_p50_ms", messages.latencies().milliseconds(0.5));
        bench.findings.add("slow_p99_ms", messages.latencies().milliseconds(0.99));
        bench.findings.add("slow_growth_kib", double(among.peakKiB - among.firstKiB));
        bench.findings.addFault("slow_lost", double(messages.expected() - messages.delivered()));
    }
    bench.findings.addFault("wrong", double(messages.wrong()));
    bench.pool.setReceiver(nullptr);
}

} // namespace gatehouse::bench
