// SPDX-License-Identifier: Apache-2.0
// bench-load: one measurement of one running server, printed as one line of JSON. scripts/bench
// calls it for every cell of its table.
#include "tests/bench/load/measurement.h"

#include <openssl/ssl.h>
#include <sched.h>
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <map>

using namespace gatehouse::bench;

namespace {

constexpr const char* Usage
    = "bench-load --measure fan-out|acks|steady|storm --port N --pid N [--tls] [--cpu N]\n"
      "  [--members N] [--idle N] [--in-flight N] [--stopped N] [--payload BYTES] [--window N]\n"
      "  [--seconds S] [--rate PER_SECOND] [--sources N]\n";

/// "--name value" pairs; --tls stands alone.
class Arguments
{
public:
    Arguments(int argc, char** argv)
    {
        for (int i = 1; i < argc; ++i) {
            const std::string name = argv[i];
            const bool isFlag = name == "--tls";
            if (!name.starts_with("--") || (!isFlag && i + 1 == argc))
                throw std::runtime_error("what is " + name + "?");
            m_values[name.substr(2)] = isFlag ? "yes" : argv[++i];
        }
    }

    bool has(const std::string& name) const { return m_values.contains(name); }
    std::string text(const std::string& name) const
    {
        const auto found = m_values.find(name);
        return found == m_values.end() ? std::string() : found->second;
    }
    double number(const std::string& name, double otherwise) const
    {
        return has(name) ? std::strtod(text(name).c_str(), nullptr) : otherwise;
    }
    std::size_t count(const std::string& name, std::size_t otherwise) const
    {
        return static_cast<std::size_t>(number(name, static_cast<double>(otherwise)));
    }

private:
    std::map<std::string, std::string> m_values;
};

Setting readSetting(const Arguments& arguments)
{
    Setting setting;
    setting.members = arguments.count("members", setting.members);
    setting.idle = arguments.count("idle", setting.idle);
    setting.inFlight = arguments.count("in-flight", setting.inFlight);
    setting.stopped = arguments.count("stopped", setting.stopped);
    setting.payloadBytes = arguments.count("payload", setting.payloadBytes);
    setting.window = arguments.count("window", setting.window);
    setting.seconds = arguments.number("seconds", setting.seconds);
    setting.rate = arguments.number("rate", setting.rate);
    return setting;
}

void raiseDescriptorLimit()
{
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

void pinTo(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    ::sched_setaffinity(0, sizeof set, &set);
}

int run(const Arguments& arguments)
{
    if (arguments.has("cpu"))
        pinTo(static_cast<int>(arguments.number("cpu", 0)));
    raiseDescriptorLimit();
    Target target;
    target.port = static_cast<std::uint16_t>(arguments.count("port", 0));
    if (arguments.has("tls"))
        target.tls = SSL_CTX_new(TLS_client_method()); // a certificate made for the occasion
    LinkPool pool(target);
    pool.setSourceHosts(static_cast<int>(arguments.count("sources", 1)));
    const ProcessProbe server(static_cast<pid_t>(arguments.count("pid", 0)));
    Findings findings;
    Bench bench{pool, server, findings};
    const Setting setting = readSetting(arguments);
    const std::string what = arguments.text("measure");
    if (what == "fan-out")
        measureFanOut(bench, setting);
    else if (what == "acks")
        measureAcks(bench, setting);
    else if (what == "steady")
        measureSteady(bench, setting);
    else if (what == "storm")
        measureStorm(bench, setting);
    else
        throw std::runtime_error("no such measurement: " + what);
    std::puts(findings.json().c_str());
    return findings.isFaultless() ? 0 : 1;
}

} // namespace

int main(int argc, char** argv)
{
    try {
        return run(Arguments(argc, argv));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n%s", error.what(), Usage);
        return 2;
    }
}
