// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/widgets/timeseries.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace gatehouse::gui {

void TimeSeries::add(std::int64_t second, double value)
{
    if (!m_values.empty() && second <= m_lastSecond) {
        m_values[(m_start + m_values.size() - 1) % m_values.size()] = value;
        return;
    }
    if (!m_values.empty()) {
        const auto holes
            = std::min<std::int64_t>(second - m_lastSecond - 1, std::int64_t(m_capacity));
        for (std::int64_t i = 0; i < holes; ++i)
            push(holes == 1 ? value : std::numeric_limits<double>::quiet_NaN());
    }
    push(value);
    m_lastSecond = second;
}

void TimeSeries::push(double value)
{
    if (m_values.size() < m_capacity) {
        m_values.push_back(value);
        return;
    }
    m_values[m_start] = value;
    m_start = (m_start + 1) % m_capacity;
}

void TimeSeries::clear()
{
    m_values.clear();
    m_start = 0;
    m_lastSecond = 0;
}

double TimeSeries::at(std::size_t index) const
{
    return m_values[(m_start + index) % m_values.size()];
}

std::int64_t TimeSeries::secondAt(std::size_t index) const
{
    return m_lastSecond - std::int64_t(m_values.size() - 1 - index);
}

double TimeSeries::last() const
{
    const double value = m_values.empty() ? 0 : at(m_values.size() - 1);
    return std::isnan(value) ? 0 : value;
}

double TimeSeries::maximum(std::size_t newest) const
{
    double result = 0;
    const std::size_t count = std::min(newest, m_values.size());
    for (std::size_t i = m_values.size() - count; i < m_values.size(); ++i) {
        if (at(i) > result)
            result = at(i);
    }
    return result;
}

} // namespace gatehouse::gui
