// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/load/processprobe.h"

#include <unistd.h>

#include <csignal>
#include <fstream>
#include <string>

namespace gatehouse::bench {

ProcessProbe::ProcessProbe(pid_t pid) : m_pid(pid)
{
    if (::clock_getcpuclockid(pid, &m_clock) != 0)
        m_clock = CLOCK_PROCESS_CPUTIME_ID;
}

bool ProcessProbe::isAlive() const
{
    return m_pid > 0 && ::kill(m_pid, 0) == 0;
}

double ProcessProbe::cpuSeconds() const
{
    timespec time{};
    ::clock_gettime(m_clock, &time);
    return double(time.tv_sec) + double(time.tv_nsec) / 1e9;
}

double ProcessProbe::userSeconds() const
{
    std::ifstream file("/proc/" + std::to_string(m_pid) + "/stat");
    std::string text((std::istreambuf_iterator<char>(file)), {});
    text.erase(0, text.rfind(')') + 1); // the name may hold spaces; from here: state is field 3
    std::size_t at = 0;
    for (int field = 3; field < 14 && at != std::string::npos; ++field)
        at = text.find(' ', at + 1);
    if (at == std::string::npos)
        return 0;
    return std::strtod(text.c_str() + at, nullptr) / double(::sysconf(_SC_CLK_TCK));
}

long ProcessProbe::residentKiB() const
{
    std::ifstream file("/proc/" + std::to_string(m_pid) + "/status");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("VmRSS:"))
            return std::strtol(line.c_str() + 6, nullptr, 10);
    }
    return 0;
}

} // namespace gatehouse::bench
