// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QString>

namespace gatehouse::gui {

/// Numbers and times as people read them, in the current language.
QString formatCount(qint64 value); ///< "12,480"
QString formatBytes(double bytes); ///< "1.4 MB", powers of 1000
QString formatRate(double perSecond); ///< "0", "0.4", "12.5", "1,204"
QString formatSpan(qint64 milliseconds); ///< the two largest units: "4 min 12 s"
QString formatAge(qint64 milliseconds); ///< the largest unit only: "4 min"; "now" below a second
QString formatMoment(qint64 utcMilliseconds); ///< local time; with the date when it is not today
QString formatClock(qint64 utcMilliseconds); ///< local "14:05:09.120"

} // namespace gatehouse::gui
