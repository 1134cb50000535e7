// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/widgets/cellroles.h"

#include <QStringList>

namespace gatehouse::gui {

QString kindIcon(const QString& kind); ///< resource name for "user", "node", …
QString kindText(const QString& kind); ///< "User", "Node", …, translated

/// "Utrecht", or the kind and the number when it has no name.
QString identityText(const QString& kind, qint64 id, const QString& name);

Tone statusTone(const QString& status); ///< of a task or run status
QString statusText(const QString& status); ///< translated where known, as sent otherwise
QStringList statusTexts(); ///< every known one, translated
bool isOpenStatus(const QString& status); ///< may still change
bool isFailedStatus(const QString& status);

} // namespace gatehouse::gui
