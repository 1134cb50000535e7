// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/widgets/timechart.h"

#include "admin-gui/widgets/chartpath.h"
#include "admin-gui/widgets/format.h"
#include "admin-gui/widgets/theme.h"

#include <QMouseEvent>
#include <QPainter>

#include <cmath>

namespace gatehouse::gui {

namespace {

constexpr int margin = 12;
constexpr int gridLines = 2;

QFont smallFont(const QFont& font)
{
    QFont small = font;
    small.setPointSizeF(font.pointSizeF() * 0.88);
    return small;
}

} // namespace

TimeChart::TimeChart(QString title, Writer writer, QWidget* parent)
    : QWidget(parent), m_title(std::move(title)), m_writer(std::move(writer))
{
    setMouseTracking(true);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
}

void TimeChart::setTitle(const QString& title)
{
    m_title = title;
    update();
}

void TimeChart::addSeries(const TimeSeries* series, const QString& name)
{
    m_lines.push_back({series, name});
    update();
}

void TimeChart::setSeconds(int seconds)
{
    m_wanted = seconds;
    update();
}

QRectF TimeChart::plotArea() const
{
    const int header = fontMetrics().height() + 8;
    const int footer = QFontMetrics(smallFont(font())).height() + 2;
    return QRectF(rect()).adjusted(margin, margin + header, -margin, -margin - footer);
}

int TimeChart::pointedSample(const QRectF& plot) const
{
    if (m_pointerX < plot.left() || m_pointerX > plot.right() || m_seconds < 2)
        return -1;
    return int(std::lround((plot.right() - m_pointerX) / plot.width() * (m_seconds - 1)));
}

void TimeChart::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const Theme& theme = Theme::current();
    painter.setPen(QPen(theme.border, 1));
    painter.setBrush(theme.base);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8);

    m_seconds = m_lines.empty() ? m_wanted : chartSeconds(*m_lines.front().series, m_wanted);
    double highest = 0;
    for (const Line& line : m_lines)
        highest = std::max(highest, line.series->maximum(size_t(m_seconds)));
    const double top = niceTop(highest);
    const QRectF plot = plotArea();
    const int pointed = pointedSample(plot);
    paintGrid(painter, plot, top);
    for (size_t i = m_lines.size(); i-- > 0;) {
        const ChartPath path = chartPath(*m_lines[i].series, m_seconds, top, plot);
        const QColor color = isEnabled() ? theme.series(int(i)) : theme.faint;
        QColor fill = color;
        fill.setAlphaF(0.10F);
        painter.fillPath(path.area, fill);
        painter.setPen(QPen(color, 1.5));
        painter.setBrush(Qt::NoBrush);
        painter.drawPath(path.line);
    }
    paintPointer(painter, plot, pointed);
    paintLegend(painter, pointed);
}

void TimeChart::paintGrid(QPainter& painter, const QRectF& plot, double top) const
{
    const Theme& theme = Theme::current();
    painter.setFont(smallFont(font()));
    const int lineHeight = painter.fontMetrics().height();
    for (int i = 0; i <= gridLines; ++i) {
        const double y = std::round(plot.bottom() - plot.height() * i / gridLines) + 0.5;
        painter.setPen(QPen(theme.border, 1, i == 0 ? Qt::SolidLine : Qt::DotLine));
        painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y));
        if (i == 0)
            continue;
        painter.setPen(theme.muted);
        painter.drawText(QRectF(plot.left(), y + 1, 120, lineHeight), Qt::AlignLeft | Qt::AlignTop,
            m_writer(top * i / gridLines));
    }
    painter.setPen(theme.muted);
    const QRectF below(plot.left(), plot.bottom() + 3, plot.width(), lineHeight);
    painter.drawText(below, Qt::AlignLeft, u'\u2212' % formatAge(qint64(m_seconds) * 1000));
    painter.drawText(below, Qt::AlignRight, formatAge(0));
}

void TimeChart::paintPointer(QPainter& painter, const QRectF& plot, int sampleFromEnd) const
{
    if (sampleFromEnd < 0)
        return;
    const Theme& theme = Theme::current();
    const double x = plot.right() - plot.width() * sampleFromEnd / (m_seconds - 1);
    painter.setPen(QPen(theme.muted, 1, Qt::DashLine));
    painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()));
}

void TimeChart::paintLegend(QPainter& painter, int sampleFromEnd) const
{
    const Theme& theme = Theme::current();
    QFont bold = font();
    bold.setWeight(QFont::DemiBold);
    painter.setFont(bold);
    painter.setPen(theme.text);
    const int height = painter.fontMetrics().height();
    QString title = m_title;
    if (sampleFromEnd >= 0)
        title += QStringLiteral(" \u2212") % formatAge(qint64(sampleFromEnd) * 1000);
    painter.drawText(
        QRectF(margin, margin - 2, width() - 2 * margin, height), Qt::AlignLeft, title);

    painter.setFont(font());
    double right = width() - margin;
    for (size_t i = m_lines.size(); i-- > 0;) {
        const TimeSeries& series = *m_lines[i].series;
        QString value = QStringLiteral("\u2013");
        if (!series.isEmpty()) {
            const qint64 index = qint64(series.size()) - 1 - std::max(sampleFromEnd, 0);
            const double sample = index >= 0 ? series.at(size_t(index)) : std::nan("");
            if (!std::isnan(sample))
                value = m_writer(sample);
        }
        const QString text = m_lines[i].name.isEmpty() ? value : m_lines[i].name % u' ' % value;
        const double textWidth = painter.fontMetrics().horizontalAdvance(text);
        painter.setPen(theme.muted);
        painter.drawText(
            QRectF(right - textWidth, margin - 2, textWidth + 1, height), Qt::AlignLeft, text);
        right -= textWidth + 14;
        painter.setPen(Qt::NoPen);
        painter.setBrush(isEnabled() ? theme.series(int(i)) : theme.faint);
        painter.drawRoundedRect(QRectF(right, margin - 2 + height / 2.0 - 3, 9, 6), 2, 2);
        right -= 14;
    }
}

void TimeChart::mouseMoveEvent(QMouseEvent* event)
{
    m_pointerX = event->position().x();
    update();
}

void TimeChart::leaveEvent(QEvent*)
{
    m_pointerX = -1;
    update();
}

} // namespace gatehouse::gui
