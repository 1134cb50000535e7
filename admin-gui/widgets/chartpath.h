// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/widgets/timeseries.h"

#include <QPainterPath>
#include <QRectF>

namespace gatehouse::gui {

struct ChartPath
{
    QPainterPath line; ///< open where samples are missing
    QPainterPath area; ///< between the line and the bottom
};

/// The newest `seconds` samples in `area`, 0 at the bottom and `top` at the top. Several samples on
/// one pixel column become their largest, so that no peak is lost.
ChartPath chartPath(const TimeSeries& series, int seconds, double top, const QRectF& area);

/// The seconds to show of at most `wanted`: a young series fills the chart from its first minute
/// on.
int chartSeconds(const TimeSeries& series, int wanted);

/// The next value that makes even axis steps: 1, 2, 5, 10, 20, 50, …
double niceTop(double value);

} // namespace gatehouse::gui
