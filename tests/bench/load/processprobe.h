// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <ctime>

namespace gatehouse::bench {

/// CPU time and memory of another process of the same user.
class ProcessProbe
{
public:
    explicit ProcessProbe(pid_t pid);

    bool isAlive() const;
    double cpuSeconds() const; ///< all threads, user and kernel
    double userSeconds() const; ///< its user part, in ticks of the kernel (10 ms)
    long residentKiB() const;

private:
    pid_t m_pid;
    clockid_t m_clock{};
};

} // namespace gatehouse::bench
