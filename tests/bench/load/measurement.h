// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/bench/load/latencies.h"
#include "tests/bench/load/linkpool.h"
#include "tests/bench/load/processprobe.h"

#include <string>
#include <utility>
#include <vector>

namespace gatehouse::bench {

/// What is measured and how long.
struct Setting
{
    std::size_t members = 100; ///< of the room, or clients that send events
    std::size_t idle = 0; ///< further clients that say nothing
    std::size_t inFlight = 1; ///< messages to the room, or events per client, under way at once
    std::size_t stopped = 0; ///< members that stop reading in the second half
    std::size_t payloadBytes = 200;
    std::size_t window = 64; ///< connections being made at once
    double seconds = 2; ///< of measuring; warming up comes before
    double rate = 1; ///< messages a second, for steady load
};

/// Numbers by name, in the order they were found. Negative `faults` do not exist.
class Findings
{
public:
    void add(std::string name, double value) { m_values.emplace_back(std::move(name), value); }
    /// Something that must be 0.
    void addFault(std::string name, double value);
    bool isFaultless() const { return m_isFaultless; }
    std::string json() const; ///< one object in one line

private:
    std::vector<std::pair<std::string, double>> m_values;
    bool m_isFaultless = true;
};

/// The server under load and its clients.
struct Bench
{
    LinkPool& pool;
    const ProcessProbe& server;
    Findings& findings;

    /// Connects clients, waits until the server has come to rest, and notes what each cost.
    void connect(std::size_t count, std::size_t window);

    /// Waits until the server uses next to no CPU time.
    void settle();
};

/// CPU time of the server over a stretch of time.
class Meter
{
public:
    explicit Meter(const ProcessProbe& server);

    void stop();
    double cpuSeconds() const { return m_cpu; }
    double wallSeconds() const { return m_wall; }
    /// cpu_us, user_us and per_second of that many deliveries or events.
    void note(Findings& findings, double count) const;

private:
    const ProcessProbe& m_server;
    std::int64_t m_begin;
    double m_cpu;
    double m_user;
    double m_wall = 0;
};

void noteLatencies(Findings& findings, const Latencies& latencies);

/// One publisher, `members` receivers in its room, `inFlight` messages on their way.
void measureFanOut(Bench& bench, const Setting& setting);

/// `members` clients, each with `inFlight` events whose ack it waits for, among `idle` others.
void measureAcks(Bench& bench, const Setting& setting);

/// `rate` messages a second to `members` for `seconds`, whatever the server makes of it; memory is
/// looked at all the while. With `stopped`, the same again while so many members do not read.
void measureSteady(Bench& bench, const Setting& setting);

/// `members` clients lose their server, are told so on stdout ("ready"), and come back all at once.
void measureStorm(Bench& bench, const Setting& setting);

} // namespace gatehouse::bench
