// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace gatehouse::gui {

/// A ring of samples, one a second; the newest is last. Seconds without a sample hold holes, which
/// charts leave open instead of drawing a line through them; a single one is a timer that came a
/// little late and is filled. A value, GUI thread.
class TimeSeries
{
public:
    explicit TimeSeries(std::size_t capacity = 3600) : m_capacity(capacity) { }

    /// `second` numbers seconds of any epoch; one that is not newer replaces the newest sample.
    void add(std::int64_t second, double value);
    void clear();

    std::size_t size() const { return m_values.size(); }
    bool isEmpty() const { return m_values.empty(); }
    double at(std::size_t index) const; ///< 0 is the oldest; a hole is NaN
    std::int64_t secondAt(std::size_t index) const;
    double last() const; ///< 0 when empty
    double maximum(std::size_t newest) const; ///< over that many newest samples; 0 without any
    std::size_t capacity() const { return m_capacity; }

private:
    void push(double value);

    std::size_t m_capacity;
    std::vector<double> m_values;
    std::size_t m_start = 0;
    std::int64_t m_lastSecond = 0;
};

} // namespace gatehouse::gui
