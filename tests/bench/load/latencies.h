// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace gatehouse::bench {

/// Times in microseconds, counted in buckets of at most 1/32 of their value.
class Latencies
{
public:
    Latencies() : m_counts(64 * Steps) { }

    void add(std::int64_t microseconds);
    std::uint64_t count() const { return m_total; }
    double milliseconds(double quantile) const; ///< 0 to 1; upper end of the bucket

private:
    static constexpr int Steps = 32;

    std::vector<std::uint64_t> m_counts;
    std::uint64_t m_total = 0;
};

} // namespace gatehouse::bench
