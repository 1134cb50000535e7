// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/widgets/sparkline.h"

#include "admin-gui/widgets/chartpath.h"
#include "admin-gui/widgets/theme.h"

#include <QPainter>

namespace gatehouse::gui {

Sparkline::Sparkline(QWidget* parent) : QWidget(parent)
{
    setMinimumHeight(28);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setAttribute(Qt::WA_TransparentForMouseEvents);
}

void Sparkline::setSeries(const TimeSeries* series, int color)
{
    m_series = series;
    m_color = color;
    update();
}

void Sparkline::paintEvent(QPaintEvent*)
{
    if (!m_series || m_series->isEmpty())
        return;
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QRectF area = QRectF(rect()).adjusted(0, 2, -1, -1);
    const int seconds = chartSeconds(*m_series, m_seconds);
    const double top = std::max(m_series->maximum(size_t(seconds)) * 1.1, 1.0);
    const ChartPath path = chartPath(*m_series, seconds, top, area);
    QColor color = Theme::current().series(m_color);
    if (!isEnabled())
        color = Theme::current().faint;
    QColor fill = color;
    fill.setAlphaF(0.13F);
    painter.fillPath(path.area, fill);
    painter.setPen(QPen(color, 1.4));
    painter.drawPath(path.line);
}

} // namespace gatehouse::gui
