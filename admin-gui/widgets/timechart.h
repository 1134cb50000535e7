// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/widgets/timeseries.h"

#include <QWidget>

#include <functional>
#include <vector>

namespace gatehouse::gui {

/// Up to four series over the last minutes, with an axis, a legend that tells the newest values and
/// a reading under the pointer. Series are not owned; their owner calls update() after a sample.
class TimeChart final : public QWidget
{
    Q_OBJECT

public:
    using Writer = std::function<QString(double)>;

    TimeChart(QString title, Writer writer, QWidget* parent = nullptr);

    void setTitle(const QString& title);
    void clearSeries() { m_lines.clear(); }
    void addSeries(const TimeSeries* series, const QString& name);
    void setSeconds(int seconds);
    QSize sizeHint() const override { return {320, 150}; }
    QSize minimumSizeHint() const override { return {200, 118}; }

protected:
    void paintEvent(QPaintEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;

private:
    struct Line
    {
        const TimeSeries* series;
        QString name;
    };

    QRectF plotArea() const;
    void paintGrid(QPainter& painter, const QRectF& plot, double top) const;
    void paintLegend(QPainter& painter, int sampleFromEnd) const;
    void paintPointer(QPainter& painter, const QRectF& plot, int sampleFromEnd) const;
    int pointedSample(const QRectF& plot) const; ///< counted from the newest, or -1

    QString m_title;
    Writer m_writer;
    std::vector<Line> m_lines;
    int m_wanted = 600;
    int m_seconds = 600; ///< shown: less while the series is young
    double m_pointerX = -1;
};

} // namespace gatehouse::gui
