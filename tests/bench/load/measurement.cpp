// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/load/measurement.h"

#include <cstdio>

namespace gatehouse::bench {

using namespace std::chrono_literals;

void Findings::addFault(std::string name, double value)
{
    m_isFaultless = m_isFaultless && value == 0;
    add(std::move(name), value);
}

std::string Findings::json() const
{
    std::string text = "{";
    for (const auto& [name, value] : m_values) {
        char number[64];
        std::snprintf(number, sizeof number, "%.6g", value);
        text += (text.size() > 1 ? ",\"" : "\"") + name + "\":" + number;
    }
    return text + "}";
}

void Bench::connect(std::size_t count, std::size_t window)
{
    const long before = server.residentKiB();
    Meter meter(server);
    const Arrival arrival = pool.connect(count, window);
    meter.stop();
    settle();
    findings.add("handshake_us", meter.cpuSeconds() * 1e6 / double(count));
    findings.add("handshakes_per_second", double(arrival.ready) / arrival.seconds);
    findings.add("kib_per_connection", double(server.residentKiB() - before) / double(count));
    findings.addFault("handshakes_failed", double(count - arrival.ready));
}

void Bench::settle()
{
    for (int i = 0; i < 50; ++i) {
        const double before = server.cpuSeconds();
        pool.runFor(100ms);
        if (server.cpuSeconds() - before < 0.002)
            return;
    }
}

Meter::Meter(const ProcessProbe& server)
    : m_server(server), m_begin(nowMicroseconds()), m_cpu(server.cpuSeconds()),
      m_user(server.userSeconds())
{
}

void Meter::stop()
{
    m_cpu = m_server.cpuSeconds() - m_cpu;
    m_user = m_server.userSeconds() - m_user;
    m_wall = double(nowMicroseconds() - m_begin) / 1e6;
}

void Meter::note(Findings& findings, double count) const
{
    findings.add("cpu_us", m_cpu * 1e6 / count);
    findings.add("user_us", m_user * 1e6 / count);
    findings.add("per_second", count / m_wall);
}

void noteLatencies(Findings& findings, const Latencies& latencies)
{
    findings.add("p50_ms", latencies.milliseconds(0.5));
    findings.add("p99_ms", latencies.milliseconds(0.99));
}

} // namespace gatehouse::bench
