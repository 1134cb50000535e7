// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>

namespace gatehouse::transport {

/// Where octets are read into. One per thread: what is read is delivered before the next reading,
/// so all streams share it.
inline std::span<char> readBuffer()
{
    constexpr size_t Octets = 64 * 1024;
    thread_local const std::unique_ptr<char[]> buffer(new char[Octets]);
    return {buffer.get(), Octets};
}

} // namespace gatehouse::transport
