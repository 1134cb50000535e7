// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/widgets/timeseries.h"

#include <QWidget>

namespace gatehouse::gui {

/// The last minutes of one series as a small area chart without axes. The series is not owned; its
/// owner calls update() on the widget after adding a sample.
class Sparkline final : public QWidget
{
    Q_OBJECT

public:
    explicit Sparkline(QWidget* parent = nullptr);

    void setSeries(const TimeSeries* series, int color);
    void setSeconds(int seconds) { m_seconds = seconds; }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    const TimeSeries* m_series = nullptr;
    int m_color = 0;
    int m_seconds = 300;
};

} // namespace gatehouse::gui
