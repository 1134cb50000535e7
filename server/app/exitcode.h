// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace gatehouse::app {

/// What the process says at its end; a service manager acts on these. 69, 74 and 78 are those of
/// sysexits.h.
enum class ExitCode : int {
    Ok = 0,
    Failed = 1,
    Usage = 2,
    DrainForced = 3, ///< stopped before every client was gone
    Unavailable = 69, ///< a service it needs (the database) cannot be had
    IoError = 74, ///< cannot listen, cannot write
    BadConfiguration = 78,
};

constexpr int toInt(ExitCode code)
{
    return static_cast<int>(code);
}

} // namespace gatehouse::app
