// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/load/latencies.h"

#include <algorithm>
#include <bit>

namespace gatehouse::bench {

void Latencies::add(std::int64_t microseconds)
{
    const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(microseconds, 0));
    ++m_total;
    if (value < Steps) {
        ++m_counts[value];
        return;
    }
    // The leading five bits below the first say which step of the power of two.
    const int power = std::bit_width(value) - 1;
    const auto step = (value >> (power - 5)) & (Steps - 1);
    ++m_counts[std::size_t(power - 4) * Steps + step];
}

double Latencies::milliseconds(double quantile) const
{
    const auto wanted = static_cast<std::uint64_t>(double(m_total) * quantile);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < m_counts.size(); ++i) {
        seen += m_counts[i];
        if (seen <= wanted)
            continue;
        if (i < Steps)
            return double(i + 1) / 1e3;
        const std::size_t power = i / Steps + 4;
        return double((Steps + i % Steps + 1) << (power - 5)) / 1e3;
    }
    return 0;
}

} // namespace gatehouse::bench
