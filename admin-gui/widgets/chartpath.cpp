// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/widgets/chartpath.h"

#include <algorithm>
#include <cmath>

namespace gatehouse::gui {

namespace {

class PathBuilder
{
public:
    explicit PathBuilder(double bottom) : m_bottom(bottom) { }

    void add(QPointF point)
    {
        // isEmpty() is still true after moveTo().
        if (m_run.elementCount() == 0) {
            m_run.moveTo(point);
            m_startX = point.x();
        } else {
            m_run.lineTo(point);
        }
        m_lastX = point.x();
    }

    void breakLine()
    {
        if (m_run.elementCount() == 0)
            return;
        if (m_run.elementCount() == 1) // one sample alone: a dot wide enough to be seen
            m_run.lineTo(m_lastX + 1, m_run.elementAt(0).y);
        m_result.line.addPath(m_run);
        QPainterPath area = m_run;
        area.lineTo(area.currentPosition().x(), m_bottom);
        area.lineTo(m_startX, m_bottom);
        area.closeSubpath();
        m_result.area.addPath(area);
        m_run = {};
    }

    ChartPath take()
    {
        breakLine();
        return std::move(m_result);
    }

private:
    double m_bottom;
    double m_startX = 0;
    double m_lastX = 0;
    QPainterPath m_run;
    ChartPath m_result;
};

} // namespace

ChartPath chartPath(const TimeSeries& series, int seconds, double top, const QRectF& area)
{
    PathBuilder path(area.bottom());
    const auto count = std::min(series.size(), size_t(seconds));
    const double step = area.width() / std::max(seconds - 1, 1);
    const double firstX = area.right() - step * double(count > 0 ? count - 1 : 0);
    const auto pointAt = [&](double x, double value) {
        return QPointF(x, area.bottom() - area.height() * std::min(value / top, 1.0));
    };
    const auto perColumn = size_t(std::max(1.0, std::floor(1.0 / std::max(step, 1e-6))));
    for (size_t i = 0; i < count; i += perColumn) {
        double value = series.at(series.size() - count + i);
        for (size_t j = 1; j < perColumn && i + j < count; ++j) {
            const double other = series.at(series.size() - count + i + j);
            if (std::isnan(value) || other > value)
                value = other;
        }
        if (std::isnan(value))
            path.breakLine();
        else
            path.add(pointAt(firstX + step * double(i), value));
    }
    return path.take();
}

int chartSeconds(const TimeSeries& series, int wanted)
{
    int seconds = 60;
    while (seconds < wanted && size_t(seconds) < series.size())
        seconds = seconds < 600 ? seconds + 60 : seconds + 300;
    return std::min(seconds, wanted);
}

double niceTop(double value)
{
    if (!(value > 0))
        return 1;
    const double magnitude = std::pow(10.0, std::floor(std::log10(value)));
    for (const double factor : {1.0, 2.0, 5.0, 10.0}) {
        if (value <= factor * magnitude)
            return factor * magnitude;
    }
    return value;
}

} // namespace gatehouse::gui
