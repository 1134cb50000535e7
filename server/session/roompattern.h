// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QStringView>

namespace gatehouse::session {

/// Whether the whole name fits: `*` stands for any number of characters, `?` for one, everything
/// else for itself. A room is no path: a slash is a character like others.
bool fitsPattern(QStringView name, QStringView pattern);

} // namespace gatehouse::session
