// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace gatehouse {

/// Asks the processor for memory that will be looked at soon, for loops over many clients whose
/// state no cache holds as a whole. Any address will do; nothing is read.
inline void prefetch(const void* at, std::size_t octets = 1)
{
    constexpr std::size_t line = 64;
    for (std::size_t i = 0; i < octets; i += line)
        __builtin_prefetch(static_cast<const char*>(at) + i);
}

} // namespace gatehouse
