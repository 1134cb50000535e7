// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/widgets/format.h"

#include <QStringList>

#include <array>

namespace gatehouse::gui {

/// The spans of time a chart can show.
inline constexpr std::array windowLengths{600, 1800, 3600};

inline int windowLengthSeconds(int choice)
{
    return windowLengths[size_t(choice)];
}

inline QStringList windowLengthNames()
{
    QStringList names;
    for (const int seconds : windowLengths)
        names.append(formatAge(qint64(seconds) * 1000));
    return names;
}

} // namespace gatehouse::gui
